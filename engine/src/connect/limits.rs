//! Quotas: requests wait before the system would refuse them, and all of them while it says that it is busy.
//!
//! A window that slides, rather than a bucket: a full quota may go out at once, and never more than the quota in any span of its length.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;

use crate::plan::connector::{Limit, LimitOf, LimitPer, ResourceIx};
use crate::time::Clock;

/// The longest first pause that is taken where the system names none.
const LONGEST_GUESS: Duration = Duration::from_secs(30);

/// The quotas of one system.
pub(super) struct Quotas {
    limits: Vec<Limit>,
    factor: u32,
    clock: Arc<dyn Clock>,
    /// Moments are by [`Clock::elapsed`].
    windows: Mutex<HashMap<(usize, Counted), VecDeque<Duration>>>,
    paused: Mutex<Option<Duration>>,
}

/// What has a window of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    System,
    Path(String),
    Resource(ResourceIx),
}

impl Quotas {
    /// `factor` times what the connector says: a sandbox admits more than the real system.
    pub(super) fn new(limits: &[Limit], factor: u32, clock: Arc<dyn Clock>) -> Quotas {
        Quotas {
            limits: limits.to_vec(),
            factor: factor.max(1),
            clock,
            windows: Mutex::default(),
            paused: Mutex::default(),
        }
    }

    /// Returns when one more request may go out, which is counted by then.
    pub(super) async fn admit(&self, write: bool, path: &str, resource: ResourceIx) {
        loop {
            let now = self.clock.elapsed();
            let pause = *lock(&self.paused);
            let until = pause
                .filter(|until| *until > now)
                .or_else(|| self.take(now, write, path, resource));
            match until {
                Some(until) => self.clock.sleep(until.saturating_sub(now)).await,
                None => return,
            }
        }
    }

    /// Takes a place in every window that counts the request; else the moment when one is free.
    fn take(
        &self,
        now: Duration,
        write: bool,
        path: &str,
        resource: ResourceIx,
    ) -> Option<Duration> {
        let mut windows = lock(&self.windows);
        let mine: Vec<_> = self
            .limits
            .iter()
            .enumerate()
            .filter(|(_, limit)| match limit.of {
                LimitOf::All => true,
                LimitOf::Read => !write,
                LimitOf::Write => write,
            })
            .map(|(at, limit)| {
                let counted = match limit.per {
                    LimitPer::System => Counted::System,
                    LimitPer::Path => Counted::Path(first_segment(path).to_owned()),
                    LimitPer::Resource => Counted::Resource(resource),
                };
                ((at, counted), limit)
            })
            .collect();
        let mut until: Option<Duration> = None;
        for (key, limit) in &mine {
            let span = Duration::from_secs(u64::from(limit.per_s));
            let window = windows.entry(key.clone()).or_default();
            while window
                .front()
                .is_some_and(|first| now.saturating_sub(*first) >= span)
            {
                window.pop_front();
            }
            let most = limit.count.saturating_mul(self.factor).max(1) as usize;
            if window.len() >= most
                && let Some(first) = window.front()
            {
                until = until.max(Some(*first + span));
            }
        }
        if until.is_none() {
            for (key, _) in mine {
                windows.entry(key).or_default().push_back(now);
            }
        }
        until
    }

    /// Nothing goes out for so long. True where no pause was on.
    pub(super) fn pause(&self, span: Duration) -> bool {
        let now = self.clock.elapsed();
        let mut paused = lock(&self.paused);
        let begins = paused.is_none_or(|until| until <= now);
        *paused = (*paused).max(Some(now + span));
        begins
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/')
        .split(['/', '?'])
        .next()
        .unwrap_or_default()
}

/// How long a busy system wants to be left alone: `Retry-After` as seconds or date, else “… in 55 seconds” in its text, else a guess that doubles.
pub(super) fn pause_asked(headers: &HeaderMap, text: &str, turn: u32, now: Timestamp) -> Duration {
    let header = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .map(str::trim);
    let asked = header.and_then(|value| {
        value.parse().map(Duration::from_secs).ok().or_else(|| {
            let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            let seconds = until.as_second() - now.as_second();
            Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        })
    });
    asked
        .or_else(|| seconds_in(text).map(Duration::from_secs))
        .unwrap_or_else(|| Duration::from_secs(1 << turn.min(5)).min(LONGEST_GUESS))
        .max(Duration::from_millis(50))
}

fn seconds_in(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .windows(2)
        .find(|pair| pair[1].starts_with("second"))
        .and_then(|pair| pair[0].parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MachineClock;

    fn limit(count: u32, per: LimitPer) -> Limit {
        Limit {
            of: LimitOf::Read,
            count,
            per_s: 60,
            per,
        }
    }

    fn quotas(limit: Limit) -> Quotas {
        Quotas::new(&[limit], 1, Arc::new(MachineClock::default()))
    }

    #[test]
    fn a_full_quota_goes_out_at_once_and_the_next_waits_for_the_first_to_age() {
        let quotas = quotas(limit(2, LimitPer::Resource));
        let start = Duration::ZERO;
        let take =
            |at, resource| quotas.take(start + Duration::from_secs(at), false, "/a", resource);
        assert_eq!(take(0, 1), None);
        assert_eq!(take(10, 1), None);
        assert_eq!(take(20, 1), Some(start + Duration::from_secs(60)));
        assert_eq!(take(20, 2), None, "another resource has its own");
        assert_eq!(take(60, 1), None);
        assert_eq!(take(61, 1), Some(start + Duration::from_secs(70)));
        assert_eq!(
            quotas.take(start, true, "/a", 1),
            None,
            "writes are not counted"
        );
    }

    #[test]
    fn paths_are_counted_by_their_first_segment() {
        let quotas = quotas(limit(1, LimitPer::Path));
        let now = Duration::ZERO;
        assert_eq!(quotas.take(now, false, "/customers?$page=1", 1), None);
        assert!(quotas.take(now, false, "/customers/7", 2).is_some());
        assert_eq!(quotas.take(now, false, "/articles", 1), None);
    }

    #[test]
    fn the_pause_is_the_one_that_was_asked_for() {
        let mut headers = HeaderMap::new();
        let said = "quota exceeded! Try again in 55 seconds.";
        assert_eq!(
            pause_asked(&headers, said, 0, Timestamp::UNIX_EPOCH),
            Duration::from_secs(55)
        );
        assert_eq!(
            pause_asked(&headers, "", 3, Timestamp::UNIX_EPOCH),
            Duration::from_secs(8)
        );
        assert_eq!(
            pause_asked(&headers, "", 40, Timestamp::UNIX_EPOCH),
            LONGEST_GUESS
        );
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        assert_eq!(
            pause_asked(&headers, said, 0, Timestamp::UNIX_EPOCH),
            Duration::from_secs(7)
        );
        headers.insert(
            RETRY_AFTER,
            "Wed, 31 Dec 1969 07:28:00 GMT".parse().unwrap(),
        );
        assert_eq!(
            pause_asked(&headers, said, 0, Timestamp::UNIX_EPOCH),
            Duration::from_millis(50)
        );
    }
}
