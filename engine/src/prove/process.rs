//! A real `flowbook run` in a process of its own, that can be killed, stopped and continued.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Cannot;

/// A run that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whether processes can be stopped and continued on this system.
pub const CAN_PAUSE: bool = cfg!(unix);

/// A call of the command: what a run is started with.
#[derive(Debug, Clone)]
pub struct Call {
    /// The words behind the program's name.
    pub words: Vec<String>,
    /// Variables; others that begin with `FLOWBOOK_` are not handed on.
    pub environment: Vec<(String, String)>,
}

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `kill -9`
    Kill,
    /// `kill -STOP`
    Stop,
    /// `kill -CONT`
    Continue,
}

/// A process that runs.
#[derive(Debug)]
pub struct Process {
    signals: mpsc::Sender<Signal>,
    task: JoinHandle<std::io::Result<Ended>>,
}

/// How a process ended.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// Its exit code; none where it was killed.
    pub code: Option<i32>,
    /// A kill of ours ended it.
    pub killed: bool,
    /// It was stopped while it lived.
    pub paused: bool,
    /// It hung, and was ended for that.
    pub hung: bool,
    /// Its report, where it came to one.
    pub report: Option<Told>,
    /// What it said beside.
    pub said: String,
}

/// What is read of a run's report.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Told {
    /// Its flows.
    pub flows: Vec<FlowTold>,
}

/// What is read of a flow's report.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct FlowTold {
    /// The flow.
    pub flow: String,
    /// How many records wait.
    pub waiting: u64,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

/// A failed record of a report.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Failure {
    /// Its key at its source.
    pub key: String,
}

impl Process {
    /// Starts this very program with a call's words.
    ///
    /// # Errors
    /// The system starts no process.
    pub fn start(call: &Call, folder: &Path) -> Result<Process, Cannot> {
        let program = std::env::current_exe().map_err(|why| unstarted(&why))?;
        let mut command = Command::new(program);
        command
            .args(&call.words)
            .env("NO_COLOR", "1")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FLOWBOOK_") {
                command.env_remove(name);
            }
        }
        command.envs(call.environment.iter().cloned());
        let child = command.spawn().map_err(|why| unstarted(&why))?;
        let (signals, received) = mpsc::channel(4);
        let task = tokio::spawn(attend(child, received));
        Ok(Process { signals, task })
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Does something to it; nothing where it has ended meanwhile.
    pub async fn signal(&self, signal: Signal) {
        // a closed channel means that it is over
        let _ = self.signals.send(signal).await;
    }

    /// Returns when it has ended.
    pub async fn over(&self) {
        self.signals.closed().await;
    }

    /// How it ended.
    ///
    /// # Errors
    /// The system lost sight of it.
    pub async fn ended(self) -> Result<Ended, Cannot> {
        match self.task.await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(why)) => Err(unstarted(&why)),
            Err(why) => Err(unstarted(&why)),
        }
    }
}

fn unstarted(why: &dyn std::fmt::Display) -> Cannot {
    Cannot::new(&format!(
        "A run could not be started as a process of its own: {why}."
    ))
}

async fn attend(mut child: Child, mut signals: mpsc::Receiver<Signal>) -> std::io::Result<Ended> {
    let output = tokio::spawn(whole(child.stdout.take()));
    let errors = tokio::spawn(whole(child.stderr.take()));
    let mut ended = Ended::default();
    let mut sent_kill = false;
    let deadline = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = &mut deadline, if !ended.hung => {
                ended.hung = true;
                child.start_kill()?;
            }
            Some(signal) = signals.recv() => match signal {
                Signal::Kill => {
                    sent_kill = true;
                    child.start_kill()?;
                }
                Signal::Stop => ended.paused |= sent(&child, "-STOP").await,
                Signal::Continue => {
                    sent(&child, "-CONT").await;
                }
            }
        }
    };
    ended.killed = sent_kill && was_killed(status);
    ended.code = status.code().filter(|_| !ended.killed);
    ended.said = errors.await.unwrap_or_default();
    ended.report = serde_json::from_str(&output.await.unwrap_or_default()).ok();
    Ok(ended)
}

async fn whole(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // what a killed process left half written is of no use
        let _ = pipe.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a signal by the system's own command; false where the process is gone or there is no such command.
async fn sent(child: &Child, signal: &str) -> bool {
    let Some(id) = child.id() else {
        return false;
    };
    let mut kill = Command::new("kill");
    kill.args([signal, &id.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    kill.status().await.is_ok_and(|status| status.success())
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(9)
}

#[cfg(not(unix))]
fn was_killed(status: ExitStatus) -> bool {
    status.code() == Some(1)
}
