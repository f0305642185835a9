//! Two and four processes at once on one flowbook: one writes, the others name it and leave or wait; at its death one of them takes over.

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use super::ordeal::Ordeal;
use super::support::{signal, until};

const PATIENCE: Duration = Duration::from_secs(60);

fn ordeal() -> Ordeal {
    Ordeal::new(120, Duration::from_millis(25))
}

/// Processes on one flowbook, each with what it says in files.
struct Crowd<'o> {
    ordeal: &'o Ordeal,
    members: Vec<(Child, PathBuf)>,
}

impl<'o> Crowd<'o> {
    fn of(count: usize, ordeal: &'o Ordeal, more: &str) -> Crowd<'o> {
        let mut crowd = Crowd {
            ordeal,
            members: Vec::new(),
        };
        for _ in 0..count {
            crowd.joins(more);
        }
        crowd
    }

    fn joins(&mut self, more: &str) {
        let said = self
            .ordeal
            .place
            .path()
            .join(format!("said-{}", self.members.len()));
        let child = self
            .ordeal
            .run(more)
            .spawn_to(&said.with_extension("out"), &said.with_extension("err"));
        self.members.push((child, said));
    }

    /// The one that the lock names, once it has booked some.
    fn holder_at_work(&mut self) -> usize {
        let before = self.ordeal.booked();
        assert!(
            until(PATIENCE, || self.ordeal.booked() > before + 2),
            "nobody works"
        );
        let pid = self.ordeal.holder().expect("the lock names its holder");
        self.members
            .iter()
            .position(|(child, _)| child.id() == pid)
            .expect("it is one of ours")
    }

    /// Waits for all; code, stdout and stderr of each, and its process number.
    fn end(self) -> Vec<(u32, Option<i32>, String, String)> {
        let read = |said: &PathBuf, ext: &str| {
            std::fs::read_to_string(said.with_extension(ext)).expect("what it said")
        };
        let ended = self.members.into_iter().map(|(mut child, said)| {
            let code = child.wait().expect("it ends").code();
            (child.id(), code, read(&said, "out"), read(&said, "err"))
        });
        ended.collect()
    }
}

/// How many records the reports say were made, for all that ended by themselves.
fn created(ended: &[(u32, Option<i32>, String, String)]) -> u64 {
    let reports = ended
        .iter()
        .filter(|(_, code, ..)| matches!(code, Some(0 | 1)));
    let counts = reports.map(|(_, _, out, _)| {
        let report: serde_json::Value = serde_json::from_str(out).expect("a report");
        super::support::flow(&report, "orders")["created"]
            .as_u64()
            .expect("a count")
    });
    counts.sum()
}

#[test]
fn of_two_processes_one_works_and_the_other_names_it_and_leaves() {
    let ordeal = ordeal();
    let ended = Crowd::of(2, &ordeal, "").end();
    let (gone, done): (Vec<_>, Vec<_>) = ended.iter().partition(|(_, code, ..)| *code == Some(2));
    assert_eq!((gone.len(), done.len()), (1, 1), "{ended:?}");
    let (_, _, out, err) = gone[0];
    assert!(out.is_empty(), "{out}");
    assert!(
        err.contains(&format!(
            "Process {} is running this flowbook already (since 20",
            done[0].0
        )),
        "{err}"
    );
    assert!(err.contains("Wait until it is done"), "{err}");
    ordeal.reckon().is_right();
}

#[test]
fn four_processes_that_wait_go_one_after_the_other() {
    let ordeal = ordeal();
    let before = ordeal.booked();
    let ended = Crowd::of(4, &ordeal, "--wait '5 min'").end();
    for (_, code, _, err) in &ended {
        assert!(matches!(code, Some(0 | 1)), "{code:?} {err}");
    }
    let waited = ended
        .iter()
        .filter(|(_, _, _, err)| err.contains("Waiting for its end"));
    assert_eq!(waited.count(), 3, "{ended:?}");
    assert_eq!(created(&ended), (ordeal.booked() - before) as u64);
    ordeal.reckon().is_right();
}

#[test]
fn at_the_holder_s_death_one_that_waits_takes_over() {
    let ordeal = ordeal();
    let mut crowd = Crowd::of(4, &ordeal, "--wait '5 min'");
    let mut killed = Vec::new();
    for _ in 0..3 {
        let holder = crowd.holder_at_work();
        let child = &mut crowd.members[holder].0;
        child.kill().expect("killed");
        child.wait().expect("gone");
        killed.push(child.id());
    }
    // one more comes while the last one works
    crowd.joins("--wait '5 min'");
    let last = crowd.holder_at_work();
    assert!(
        !killed.contains(&crowd.members[last].0.id()),
        "the dead hold nothing"
    );
    let ended = crowd.end();
    let well = ended
        .iter()
        .filter(|(_, code, ..)| matches!(code, Some(0 | 1)));
    assert_eq!(well.count(), 2, "{ended:?}");
    ordeal.reckon().is_right();
}

#[test]
fn processes_that_come_again_and_again_while_their_holder_is_killed_make_nothing_twice() {
    let ordeal = ordeal();
    for _ in 0..4 {
        let mut crowd = Crowd::of(2, &ordeal, "");
        let holder = crowd.holder_at_work();
        crowd.members[holder].0.kill().expect("killed");
        // at once, while the first answers are still on their way
        crowd.joins("");
        let heir = crowd.members.len() - 1;
        crowd.members[heir].0.kill().expect("killed");
        crowd.end();
    }
    ordeal.reckon().is_right();
}

#[test]
fn whoever_writes_to_the_store_waits_for_its_holder_when_told_so() {
    let ordeal = ordeal();
    let mut crowd = Crowd::of(1, &ordeal, "");
    crowd.holder_at_work();
    signal(&crowd.members[0].0, "STOP");
    let commands = [
        "retry --all",
        "dismiss 1 --reason 'dealt with'",
        "purge",
        "forget --email nobody@example.com",
        "relink --set orders_since=2026-01-01 --set default_customer=1000",
    ];
    for command in commands {
        let (name, more) = command.split_once(' ').unwrap_or((command, ""));
        let words = |wait: &str| format!("{name} flows/ccv-eaccounting {more} {wait}");
        let leaves = ordeal.command(&words("")).run().exits(2);
        let said = leaves.stderr();
        assert!(said.contains("--wait"), "{command}: {said}");
        let waits = ordeal.command(&words("--wait '300 ms'")).run().exits(2);
        let said = waits.stderr();
        assert!(said.contains("Waiting for its end"), "{command}: {said}");
        assert!(said.contains("as long as --wait says"), "{command}: {said}");
    }
    signal(&crowd.members[0].0, "CONT");
    let waited = ordeal.command("retry flows/ccv-eaccounting --all --wait '5 min'");
    let done = waited.run().exits(0);
    assert!(
        done.stderr().contains("Waiting for its end"),
        "{}",
        done.stderr()
    );
    crowd.end();
    ordeal.reckon().is_right();
}

#[test]
fn a_stopped_holder_keeps_the_lock_and_goes_on_where_it_was() {
    let ordeal = ordeal();
    let mut crowd = Crowd::of(1, &ordeal, "");
    crowd.holder_at_work();
    let pid = crowd.members[0].0.id();
    signal(&crowd.members[0].0, "STOP");
    // what it sent before still arrives
    std::thread::sleep(Duration::from_millis(200));
    let booked = ordeal.booked();
    let named = format!("Process {pid} is running this flowbook already (since 20");
    let leaves = ordeal.run("").run().exits(2);
    assert!(leaves.stderr().contains(&named), "{}", leaves.stderr());
    let began = Instant::now();
    let waits = ordeal.run("--wait '2 s'").run().exits(2);
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let said = waits.stderr();
    assert_eq!(
        said.matches(&named).count(),
        2,
        "once when it begins to wait, once when it leaves: {said}"
    );
    assert!(said.contains("Waiting for its end"), "{said}");
    assert!(said.contains("as long as --wait says"), "{said}");
    assert_eq!(ordeal.booked(), booked, "nobody overtakes");
    signal(&crowd.members[0].0, "CONT");
    let ended = crowd.end();
    assert!(matches!(ended[0].1, Some(0 | 1)), "{ended:?}");
    ordeal.reckon().is_right();
}
