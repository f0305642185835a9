//! What a proof says at its end: as JSON for other tools, and for a bookkeeper.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::count::{Miscount, Wrong};
use super::trial::Trial;

/// The sums over all seeds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Seeds tried.
    pub seeds: u64,
    /// Kills that hit a living process.
    pub kills: u64,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Source records that had to be carried over.
    pub records: u64,
    /// Records that are there more often than after a calm run.
    pub doubles: u64,
    /// Records that are away, and no run said so.
    pub lost: u64,
    /// Records that differ, and failures that no run told.
    pub unreported: u64,
    /// Seeds in which one of the three is not 0, in order.
    pub failing_seeds: Vec<u64>,
    #[serde(skip)]
    carried: BTreeMap<String, u64>,
    #[serde(skip)]
    failing: BTreeMap<u64, Trial>,
}

impl Outcome {
    /// One more seed.
    pub fn add(&mut self, trial: Trial) {
        self.seeds += 1;
        self.kills += trial.kills;
        for (kind, times) in &trial.faults {
            *self.faults.entry(kind.clone()).or_default() += times;
        }
        for (flow, carried) in &trial.carried {
            *self.carried.entry(flow.clone()).or_default() += carried;
            self.records += carried;
        }
        let more = |calm: usize, found: usize| u64::try_from(calm.abs_diff(found)).unwrap_or(0);
        for one in &trial.wrong {
            match &one.wrong {
                Wrong::Double { calm, found } => self.doubles += more(*calm, *found),
                Wrong::Lost { calm, found } => self.lost += more(*calm, *found),
                Wrong::Differs { .. } => self.unreported += 1,
            }
        }
        self.unreported += u64::try_from(trial.untold.len()).unwrap_or(0);
        if !trial.holds() {
            self.failing.insert(trial.seed, trial);
            self.failing_seeds = self.failing.keys().copied().collect();
        }
    }

    /// Whether nothing is twice, nothing is away and nothing was kept quiet.
    pub fn holds(&self) -> bool {
        self.failing_seeds.is_empty()
    }

    /// For a bookkeeper. `again` is the command that reproduces a seed, but for the seed and its kills.
    pub fn summary(&self, again: &str) -> String {
        let mut out = String::new();
        for trial in self.failing.values() {
            let _ = writeln!(out, "Seed {}", trial.seed);
            for one in trial.wrong.iter().take(MOST_SHOWN) {
                describe(&mut out, one);
            }
            for text in trial.untold.iter().take(MOST_SHOWN) {
                let _ = writeln!(out, "  {text}");
            }
            let shown = trial.wrong.len().min(MOST_SHOWN) + trial.untold.len().min(MOST_SHOWN);
            let more = trial.wrong.len() + trial.untold.len() - shown;
            if more > 0 {
                let _ = writeln!(out, "  … and {} more.", grouped(more as u64));
            }
            let _ = writeln!(
                out,
                "  again   {again} --seed {} --kills {}\n",
                trial.seed, trial.asked
            );
        }
        let faults: u64 = self.faults.values().sum();
        let mut kinds: Vec<(&String, &u64)> = self.faults.iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(kind, times)| format!("{} {kind}", grouped(**times)))
            .collect();
        let carried: Vec<String> = self
            .carried
            .iter()
            .map(|(flow, carried)| format!("{} of {flow}", grouped(*carried)))
            .collect();
        let _ = writeln!(
            out,
            "{}, {}, {}{}.",
            counted(self.seeds, "seed"),
            counted(self.kills, "kill"),
            counted(faults, "fault"),
            if kinds.is_empty() {
                String::new()
            } else {
                format!(" ({})", kinds.join(", "))
            }
        );
        let once = if self.holds() {
            "each carried over once"
        } else {
            "not each carried over once"
        };
        let _ = writeln!(
            out,
            "{} ({}), {once}.",
            counted(self.records, "record"),
            carried.join(", ")
        );
        let _ = writeln!(
            out,
            "{} double, {} lost, {} unreported.",
            grouped(self.doubles),
            grouped(self.lost),
            grouped(self.unreported)
        );
        out
    }
}

