//! Ctrl-C and SIGTERM: the first one asks the run to stop, the second one stops the process at once; recovery takes over with the next run.

use std::process;

use super::output;
use crate::run::stopping::StopToken;

/// As shells report an interrupted command.
const INTERRUPTED: i32 = 130;

/// Listens from now on; without signals the process ends by them as any other does.
pub fn listen(stop: StopToken) {
    tokio::spawn(async move {
        let Ok(mut signals) = Signals::new() else {
            return;
        };
        while signals.next().await {
            if stop.is_raised() {
                output::error("Stopped at once. What was in flight is looked up by the next run.");
                process::exit(INTERRUPTED);
            }
            output::note("Stopping: what is in flight is finished. Once more stops at once.");
            stop.raise();
        }
    });
}

#[cfg(unix)]
struct Signals {
    interrupted: tokio::signal::unix::Signal,
    terminated: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> bool {
        let heard = tokio::select! {
            heard = self.interrupted.recv() => heard,
            heard = self.terminated.recv() => heard,
        };
        heard.is_some()
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
