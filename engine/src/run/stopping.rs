//! Stopping on request: what is in flight is finished, nothing new begins, and what waits is left to the next run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{self, Either};
use tokio::sync::Notify;

/// How long requests in flight may take once a stop was asked for; then they are left, and the journal knows of them.
pub const GRACE: Duration = Duration::from_secs(5);

/// Asks a run to stop, from anywhere.
#[derive(Debug, Clone, Default)]
pub struct StopToken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    raised: AtomicBool,
    heard: Notify,
}

impl StopToken {
    /// Asks for it.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        self.0.heard.notify_waiters();
    }

    /// Whether it was asked for.
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// Returns once it was asked for.
    pub async fn raised(&self) {
        loop {
            let heard = self.0.heard.notified();
            if self.is_raised() {
                return;
            }
            heard.await;
        }
    }

    /// Goes on with what can be left at any moment: a question, a wait. None once a stop was asked for.
    pub async fn unless_raised<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let raised = std::pin::pin!(self.raised());
        match future::select(std::pin::pin!(work), raised).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}
