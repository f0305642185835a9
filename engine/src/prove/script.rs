//! What happens to the runs of a seed: faults on the line, kills, pauses, a second process. Drawn from the seed before anything runs.

use std::time::Duration;

use flowbook_sandbox::Seen;
use serde::Serialize;

use crate::dice::Dice;

/// `FLOWBOOK_<SYSTEM>_SETTLE` of the runs. Whatever takes effect late does so in less, as the protocol's promise assumes.
pub const SETTLE: Duration = Duration::from_secs(2);

/// The latest that a late request takes effect, and the longest that reads lag behind: well below [`SETTLE`] on a busy machine too.
const LATEST_MS: u64 = 600;

/// Longer than any deadline of a run (30 seconds for an attempt).
const LONG_PAUSE: Duration = Duration::from_secs(33);

/// A fault of the sandbox, as `POST /_sandbox/faults` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its kind.
    pub kind: &'static str,
    /// Which requests it strikes.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub method: &'static str,
    /// Beginning of their paths.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// How often.
    pub times: u64,
    /// After so many that pass.
    pub skip: u64,
    /// How late, how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// One run, or two at once, and what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Set before it starts.
    pub faults: Vec<Fault>,
    /// A second process starts with it.
    pub twin: bool,
    /// It ends after so many records, so that something is left for the rounds behind it.
    pub limit: Option<u64>,
    /// What is done to it in its middle.
    pub act: Option<Act>,
}

/// Something that is done to a running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When the systems have seen so many more requests, or writes.
    pub at: At,
    /// And so much later.
    pub after: Duration,
    /// What is done.
    pub what: What,
}

/// A moment of a run, counted by what the systems see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The so-manieth request.
    Requests(u64),
    /// The so-manieth request that writes.
    Writes(u64),
}

/// What can be done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// `kill -9`
    Kill,
    /// `kill -STOP`, and `kill -CONT` so much later.
    Pause(Duration),
    /// Stopped for so long, then killed.
    PauseAndKill(Duration),
}

/// What the faults are aimed at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aims {
    /// Paths at which the flows create records.
    pub creates: Vec<String>,
    /// Drafts are among them, which a person may book by hand.
    pub drafts: bool,
    /// Processes can be stopped and continued here.
    pub pauses: bool,
}

/// The rounds of a seed. `calm` is what an undisturbed run sends: kills are spread over that.
pub fn draw(seed: u64, kills: u64, calm: Seen, aims: &Aims) -> Vec<Round> {
    let mut dice = Dice::new(seed, "script");
    let parts = kills + 2;
    let mut acts = Vec::new();
    for _ in 0..kills {
        let span = pause(&mut dice, false);
        acts.push(Act {
            at: moment(&mut dice, calm, parts),
            after: Duration::from_millis(dice.between(0, 15)),
            what: match aims.pauses && dice.percent(15) {
                true => What::PauseAndKill(span),
                false => What::Kill,
            },
        });
    }
    let long = dice.percent(8);
    let paused = (aims.pauses && (long || dice.percent(50))).then(|| Act {
        at: moment(&mut dice, calm, parts),
        after: Duration::from_millis(dice.between(0, 15)),
        what: What::Pause(pause(&mut dice, long)),
    });
    // runs that end by themselves: one that is only paused, one that only meets faults
    let mut acts: Vec<Option<Act>> = acts.into_iter().map(Some).collect();
    for own in [paused.map(Some), Some(None)].into_iter().flatten() {
        let last = u64::try_from(acts.len()).unwrap_or(0);
        let place = usize::try_from(dice.between(0, last)).unwrap_or(0);
        acts.insert(place, own);
    }
    let last = acts.len().saturating_sub(1);
    let rounds = acts.into_iter().enumerate().map(|(number, act)| {
        let kills = act
            .as_ref()
            .is_some_and(|act| !matches!(act.what, What::Pause(_)));
        Round {
            faults: (0..dice.between(1, 4))
                .filter_map(|_| fault(&mut dice, calm, parts, aims))
                .collect(),
            twin: dice.percent(20),
            limit: (!kills && number < last).then(|| dice.between(4, 20)),
            act,
        }
    });
    rounds.collect()
}

fn moment(dice: &mut Dice, calm: Seen, parts: u64) -> At {
    let share = |whole: u64| (whole / parts).max(1);
    if dice.percent(75) {
        At::Writes(dice.between(1, share(calm.writes)))
    } else {
        At::Requests(dice.between(1, share(calm.requests)))
    }
}

/// Longer than what is late takes to settle; sometimes longer than every deadline.
fn pause(dice: &mut Dice, long: bool) -> Duration {
    match long {
        true => LONG_PAUSE,
        false => SETTLE + Duration::from_millis(dice.between(200, 1200)),
    }
}

/// Kinds that strike requests that write, with the span that they take.
const OF_WRITES: [(&str, Option<(u64, u64)>); 10] = [
    ("lose-before", None),
    ("lose-after", None),
    ("late", Some((50, LATEST_MS))),
    ("lag", Some((100, LATEST_MS))),
    ("latency", Some((20, 400))),
    ("truncated", None),
    ("empty-204", None),
    ("slow-body", Some((20, 300))),
    ("500", None),
    ("429", Some((500, 1500))),
];

