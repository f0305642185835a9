//! Writes under one key are served one after another, across records and flows: two orders of one new customer make one customer.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use crate::plan::connector::ResourceIx;

/// A resource and the text of a key in it.
pub type Claim = (ResourceIx, String);

/// Keys that are being written under.
#[derive(Debug, Default)]
pub struct Claims(Mutex<FxHashMap<Claim, Arc<Lock<()>>>>);

/// Held until the outcome of a write is known.
#[derive(Debug)]
pub struct Held {
    _guards: Vec<OwnedMutexGuard<()>>,
}

impl Claims {
    /// Waits until nobody else writes under any of these keys. Claims are taken in one order everywhere, so no two wait for each other.
    pub async fn take(&self, mut wanted: Vec<Claim>) -> Held {
        wanted.sort();
        wanted.dedup();
        let mut guards = Vec::with_capacity(wanted.len());
        for claim in wanted {
            let lock = self.lock(claim);
            guards.push(lock.lock_owned().await);
        }
        Held { _guards: guards }
    }

    fn lock(&self, claim: Claim) -> Arc<Lock<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > 1_000 {
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        all.entry(claim).or_default().clone()
    }
}
