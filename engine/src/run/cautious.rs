//! Cautious mode: a key is always looked up before the first attempt, so a new store is safe. One that was restored from a copy, or moved, does not
//! know what left last: it waits once until nothing can take effect any more.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Options;
use crate::connect::Trouble;
use crate::plan::Plan;
use crate::store::Store;
use crate::wrong::{self, Wrong};

/// Settles a store that does not know what left last.
pub(super) async fn cautious(
    plan: &Plan,
    store: &Mutex<dyn Store>,
    options: &Options,
) -> Result<(), Trouble> {
    let is_cautious = {
        let store = store.lock().unwrap_or_else(PoisonError::into_inner);
        store.cautious()
    };
    if !is_cautious || options.dry || wrong::is(Wrong::NotCautious) {
        return Ok(());
    }
    let longest = plan.systems.iter().map(|system| system.connector.settle_s);
    let longest = Duration::from_secs(longest.max().unwrap_or(0));
    let waited = options
        .stop
        .unless_raised(options.clock.sleep(longest))
        .await;
    if waited.is_none() {
        return Err(super::asked_to_stop());
    }
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    store.settled().map_err(super::store_trouble)
}
