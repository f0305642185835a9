//! What a flow costs in requests: a run, a page, a record.

use std::collections::BTreeMap;

use flowbook_grammar::ast::Verb;

use super::{Explained, section};
use crate::plan::connector::{How, Limit, LimitOf, LimitPer};
use crate::plan::{AskIx, Question, Step, To};

/// How often a question is sent.
enum Often {
    /// Once a run.
    Run,
    /// Once for so many different keys of a page.
    Batch(u32),
    /// Once for each different key.
    Key,
    /// Once for each record, or turn of a loop.
    Record,
    /// Never: its answer is in the store.
    Never,
}

/// `a`, `(a+b)`
fn sum(letters: &str) -> String {
    if letters.contains('+') {
        format!("({letters})")
    } else {
        letters.to_owned()
    }
}

/// Resource, find and wave.
type Batch = (u32, Option<u16>, u16);

/// Requests by system.
type BySystem = BTreeMap<String, Vec<String>>;

fn told(title: &str, of: &BySystem, lines: &mut Vec<String>) {
    for (number, (system, parts)) in of.iter().enumerate() {
        let title = if number == 0 { title } else { "" };
        lines.push(format!("{title:<9} {system}: {}", parts.join(" + ")));
    }
}

impl Explained<'_> {
    fn often(&self, ix: AskIx) -> Often {
        let ask = &self.flow.program.asks[ix as usize];
        let resource = &self.plan.resources[ask.resource as usize];
        match &ask.what {
            Question::One => Often::Run,
            Question::Sub { .. } => Often::Record,
            Question::Link { .. } => {
                if ask.needs.iter().all(|field| Some(*field) == resource.key) {
                    Often::Never
                } else {
                    Often::Record
                }
            }
            Question::Find { find, .. } => {
                let find = find.and_then(|find| resource.finds.get(usize::from(find)));
                if find.is_some_and(|find| find.how.is_empty()) {
                    return Often::Never; // the answer to a create tells
                }
                match find.and_then(|find| find.how.first()) {
                    Some(How::Odata) => match &self.system_of(ask.resource).connector.odata {
                        Some(odata) if odata.any_of > 1 => Often::Batch(odata.any_of),
                        _ => Often::Key,
                    },
                    Some(How::Index | How::Scan(_)) => Often::Run,
                    Some(How::Param(_) | How::Get) => Often::Key,
                    Some(How::ParentList) => Often::Record,
                    None if resource.get.is_some() => Often::Key,
                    None => Often::Run,
                }
            }
        }
    }

    /// Questions that go out in one batch: finds by the same key, in one wave of one round.
    fn asked_together(&self) -> Vec<Vec<AskIx>> {
        let mut together: Vec<Vec<AskIx>> = Vec::new();
        for round in &self.flow.rounds {
            let mut batches: Vec<(Batch, usize)> = Vec::new();
            for ix in &round.asks {
                let ask = &self.flow.program.asks[*ix as usize];
                if let Question::Find { find, .. } = &ask.what {
                    let batch = (ask.resource, *find, ask.wave);
                    if let Some((_, at)) = batches.iter().find(|(other, _)| *other == batch) {
                        together[*at].push(*ix);
                        continue;
                    }
                    batches.push((batch, together.len()));
                }
                together.push(vec![*ix]);
            }
        }
        together
    }

    pub(super) fn requests(&self) -> String {
        let (mut run, mut page, mut record) = (BySystem::new(), BySystem::new(), BySystem::new());
        let source = self.flow.read.resource;
        let name = |resource: u32| self.plan.resources[resource as usize].name.clone();
        let system = |resource: u32| self.system_of(resource).name.clone();
        page.entry(system(source))
            .or_default()
            .push(format!("1 {}", name(source)));
        let mut whole: Vec<u32> = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        for asks in self.asked_together() {
            let Some(ask) = asks.first() else {
                continue;
            };
            let of = self.flow.program.asks[*ask as usize].resource;
            let letters: Vec<String> = asks.iter().map(|ask| self.letter(*ask)).collect();
            let small = letters.join("+").to_lowercase();
            match self.often(*ask) {
                Often::Never => {}
                Often::Run => {
                    if !whole.contains(&of) {
                        whole.push(of);
                        run.entry(system(of))
                            .or_default()
                            .push(format!("1 {}", name(of)));
                    }
                }
                Often::Batch(size) => {
                    page.entry(system(of)).or_default().push(format!(
                        "⌈{}/{size}⌉ {}",
                        sum(&small),
                        name(of)
                    ));
                    keys.extend(letters);
                }
                Often::Key => {
                    page.entry(system(of)).or_default().push(format!(
                        "{} {}",
                        sum(&small),
                        name(of)
                    ));
                    keys.extend(letters);
                }
                Often::Record => record
                    .entry(system(of))
                    .or_default()
                    .push(format!("1 {}", name(of))),
            }
        }
        for (step, number) in self.flow.steps.iter().zip(1..) {
            record
                .entry(system(step.resource))
                .or_default()
                .push(format!("{} (step {number})", self.sent(step)));
        }
        let mut lines = vec![
            "what was asked before in a run is not asked again; records that ended earlier cost nothing further".to_owned(),
        ];
        told("a run", &run, &mut lines);
        told("a page", &page, &mut lines);
        told("a record", &record, &mut lines);
        if !keys.is_empty() {
            let small: Vec<String> = keys
                .iter()
                .map(|letter| format!("{} of {letter}", letter.to_lowercase()))
                .collect();
            lines.push(format!(
                "different keys on the page: {}; a list read whole takes a request for each of its pages",
                small.join(", ")
            ));
        }
        let mut text = section("Requests", &lines);
        text.push_str(&self.quotas());
        text
    }

    fn sent(&self, step: &Step) -> String {
        let resource = &self.plan.resources[step.resource as usize];
        let update = if resource.replaces { 2 } else { 1 };
        let read_first = if resource.replaces {
            ", it is read again first"
        } else {
            ""
        };
        let name = &resource.name;
        match (step.verb, &step.to) {
            (Verb::Create, _) => format!("1 {name} if new"),
            (Verb::Ensure, _) => {
                format!("1 {name} if new or {update} if it differs{read_first}")
            }
            (Verb::Update, To::Resource | To::Child(_) | To::Record(_)) => {
                format!("{update} {name} if it differs{read_first}")
            }
        }
    }

    fn quotas(&self) -> String {
        let mut used: Vec<u32> = vec![self.plan.resources[self.flow.read.resource as usize].system];
        let asks = self.flow.program.asks.iter().map(|ask| ask.resource);
        let steps = self.flow.steps.iter().map(|step| step.resource);
        used.extend(
            asks.chain(steps)
                .map(|of| self.plan.resources[of as usize].system),
        );
        used.sort_unstable();
        used.dedup();
        let lines: Vec<String> = used
            .into_iter()
            .filter_map(|ix| {
                let system = &self.plan.systems[ix as usize];
                let limits: Vec<String> = system.connector.limits.iter().map(limit).collect();
                (!limits.is_empty()).then(|| format!("{}: {}", system.name, limits.join(", ")))
            })
            .collect();
        section("Quotas", &lines)
    }
}

fn limit(limit: &Limit) -> String {
    let of = match limit.of {
        LimitOf::All => "requests",
        LimitOf::Read => "reads",
        LimitOf::Write => "writes",
    };
    let per = match limit.per_s {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        seconds => super::span_of(u64::from(seconds)),
    };
    let each = match limit.per {
        LimitPer::System => "",
        LimitPer::Path => " for each path",
        LimitPer::Resource => " for each resource",
    };
    format!("{} {of} a {per}{each}", limit.count)
}
