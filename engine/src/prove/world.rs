//! A sandbox of our own with its doors, and a folder for what runs on it remember; both are gone at the end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flowbook_sandbox::{Limits, Options, Sandbox, Seen};
use serde_json::Value;
use tokio::sync::watch;

use super::count::Records;
use super::process::{Call, Process};
use super::script::{Fault, SETTLE};
use super::{Cannot, Flowbook};
use crate::connect::variable;

/// A sandbox and the state of the runs on it.
pub struct World {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
    client: reqwest::Client,
}

impl World {
    /// Fresh sample data, in memory, and faults that strike until they are cleared.
    ///
    /// # Errors
    /// No port, no temporary folder.
    pub async fn start(faults: &[flowbook_sandbox::Fault]) -> Result<World, Cannot> {
        let sandbox = Sandbox::start(Options {
            faults: faults.to_vec(),
            limits: Limits::NONE,
            ..Options::default()
        })
        .await
        .map_err(|why| Cannot::new(&why.to_string()))?;
        let folder = tempfile::Builder::new()
            .prefix("flowbook-prove-")
            .tempdir()
            .map_err(|why| Cannot::new(&format!("No temporary folder can be made: {why}.")))?;
        Ok(World {
            sandbox,
            folder,
            client: reqwest::Client::new(),
        })
    }

    /// Where the runs on it keep their state.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// How many requests the two systems have seen.
    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.sandbox.seen()
    }

    /// The environment of a run on it.
    pub fn environment(&self, flowbook: &Flowbook) -> Vec<(String, String)> {
        let mut environment = vec![(super::ON_SANDBOX.to_owned(), "1".to_owned())];
        for system in &flowbook.plan.systems {
            let values = match system.connector.name.as_str() {
                super::TILL => self.sandbox.till_env(),
                super::BOOKS => self.sandbox.books_env(),
                _ => Vec::new(),
            };
            let named = |(name, value): (String, String)| (variable(&system.name, &name), value);
            environment.extend(values.into_iter().map(named));
            let settle = format!("{} seconds", SETTLE.as_secs());
            environment.push((variable(&system.name, "SETTLE"), settle));
        }
        environment
    }

    /// Starts a run of the flowbook on it; one with a limit ends its flows after so many records.
    ///
    /// # Errors
    /// The system starts no process.
    pub fn run(&self, flowbook: &Flowbook, limit: Option<u64>) -> Result<Process, Cannot> {
        let mut words = self.words("run", flowbook);
        for set in &flowbook.set {
            words.extend(["--set".to_owned(), set.clone()]);
        }
        if let Some(limit) = limit {
            words.extend(["--limit".to_owned(), limit.to_string()]);
        }
        self.call(words, flowbook)
    }

    /// Has the next run try all failed records again, as a person does when a bad day is over.
    ///
    /// # Errors
    /// The system starts no process.
    pub fn retry(&self, flowbook: &Flowbook) -> Result<Process, Cannot> {
        let mut words = self.words("retry", flowbook);
        words.push("--all".to_owned());
        self.call(words, flowbook)
    }

    fn words(&self, command: &str, flowbook: &Flowbook) -> Vec<String> {
        let (dir, state) = (flowbook.dir.display(), self.state());
        let state = state.display();
        [
            command,
            &dir.to_string(),
            "--format",
            "json",
            "--state",
            &state.to_string(),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn call(&self, words: Vec<String>, flowbook: &Flowbook) -> Result<Process, Cannot> {
        let call = Call {
            words,
            environment: self.environment(flowbook),
        };
        Process::start(&call, self.folder.path())
    }

    /// The records of these collections.
    ///
    /// # Errors
    /// The sandbox does not answer.
    pub async fn records(&self, collections: &[String]) -> Result<Records, Cannot> {
        let mut records = Records::new();
        for collection in collections {
            let text = self.get(&format!("state/{collection}")).await?;
            let list: Vec<Value> = serde_json::from_str(&text).map_err(|why| shut(&why))?;
            records.insert(collection.clone(), list);
        }
        Ok(records)
    }

    /// Adds records to both systems: `{"till": {"orders": […]}}`.
    ///
    /// # Errors
    /// The sandbox does not take them.
    pub async fn seed(&self, records: &Value) -> Result<(), Cannot> {
        self.post("seed", records.to_string()).await
    }

    /// Sets faults.
    ///
    /// # Errors
    /// The sandbox does not take them.
    pub async fn set(&self, faults: &[Fault]) -> Result<(), Cannot> {
        let text = serde_json::to_string(faults).map_err(|why| shut(&why))?;
        self.post("faults", text).await
    }

    /// Takes all faults away.
    ///
    /// # Errors
    /// The sandbox does not answer.
    pub async fn clear(&self) -> Result<(), Cannot> {
        let cleared = self.client.delete(self.door("faults")).send().await;
        cleared
            .and_then(reqwest::Response::error_for_status)
            .map(drop)
            .map_err(|why| shut(&why))
    }

    /// How often each kind of fault struck.
    ///
    /// # Errors
    /// The sandbox does not answer.
    pub async fn struck(&self) -> Result<BTreeMap<String, u64>, Cannot> {
        #[derive(serde::Deserialize)]
        struct Faults {
            struck: BTreeMap<String, u64>,
        }
        let text = self.get("faults").await?;
        let faults: Faults = serde_json::from_str(&text).map_err(|why| shut(&why))?;
        Ok(faults.struck)
    }

    /// Closes the sandbox.
    pub async fn end(self) {
        self.sandbox.shutdown().await;
    }

    async fn get(&self, door: &str) -> Result<String, Cannot> {
        let answer = self.client.get(self.door(door)).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|why| shut(&why))?;
        answer.text().await.map_err(|why| shut(&why))
    }

    async fn post(&self, door: &str, body: String) -> Result<(), Cannot> {
        let answer = self.client.post(self.door(door)).body(body).send().await;
        let answer = answer.map_err(|why| shut(&why))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let said = answer.text().await.unwrap_or_default();
        Err(Cannot::new(&format!("The sandbox refuses {door}: {said}")))
    }

    fn door(&self, name: &str) -> String {
        let url = self.sandbox.till_url();
        let root: Vec<&str> = url.splitn(4, '/').take(3).collect();
        format!("{}/_sandbox/{name}", root.join("/"))
    }
}

fn shut(why: &dyn std::fmt::Display) -> Cannot {
    Cannot::new(&format!("The sandbox does not answer: {why}."))
}
