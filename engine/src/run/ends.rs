//! How a record's way ended, as the store keeps it and as reports tell it.

use std::sync::PoisonError;

use flowbook_stdlib::types::{self, Field};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire;
use jiff::SignedDuration;

use super::acts::THERE;
use super::page::{Engine, Life};
use super::relink::Kept;
use super::report::{FailureReport, FlowReport, RecordReport};
use super::row::{self, Counts};
use super::stop::{Ended, Kind};
use crate::connect::Systems;
use crate::plan::{PlaceIx, Plan};
use crate::store::{End, Ending, Reason, State};
use crate::wrong::{self, Wrong};

const DAY: u64 = 86_400;

/// `documents.flow:24, called at orders.flow:57`
pub fn place_text(plan: &Plan, place: PlaceIx) -> Option<String> {
    let mut text = String::new();
    let mut next = Some(place);
    // A chain of calls is as long as maps are nested; more than a few lines help nobody.
    for _ in 0..5 {
        let Some(place) = next.and_then(|ix| plan.places.get(ix as usize)) else {
            break;
        };
        let at = plan.at(place.span);
        if !at.is_empty() && !text.ends_with(&at) {
            if !text.is_empty() {
                text.push_str(", called at ");
            }
            text.push_str(&at);
        }
        next = place.via;
    }
    (!text.is_empty()).then_some(text)
}

/// Whether a field, or a part of it, must not be kept.
fn is_secret(field: &Field) -> bool {
    fn holds(kind: &types::Kind) -> bool {
        match kind {
            types::Kind::Record(shape) => shape.fields.iter().any(is_secret),
            types::Kind::List(item) => holds(&item.kind),
            _ => false,
        }
    }
    field.secret || holds(&field.ty.kind)
}

impl<'a, S: Systems> Engine<'a, S> {
    /// How a record ended: counted, told, and as it is stored. None where the run stopped before its end.
    pub fn conclude(&self, mut life: Life<'a>, report: &mut FlowReport) -> Option<Ending> {
        let relinked = match self.options.relink {
            true => self.linked_again(&mut life),
            false => Kept::Done,
        };
        self.hide_personal(&mut life);
        let source = self.source(&life);
        let title = self.title(&life.machine.record());
        let Life {
            key,
            number,
            hash,
            before,
            end,
            left,
            did,
            changes,
            notes,
            passed,
            after,
            findings,
            ..
        } = life;
        self.findings(findings);
        // What the flow itself wrote back is no change of the record.
        let hash = after.map_or(hash, |after| self.hash(&after));
        for (does, resource) in &did {
            let by = match does {
                super::changes::Does::Create => &mut report.made,
                super::changes::Does::Update => &mut report.changed,
                super::changes::Does::Adopt => continue,
            };
            *by.entry(self.resource_name(*resource)).or_default() += 1;
        }
        if left {
            return None;
        }
        let waits_since = before
            .as_ref()
            .and_then(|state| state.waiting_since)
            .unwrap_or(self.now);
        let end = end.map(|ended| self.ripened(ended, waits_since));
        let how = match end.as_ref().map(|ended| ended.kind) {
            None => End::Done,
            Some(Kind::Fail) => End::Failed,
            Some(Kind::Skip) => End::Skipped,
            Some(Kind::Wait | Kind::Where) if wrong::is(Wrong::LeftOutIsTerminal) => End::Skipped,
            Some(Kind::Wait | Kind::Where) => End::Waiting,
        };
        let at = end
            .as_ref()
            .and_then(|ended| ended.place)
            .and_then(|place| place_text(self.plan, place));
        let reason = end.as_ref().map(|ended| Reason {
            code: (how == End::Failed || ended.code == THERE).then(|| ended.code.to_owned()),
            message: ended.message.clone(),
            field: ended.field.clone(),
            at: at.clone(),
        });
        if self.is_beyond_the_row(number, how, reason.as_ref(), before.as_ref(), report) {
            return None;
        }
        let record = RecordReport {
            key: key.clone(),
            title: title.clone(),
            end: how,
            reason: end.as_ref().map(|ended| ended.message.clone()),
            changes,
            notes,
        };
        report.count(&record, &did);
        report.there += u64::from(end.as_ref().is_some_and(|ended| ended.code == THERE));
        self.progress.record(&self.flow.name, &record);
        let seen = before.as_ref().and_then(|before| before.seen);
        let (tries, next_try) = match how {
            End::Failed => self.paced(before.as_ref(), hash),
            _ => (0, None),
        };
        let fixed = !passed && end.as_ref().is_some_and(|ended| ended.fixed);
        if let (End::Failed, Some(ended)) = (how, &end) {
            report.failure(FailureReport {
                key: key.clone(),
                title,
                field: ended.field.clone(),
                code: ended.code.to_owned(),
                message: ended.message.clone(),
                value: ended.value.clone(),
                help: ended
                    .help
                    .clone()
                    .or_else(|| self.when_again(&key, fixed, next_try)),
                at: at.clone(),
            });
        }
        let state = State {
            end: how,
            hash,
            reason,
            waiting_since: (how == End::Waiting).then_some(waits_since),
            passed,
            tries,
            next_try,
            fixed,
            plan: self.plan_hash,
            title: record.title.or(before.and_then(|before| before.title)),
            seen: seen.or(Some(self.now)),
            ended: Some(self.options.clock.wall()),
            ..State::default()
        };
        match relinked {
            Kept::Nothing => None,
            Kept::Done => Some(Ending { key, state, source }),
            Kept::Begun => Some(Ending {
                key,
                state: state.begun(),
                source: None,
            }),
        }
    }

