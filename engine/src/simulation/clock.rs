//! The clocks of a simulated world: time passes only when everybody waits.

use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::world::World;
use crate::time::Clock;

/// The wall clock so long after the beginning.
pub(super) fn wall(at: Duration) -> Timestamp {
    let morning = Timestamp::from_second(1_772_352_000).unwrap_or_default();
    let passed = SignedDuration::try_from(at).unwrap_or_default();
    morning.checked_add(passed).unwrap_or(morning)
}

impl Clock for World {
    fn elapsed(&self) -> Duration {
        self.now()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(length))
    }

    fn wall(&self) -> Timestamp {
        let told = wall(self.now());
        told.checked_add(self.state().skew).unwrap_or(told)
    }
}
