//! Release: nothing leaves before its release is durable. Releases go in small windows, each in the transaction that stores earlier outcomes, so
//! that safety costs no extra sync. A window waits for whoever becomes ready within a few turns of the run; while it is stored, on a thread of its own,
//! the run goes on and the next one fills. After a crash only released entries are looked up; planned ones are planned afresh.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use flowbook_stdlib::value::Value;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::store::journal::{Batch, Outcome, Overruled, Release};
use crate::store::{RecordKey, Store, StoreError};
use crate::wrong::{self, Wrong};

/// For so many turns of the run a window waits for others: a sync that more of them share costs less than it takes to wait (benchmark `journal`).
const TURNS: u32 = 24;
/// Outcomes that may gather before they are stored without a release.
const MOST_OUTCOMES: usize = 256;

/// The journal of a run: gathers what is to be stored, and stores it together.
pub(super) struct Journal {
    shared: Arc<Shared>,
}

/// What a window is stored from, on whichever thread.
struct Shared {
    /// Locked before `gathered`, wherever both are.
    store: Arc<Mutex<dyn Store>>,
    gathered: Mutex<Gathered>,
    /// Windows stored so far.
    stored: watch::Sender<u64>,
}

#[derive(Default)]
struct Gathered {
    batch: Batch,
    /// The number of the window that gathers.
    window: u64,
    /// A thread is about to store what has gathered, or does so.
    is_storing: bool,
    overruled: Vec<Overruled>,
    failed: Option<StoreError>,
}

impl Journal {
    pub fn new(store: Arc<Mutex<dyn Store>>) -> Journal {
        let shared = Shared {
            store,
            gathered: Mutex::default(),
            stored: watch::Sender::default(),
        };
        Journal {
            shared: Arc::new(shared),
        }
    }

    /// Returns once the release is durable: what it releases may leave. What was chosen before, where that is something else: then nothing may.
    pub async fn release(&self, release: Release) -> Result<Option<Vec<Value>>, StoreError> {
        let (record, step) = (release.intent.record.clone(), release.intent.step.clone());
        let mut stored = self.shared.stored.subscribe();
        let window = {
            let mut gathered = self.shared.gathered();
            gathered.batch.releases.push(release);
            let releases = gathered.batch.releases.len();
            if releases == 1 && wrong::is(Wrong::FirstOfWindowEarly) {
                return Ok(None);
            }
            gathered.window
        };
        for _ in 0..TURNS {
            Yield(false).await;
        }
        while !self.shared.is_over(window) {
            let begins = self.shared.gathered().begins();
            match begins {
                true => self.store().await,
                false => drop(stored.changed().await),
            }
        }
        let mut gathered = self.shared.gathered();
        if let Some(why) = &gathered.failed {
            return Err(why.clone());
        }
        let at = gathered
            .overruled
            .iter()
            .position(|other| other.record == record && other.step == step);
        Ok(at.map(|at| gathered.overruled.swap_remove(at).chosen))
    }

    /// Stored with the next window, or by [`Journal::flush`].
    pub fn outcome(&self, outcome: Outcome) -> Result<(), StoreError> {
        let outcomes = {
            let mut gathered = self.shared.gathered();
            gathered.batch.outcomes.push(outcome);
            gathered.batch.outcomes.len()
        };
        match outcomes >= MOST_OUTCOMES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Stores what has gathered, behind what is being stored: before anything else is stored or read that rests on it.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.shared.store_all()
    }

    /// Records with a link to this record of `resource`: those stored, and those about to be.
    pub fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, StoreError> {
        let store = self.shared.store.lock();
        let store = store.unwrap_or_else(PoisonError::into_inner);
        let mut all = store.linked_from(resource, target)?;
        let gathered = self.shared.gathered();
        for outcome in &gathered.batch.outcomes {
            if let Some((source, link)) = &outcome.link
                && link.resource == resource
                && link.target == *target
            {
                all.push((source.clone(), outcome.record.clone()));
            }
        }
        Ok(all)
    }

    /// On a thread of its own; on the spot where the run has one thread only, which so goes the same way each time.
    async fn store(&self) {
        let shared = self.shared.clone();
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            drop(shared.store_all());
        } else if let Err(why) = spawn_blocking(move || drop(shared.store_all())).await {
            let why = StoreError(format!("the store was given up: {why}"));
            self.shared.gathered().failed.get_or_insert(why);
        }
    }
}

impl Shared {
    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a window is stored, or never will be.
    fn is_over(&self, window: u64) -> bool {
        *self.stored.borrow() > window || self.gathered().failed.is_some()
    }

    fn store_all(&self) -> Result<(), StoreError> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let (batch, stored) = {
            let mut gathered = self.gathered();
            if let Some(why) = &gathered.failed {
                return Err(why.clone());
            }
            let batch = std::mem::take(&mut gathered.batch);
            gathered.window += u64::from(!batch.is_empty());
            (batch, gathered.window)
        };
        let committed = match batch.is_empty() {
            true => Ok(Vec::new()),
            false => store.commit(batch),
        };
        let mut gathered = self.gathered();
        gathered.is_storing = false;
        let committed = committed.map(|overruled| gathered.overruled.extend(overruled));
        gathered.failed = committed.as_ref().err().cloned();
        drop(gathered);
        self.stored.send_replace(stored);
        committed
    }
}

impl Gathered {
    /// True for the one who is to store what has gathered.
    fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.is_storing, true)
    }
}

/// Lets all others that are ready go first, once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
