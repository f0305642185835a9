//! What happens in a seed's world: orders come, are paid, changed, given to another customer and deleted; runs go well, die, are held or meet each other; people book, delete and
//! make documents by hand. Then it is calm, and all that is open comes to its end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{self, Either};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::sleep;

use super::book::{SECRETS, SETTLE_S, plan};
use super::checker::{check, persons_kept, secrets_kept};
use super::clock;
use super::disk::{Disk, Held, is_done};
use super::figures::Figures;
use super::flows::{Flows, Orders};
use super::network::Network;
use super::process::{Fate, Process};
use super::world::{Member, Order, Weather, World};
use crate::connect::{self, Bounds, Forgetful, HttpSystems, Wire, read_access};
use crate::dice::Dice;
use crate::run::report::{Finding, Report};
use crate::run::{Options, Silent, run};
use crate::wrong::{self, Wrong};

/// What a seed came to.
pub(super) struct Outcome {
    pub wrong: Vec<String>,
    pub trace: Vec<String>,
    pub figures: Figures,
}

/// Of how many seeds one is played a month further.
const SEARCHED: u64 = 4;

/// The systems' secrets, as the environment says them.
fn secret(name: &str) -> Option<String> {
    let of = match name {
        "FLOWBOOK_TILL_TOKEN" => 0,
        "FLOWBOOK_BOOKS_TOKEN" | "FLOWBOOK_BOOKS_CLIENT_SECRET" => 1,
        "FLOWBOOK_BOOKS_CLIENT_ID" => return Some("flowbook".to_owned()),
        _ => return None,
    };
    Some(SECRETS[of].to_owned())
}

const MAILS: [&str; 4] = ["a1@b.se", "aa1@b.se", "c2@d.se", "e3@f.se"];
/// The numbers of the same customers. One holds another, as the addresses do.
const CUSTOMERS: [&str; 4] = ["7", "17", "1001", "1002"];
const CLUBS: [&str; 2] = ["1001", "1002"];

/// Plays one seed, the same way each time.
pub(super) fn play(seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let scenario = Scenario::new(seed);
        scenario.play().await
    })
}

pub(super) struct Scenario {
    seed: u64,
    pub(super) world: World,
    pub(super) disk: Arc<Disk>,
    processes: AtomicU64,
    /// A process was killed in this episode.
    is_death: AtomicBool,
    /// Names that a customer must not keep, with the order that had it.
    stale: Mutex<BTreeMap<String, u64>>,
    /// Of a hundred orders that are changed, so many turn out to be another customer's, by dice of their own.
    moves: u64,
    moving: Mutex<Dice>,
}

impl Scenario {
    fn new(seed: u64) -> Scenario {
        let world = World::new(seed);
        let mut weather = {
            let mut dice = world.dice();
            let beyond = dice.percent(6);
            Weather {
                faults: *dice.one(&[5, 15, 30, 50]).unwrap_or(&15),
                lag: *dice.one(&[0, 0, 30]).unwrap_or(&0),
                beyond,
                twins: beyond && dice.percent(40),
                deaf: dice
                    .one(&[
                        None,
                        None,
                        None,
                        None,
                        None,
                        None,
                        None,
                        Some("/drafts"),
                        Some("/notes"),
                    ])
                    .copied()
                    .flatten(),
            }
        };
        let mut moving = Dice::new(seed, "moving");
        // A member goes by the key that the orders of the same customer have.
        let moves = match world.flows.members {
            None => *moving.one(&[0, 0, 30]).unwrap_or(&0),
            Some(_) => 0,
        };
        let (document, _) = world.flows.document();
        weather.deaf = weather.deaf.map(|deaf| match deaf {
            "/drafts" if document == "invoices" => "/invoices",
            deaf => deaf,
        });
        world.say(format!("{weather:?}"));
        world.say(world.flows.text());
        world.state().weather = weather;
        Scenario {
            seed,
            world,
            disk: Arc::default(),
            processes: AtomicU64::new(0),
            is_death: AtomicBool::new(false),
            stale: Mutex::default(),
            moves,
            moving: Mutex::new(moving),
        }
    }