/// So many findings of a seed are shown.
const MOST_SHOWN: usize = 10;

fn describe(out: &mut String, one: &Miscount) {
    let times = |count: usize| match count {
        0 => "none".to_owned(),
        1 => "one".to_owned(),
        count => count.to_string(),
    };
    let what = match &one.wrong {
        Wrong::Double { calm, found } => format!(
            "there are {}, where a calm run makes {}",
            times(*found),
            times(*calm)
        ),
        Wrong::Lost { calm, found } => format!(
            "there are {}, where a calm run makes {}, and no run said so",
            times(*found),
            times(*calm)
        ),
        Wrong::Differs { field, calm, found } => {
            format!("{field} is {found}, where a calm run writes {calm}, and no run said so")
        }
    };
    let _ = writeln!(out, "  {} with {}: {what}.", one.resource, one.key);
    let mut sources: Vec<String> = one
        .sources
        .iter()
        .take(3)
        .map(|(flow, key)| format!("{flow} › {key}"))
        .collect();
    if one.sources.len() > sources.len() {
        sources.push("others".to_owned());
    }
    if !sources.is_empty() {
        let _ = writeln!(out, "    made for {}", sources.join(", "));
    }
}

/// `1 kill`, `2,140 orders`
fn counted(count: u64, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {what}{ending}", grouped(count))
}

/// Digits by threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn trial(seed: u64, wrong: Vec<Wrong>) -> Trial {
        let miscount = |wrong| Miscount {
            resource: "books.invoice_drafts".to_owned(),
            key: "BuyersOrderReference “1-1042”".to_owned(),
            sources: BTreeSet::from([("orders".to_owned(), "339323541".to_owned())]),
            wrong,
        };
        Trial {
            seed,
            asked: 3,
            kills: 2,
            faults: BTreeMap::from([("late".to_owned(), 700), ("lag".to_owned(), 3)]),
            carried: BTreeMap::from([("orders".to_owned(), 1070)]),
            wrong: wrong.into_iter().map(miscount).collect(),
            untold: Vec::new(),
        }
    }

    #[test]
    fn a_proof_that_holds_is_told_in_three_lines() {
        let mut outcome = Outcome::default();
        outcome.add(trial(1, Vec::new()));
        outcome.add(trial(2, Vec::new()));
        insta::assert_snapshot!(outcome.summary("flowbook prove"), @r"
        2 seeds, 4 kills, 1,406 faults (1,400 late, 6 lag).
        2,140 records (2,140 of orders), each carried over once.
        0 double, 0 lost, 0 unreported.
        ");
        assert!(outcome.holds());
    }

    #[test]
    fn a_failing_seed_tells_the_order_what_was_found_and_how_to_see_it_again() {
        let mut outcome = Outcome::default();
        let differs = Wrong::Differs {
            field: "TotalAmount".to_owned(),
            calm: "100".to_owned(),
            found: "101".to_owned(),
        };
        outcome.add(trial(
            17,
            vec![
                Wrong::Double { calm: 1, found: 3 },
                Wrong::Lost { calm: 1, found: 0 },
                differs,
            ],
        ));
        insta::assert_snapshot!(outcome.summary("flowbook prove flows/shop"), @r"
        Seed 17
          books.invoice_drafts with BuyersOrderReference “1-1042”: there are 3, where a calm run makes one.
            made for orders › 339323541
          books.invoice_drafts with BuyersOrderReference “1-1042”: there are none, where a calm run makes one, and no run said so.
            made for orders › 339323541
          books.invoice_drafts with BuyersOrderReference “1-1042”: TotalAmount is 101, where a calm run writes 100, and no run said so.
            made for orders › 339323541
          again   flowbook prove flows/shop --seed 17 --kills 3

        1 seed, 2 kills, 703 faults (700 late, 3 lag).
        1,070 records (1,070 of orders), not each carried over once.
        2 double, 1 lost, 1 unreported.
        ");
        assert_eq!(outcome.failing_seeds, [17]);
        assert_eq!(
            (outcome.doubles, outcome.lost, outcome.unreported),
            (2, 1, 1)
        );
    }
}
