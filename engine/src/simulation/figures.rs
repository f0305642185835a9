//! What was played, in numbers: for the README, and for whoever asks whether the seeds tried anything at all.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};
use std::ops::AddAssign;

/// Of one seed, or of many together.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub seeds: u64,
    /// Seeds that play another flowbook than the usual one.
    pub drawn: u64,
    /// Seeds in which requests came later than the connector promises.
    pub beyond: u64,
    pub orders: u64,
    /// Times that one of them turned out to be another customer's.
    pub moves: u64,
    /// Orders that have the number of another one.
    pub namesakes: u64,
    /// Paid orders that a person must look at in the end.
    pub failed: u64,
    pub processes: u64,
    pub kills: u64,
    pub pauses: u64,
    /// Older copies of the store that were put in its place.
    pub copies: u64,
    /// Jumps of the wall clock between two runs.
    pub jumps: u64,
    /// Documents that people made, booked, changed or deleted.
    pub by_hand: u64,
    /// Requests by what went wrong with them.
    pub faults: BTreeMap<&'static str, u64>,
    /// Orders of which two documents were made, though no promise was broken.
    pub doubles: u64,
    /// The same where requests came later than promised, and a person was told.
    pub told: u64,
    /// The same where nobody was told: an older copy of the store had forgotten the first attempt, or a person deleted one.
    pub forgotten: u64,
    /// Orders that are neither in the books nor told of.
    pub lost: u64,
    /// Stores that were searched for personal data after their time to be kept.
    pub searched: u64,
}

impl AddAssign<&Figures> for Figures {
    fn add_assign(&mut self, more: &Figures) {
        self.seeds += more.seeds;
        self.drawn += more.drawn;
        self.beyond += more.beyond;
        self.orders += more.orders;
        self.moves += more.moves;
        self.namesakes += more.namesakes;
        self.failed += more.failed;
        self.processes += more.processes;
        self.kills += more.kills;
        self.pauses += more.pauses;
        self.copies += more.copies;
        self.jumps += more.jumps;
        self.by_hand += more.by_hand;
        for (kind, count) in &more.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
        self.doubles += more.doubles;
        self.told += more.told;
        self.forgotten += more.forgotten;
        self.lost += more.lost;
        self.searched += more.searched;
    }
}

impl Display for Figures {
    fn fmt(&self, text: &mut Formatter<'_>) -> Result {
        let rows = [
            ("seeds", self.seeds),
            ("  with another flow than the usual one", self.drawn),
            ("orders", self.orders),
            ("  given to another customer", self.moves),
            ("  with the number of another one", self.namesakes),
            ("  left to a person", self.failed),
            ("processes", self.processes),
            ("  killed", self.kills),
            ("  paused", self.pauses),
            ("older copies of the store put in place", self.copies),
            ("jumps of the wall clock", self.jumps),
            (
                "documents made, booked, changed, deleted by people",
                self.by_hand,
            ),
            ("stores searched for personal data", self.searched),
            ("doubles", self.doubles),
            ("lost", self.lost),
            ("seeds with requests later than promised", self.beyond),
            ("  doubles there, told of", self.told),
            (
                "  forgotten by an older copy, or deleted by people",
                self.forgotten,
            ),
            ("faults", self.faults.values().sum()),
        ];
        for (name, count) in rows {
            writeln!(text, "{name:<50} {count:>9}")?;
        }
        for (kind, count) in &self.faults {
            writeln!(text, "  {kind:<48} {count:>9}")?;
        }
        Ok(())
    }
}