    async fn play(&self) -> Outcome {
        self.beginning();
        let episodes = 2 + self.world.dice().below(4);
        let mut copy = None;
        let mut findings = Vec::new();
        for _ in 0..episodes {
            self.orders_come();
            self.is_death.store(false, Ordering::Relaxed);
            let fates = self.fates();
            findings.extend(self.episode(&fates).await);
            let (gap, copies, restores, people) = {
                let mut dice = self.world.dice();
                let gap = match dice.below(3) {
                    0 => 1 + dice.below(5),
                    1 => 1 + dice.below(90),
                    _ => 1 + dice.below(900),
                };
                // Who sees a run die reaches for the backup.
                let restores = match self.is_death.load(Ordering::Relaxed) {
                    true => 40,
                    false => 10,
                };
                let restores = dice.percent(restores);
                (gap, dice.percent(30), restores, dice.percent(50))
            };
            match (&copy, restores) {
                (Some(_), true) => {
                    self.world
                        .say("an older copy of the store is put in its place".to_owned());
                    self.disk.restore(copy.take().unwrap_or_default());
                    let mut state = self.world.state();
                    let state = &mut *state;
                    state.restored = true;
                    let numbers = state.orders.iter().map(|order| order.number.clone());
                    let sent = numbers.filter(|number| state.attempts.any(number));
                    state.forgotten.extend(sent);
                    state.customers_forgotten.clone_from(&state.customers_sent);
                    state.figures.copies += 1;
                }
                _ if copies => copy = Some(self.disk.copy()),
                _ => {}
            }
            if people {
                self.people(true);
            }
            self.clock_jumps();
            sleep(Duration::from_secs(gap)).await;
        }
        // It is calm from now on.
        {
            let mut state = self.world.state();
            state.weather.faults = 0;
            state.weather.deaf = None;
        }
        sleep(Duration::from_secs(3 * SETTLE_S)).await;
        for (turn, gap) in [300, 900, 4_000, 90_000].into_iter().enumerate() {
            findings.extend(self.episode(&[Fate::default()]).await);
            if turn == 0 {
                let mut state = self.world.state();
                state.orders.iter_mut().for_each(|order| order.paid = true);
            }
            sleep(Duration::from_secs(gap)).await;
        }
        if self.world.state().figures.jumps > 0 {
            // What is to be looked at by a clock that was wrong is due by now too.
            findings.extend(self.episode(&[Fate::default()]).await);
        }
        let stale = self.stale.lock().expect("no thread died").clone();
        let mut wrong = check(&self.world, &self.disk, &findings, &stale);
        wrong.extend(secrets_kept(&self.disk));
        if self.seed.is_multiple_of(SEARCHED) {
            wrong.extend(self.is_forgotten().await);
        }
        let mut state = self.world.state();
        let mut figures = std::mem::take(&mut state.figures);
        figures.seeds = 1;
        figures.drawn = u64::from(self.world.flows != Flows::USUAL);
        figures.beyond = u64::from(state.weather.beyond);
        figures.orders = state.orders.len() as u64;
        figures.moves = state.orders.iter().map(|one| one.before.len() as u64).sum();
        figures.processes = self.processes.load(Ordering::Relaxed);
        Outcome {
            wrong,
            trace: std::mem::take(&mut state.trace),
            figures,
        }
    }

    /// Somebody sets the clock of the machine, forwards or back.
    fn clock_jumps(&self) {
        let mut dice = self.world.dice();
        if !dice.percent(10) {
            return;
        }
        let minutes = i64::try_from(dice.below(360)).unwrap_or(0) - 180;
        drop(dice);
        let mut state = self.world.state();
        state.skew = SignedDuration::from_mins(minutes);
        state.figures.jumps += 1;
        drop(state);
        self.world
            .say(format!("the clock is {minutes} minutes off"));
    }

    /// A month later, once all looks are over, what is older than `retention` is erased. What is still about persons.
    async fn is_forgotten(&self) -> Vec<String> {
        let kept_s = plan(self.world.flows).retention_s;
        for _ in 0..2 {
            sleep(Duration::from_secs(kept_s + 86_400)).await;
            self.episode(&[Fate::default()]).await;
        }
        let kept = Duration::from_secs(kept_s);
        self.disk.purge(clock::wall(self.world.now() - kept));
        self.world.state().figures.searched += 1;
        persons_kept(&self.world, &self.disk)
    }

    /// Customers and documents that were there before.
    fn beginning(&self) {
        let twins = self.world.dice().percent(40);
        let mut state = self.world.state();
        for (at, club) in CLUBS.iter().enumerate() {
            let json =
                json!({ "Number": club, "Email": MAILS[at + 2], "Name": "old", "Terms": "old" });
            state.make("customers", json, Duration::ZERO);
        }
        if twins {
            for number in 1..6 {
                let json =
                    json!({ "Reference": format!("N{number}-X"), "CustomerId": "", "Total": 1 });
                state.make(self.world.flows.document().0, json, Duration::ZERO);
            }
        }
        if self.world.flows.members.is_some() {
            let members = MAILS.iter().zip(CUSTOMERS).zip(1..);
            let members = members.map(|((email, customer), id)| Member {
                id,
                email: (*email).to_owned(),
                customer: customer.to_owned(),
                level: "l0".to_owned(),
                modified: Duration::ZERO,
            });
            state.members.extend(members);
        }
    }

