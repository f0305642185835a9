//! Release: nothing leaves before its release is durable. Releases go in small windows, each in the transaction that stores earlier outcomes, so
//! that safety costs no extra sync. A window that is not full waits for others as long as the last sync took, since twice as many then share the next.
//! After a crash only released entries are looked up; planned ones are planned afresh.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::store::journal::{Batch, Outcome, Overruled, Release};
use crate::store::{Store, StoreError};
use crate::wrong::{self, Wrong};

/// Outcomes that may gather before they are stored without a release.
const MOST_OUTCOMES: usize = 256;
/// The longest that a window waits for others, however slow the disk is.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// The journal of a run: gathers what is to be stored, and stores it together.
pub(super) struct Journal<'a> {
    store: &'a Mutex<dyn Store + 'a>,
    window: usize,
    gathered: Mutex<Gathered>,
    /// Windows stored so far.
    windows: watch::Sender<u64>,
}

#[derive(Default)]
struct Gathered {
    batch: Batch,
    /// Windows stored so far.
    stored: u64,
    /// What the last one took.
    took: Duration,
    overruled: Vec<Overruled>,
    failed: Option<StoreError>,
}

impl<'a> Journal<'a> {
    /// `window`: releases that are stored together at most.
    pub fn new(store: &'a Mutex<dyn Store + 'a>, window: usize) -> Journal<'a> {
        Journal {
            store,
            window,
            gathered: Mutex::default(),
            windows: watch::Sender::default(),
        }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once the release is durable: what it releases may leave. What was chosen before, where that is something else: then nothing may.
    pub async fn release(&self, release: Release) -> Result<Option<Vec<Value>>, StoreError> {
        let (record, step) = (release.intent.record.clone(), release.intent.step.clone());
        let (window, wait) = {
            let mut gathered = self.gathered();
            gathered.batch.releases.push(release);
            let window = gathered.stored;
            if gathered.batch.releases.len() == 1 && wrong::is(Wrong::FirstOfWindowEarly) {
                return Ok(None);
            }
            if gathered.batch.releases.len() >= self.window {
                self.store_all(&mut gathered)?;
            }
            (window, gathered.took.min(LONGEST_WAIT))
        };
        // Whoever is ready joins the window, and whose answer comes meanwhile.
        Yield(false).await;
        let mut windows = self.windows.subscribe();
        let _full = timeout(wait, windows.wait_for(|stored| *stored > window)).await;
        let mut gathered = self.gathered();
        if gathered.stored == window {
            self.store_all(&mut gathered)?;
        }
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
        let mut gathered = self.gathered();
        gathered.batch.outcomes.push(outcome);
        if gathered.batch.outcomes.len() >= MOST_OUTCOMES {
            self.store_all(&mut gathered)?;
        }
        Ok(())
    }

    /// Stores what has gathered: before anything else is stored or read that rests on it.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.store_all(&mut self.gathered())
    }

    fn store_all(&self, gathered: &mut Gathered) -> Result<(), StoreError> {
        if let Some(why) = &gathered.failed {
            return Err(why.clone());
        }
        let batch = std::mem::take(&mut gathered.batch);
        if batch.is_empty() {
            return Ok(());
        }
        gathered.stored += 1;
        let begun = Instant::now();
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let committed = store.commit(batch);
        gathered.took = begun.elapsed();
        self.windows.send_replace(gathered.stored);
        match committed {
            Ok(overruled) => {
                gathered.overruled.extend(overruled);
                Ok(())
            }
            Err(why) => {
                gathered.failed = Some(why.clone());
                Err(why)
            }
        }
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
