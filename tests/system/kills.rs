//! Runs that are killed, paused or asked to stop: afterwards every order is in the books once.
//!
//! The long form: `cargo test --release -p flowbook --test system kills::long -- --ignored --nocapture`,
//! with `FLOWBOOK_KILLS_SEED`, `FLOWBOOK_KILLS_ORDERS`, `FLOWBOOK_KILLS_KILLS` for others than its own figures.

use std::time::{Duration, Instant};

use flowbook::dice::Dice;
use serde_json::json;

use super::ordeal::Ordeal;
use super::support::{signal, until};

/// How a run over many orders is disturbed.
struct Disturbance {
    seed: u64,
    orders: u32,
    kills: u64,
    /// After every so many kills one process is stopped for so long, and goes on.
    pause_every: u64,
    pause: Duration,
}

/// What happened on the way.
#[derive(Debug, Default)]
struct Log {
    runs: u64,
    kills: u64,
    /// Runs were killed while the books had made records that they had not been told of.
    untold: u64,
    pauses: u64,
}

/// Kills and pauses runs at instants drawn from the seed, until all kills are done.
fn disturb(ordeal: &Ordeal, how: &Disturbance) -> Log {
    let mut dice = Dice::from_state(how.seed);
    let mut log = Log::default();
    // so many records a kill that the last ones still meet a run with work to do: a draft, an invoice and a payment an order
    let stride = 3 * u64::from(how.orders) / (how.kills + how.pauses() + 1);
    while log.kills < how.kills {
        let before = ordeal.slow.made() as u64;
        let mut child = ordeal.run("").spawn();
        log.runs += 1;
        let early = dice.below(4) == 0;
        if early {
            // in the start of the process, in sign-in, in the look-ups
            std::thread::sleep(Duration::from_millis(dice.below(400)));
        } else {
            let goal = before + dice.below(2 * stride.max(1));
            until(Duration::from_secs(20), || {
                ordeal.slow.made() as u64 > goal || !matches!(child.try_wait(), Ok(None))
            });
            std::thread::sleep(Duration::from_micros(dice.below(40_000)));
        }
        if log.pauses < log.kills / how.pause_every && !early {
            signal(&child, "STOP");
            std::thread::sleep(how.pause);
            signal(&child, "CONT");
            log.pauses += 1;
            std::thread::sleep(Duration::from_millis(dice.below(1_500)));
        }
        if child.try_wait().expect("asked").is_some() {
            assert!(
                log.runs < how.kills * 3,
                "runs end before they are killed: {log:?}"
            );
            continue;
        }
        log.untold += u64::from(ordeal.slow.made_and_untold() > 0);
        child.kill().expect("killed");
        child.wait().expect("gone");
        log.kills += 1;
    }
    log
}

impl Disturbance {
    fn pauses(&self) -> u64 {
        self.kills / self.pause_every
    }
}

fn proven(how: &Disturbance) {
    println!("seed {}", how.seed);
    let began = Instant::now();
    let ordeal = Ordeal::new(how.orders, Duration::from_millis(20));
    // some of what is sent takes effect late, after the process that sent it has died perhaps
    for path in ["/v2/customerinvoicedrafts", "/api/rest/v1/orders/"] {
        ordeal.servers.fault(json!({
            "kind": "late", "method": "POST", "path": path, "times": 0, "share": 3, "millis": 700, "seed": how.seed
        }));
    }
    let log = disturb(&ordeal, how);
    let late = ordeal.servers.struck("late");
    ordeal.servers.clear_faults();
    let found = ordeal.reckon();
    println!(
        "kills {} ({} between a write and its answer), pauses {} of {} s, late requests {late}, runs {}; {found}; {} s",
        log.kills,
        log.untold,
        log.pauses,
        how.pause.as_secs_f32(),
        log.runs,
        began.elapsed().as_secs()
    );
    found.is_right();
    assert!(
        log.untold * 5 >= log.kills,
        "hardly any kill met a write: {log:?}"
    );
    assert_eq!(log.pauses, (how.kills - 1) / how.pause_every);
}

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text}, no number")),
        Err(_) => otherwise,
    }
}

#[test]
fn twenty_kills_and_pauses_make_nothing_twice_and_lose_nothing() {
    proven(&Disturbance {
        seed: number("FLOWBOOK_KILLS_SEED", 1),
        orders: 200,
        kills: 20,
        pause_every: 8,
        // longer than `settle`; the long form outlasts every deadline
        pause: Duration::from_millis(1_500),
    });
}

#[test]
#[ignore = "takes many minutes: the long form"]
fn long_two_hundred_kills_over_two_thousand_orders() {
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |since| since.as_secs());
    proven(&Disturbance {
        seed: number("FLOWBOOK_KILLS_SEED", seed),
        orders: u32::try_from(number("FLOWBOOK_KILLS_ORDERS", 2_000)).expect("so many orders"),
        kills: number("FLOWBOOK_KILLS_KILLS", 200),
        pause_every: 40,
        // an attempt's deadline is 30 s
        pause: Duration::from_secs(35),
    });
}

#[test]
fn a_run_that_is_asked_to_stop_stops_within_seconds_and_the_next_one_goes_on() {
    let ordeal = Ordeal::new(150, Duration::from_millis(40));
    let before = ordeal.booked();
    let mut child = ordeal.run("").spawn();
    assert!(until(Duration::from_secs(30), || ordeal.booked() > before + 3));
    let asked = Instant::now();
    signal(&child, "TERM");
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(1), "by itself, with its findings told");
    assert!(
        asked.elapsed() < Duration::from_secs(7),
        "{:?}",
        asked.elapsed()
    );
    assert!(ordeal.booked() < before + 150, "it stopped early");
    ordeal.reckon().is_right();
}
