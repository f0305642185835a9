//! One run of a flow: pages of what is new, read ahead while the page before is written; then a second look at what waits or failed.

use std::collections::{BTreeSet, HashSet};
use std::sync::PoisonError;

use flowbook_stdlib::types::Kind;
use flowbook_stdlib::value::{Code, Value};
use futures_util::StreamExt;
use futures_util::future;
use jiff::Timestamp;

use super::cursor::{Comparison, Shown};
use super::ops;
use super::page::{Engine, Life};
use super::report::{FailureReport, FlowReport};
use super::waiting::Open;
use super::write::Ways;
use crate::connect::{Page, PageQuery, Systems, Trouble};
use crate::store::journal::Intent;
use crate::store::{End, Ending};
use crate::wrong::{self, Wrong};

/// What a record is said to wait for while nobody knows what became of its last write.
const HELD: &str =
    "nobody could see yet whether its last write came through; the next run looks again";

/// What a flow's run has come to.
#[derive(Default)]
pub(super) struct Reach<'w, 'a> {
    /// Keys of the page before: a page that shifts shows some again.
    pub(super) last: HashSet<String>,
    /// Records that wait or failed.
    pub(super) open: Open,
    /// Records of which a dead holder left a write open.
    pub(super) held: BTreeSet<String>,
    /// What the source showed first.
    shown: Option<Shown>,
    /// Records that something was to be done for.
    looked_at: u64,
    /// Records on their way.
    ways: Ways<'w, 'a>,
    /// Their keys: a list that is begun anew shows them again.
    pub(super) going: BTreeSet<String>,
}

impl<'a, S: Systems> Engine<'a, S> {
    /// Runs the flow.
    pub async fn run(&self, report: &mut FlowReport) -> Result<(), Trouble> {
        let mut reach = Reach::default();
        let cursor = self.stored(|store| store.cursor(&self.flow.name))?;
        let comparison = self.comparison(cursor)?;
        let from = match comparison {
            Comparison::Due(last) => {
                report.compared = Some(self.compared_text(last));
                self.from()
            }
            _ if self.options.relink => self.from(),
            _ => self.since(cursor),
        };
        let ran = self.read_all(from, &mut reach, report).await;
        // Whatever the reading came to, what is on its way is brought to its end. A run that stops leaves what settles to the next one.
        loop {
            let ended = self.drive(&mut reach.ways).await;
            self.keep_ends(ended, &mut reach, report)?;
            if ran.is_err() || self.stops() {
                reach.ways.clear();
            }
            match reach.ways.next().await {
                Some(life) => self.keep_ends(vec![life], &mut reach, report)?,
                None => break,
            }
        }
        ran?;
        let narrowed = !self.options.only.is_empty() || self.options.since.is_some();
        if self.options.dry || narrowed || self.ends_here(&reach) {
            return Ok(());
        }
        if comparison != Comparison::NotDue {
            self.stored(|store| store.compare(&self.flow.name, self.now))?;
        }
        match reach.shown.unwrap_or_default().cursor(cursor) {
            Some(_) if wrong::is(Wrong::CursorUncapped) => {
                let now = self.options.clock.wall();
                self.stored(|store| store.advance(&self.flow.name, now))
            }
            Some(to) => self.stored(|store| store.advance(&self.flow.name, to)),
            None => Ok(()),
        }
    }

