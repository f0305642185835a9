//! Claims: who writes under a key holds it until the outcome is known, over all flows and steps; the next one waits. So two orders of one new
//! customer make one customer.
//!
//! Updates hold the changed record's id as well, whatever key it was found by: a different payload to the same record waits until an unknown one has
//! settled, else a late old request would bring old data back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use crate::plan::connector::ResourceIx;
use crate::wrong::{self, Wrong};

/// A read that a record still rests on was asked at most so long ago.
const ASKED_BEFORE: Duration = Duration::from_hours(1);

/// With more keys, those are forgotten whose time is over.
const MOST_UNSEEN: usize = 10_000;

/// A resource and the text of a key in it.
pub type Claim = (ResourceIx, String);

/// Keys that are being written under, and those that were a moment ago.
#[derive(Debug, Default)]
pub struct Claims {
    locks: Mutex<FxHashMap<Claim, Arc<Lock<()>>>>,
    /// Until when, by the run's clock, reads need not show what was written under a key.
    unseen: Mutex<FxHashMap<Claim, Duration>>,
}

/// Held until the outcome of a write is known.
#[derive(Debug)]
pub struct Held {
    _guards: Vec<OwnedMutexGuard<()>>,
}

/// Claims of writes that an earlier process left open; writes under one key share it.
pub type Inherited = Vec<Arc<OwnedMutexGuard<()>>>;

impl Claims {
    /// Waits until nobody else writes under any of these keys. Claims are taken in one order everywhere, so no two wait for each other; that of a
    /// record's id comes last, by [`Claims::update`].
    pub async fn take(&self, mut wanted: Vec<Claim>) -> Held {
        if wrong::is(Wrong::NoClaim) {
            wanted.clear();
        }
        wanted.sort();
        wanted.dedup();
        let mut guards = Vec::with_capacity(wanted.len());
        for claim in wanted {
            let lock = self.lock(claim);
            guards.push(lock.lock_owned().await);
        }
        Held { _guards: guards }
    }

    /// The claim on a record that is changed.
    pub fn update(resource: ResourceIx, id: &str) -> Claim {
        (resource, format!("#{id}"))
    }

    /// Takes over what an earlier process claimed, before anybody else claims anything.
    pub fn inherit(&self, wanted: Vec<Vec<Claim>>) -> Vec<Inherited> {
        let mut held: HashMap<Claim, Arc<OwnedMutexGuard<()>>> = HashMap::new();
        wanted
            .into_iter()
            .map(|claims| {
                let mut guards = Vec::with_capacity(claims.len());
                for claim in claims {
                    if let Some(guard) = held.get(&claim) {
                        guards.push(guard.clone());
                    } else if let Ok(guard) = self.lock(claim.clone()).try_lock_owned() {
                        let guard = Arc::new(guard);
                        held.insert(claim, guard.clone());
                        guards.push(guard);
                    }
                }
                guards
            })
            .collect()
    }

    /// Something was written under these keys. Until then, nobody believes a read that does not find it.
    pub fn wrote(&self, claims: impl IntoIterator<Item = Claim>, now: Duration, until: Duration) {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        if unseen.len() > MOST_UNSEEN {
            unseen.retain(|_, until| *until + ASKED_BEFORE > now);
        }
        unseen.extend(claims.into_iter().map(|claim| (claim, until)));
    }

    /// Until when reads need not show what was last written under one of these keys.
    pub fn unseen(&self, claims: &[Claim]) -> Option<Duration> {
        let unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        claims
            .iter()
            .filter_map(|claim| unseen.get(claim))
            .max()
            .copied()
    }

    /// Reads from now on show what was written under these keys.
    pub fn seen(&self, claims: &[Claim]) {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        for claim in claims {
            unseen.remove(claim);
        }
    }

    fn lock(&self, claim: Claim) -> Arc<Lock<()>> {
        let mut all = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > 1_000 {
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        all.entry(claim).or_default().clone()
    }
}
