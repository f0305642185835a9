//! The sandbox as its users have it: a process of its own, a bad day by one flag.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Workplace, count_by};

const BOOK: &str = "flows/ccv-eaccounting";

/// A running `flowbook sandbox`, killed at the end.
struct Process {
    child: std::process::Child,
    till: String,
}

impl Process {
    fn start(place: &Workplace, flags: &str) -> Process {
        let (said, errors) = (place.path().join("said"), place.path().join("errors"));
        let words = format!("sandbox --state state --format json {flags}");
        let mut child = place.flowbook(&words).spawn_to(&said, &errors);
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            if let Ok(env) = serde_json::from_str::<Value>(&text) {
                let host = env["FLOWBOOK_TILL_HOST"].as_str().expect("a host");
                let till = format!("http://{host}/_sandbox");
                return Process { child, till };
            }
            let ended = child.try_wait().expect("a child");
            let late = begun.elapsed() > Duration::from_secs(30);
            assert!(
                ended.is_none() && !late,
                "{ended:?} {text} {}",
                std::fs::read_to_string(&errors).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn door(&self, method: &str, door: &str, body: &Value) -> Value {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let text = runtime.block_on(async {
            reqwest::Client::new()
                .request(
                    method.parse().expect("a method"),
                    format!("{}/{door}", self.till),
                )
                .body(body.to_string())
                .send()
                .await
                .and_then(reqwest::Response::error_for_status)
                .expect("answered")
                .text()
                .await
                .expect("text")
        });
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL; what ended by itself has nothing left to be killed
        let _ = self.child.kill();
        self.child.wait().expect("ended");
    }
}

#[test]
fn a_killed_sandbox_still_has_all_that_it_answered() {
    let place = Workplace::empty();
    let sandbox = Process::start(&place, "--fault 500,path=/v2/units --fault late,times=2");
    let faults = sandbox.door("GET", "faults", &Value::Null);
    let set = faults["set"].as_array().expect("a list");
    assert_eq!(
        (set.len(), &set[0]["times"], &set[1]["times"]),
        (2, &json!(0), &json!(2))
    );
    let label = json!({"till": {"labels": [{"id": 77, "tooltip": "Kvar"}]}});
    sandbox.door("POST", "seed", &label);
    drop(sandbox);
    let sandbox = Process::start(&place, "");
    let state = sandbox.door("GET", "state", &Value::Null);
    let labels = state["till"]["labels"].as_array().expect("a list");
    assert!(labels.iter().any(|label| label["tooltip"] == "Kvar"));
    let faults = sandbox.door("GET", "faults", &Value::Null);
    assert_eq!(faults["set"], json!([]), "faults do not persist");
}

#[test]
fn a_bad_day_leaves_the_same_documents_as_a_good_one() {
    let good = Workplace::with_flows();
    good.flowbook(&format!("run {BOOK} orders --sandbox"))
        .run()
        .exits(1);
    let bad = Workplace::with_flows();
    let faults = "--fault lose-after,share=20,method=POST --fault lag,share=50,millis=200 --fault latency,share=10,millis=50";
    bad.flowbook(&format!("run {BOOK} orders --sandbox {faults}"))
        .run()
        .exits(1);
    let references = |place: &Workplace| {
        let drafts = place.sandbox_records(BOOK, "books/customerinvoicedrafts");
        count_by(&drafts, "BuyersOrderReference")
    };
    assert_eq!(references(&bad), references(&good));
}

#[test]
fn a_fault_that_is_none_is_refused_in_a_sentence() {
    let place = Workplace::with_flows();
    let refused = |words: &str| place.flowbook(words).run().exits(2).stderr();
    let unknown = refused("sandbox --fault lose-aftr");
    assert!(
        unknown.contains("“lose-aftr” is no kind of fault; perhaps “lose-after” is meant."),
        "{unknown}"
    );
    let alone = refused(&format!("run {BOOK} --fault lose-after"));
    assert!(alone.contains("--sandbox"), "{alone}");
    let help = place.flowbook("run --help").run().exits(0).stdout();
    for (kind, _) in flowbook_sandbox::KINDS {
        assert!(help.contains(&format!("  {kind} ")), "{kind}: {help}");
    }
}
