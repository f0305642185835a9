//! Confirmed writes on their way into the store: those whose answers are in together share one transaction, and one wait for the disk.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Confirmed, Store, StoreError};

/// Confirmations that are not in the store yet.
#[derive(Debug, Default)]
pub struct Commits(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    open: Vec<Confirmed>,
    /// How many were ever added.
    added: u64,
    /// How many of those are durable.
    durable: u64,
    /// After a failure nothing is stored any more.
    failed: Option<StoreError>,
}

impl Commits {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the confirmation is durable.
    ///
    /// # Errors
    /// The transaction that it was part of failed, or one before.
    pub async fn confirm(
        &self,
        confirmed: Confirmed,
        store: &Mutex<dyn Store + '_>,
    ) -> Result<(), StoreError> {
        let mine = {
            let mut queue = self.queue();
            queue.open.push(confirmed);
            queue.added += 1;
            queue.added
        };
        // Records whose answers came in meanwhile add theirs.
        tokio::task::yield_now().await;
        let mut queue = self.queue();
        if queue.durable >= mine {
            return Ok(());
        }
        if let Some(failed) = &queue.failed {
            return Err(failed.clone());
        }
        let open = std::mem::take(&mut queue.open);
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        match store.confirm_all(&open) {
            Ok(()) => {
                queue.durable = queue.added;
                Ok(())
            }
            Err(failed) => {
                queue.failed = Some(failed.clone());
                Err(failed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flowbook_stdlib::value::Value;
    use futures_util::future::join_all;

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::{Link, RecordKey};

    fn confirmed(key: u32) -> Confirmed {
        Confirmed {
            record: RecordKey {
                flow: "orders".to_owned(),
                key: key.to_string(),
            },
            source: "till.orders".to_owned(),
            link: Link {
                step: "draft".to_owned(),
                resource: "books.invoice_drafts".to_owned(),
                target: Value::Int(key.into()),
                hash: 1,
            },
        }
    }

    #[tokio::test]
    async fn each_is_durable_when_it_returns() {
        let store = Mutex::new(MemoryStore::default());
        let commits = Commits::default();
        let all = (0..20).map(|key| {
            let (commits, store) = (&commits, &store);
            async move {
                let confirmed = confirmed(key);
                commits.confirm(confirmed.clone(), store).await.unwrap();
                let links = store.lock().unwrap().links(&confirmed.record).unwrap();
                assert_eq!(links, [confirmed.link]);
            }
        });
        join_all(all).await;
        assert_eq!(commits.queue().durable, 20);
    }
}
