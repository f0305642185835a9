//! Cursor: the least of what the source showed at the run's first request, less an overlap not shorter than the source's lateness, and below every
//! record that is neither terminal nor kept as waiting. A run that stops early does not move it. Once a week all of the source is compared: that
//! heals what came later than any overlap, or was changed without a new time.

use flowbook_stdlib::value::Value;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::cache;
use super::page::Engine;
use crate::connect::{Systems, Trouble};
use crate::plan::connector::Reading;

/// What a flow's run has seen of its source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    /// The source's clock at the run's first request.
    pub clock: Option<Timestamp>,
    /// The latest time in the records' own field on the run's first page, for a source without a clock.
    pub latest: Option<Timestamp>,
}

impl Shown {
    /// How far the cursor may come: never beyond the first request, never back.
    pub fn cursor(self, before: Option<Timestamp>) -> Option<Timestamp> {
        self.clock
            .or(self.latest)
            .max(before)
            .filter(|to| Some(*to) != before)
    }
}

/// All of a source that is read by its cursor is compared after so long.
const COMPARED_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether all of a source is read this time, and what is remembered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The week is not over, or the source is read whole by every run, or only a part of it was asked for.
    NotDue,
    /// The week begins: this run reads all of it anyway, or nobody knows when it was read.
    Begins,
    /// The week is over. All of it was read last then.
    Due(Timestamp),
}

impl<S: Systems> Engine<'_, S> {
    /// Whether all of the source is to be compared.
    pub(super) fn comparison(&self, cursor: Option<Timestamp>) -> Result<Comparison, Trouble> {
        let options = self.options;
        let part = !options.only.is_empty() || options.since.is_some() || options.limit.is_some();
        let reading = &self.resource(self.flow.read.resource).reading;
        let by_cursor = matches!(reading, Reading::Growing { .. } | Reading::Changed { .. });
        if part || !by_cursor || self.flow.read.all {
            return Ok(Comparison::NotDue);
        }
        if self.since(cursor) == self.from() {
            return Ok(Comparison::Begins);
        }
        Ok(
            match self.stored(|store| store.compared(&self.flow.name))? {
                None => Comparison::Begins,
                Some(last) if self.now.duration_since(last) >= COMPARED_EVERY => {
                    Comparison::Due(last)
                }
                Some(_) => Comparison::NotDue,
            },
        )
    }

    /// For whoever wonders why so much was read.
    pub(super) fn compared_text(&self, last: Timestamp) -> String {
        format!(
            "All of {} was read and compared, as once a week; the last time was on {}.",
            self.resource_name(self.flow.read.resource),
            self.context.zone.to_datetime(last).date()
        )
    }

    /// `read … from`
    pub(super) fn from(&self) -> Option<Timestamp> {
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
    pub(super) fn since(&self, cursor: Option<Timestamp>) -> Option<Timestamp> {
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
    pub(super) fn time_of(&self, record: &Value) -> Option<Timestamp> {
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
