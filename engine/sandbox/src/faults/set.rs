//! The faults that are set: which of them strike a request, how often each kind has struck.
//!
//! Who is struck follows from a fault's seed and the number of the request among those it fits, not from the clock.

use super::{Fault, Kind, read};
use crate::json::{Json, object};
use crate::server::{Request, Side};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const HEADER: &str = "x-sandbox-fault";

/// A fault that strikes one request.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    /// How often the fault had struck before: kinds with several forms take turns.
    pub(crate) number: u64,
    // the place of the fault among those set; a header's has none
    place: Option<usize>,
}

/// All that strikes one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strikes(Vec<Strike>);

impl Strikes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strike of that kind.
    pub(crate) fn of(&self, kind: Kind) -> Option<&Strike> {
        self.0.iter().find(|strike| strike.fault.kind == kind)
    }

    /// Those that people do in the books.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Strike> {
        self.0.iter().filter(|strike| strike.fault.kind.is_person())
    }
}

struct Entry {
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl Entry {
    fn used_up(&self) -> bool {
        self.fault.times > 0 && self.struck >= self.fault.times
    }

    /// Whether the next request that it fits is struck.
    fn draws(&mut self) -> bool {
        let number = self.seen;
        self.seen += 1;
        number >= self.fault.skip
            && draw(self.fault.seed, number) % 100 < self.fault.share
            && !self.used_up()
    }
}

#[derive(Default)]
struct Inner {
    set: Vec<Entry>,
    struck: BTreeMap<&'static str, u64>,
}

/// The faults of both servers.
#[derive(Default)]
pub(crate) struct Faults {
    // lets a request pass without a lock while no fault is set
    any: AtomicBool,
    inner: Mutex<Inner>,
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, fault: Fault) {
        let mut inner = self.inner();
        inner.set.push(Entry {
            fault,
            seen: 0,
            struck: 0,
        });
        self.any.store(true, Ordering::Release);
    }

    /// Takes every fault and every count away; what they were.
    pub(crate) fn clear(&self) -> Json {
        let shown = self.shown();
        *self.inner() = Inner::default();
        self.any.store(false, Ordering::Release);
        shown
    }

    /// Whether reads may be struck by lag.
    pub(crate) fn look_back(&self) -> bool {
        let looks = |entry: &Entry| entry.fault.kind == Kind::Lag && entry.fault.method == "GET";
        self.inner().set.iter().any(looks)
    }

    /// `{"struck": {KIND: n}, "set": […]}`
    pub(crate) fn shown(&self) -> Json {
        let inner = self.inner();
        let count = |(kind, n): (&&str, &u64)| ((*kind).to_owned(), Json::Number((*n).into()));
        let set: Vec<Json> = inner
            .set
            .iter()
            .filter(|entry| !entry.used_up())
            .map(|entry| {
                entry
                    .fault
                    .shown(entry.fault.times.saturating_sub(entry.struck))
            })
            .collect();
        object! { "struck" => Json::Object(inner.struck.iter().map(count).collect()), "set" => set }
    }

    /// What strikes a request: of the faults that decide its answer the first one set, of the others all.
    ///
    /// # Errors
    /// A header that is no fault, or one that cannot strike this request, in a sentence.
    pub(crate) fn strike(&self, side: Side, request: &Request) -> Result<Strikes, String> {
        let mut strikes = Vec::new();
        for value in request.headers.get_all(HEADER) {
            for fault in read::header(value.to_str().unwrap_or_default())? {
                if !fault.fits(side, request) {
                    return Err(format!(
                        "The fault “{}” cannot strike {} {}: {}.",
                        fault.kind(),
                        request.method,
                        request.path,
                        fault.strikes()
                    ));
                }
                strikes.push(Strike {
                    fault,
                    number: 0,
                    place: None,
                });
            }
        }
        if strikes.is_empty() && !self.any.load(Ordering::Acquire) {
            return Ok(Strikes::default());
        }
        let mut inner = self.inner();
        let mut decided = strikes.iter().any(|strike| strike.fault.kind.decides());
        for (place, entry) in inner.set.iter_mut().enumerate() {
            let open = !(decided && entry.fault.kind.decides());
            if open && entry.fault.fits(side, request) && entry.draws() {
                decided |= entry.fault.kind.decides();
                strikes.push(Strike {
                    fault: entry.fault.clone(),
                    number: entry.struck,
                    place: Some(place),
                });
                entry.struck += 1;
            }
        }
        for strike in &strikes {
            *inner.struck.entry(strike.fault.kind()).or_default() += 1;
        }
        Ok(Strikes(strikes))
    }

    /// Counts a person who acted at once.
    pub(crate) fn count(&self, fault: &Fault) {
        *self.inner().struck.entry(fault.kind()).or_default() += 1;
    }

    /// Takes a strike back that had nothing to strike, such as an empty answer to a POST that was refused.
    pub(crate) fn give_back(&self, strike: &Strike) {
        let mut inner = self.inner();
        if let Some(count) = inner.struck.get_mut(strike.fault.kind()) {
            *count = count.saturating_sub(1);
        }
        inner.struck.retain(|_, count| *count > 0);
        if let Some(entry) = strike.place.and_then(|place| inner.set.get_mut(place)) {
            entry.struck = entry.struck.saturating_sub(1);
        }
    }
}

/// The n-th number drawn from a seed (splitmix64): the same on every machine, in any order of asking.
pub(crate) fn draw(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