    /// Whether a failure is left to the next run, since so many before it had its cause that the flow stops.
    fn is_beyond_the_row(
        &self,
        number: u64,
        how: End,
        reason: Option<&Reason>,
        before: Option<&State>,
        report: &mut FlowReport,
    ) -> bool {
        if self.options.dry {
            return false;
        }
        let known = before.filter(|state| state.end == End::Failed);
        let known = known.and_then(|state| state.reason.as_ref());
        let counts = match (how, reason) {
            (End::Done, _) => Counts::Breaks,
            (End::Failed, Some(reason)) if known.map(Reason::cause) != Some(reason.cause()) => {
                Counts::Failed(reason.cause())
            }
            _ => Counts::Nothing,
        };
        let mut row = self.row.lock().unwrap_or_else(PoisonError::into_inner);
        let beyond = row.ends(number, counts);
        if let (true, None, Some(reason)) = (row.is_full(), &report.stopped, reason) {
            let code = reason.code.as_deref().unwrap_or_default();
            report.stopped = Some(row::stop(&self.flow.name, code, &reason.message));
        }
        beyond
    }

    /// A record that waited too long is skipped.
    fn ripened(&self, ended: Ended, since: jiff::Timestamp) -> Ended {
        if !matches!(ended.kind, Kind::Wait | Kind::Where) || !self.is_overripe(since) {
            return ended;
        }
        Ended {
            kind: Kind::Skip,
            message: self.overripe_reason(),
            ..ended
        }
    }

    /// Whether a record that waits since then is given up.
    pub fn is_overripe(&self, since: jiff::Timestamp) -> bool {
        let most = i64::try_from(self.flow.ripe_within_s).unwrap_or(i64::MAX);
        self.now.duration_since(since) >= SignedDuration::from_secs(most)
    }

    /// `not ripe within 90 days`
    pub fn overripe_reason(&self) -> String {
        let seconds = self.flow.ripe_within_s;
        match (seconds / DAY, seconds % DAY) {
            (1, 0) => "not ripe within 1 day".to_owned(),
            (days, 0) => format!("not ripe within {days} days"),
            _ => format!("not ripe within {} hours", seconds.div_ceil(3_600)),
        }
    }

    /// What people call a record, where its connector says.
    fn title(&self, record: &Value) -> Option<String> {
        let resource = self.resource(self.flow.read.resource);
        let title = resource.title?;
        if super::personal::is_personal(&resource.shape, &[title]) {
            return None;
        }
        match super::cache::at(record, &[title]) {
            Value::None | Value::Late | Value::Bad(_) => None,
            value => Some(super::ops::in_text(value)),
        }
    }

    /// What was read of a record that was not carried over, as JSON: the fields that the flow uses.
    fn source(&self, life: &Life<'a>) -> Option<String> {
        if !matches!(
            life.end.as_ref().map(|ended| ended.kind),
            Some(Kind::Fail | Kind::Wait | Kind::Where)
        ) {
            return None;
        }
        let shape = &self.resource(self.flow.read.resource).shape;
        let record = life.machine.record();
        let mut fields = Vec::new();
        for at in &self.flow.read.needs {
            let Some(field) = shape.fields.get(usize::from(*at)) else {
                continue;
            };
            let value = super::cache::at(&record, &[*at]);
            if matches!(value, Value::None | Value::Late) {
                continue;
            }
            let json = |text: &str| serde_json::Value::from(text).to_string();
            let written = match wire::encode(value, &field.ty, field.form) {
                _ if is_secret(field) => json("(hidden)"),
                Ok(written) => written,
                Err(_) => json(&super::ops::shown(value)), // what does not fit its type, as it came
            };
            fields.push(format!("{}:{written}", json(&field.name)));
        }
        Some(format!("{{{}}}", fields.join(",")))
    }

    /// Counts and tells a record of which nothing was computed this time.
    pub fn tell(
        &self,
        key: &str,
        title: Option<&str>,
        end: End,
        reason: &str,
        report: &mut FlowReport,
    ) {
        let record = RecordReport {
            key: key.to_owned(),
            title: title.map(str::to_owned),
            end,
            reason: Some(reason.to_owned()),
            ..RecordReport::default()
        };
        report.count(&record, &[]);
        self.progress.record(&self.flow.name, &record);
    }

    /// A record that is not looked at keeps its end, or is given up.
    pub fn not_seen(&self, key: String, state: State, report: &mut FlowReport) -> Option<Ending> {
        let over = state
            .waiting_since
            .is_some_and(|since| self.is_overripe(since));
        let reason = if over {
            Some(self.overripe_reason())
        } else {
            state.reason.as_ref().map(|reason| reason.message.clone())
        };
        let message = reason.unwrap_or_default();
        let end = if over { End::Skipped } else { state.end };
        self.tell(&key, state.title.as_deref(), end, &message, report);
        over.then(|| {
            let reason = Reason {
                message,
                ..state.reason.unwrap_or_default()
            };
            let state = State {
                end: End::Skipped,
                reason: Some(reason),
                waiting_since: None,
                ended: Some(self.options.clock.wall()),
                ..state
            };
            Ending {
                key,
                state,
                source: None,
            }
        })
    }

    /// A record that waited and is away from its source.
    pub fn vanished(&self, key: String, state: State, report: &mut FlowReport) -> Ending {
        let message = format!(
            "no longer in {}",
            self.resource_name(self.flow.read.resource)
        );
        self.tell(&key, state.title.as_deref(), End::Skipped, &message, report);
        let state = State {
            end: End::Skipped,
            reason: Some(Reason {
                message,
                ..Reason::default()
            }),
            waiting_since: None,
            ended: Some(self.options.clock.wall()),
            ..state
        };
        Ending {
            key,
            state,
            source: None,
        }
    }
}
