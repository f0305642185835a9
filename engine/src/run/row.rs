//! Row: a flow stops once so many records in a row failed anew for one cause. One wrong record never stops a flow; a cause that fails them all is
//! told once, and what was not reached is read again by the next run, since the cursor stays.

use std::collections::BTreeMap;

use super::report::FlowStop;

/// Equal failures in a row after which a flow stops.
pub(super) const MOST_ALIKE: u32 = 25;

/// How a record's end counts.
pub(super) enum Counts {
    /// It was carried over: the row is over.
    Breaks,
    /// Skipped, waiting, or failed as it did before: it says nothing about the others.
    Nothing,
    /// It failed anew: code, field and rule, without its values.
    Failed(String),
}

/// Records in the order of the source, whichever ended first.
#[derive(Default)]
pub(super) struct Row {
    /// The next record of the source that has not ended.
    next: u64,
    /// Records behind it that have.
    ended: BTreeMap<u64, Counts>,
    cause: String,
    length: u32,
    stopped: bool,
}

impl Row {
    /// One more record has ended. True where it counts no more: the flow stops for its cause.
    pub fn ends(&mut self, number: u64, counts: Counts) -> bool {
        if let (true, Counts::Failed(cause)) = (self.stopped, &counts) {
            return *cause == self.cause;
        }
        if self.stopped {
            return false;
        }
        self.ended.insert(number, counts);
        while let Some(counts) = self.ended.remove(&self.next) {
            self.next += 1;
            match counts {
                Counts::Breaks => self.length = 0,
                Counts::Nothing => {}
                Counts::Failed(cause) if self.length > 0 && cause == self.cause => self.length += 1,
                Counts::Failed(cause) => (self.cause, self.length) = (cause, 1),
            }
            if self.length >= MOST_ALIKE {
                self.stopped = true;
                self.ended.clear();
                break;
            }
        }
        false
    }

    /// Whether the flow stops.
    pub fn is_full(&self) -> bool {
        self.stopped
    }
}

/// What is told of a flow that stops.
pub(super) fn stop(flow: &str, code: &str, message: &str) -> FlowStop {
    FlowStop {
        code: "F0822".to_owned(),
        message: format!(
            "The flow {flow} stopped: {MOST_ALIKE} records in a row failed for one cause, {code}: {message}"
        ),
        help: format!(
            "Correct that cause, then run again: what failed is tried again, and what was not reached is read again. `flowbook records --flow {flow}` lists them, `flowbook explain {code}` tells more."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Counts {
        Counts::Failed("F0800|lines[].article|orders.flow:7".to_owned())
    }

    #[test]
    fn a_row_is_full_after_so_many_equal_failures() {
        let mut row = Row::default();
        for number in 0..24 {
            assert!(!row.ends(number, failed()));
        }
        assert!(!row.is_full());
        assert!(!row.ends(24, failed()), "the last one counts");
        assert!(row.is_full());
        assert!(row.ends(25, failed()), "the rest is read again");
        assert!(!row.ends(26, Counts::Failed("another".to_owned())));
    }

    #[test]
    fn a_success_or_another_cause_begins_a_new_row() {
        for other in [Counts::Breaks, Counts::Failed("another".to_owned())] {
            let mut row = Row::default();
            for number in 0..24 {
                row.ends(number, failed());
            }
            row.ends(24, other);
            for number in 25..49 {
                row.ends(number, failed());
            }
            assert!(!row.is_full());
            row.ends(49, failed());
            assert!(row.is_full());
        }
    }

    #[test]
    fn skipped_and_known_ones_do_not_count() {
        let mut row = Row::default();
        for number in 0..48 {
            row.ends(
                number,
                if number % 2 == 0 {
                    failed()
                } else {
                    Counts::Nothing
                },
            );
        }
        assert!(!row.is_full());
        row.ends(48, failed());
        assert!(row.is_full());
    }

    #[test]
    fn records_count_in_the_order_of_the_source() {
        let mut row = Row::default();
        for number in (0..100).filter(|number| number % 2 == 1) {
            row.ends(number, failed());
        }
        assert!(!row.is_full(), "those between may end well");
        for number in (0..100).filter(|number| number % 2 == 0) {
            row.ends(number, Counts::Breaks);
        }
        assert!(!row.is_full());
    }
}
