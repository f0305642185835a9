//! Time: durations by the monotonic clock, cursors by the source's clock, order by sequence number. No wall clock is trusted for safety: it is
//! told to people, and decides how long a record may stay unripe and when something is due: a second look, another try, a comparison, an erasure.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// All clocks that a run, its store and its lines read. A simulation brings its own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Since some moment before the run: never goes back, whatever happens to the wall clock.
    fn elapsed(&self) -> Duration;

    /// Waits so long.
    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// The wall clock.
    fn wall(&self) -> Timestamp;
}

/// This machine's clocks.
#[derive(Debug)]
pub struct MachineClock(Instant);

impl Default for MachineClock {
    fn default() -> MachineClock {
        MachineClock(Instant::now())
    }
}

impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if !length.is_zero() {
                tokio::time::sleep(length).await;
            }
        })
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock on which every wait is over at once: for a flowbook's own tests.
#[derive(Debug, Default)]
pub struct Hasty(MachineClock);

impl Clock for Hasty {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn wall(&self) -> Timestamp {
        self.0.wall()
    }
}