    /// What is new, what waits, and at last what a dead holder left open.
    async fn read_all<'w>(
        &'w self,
        from: Option<Timestamp>,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        if !self.options.only.is_empty() {
            self.unsettled.over().await;
            reach.held = self.unsettled.of(&self.flow.name);
            reach.held.retain(|key| self.options.only.contains(key));
            self.told_as_held(reach, report)?;
            return self.run_only(reach, report).await;
        }
        reach.held = self.unsettled.of(&self.flow.name);
        let query = PageQuery {
            since: self.options.since.or(from),
            ..PageQuery::default()
        };
        let whole = query.since == self.from();
        self.pages(query, reach, report, false).await?;
        if self.ends_here(reach) {
            return Ok(());
        }
        self.look_at_waiting(whole, reach, report).await?;
        if reach.held.is_empty() || self.ends_here(reach) {
            return Ok(());
        }
        self.unsettled.over().await;
        let still = self.unsettled.of(&self.flow.name);
        let settled: Vec<String> = reach.held.difference(&still).cloned().collect();
        let states = self.stored(|store| store.states(&self.flow.name, &settled))?;
        let settled = settled.into_iter().zip(states);
        reach
            .open
            .are(settled.filter_map(|(key, state)| Some((key, state?))));
        reach.held = still;
        self.told_as_held(reach, report)?;
        if self.ends_here(reach) {
            return Ok(());
        }
        self.look_at_waiting(false, reach, report).await
    }

    /// Records that nobody can go on with yet.
    fn told_as_held(&self, reach: &Reach<'_, 'a>, report: &mut FlowReport) -> Result<(), Trouble> {
        let keys: Vec<String> = reach.held.iter().cloned().collect();
        let states = self.stored(|store| store.states(&self.flow.name, &keys))?;
        let mut ends = Vec::new();
        for (key, state) in keys.iter().zip(states) {
            report.read += 1;
            match self.unsettled.unnamed(&self.record_key(key)) {
                Some(writes) => ends.extend(self.unnamed(key, state, writes, report)?),
                None => self.tell(key, None, End::Waiting, HELD, report),
            }
        }
        self.keep(&ends)
    }

    /// A page of the source; a question can be left at any moment.
    async fn page_of(&self, query: &PageQuery) -> Result<Page, Trouble> {
        let page = self.asker.systems.page(self.flow.read.resource, query);
        let read = self.options.stop.unless_raised(page).await;
        read.unwrap_or_else(|| Err(super::asked_to_stop()))
    }

    /// All pages of a query, the next one read while the one before is carried over.
    pub(super) async fn pages<'w>(
        &'w self,
        query: PageQuery,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
        only_open: bool,
    ) -> Result<(), Trouble> {
        let first = self.page_of(&query).await?;
        let shown = *reach.shown.get_or_insert_with(|| Shown {
            clock: first.clock,
            latest: first
                .records
                .iter()
                .filter_map(|one| self.time_of(one))
                .max(),
        });
        if wrong::is(Wrong::CursorTooEarly)
            && let Some(to) = shown.cursor(None)
        {
            self.stored(|store| store.advance(&self.flow.name, to))?;
        }
        let mut page = Some(first);
        while let Some(Page { records, next, .. }) = page {
            let more = next
                .filter(|_| !only_open || reach.open.some_are_missing())
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
                    Some(query) => Some(self.page_of(query).await),
                    None => None,
                }
            };
            let records = self.new_ones(records, reach, only_open)?;
            let (ahead, done) =
                future::join(ahead, self.page(records, reach, report, self.flow.read.all)).await;
            done?;
            if self.ends_here(reach) {
                break;
            }
            page = match (ahead, behind) {
                (Some(ahead), _) => Some(ahead?),
                (None, Some(query)) => Some(self.page_of(&query).await?),
                (None, None) => None,
            };
        }
        Ok(())
    }

    /// Records of a page that this run did not see yet, and that are not older than `from`.
    fn new_ones(
        &self,
        records: Vec<Value>,
        reach: &mut Reach<'_, 'a>,
        only_open: bool,
    ) -> Result<Vec<Value>, Trouble> {
        let from = self.from();
        let is_old = |record: &Value| matches!((self.time_of(record), from), (Some(time), Some(from)) if time < from);
        let doubtful = records.iter().filter(|record| only_open || is_old(record));
        let known = self.open_among(
            doubtful.map(|record| self.source_key(record)).collect(),
            reach,
        )?;
        let mut keys = HashSet::with_capacity(records.len());
        let records = records
            .into_iter()
            .filter(|record| {
                let key = self.source_key(record);
                let fresh = match only_open {
                    true => known.contains(&key),
                    false => {
                        !reach.last.contains(&key) && (!is_old(record) || known.contains(&key))
                    }
                };
                let free = !reach.held.contains(&key) && !reach.going.contains(&key);
                fresh && free && keys.insert(key)
            })
            .collect();
        if only_open {
            reach.open.found(keys.len());
        }
        reach.last = keys;
        Ok(records)
    }

    /// Carries a page over.
    pub(super) async fn page<'w>(
        &'w self,
        records: Vec<Value>,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
        forced: bool,
    ) -> Result<(), Trouble> {
        self.asker.cache.next_page();
        report.read += records.len() as u64;
        let mut lives = self.begin(records, forced, &mut reach.open, report)?;
        if let Some(limit) = self.options.limit {
            let left = limit.saturating_sub(reach.looked_at);
            let over = lives
                .len()
                .saturating_sub(usize::try_from(left).unwrap_or(usize::MAX));
            report.read -= over as u64;
            lives.truncate(lives.len() - over);
        }
        reach.looked_at += lives.len() as u64;
        let (mut ended, mut lives): (Vec<_>, Vec<_>) = lives
            .into_iter()
            .partition(|life| !forced && self.nothing_left(life));
        match self.compute(&mut lives).await {
            Ok(()) => self.plan_writes(&lives)?,
            Err(trouble) => {
                self.stop(trouble);
                for life in lives.iter_mut().filter(|life| life.end.is_none()) {
                    life.left = true;
                }
            }
        }
        for life in lives {
            if life.end.is_some() || life.left {
                ended.push(life);
            } else if self.options.dry {
                // What one record would make, the next one finds.
                ended.push(self.carry(life).await);
            } else {
                reach.going.insert(life.key.clone());
                reach.ways.push(Box::pin(self.carry(life)));
            }
        }
        ended.extend(self.drive(&mut reach.ways).await);
        for life in &ended {
            reach.going.remove(&life.key);
        }
        self.keep_ends(ended, reach, report)?;
        self.progress.page(report);
        Ok(())
    }

    /// The writes of a page, stored as planned before any of them is released.
    fn plan_writes(&self, lives: &[Life<'a>]) -> Result<(), Trouble> {
        if self.options.dry {
            return Ok(());
        }
        let mut intents = Vec::new();
        for life in lives.iter().filter(|life| life.end.is_none()) {
            for (step, resource) in &life.intents {
                intents.push(Intent {
                    record: self.record_key(&life.key),
                    step: step.clone(),
                    resource: self.resource_name(*resource),
                });
            }
        }
        if intents.is_empty() {
            return Ok(());
        }
        self.stored(|store| store.plan(&intents))
    }

    /// Ends are told in the order of the source, whichever came first.
    fn keep_ends(
        &self,
        mut lives: Vec<Life<'a>>,
        reach: &mut Reach<'_, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        lives.sort_by_key(|life| life.number);
        let mut ends = Vec::with_capacity(lives.len());
        for life in lives {
            let key = life.key.clone();
            let ending = self.conclude(life, report);
            // one that was begun waits in the store until it has an end
            if ending
                .as_ref()
                .is_none_or(|ending| ending.state.end.is_unfinished())
            {
                reach.open.saw(&key);
            }
            ends.extend(ending);
        }
        self.keep(&ends)
    }

    pub(super) fn keep(&self, ends: &[Ending]) -> Result<(), Trouble> {
        if (self.options.dry && !self.options.relink) || ends.is_empty() {
            return Ok(());
        }
        self.stored(|store| store.end(&self.flow.name, ends))
    }

    /// Whether this flow stops, while others go on.
    fn is_stopped(&self) -> bool {
        let row = self.row.lock().unwrap_or_else(PoisonError::into_inner);
        row.is_full()
    }

    pub(super) fn ends_here(&self, reach: &Reach<'_, 'a>) -> bool {
        self.stops()
            || self.is_stopped()
            || self
                .options
                .limit
                .is_some_and(|limit| reach.looked_at >= limit)
    }

    pub(super) async fn read_by_key(&self, key: &str) -> Result<Option<Value>, Trouble> {
        let resource = self.resource(self.flow.read.resource);
        let kind = resource
            .key
            .and_then(|field| ops::field_kind(&resource.shape, &[field]));
        match key_value(kind, key) {
            Some(id) => {
                let read = self.asker.systems.get(self.flow.read.resource, &id);
                let read = self.options.stop.unless_raised(read).await;
                read.unwrap_or_else(|| Err(super::asked_to_stop()))
            }
            None => Ok(None),
        }
    }

    /// `--only`
    async fn run_only<'w>(
        &'w self,
        reach: &mut Reach<'w, 'a>,
        report: &mut FlowReport,
    ) -> Result<(), Trouble> {
        let resource = self.flow.read.resource;
        let only = self.options.only.iter();
        let only: Vec<&String> = only.filter(|key| !reach.held.contains(*key)).collect();
        let mut wanted: BTreeSet<String> = only.iter().copied().cloned().collect();
        let mut records = Vec::new();
        if self.resource(resource).get.is_some() {
            for key in only {
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
                let page = self.page_of(&query).await?;
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
        self.page(records, reach, report, true).await?;
        for key in wanted {
            let message = format!(
                "{} has no record with the key “{key}”.",
                self.resource_name(resource)
            );
            self.tell(&key, None, End::Failed, &message, report);
            report.failure(FailureReport {
                key,
                code: "F0815".to_owned(),
                message,
                help: Some(
                    "The key is the source's own one, as the summary of a run shows it; numbers on documents are often others.".to_owned(),
                ),
                ..FailureReport::default()
            });
        }
        Ok(())
    }
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
