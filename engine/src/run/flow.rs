//! One run of a flow: pages of what is new, read ahead while the page before is written; then a second look at what waits or failed.

use std::collections::{HashMap, HashSet};

use flowbook_stdlib::types::Kind;
use flowbook_stdlib::value::{Code, Value};
use futures_util::future;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::cache;
use super::ops;
use super::page::Engine;
use super::report::{FailureReport, FlowReport, RecordReport};
use crate::connect::{Page, PageQuery, Systems, Trouble};
use crate::plan::connector::Reading;
use crate::store::{End, State};

/// Up to so many waiting records are read one by one rather than with a narrowed list.
const FEW: usize = 20;

/// Records of a second look that go through the flow together.
const TOGETHER: usize = 100;

/// What a flow's run has come to.
#[derive(Default)]
struct Reach {
    /// Keys of the page before: a page that shifts shows some again.
    last: HashSet<String>,
    /// Records that wait or failed and were not seen yet.
    open: HashMap<String, State>,
    /// The latest time in the records' own field.
    latest: Option<Timestamp>,
    /// Records that something was to be done for.
    looked_at: u64,
}

impl<S: Systems> Engine<'_, S> {
    /// Runs the flow.
    pub async fn run(&self, report: &mut FlowReport) -> Result<(), Trouble> {
        if !self.options.only.is_empty() {
            return self.run_only(report).await;
        }
        let mut reach = Reach {
            open: self
                .stored(|store| store.unfinished(&self.flow.name))?
                .into_iter()
                .collect(),
            ..Reach::default()
        };
        let cursor = self.stored(|store| store.cursor(&self.flow.name))?;
        let query = PageQuery {
            since: self.options.since.or_else(|| self.since(cursor)),
            ..PageQuery::default()
        };
        let whole = query.since == self.from();
        let clock = self.pages(query, &mut reach, report, false).await?;
        if self.ends_here(&reach) {
            return Ok(());
        }
        self.second_look(whole, &mut reach, report).await?;
        if self.options.dry || self.options.since.is_some() || self.ends_here(&reach) {
            return Ok(());
        }
        let to = clock.or(reach.latest).max(cursor);
        match to {
            Some(to) if Some(to) != cursor => {
                self.stored(|store| store.advance(&self.flow.name, to))
            }
            _ => Ok(()),
        }
    }

    /// All pages of a query, the next one read while the one before is carried over. The source's clock at the first of them.
    async fn pages(
        &self,
        query: PageQuery,
        reach: &mut Reach,
        report: &mut FlowReport,
        only_open: bool,
    ) -> Result<Option<Timestamp>, Trouble> {
        let resource = self.flow.read.resource;
        let mut page = Some(self.asker.systems.page(resource, &query).await?);
        let clock = page.as_ref().and_then(|page| page.clock);
        while let Some(Page { records, next, .. }) = page {
            let more = next
                .filter(|_| !only_open || !reach.open.is_empty())
                .map(|after| PageQuery {
                    after: Some(after),
                    ..query.clone()
                });
            // A limited run may end with this page.
            let (ahead, behind) = match self.options.limit {
                None => (more, None),
                Some(_) => (None, more),
            };
            let ahead = async {
                match &ahead {
                    Some(query) => Some(self.asker.systems.page(resource, query).await),
                    None => None,
                }
            };
            let records = self.new_ones(records, reach, only_open);
            let (ahead, done) =
                future::join(ahead, self.page(records, reach, report, self.flow.read.all)).await;
            done?;
            if self.ends_here(reach) {
                break;
            }
            page = match (ahead, behind) {
                (Some(ahead), _) => Some(ahead?),
                (None, Some(query)) => Some(self.asker.systems.page(resource, &query).await?),
                (None, None) => None,
            };
        }
        Ok(clock)
    }

    /// Records of a page that this run did not see yet, and that are not older than `from`.
    fn new_ones(&self, records: Vec<Value>, reach: &mut Reach, only_open: bool) -> Vec<Value> {
        let from = self.from();
        let mut keys = HashSet::with_capacity(records.len());
        let records = records
            .into_iter()
            .filter(|record| {
                let time = self.time_of(record);
                reach.latest = reach.latest.max(time);
                let key = self.source_key(record);
                let known = reach.open.contains_key(&key);
                let old = matches!((time, from), (Some(time), Some(from)) if time < from);
                let fresh = if only_open {
                    known
                } else {
                    !reach.last.contains(&key) && (!old || known)
                };
                fresh && keys.insert(key)
            })
            .collect();
        reach.last = keys;
        records
    }

    /// Carries a page over.
    async fn page(
        &self,
        records: Vec<Value>,
        reach: &mut Reach,
        report: &mut FlowReport,
        forced: bool,
    ) -> Result<(), Trouble> {
        self.asker.cache.next_page();
        report.read += records.len() as u64;
        for record in &records {
            reach.open.remove(&self.source_key(record));
        }
        let (mut lives, unchanged) = self.begin(records, forced)?;
        report.unchanged += unchanged;
        if let Some(limit) = self.options.limit {
            let left = limit.saturating_sub(reach.looked_at);
            let over = lives
                .len()
                .saturating_sub(usize::try_from(left).unwrap_or(usize::MAX));
            report.read -= over as u64;
            lives.truncate(lives.len() - over);
        }
        reach.looked_at += lives.len() as u64;
        let (finished, mut lives): (Vec<_>, Vec<_>) = lives
            .into_iter()
            .partition(|life| !forced && self.nothing_left(life));
        let computed = self.compute(&mut lives).await;
        match computed {
            Ok(()) => self.write(&mut lives).await,
            Err(trouble) => {
                self.stop(trouble);
                for life in lives.iter_mut().filter(|life| life.end.is_none()) {
                    life.left = true;
                }
            }
        }
        let ends: Vec<(String, State)> = finished
            .into_iter()
            .chain(lives)
            .filter_map(|life| self.conclude(life, report))
            .collect();
        self.keep(&ends)?;
        self.progress.page(report);
        Ok(())
    }

    fn keep(&self, ends: &[(String, State)]) -> Result<(), Trouble> {
        if self.options.dry || ends.is_empty() {
            return Ok(());
        }
        self.stored(|store| store.end(&self.flow.name, ends))
    }

    fn ends_here(&self, reach: &Reach) -> bool {
        self.stops()
            || self
                .options
                .limit
                .is_some_and(|limit| reach.looked_at >= limit)
    }

    // ── second looks ──

    /// Records that wait or failed and were not among what was read.
    async fn second_look(
        &self,
        whole: bool,
        reach: &mut Reach,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        let by_key = self.resource(self.flow.read.resource).get.is_some();
        let waits = |state: &State| state.end == End::Waiting && !state.passed;
        let many = reach.open.values().filter(|state| waits(state)).count() > FEW;
        let narrowed = by_key && many && !self.flow.read.relook.is_empty();
        if narrowed || !by_key {
            // Failed and begun records are none that the source's filters can find.
            let others: HashMap<String, State> = reach
                .open
                .extract_if(|_, state| narrowed && !waits(state))
                .collect();
            if !whole && !reach.open.is_empty() {
                let query = PageQuery {
                    since: self.from(),
                    filters: if narrowed {
                        self.flow.read.relook.clone()
                    } else {
                        Vec::new()
                    },
                    ..PageQuery::default()
                };
                reach.last.clear();
                self.pages(query, reach, report, true).await?;
                if self.ends_here(reach) {
                    return Ok(());
                }
            }
            let unseen = std::mem::replace(&mut reach.open, others);
            report.read += unseen.len() as u64;
            let ends: Vec<(String, State)> = sorted(unseen)
                .into_iter()
                .filter_map(|(key, state)| self.not_seen(key, state, report))
                .collect();
            self.keep(&ends)?;
            if !by_key {
                return Ok(());
            }
        }
        let mut keys = sorted(std::mem::take(&mut reach.open));
        while !keys.is_empty() && !self.ends_here(reach) {
            let some: Vec<_> = keys.drain(..keys.len().min(TOGETHER)).collect();
            let mut records = Vec::with_capacity(some.len());
            let mut away = Vec::new();
            for (key, state) in some {
                match self.read_by_key(&key).await? {
                    Some(record) => records.push(record),
                    None => {
                        report.read += 1;
                        away.push(self.vanished(key, state, report));
                    }
                }
            }
            self.keep(&away)?;
            self.page(records, reach, report, false).await?;
        }
        Ok(())
    }

    async fn read_by_key(&self, key: &str) -> Result<Option<Value>, Trouble> {
        let resource = self.resource(self.flow.read.resource);
        let kind = resource
            .key
            .and_then(|field| ops::field_kind(&resource.shape, &[field]));
        match key_value(kind, key) {
            Some(id) => self.asker.systems.get(self.flow.read.resource, &id).await,
            None => Ok(None),
        }
    }

    /// `--only`
    async fn run_only(&self, report: &mut FlowReport) -> Result<(), Trouble> {
        let resource = self.flow.read.resource;
        let mut wanted: HashSet<String> = self.options.only.iter().cloned().collect();
        let mut reach = Reach::default();
        let mut records = Vec::new();
        if self.resource(resource).get.is_some() {
            for key in &self.options.only {
                if let Some(record) = self.read_by_key(key).await? {
                    wanted.remove(&self.source_key(&record));
                    records.push(record);
                }
            }
        } else {
            let mut query = PageQuery {
                since: self.options.since.or_else(|| self.from()),
                ..PageQuery::default()
            };
            loop {
                let page = self.asker.systems.page(resource, &query).await?;
                records.extend(
                    page.records
                        .into_iter()
                        .filter(|record| wanted.remove(&self.source_key(record))),
                );
                query.after = page.next;
                if query.after.is_none() || wanted.is_empty() {
                    break;
                }
            }
        }
        self.page(records, &mut reach, report, true).await?;
        let mut missing: Vec<String> = wanted.into_iter().collect();
        missing.sort();
        for key in missing {
            let message = format!(
                "{} has no record with the key “{key}”.",
                self.resource_name(resource)
            );
            let record = RecordReport {
                key: key.clone(),
                title: None,
                end: End::Failed,
                reason: Some(message.clone()),
                changes: Vec::new(),
                notes: Vec::new(),
            };
            report.count(&record, &[]);
            report.failure(FailureReport {
                key,
                code: "F0815".to_owned(),
                message,
                help: Some(
                    "The key is the source's own one, as the summary of a run shows it; numbers on documents are often others.".to_owned(),
                ),
                ..FailureReport::default()
            });
            self.progress.record(&self.flow.name, &record);
        }
        Ok(())
    }

    // ── times ──

    /// `read … from`
    fn from(&self) -> Option<Timestamp> {
        match self.flow.read.from.as_ref()? {
            Value::DateTime(instant) => Some(*instant),
            Value::Date(day) => self.midnight(*day),
            _ => None,
        }
    }

    fn midnight(&self, day: Date) -> Option<Timestamp> {
        self.context.zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
    }

    /// From when on is read: the cursor less what the source may show late, never before `from`.
    fn since(&self, cursor: Option<Timestamp>) -> Option<Timestamp> {
        let resource = self.resource(self.flow.read.resource);
        let system = &self.plan.systems[resource.system as usize];
        let overlap = match &resource.reading {
            _ if self.flow.read.all => return self.from(),
            Reading::Whole | Reading::Unsaid => return self.from(),
            Reading::Growing { window_s, .. } => (*window_s).max(system.connector.settle_s),
            Reading::Changed { .. } => system.connector.settle_s,
        };
        let overlap = SignedDuration::from_secs(i64::try_from(overlap).unwrap_or(i64::MAX));
        let back = cursor.map(|cursor| cursor.checked_sub(overlap).unwrap_or(Timestamp::MIN));
        back.max(self.from())
    }

    /// When a record was created or changed, as its source says.
    fn time_of(&self, record: &Value) -> Option<Timestamp> {
        let field = match &self.resource(self.flow.read.resource).reading {
            Reading::Growing { field, .. } | Reading::Changed { field, .. } => *field,
            Reading::Whole | Reading::Unsaid => return None,
        };
        match cache::at(record, &[field]) {
            Value::DateTime(instant) => Some(*instant),
            Value::Date(day) => self.midnight(*day),
            _ => None,
        }
    }
}

fn sorted(records: HashMap<String, State>) -> Vec<(String, State)> {
    let mut records: Vec<(String, State)> = records.into_iter().collect();
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    records
}

/// A key's value from its text.
pub(super) fn key_value(kind: Option<&Kind>, text: &str) -> Option<Value> {
    match kind {
        Some(Kind::Int) => text.parse().ok().map(Value::Int),
        Some(Kind::Uuid) => uuid::Uuid::parse_str(text).ok().map(Value::Uuid),
        Some(Kind::Decimal(_)) => text.parse().ok().map(Value::Decimal),
        Some(Kind::Email(_)) => Some(Value::Email(text.into())),
        Some(Kind::Account) => Some(Value::Account(text.into())),
        Some(Kind::Country) => Code::new(text).map(Value::Country),
        _ => Some(Value::Text(text.into())),
    }
}