    fn orders_come(&self) {
        let count = 1 + self.world.dice().below(4);
        for _ in 0..count {
            self.order_comes();
        }
        if self.world.flows.members.is_some() {
            self.member_changes();
        }
        // Some that were not paid are paid now, some are changed, one is deleted.
        let ids: Vec<u64> = self
            .world
            .state()
            .orders
            .iter()
            .map(|order| order.id)
            .collect();
        for id in ids {
            let (pays, changes, goes) = {
                let mut dice = self.world.dice();
                (dice.percent(40), dice.percent(50), dice.percent(3))
            };
            let known = self.disk.state(id);
            let again = self.world.flows.orders == Orders::Whole;
            let begun = known.is_some() && (again || !is_done(known.as_ref()));
            let mut state = self.world.state();
            let Some(order) = state.orders.iter_mut().find(|order| order.id == id) else {
                continue;
            };
            order.paid |= pays;
            order.away |= goes && known.is_some();
            if changes && begun {
                order.changes += 1;
                let name = std::mem::take(&mut order.name);
                order.name = format!("{name}x");
                let mut stale = self.stale.lock().expect("no thread died");
                stale.insert(name, id);
                if self.order_moves(order) {
                    // Whose it was keeps the name that came from it.
                    stale.retain(|_, of| *of != id);
                    let line = format!(
                        "{} is now of {} and {:?}",
                        order.number, order.email, order.club
                    );
                    drop(state);
                    self.world.say(line);
                }
            }
        }
    }

    /// An order turns out to be another customer's, or its customer has another address; and it can have another club.
    fn order_moves(&self, order: &mut Order) -> bool {
        let mut dice = self.moving.lock().expect("no thread died");
        if !dice.percent(self.moves) {
            return false;
        }
        let known = MAILS.iter().zip(CUSTOMERS);
        let new = (format!("n{}@g.se", order.id), format!("2{}", order.id));
        let known = known.map(|(email, customer)| ((*email).to_owned(), customer.to_owned()));
        let all: Vec<(String, String)> = known.chain([new]).collect();
        let now = dice.one(&all).cloned().unwrap_or_default();
        let (email, customer) = now;
        order.before.push((
            std::mem::replace(&mut order.email, email),
            std::mem::replace(&mut order.customer, customer),
        ));
        if order.club.is_some() {
            order.club = dice.one(&CLUBS).map(|club| (*club).to_owned());
        }
        true
    }

    /// A member rises: all of the books is to say so.
    fn member_changes(&self) {
        let now = self.world.now();
        let mut state = self.world.state();
        let count = state.members.len().max(1) as u64;
        let at = self.world.dice().below(count) as usize;
        if let Some(member) = state.members.get_mut(at) {
            let level: u64 = member.level[1..].parse().unwrap_or_default();
            member.level = format!("l{}", level + 1);
            member.modified = now;
        }
    }

    fn order_comes(&self) {
        let now = self.world.now();
        let mut dice = self.world.dice();
        let whose = dice.below(MAILS.len() as u64) as usize;
        let club = match dice.percent(40) {
            true => dice.one(&CLUBS).map(|club| (*club).to_owned()),
            false => None,
        };
        let late = match dice.percent(20) {
            true => dice.below(60),
            false => 0,
        };
        let paid = dice.percent(75);
        let total = 100 + i64::try_from(dice.below(900)).unwrap_or(0);
        drop(dice);
        let mut state = self.world.state();
        let id = state.orders.len() as u64 + 1;
        // Now and then the shop gives two orders one number.
        let mut moving = self.moving.lock().expect("no thread died");
        let number = match state.orders.last() {
            Some(last) if moving.percent(self.moves / 6) => last.number.clone(),
            _ => format!("N{id}"),
        };
        state.figures.namesakes += u64::from(number != format!("N{id}"));
        state.orders.push(Order {
            id,
            number,
            created: now,
            shown: now + Duration::from_secs(late),
            paid,
            email: MAILS[whose].to_owned(),
            customer: CUSTOMERS[whose].to_owned(),
            name: format!("o{id}"),
            club,
            total,
            away: false,
            changes: 0,
            before: Vec::new(),
        });
    }

    /// An order that is known is deleted in the shop: those behind it move up.
    fn order_goes(&self) {
        let orders = self.world.state().orders.clone();
        let known = |order: &&Order| !order.away && self.disk.state(order.id).is_some();
        let known: Vec<u64> = orders.iter().filter(known).map(|order| order.id).collect();
        let Some(id) = self.world.dice().one(&known).copied() else {
            return;
        };
        let mut state = self.world.state();
        if let Some(order) = state.orders.iter_mut().find(|order| order.id == id) {
            order.away = true;
        }
        drop(state);
        self.world.say(format!("order {id} is deleted"));
    }