/// Kinds that strike requests that read.
const OF_READS: [(&str, Option<(u64, u64)>); 9] = [
    ("lose-before", None),
    ("lose-after", None),
    ("latency", Some((20, 300))),
    ("truncated", None),
    ("slow-body", Some((20, 300))),
    ("double-page", None),
    ("shifting-page", None),
    ("500", None),
    ("429", Some((500, 1500))),
];

/// Kinds that are not drawn, since what the books hold afterwards is what a person wanted: an outcome that cannot be judged.
#[cfg(test)]
const UNJUDGED: [&str; 3] = ["document-deleted", "reference-edited", "hand-made-twin"];

/// Kinds that strike whatever comes.
const OF_ALL: [(&str, Option<(u64, u64)>); 3] = [
    ("expired-token", None),
    ("used-refresh-token", None),
    ("clock-skew", Some((1_000, 100_000))),
];

fn fault(dice: &mut Dice, calm: Seen, parts: u64, aims: &Aims) -> Option<Fault> {
    let aim = dice.between(1, 100);
    if aims.drafts && aim > 95 {
        return Some(Fault {
            kind: "draft-booked",
            method: "POST",
            path: String::new(),
            times: 1,
            skip: dice.between(0, (calm.writes / parts).max(1)),
            millis: None,
        });
    }
    let (kinds, method, seen): (&[_], _, _) = match aim {
        ..=65 => (&OF_WRITES, "POST", calm.writes),
        66..=87 => (&OF_READS, "GET", calm.requests.saturating_sub(calm.writes)),
        _ => (&OF_ALL, "", calm.requests),
    };
    let (kind, span) = *dice.one(kinds)?;
    let aimed = method == "POST" && dice.percent(50);
    let path = aimed.then(|| dice.one(&aims.creates).cloned()).flatten();
    let share = if path.is_some() { 3 * parts } else { parts };
    Some(Fault {
        kind,
        method,
        path: path.unwrap_or_default(),
        times: match kind {
            "used-refresh-token" | "expired-token" | "clock-skew" => 1,
            _ => dice.between(1, 4),
        },
        skip: match kind {
            "used-refresh-token" | "double-page" | "shifting-page" => 0,
            _ => dice.between(0, (seen / share).max(1)),
        },
        millis: span.map(|(least, most)| dice.between(least, most)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Seen = Seen {
        requests: 400,
        writes: 160,
    };

    fn aims() -> Aims {
        Aims {
            creates: vec!["/v2/customerinvoicedrafts".to_owned()],
            drafts: true,
            pauses: true,
        }
    }

    #[test]
    fn a_seed_draws_the_same_rounds_again() {
        assert_eq!(draw(17, 3, CALM, &aims()), draw(17, 3, CALM, &aims()));
        assert_ne!(draw(17, 3, CALM, &aims()), draw(18, 3, CALM, &aims()));
    }

    #[test]
    fn there_are_as_many_kills_as_asked_for_and_a_run_without_one() {
        for seed in 0..200 {
            let rounds = draw(seed, 3, CALM, &aims());
            let kills = |round: &&Round| matches!(&round.act, Some(act) if !matches!(act.what, What::Pause(_)));
            assert_eq!(rounds.iter().filter(kills).count(), 3);
            assert!(rounds.iter().any(|round| round.act.is_none()));
            let before = rounds.iter().rev().skip(1);
            let ends = |round: &Round| round.limit.is_some() || kills(&round);
            assert!(before.rev().all(ends), "work is left for every kill");
        }
    }

    #[test]
    fn nothing_takes_effect_later_than_the_promise_assumes() {
        let all = (0..500).flat_map(|seed| draw(seed, 2, CALM, &aims()));
        let faults: Vec<Fault> = all.flat_map(|round| round.faults).collect();
        let late = faults
            .iter()
            .filter(|fault| matches!(fault.kind, "late" | "lag"));
        let half = SETTLE / 2;
        assert!(
            late.filter_map(|fault| fault.millis)
                .all(|millis| Duration::from_millis(millis) < half)
        );
        let known = |kind: &str| faults.iter().any(|fault| fault.kind == kind);
        let kinds = OF_WRITES.iter().chain(&OF_READS).chain(&OF_ALL);
        assert!(
            kinds.map(|(kind, _)| *kind).all(known),
            "every kind is drawn"
        );
        assert!(known("draft-booked"));
        let mut of_sandbox = flowbook_sandbox::KINDS.iter().map(|(kind, _)| *kind);
        assert!(of_sandbox.all(|kind| known(kind) != UNJUDGED.contains(&kind)));
    }

    #[test]
    fn where_processes_cannot_be_stopped_none_is() {
        let aims = Aims {
            pauses: false,
            ..aims()
        };
        let acts = (0..200).flat_map(|seed| draw(seed, 2, CALM, &aims));
        assert!(
            acts.filter_map(|round| round.act)
                .all(|act| act.what == What::Kill)
        );
    }
}