    /// One run, sometimes two; most die, some are held.
    fn fates(&self) -> Vec<Fate> {
        let mut dice = self.world.dice();
        let count = if dice.percent(25) { 2 } else { 1 };
        let mut fates = Vec::new();
        for _ in 0..count {
            let mut fate = Fate::default();
            if dice.percent(50) {
                let most = *dice.one(&[20, 80, 300]).unwrap_or(&80);
                fate.dies = Some(1 + dice.below(most));
            }
            if dice.percent(20) {
                let length = Duration::from_secs(10 + dice.below(400));
                fate.pause = Some((1 + dice.below(60), length));
            }
            if dice.percent(10) {
                fate.full = Some(1 + dice.below(40));
            }
            fates.push(fate);
        }
        fates
    }

    /// Runs at the same time, and what happens meanwhile.
    async fn episode(&self, fates: &[Fate]) -> Vec<Finding> {
        let processes = fates.iter().enumerate().map(|(at, fate)| async move {
            let wait = if at == 0 {
                0
            } else {
                self.world.dice().below(200)
            };
            sleep(Duration::from_secs(wait)).await;
            self.process(*fate).await
        });
        let processes = std::pin::pin!(future::join_all(processes));
        let life = std::pin::pin!(async {
            loop {
                let (wait, comes, goes, people) = {
                    let mut dice = self.world.dice();
                    let wait = match dice.percent(50) {
                        true => Duration::from_millis(dice.below(2_000)),
                        false => Duration::from_secs(1 + dice.below(60)),
                    };
                    (wait, dice.percent(20), dice.percent(15), dice.percent(15))
                };
                sleep(wait).await;
                if self.world.state().weather.faults == 0 {
                    continue;
                }
                if comes {
                    self.order_comes();
                }
                if goes {
                    self.order_goes();
                }
                if self.world.flows.members.is_some() && self.world.dice().percent(20) {
                    self.member_changes();
                }
                if people {
                    self.people(false);
                }
                if self.world.state().weather.twins {
                    self.books_twin();
                }
            }
        });
        let reports = match future::select(processes, life).await {
            Either::Left((reports, _)) => reports,
            Either::Right(((), _)) => Vec::new(),
        };
        let reports: Vec<Report> = reports.into_iter().flatten().collect();
        for report in &reports {
            let ends: Vec<_> = report
                .flows
                .iter()
                .map(|flow| (flow.done, flow.failed, flow.waiting))
                .collect();
            let why = report.stopped.as_ref().map(|trouble| &trouble.message);
            let failures: Vec<_> = report
                .flows
                .iter()
                .flat_map(|flow| &flow.failures)
                .map(|one| (&one.key, &one.message))
                .collect();
            self.world.say(format!(
                "a run ends: {ends:?} {why:?} {failures:?} {:?}",
                report.findings
            ));
        }
        reports
            .into_iter()
            .flat_map(|report| report.findings)
            .collect()
    }

    async fn process(&self, fate: Fate) -> Option<Report> {
        let who = 1 + self.processes.fetch_add(1, Ordering::Relaxed);
        let store = Held::open(&self.disk, &self.world, who, fate.full)?;
        let store = Arc::new(Mutex::new(store));
        self.world.say(format!("process {who} begins: {fate:?}"));
        let plan = plan(self.world.flows);
        let keeper = Arc::new(Forgetful::default());
        let access = read_access(&plan.systems, &plan.resources, &secret, &*keeper)
            .expect("both secrets are there");
        let wire: Arc<dyn Wire> = Arc::new(Network {
            world: self.world.clone(),
            disk: self.disk.clone(),
            who,
        });
        let clock = Arc::new(self.world.clone());
        let world = connect::World {
            wire: Some(wire),
            clock: clock.clone(),
        };
        let systems = HttpSystems::in_world(
            plan.systems.clone(),
            plan.resources.clone(),
            access,
            keeper,
            &Bounds::default(),
            &world,
        )
        .expect("its addresses can be used");
        let options = Options {
            clock,
            writes_at_once: 8,
            ..Options::default()
        };
        let report = Process::new(
            run(&plan, &systems, store.clone(), &options, &Silent),
            fate,
            self.world.clone(),
        )
        .await;
        let full = store.lock().is_ok_and(|store| store.is_full());
        drop(store);
        if full
            && report
                .as_ref()
                .is_some_and(|report| report.stopped.is_none())
        {
            let line = format!("process {who} says nothing of a full disk");
            self.world.state().wrong.push(line);
        }
        if report.is_none() {
            self.world.say(format!("process {who} is killed"));
            self.is_death.store(true, Ordering::Relaxed);
            self.world.state().figures.kills += 1;
            if wrong::is(Wrong::UnsyncedStore) {
                let lost = 1 + self.world.dice().below(3) as usize;
                self.disk.power_fails(lost);
            }
        }
        report
    }
}
