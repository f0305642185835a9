//! A flow's plan in a bookkeeper's words: what becomes of a record, what is asked when, what it costs in requests.
//!
//! In: a plan and nothing else. Out: text for a terminal, without colours.

use std::fmt::Write;

use flowbook_grammar::Span;
use flowbook_grammar::ast::{End, Verb};
use flowbook_stdlib::display;
use flowbook_stdlib::value::Value;

use crate::plan::text::{Printer, path_name, verb_word};
use crate::plan::{
    Act, ActKind, AskIx, First, Flow, NodeIx, Op, PlaceIx, Plan, Program, Start, Step, StepIx, To,
};

mod reading;
mod requests;

/// How far the second column stands from the left.
const COLUMN: usize = 11;

/// Explains a flow of a plan.
pub fn explain(plan: &Plan, flow: &Flow) -> String {
    let explained = Explained {
        plan,
        flow,
        printer: Printer::of_flow(plan, flow).in_full(),
    };
    let mut text = explained.head();
    for section in [
        explained.fate(),
        explained.settings(),
        explained.tables(),
        explained.reading(),
        explained.rounds(),
        explained.late(),
        explained.requests(),
    ] {
        if !section.is_empty() {
            text.push('\n');
            text.push_str(&section);
        }
    }
    text
}

struct Explained<'p> {
    plan: &'p Plan,
    flow: &'p Flow,
    printer: Printer<'p>,
}

/// Lines with a word in the first column.
fn section(title: &str, lines: &[String]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let title = if number == 0 { title } else { "" };
        let _ = writeln!(text, "{title:<COLUMN$}{line}");
    }
    text
}

/// `5 min`, `90 days`
fn span_of(seconds: u64) -> String {
    match seconds {
        s if s > 0 && s.is_multiple_of(86_400) => match s / 86_400 {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        },
        s if s > 0 && s.is_multiple_of(3600) => format!("{} h", s / 3600),
        s if s > 0 && s.is_multiple_of(60) => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

impl<'p> Explained<'p> {
    fn program(&self) -> &'p Program {
        &self.flow.program
    }

    fn at(&self, place: PlaceIx) -> String {
        self.at_span(self.span(place))
    }

    /// `orders.flow:17`: without the folders, which are the same for all.
    fn at_span(&self, span: Span) -> String {
        let at = self.plan.at(span);
        at.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn span(&self, place: PlaceIx) -> Span {
        self.plan
            .places
            .get(place as usize)
            .map_or_else(Span::default, |place| place.span)
    }

    /// `(orders.flow:17)`, with a space before it; nothing where the place is unknown.
    fn told_at(&self, place: PlaceIx) -> String {
        match self.at(place) {
            at if at.is_empty() => String::new(),
            at => format!(" ({at})"),
        }
    }

    fn system_of(&self, resource: u32) -> &'p crate::plan::connector::System {
        &self.plan.systems[self.plan.resources[resource as usize].system as usize]
    }

    fn head(&self) -> String {
        let source = self.system_of(self.flow.read.resource);
        let mut targets: Vec<String> = Vec::new();
        for step in &self.flow.steps {
            let system = self.system_of(step.resource);
            let told = format!("{} ({})", system.name, system.connector.name);
            if system.name != source.name && !targets.contains(&told) {
                targets.push(told);
            }
        }
        let starts: Vec<String> = self
            .flow
            .starts
            .iter()
            .map(|start| match start {
                Start::Every(seconds) => format!("every {}", span_of(*seconds)),
                Start::Daily(minute) => {
                    format!("every day at {:02}:{:02}", minute / 60, minute % 60)
                }
            })
            .collect();
        let mut line = format!(
            "{}   {} ({})",
            self.flow.name, source.name, source.connector.name
        );
        if !targets.is_empty() {
            let _ = write!(line, " → {}", targets.join(", "));
        }
        if !starts.is_empty() {
            let _ = write!(line, "   {}", starts.join(", "));
        }
        if !self.flow.after.is_empty() {
            let _ = write!(line, "   after {}", self.flow.after.join(", "));
        }
        let at = self.at(self.flow.place);
        if !at.is_empty() {
            let _ = write!(line, "   {at}");
        }
        line.push('\n');
        for doc in self.flow.doc.lines() {
            let _ = writeln!(line, "  {doc}");
        }
        line
    }

    // ── what becomes of a record ──

    fn fate(&self) -> String {
        let name = match self.program().slots.first() {
            Some(slot) if !slot.name.is_empty() => &*slot.name,
            _ => "record",
        };
        let mut text = format!("What becomes of each {name}\n");
        let ends = self.ends();
        let mut waits: Vec<String> = Vec::new();
        let mut skips: Vec<String> = Vec::new();
        let mut fails: Vec<String> = Vec::new();
        for act in &self.flow.acts {
            let under = self.under(act);
            let at = self.told_at(act.place);
            match &act.kind {
                ActKind::Where(node) => {
                    waits.push(format!("until {}{under}{at}", self.printer.expr(*node)));
                }
                ActKind::End(end, words, when) => {
                    let line = format!(
                        "“{}” if {}{under}{at}",
                        self.printer.words(*words),
                        self.printer.expr(*when)
                    );
                    match end {
                        End::Wait => waits.push(line),
                        End::Skip => skips.push(line),
                        End::Fail => fails.push(line),
                    }
                }
                _ => {}
            }
        }
        for (end, words, place) in ends {
            let line = format!("“{words}”{}", self.told_at(place));
            match end {
                End::Wait => waits.push(line),
                End::Skip => skips.push(line),
                End::Fail => fails.push(line),
            }
        }
        if !waits.is_empty() {
            waits.push(format!(
                "It is looked at again by itself; after {} it is skipped, “not ripe within {}”.",
                span_of(self.flow.ripe_within_s),
                span_of(self.flow.ripe_within_s)
            ));
        }
        for (title, lines) in [("Waits", waits), ("Skipped", skips), ("Fails", fails)] {
            text.push_str(&indented(&section(title, &lines)));
        }
        text.push_str(&indented(&section("Written", &self.written())));
        text
    }

    /// `, for row in order.rows, where order.paid`
    fn under(&self, act: &Act) -> String {
        let mut text = String::new();
        for lp in &act.loops {
            let _ = write!(text, ", {}", self.printer.turn(*lp));
        }
        if let Some(when) = act.when {
            let _ = write!(text, ", only if {}", self.printer.expr(when));
        }
        text
    }

    /// `fail`, `skip` and `wait` in expressions, in the order in which they are met; one for each place in the text.
    fn ends(&self) -> Vec<(End, String, PlaceIx)> {
        let mut roots: Vec<NodeIx> = Vec::new();
        for act in &self.flow.acts {
            match &act.kind {
                ActKind::Let(slot) => {
                    roots.extend(self.program().slots[*slot as usize].init);
                }
                ActKind::Where(node) => roots.push(*node),
                ActKind::End(_, text, when) => roots.extend([*when, *text]),
                ActKind::Confirm { left, right, .. } => roots.extend([*left, *right]),
                ActKind::Step(ix) => roots.extend(step_nodes(&self.flow.steps[*ix as usize])),
            }
        }
        let mut seen = vec![false; self.program().nodes.len()];
        let mut told: Vec<Span> = Vec::new();
        let mut ends = Vec::new();
        let mut open: Vec<NodeIx> = roots.into_iter().rev().collect();
        while let Some(node) = open.pop() {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            let at = &self.program().nodes[node as usize];
            if let Op::End(end, words) = at.op {
                let span = self.span(at.place);
                if span == Span::default() || !told.contains(&span) {
                    told.push(span);
                    ends.push((end, self.printer.words(words), at.place));
                }
            }
            let mut below = below(self.program(), &at.op);
            below.reverse();
            open.extend(below);
        }
        ends
    }

    fn written(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for act in &self.flow.acts {
            match &act.kind {
                ActKind::Step(ix) => {
                    let step = &self.flow.steps[*ix as usize];
                    lines.push(self.step(*ix, step, act));
                }
                ActKind::Confirm {
                    left,
                    right,
                    within,
                    ..
                } => {
                    let within = match within {
                        Some(within) => format!(" to within {}", self.printer.expr(*within)),
                        None => String::new(),
                    };
                    lines.push(format!(
                        "  compared: {} with {}{within}; a difference stops here{}",
                        self.printer.expr(*left),
                        self.printer.expr(*right),
                        self.told_at(act.place)
                    ));
                }
                _ => {}
            }
        }
        if lines.is_empty() {
            lines.push("nothing".to_owned());
        } else if self.flow.steps.len() > 1 {
            lines.push(
                "What is written stays when a later step fails; a retry goes on there.".to_owned(),
            );
        }
        lines
    }

    fn step(&self, ix: StepIx, step: &Step, act: &Act) -> String {
        let resource = &self.plan.resources[step.resource as usize];
        let what = match step.verb {
            Verb::Create => "create",
            Verb::Ensure => "create or update",
            Verb::Update => verb_word(Verb::Update),
        };
        let mut line = format!("{} {what} {}", ix + 1, self.printer.resource(step.resource));
        if let To::Child(node) | To::Record(node) = step.to {
            let _ = write!(line, " of {}", self.printer.expr(node));
        }
        let action = resource.creates.get(usize::from(step.action));
        if let Some(name) = action.and_then(|action| action.name.as_deref()) {
            let args: Vec<String> = step
                .args
                .iter()
                .map(|node| self.printer.expr(*node))
                .collect();
            let _ = write!(line, " by {name}({})", args.join(", "));
        }
        let keys: Vec<String> = step
            .keys
            .iter()
            .map(|key| {
                let fields: Vec<String> = key
                    .fields
                    .iter()
                    .map(|path| path_name(&resource.shape, path))
                    .collect();
                match fields.is_empty() {
                    true => "its link".to_owned(),
                    false => fields.join(" and "),
                }
            })
            .collect();
        if !keys.is_empty() {
            let _ = write!(line, ", found by {}", keys.join(", else "));
        }
        let only_new = step
            .body
            .iter()
            .filter(|put| !matches!(put.first, First::Always))
            .count();
        let fields = step.body.len();
        let _ = write!(
            line,
            ", {fields} {}",
            if fields == 1 { "field" } else { "fields" }
        );
        if only_new > 0 && step.verb != Verb::Create {
            let _ = write!(line, " ({only_new} when it is new)");
        }
        if let Some(done) = step.done_if {
            let _ = write!(line, ", done when {}", self.printer.expr(done));
        }
        line + &self.under(act) + &self.told_at(step.place)
    }

    // ── what it was made with ──

    fn settings(&self) -> String {
        let lines: Vec<String> = self
            .plan
            .settings
            .iter()
            .map(|(name, value)| format!("{name} = {}", shown(value)))
            .collect();
        section("Settings", &lines)
    }

    fn tables(&self) -> String {
        let mut used: Vec<u32> = self
            .program()
            .nodes
            .iter()
            .filter_map(|node| match &node.op {
                Op::Table { table, .. } => Some(*table),
                _ => None,
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        let mut lines: Vec<String> = Vec::new();
        for table in used
            .into_iter()
            .filter_map(|table| self.plan.tables.get(table as usize))
            .filter(|table| table.name != "match")
        {
            let at = self.at_span(table.span);
            let rows = table.rows.len();
            let rows = match rows {
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            };
            let line = match at.is_empty() {
                true => format!("{}, {rows}", table.name),
                false => format!("{}, {rows} ({at})", table.name),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        section("Tables", &lines)
    }

    fn late(&self) -> String {
        let lines: Vec<String> = self
            .flow
            .steps
            .iter()
            .zip(1..)
            .filter(|(step, _)| !step.late.is_empty())
            .map(|(step, number)| {
                let after: Vec<String> = step.late.iter().map(|ix| (ix + 1).to_string()).collect();
                format!(
                    "step {number} needs what the target answers to step {}",
                    after.join(", ")
                )
            })
            .collect();
        if lines.is_empty() {
            return match self.flow.steps.is_empty() {
                true => String::new(),
                false => section(
                    "Late",
                    &["nothing: every value is known before the first write".to_owned()],
                ),
            };
        }
        let mut lines = lines;
        lines.push("everything else is known before the first write".to_owned());
        section("Late", &lines)
    }

    // ── rounds ──

    /// `A`, `B`, … `Z`, `AA`: questions are named in the order in which they are asked.
    fn letter(&self, ask: AskIx) -> String {
        let order = self
            .flow
            .rounds
            .iter()
            .flat_map(|round| &round.asks)
            .position(|other| *other == ask)
            .unwrap_or(ask as usize);
        let letter = |number: usize| char::from(b'A' + (number % 26) as u8);
        match order / 26 {
            0 => letter(order).to_string(),
            outer => format!("{}{}", letter(outer - 1), letter(order)),
        }
    }

    fn rounds(&self) -> String {
        let mut lines = Vec::new();
        for (number, round) in self.flow.rounds.iter().enumerate() {
            let acts = &self.flow.acts[round.first as usize..round.last as usize];
            let decided: Vec<String> = acts.iter().filter_map(|act| self.decision(act)).collect();
            let decided = match decided.is_empty() {
                true => String::new(),
                false => format!(" → {}", decided.join(" · ")),
            };
            if round.asks.is_empty() {
                lines.push(format!("{number}  no request{decided}"));
                continue;
            }
            let letters: Vec<String> = round.asks.iter().map(|ask| self.letter(*ask)).collect();
            lines.push(format!("{number}  asks {}{decided}", letters.join(" ")));
            for ask in &round.asks {
                lines.push(self.asked(*ask));
            }
        }
        section("Rounds", &lines)
    }

    fn asked(&self, ix: AskIx) -> String {
        let ask = &self.program().asks[ix as usize];
        let mut line = format!("   {} {}", self.letter(ix), self.printer.question(ix));
        for lp in &ask.loops {
            let _ = write!(line, ", {}", self.printer.turn(*lp));
        }
        if let Some(when) = ask.when {
            let _ = write!(line, ", if {}", self.printer.expr(when));
        }
        if !ask.after.is_empty() {
            let after: Vec<String> = ask.after.iter().map(|ix| (ix + 1).to_string()).collect();
            let _ = write!(line, ", after step {} where it writes", after.join(", "));
        }
        let of: Vec<String> = self
            .flow
            .steps
            .iter()
            .zip(1..)
            .filter(|(step, _)| step.keys.iter().any(|key| key.asks.contains(&ix)))
            .map(|(_, number)| number.to_string())
            .collect();
        if !of.is_empty() {
            let _ = write!(line, "; the key of step {}", of.join(", "));
        }
        line
    }

    /// What an act decides, in a few words.
    fn decision(&self, act: &Act) -> Option<String> {
        let line = self.plan.places.get(act.place as usize).and_then(|place| {
            let file = self.plan.files.get(usize::from(place.span.file.0))?;
            Some(format!(" {}", file.line(place.span.start)))
        });
        let line = line.unwrap_or_default();
        Some(match &act.kind {
            ActKind::Where(_) => format!("where{line}"),
            ActKind::End(End::Wait, ..) => format!("wait{line}"),
            ActKind::End(End::Skip, ..) => format!("skip{line}"),
            ActKind::End(End::Fail, ..) => format!("fail{line}"),
            ActKind::Step(ix) => format!("step {}", ix + 1),
            ActKind::Let(_) | ActKind::Confirm { .. } => return None,
        })
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// A setting's value, bare.
fn shown(value: &Value) -> String {
    match value {
        Value::None => "–".to_owned(),
        Value::List(items) if items.is_empty() => "any".to_owned(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(display::in_text).collect();
            items.join(", ")
        }
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        value => display::in_text(value),
    }
}

/// The nodes of a step that a record's values come from.
fn step_nodes(step: &Step) -> Vec<NodeIx> {
    let mut nodes = Vec::new();
    nodes.extend(step.keys.iter().flat_map(|key| key.values.iter().flatten()));
    nodes.extend(&step.args);
    nodes.extend(step.body.iter().map(|put| put.value));
    nodes.extend(step.done_if);
    nodes
}

/// The nodes below an operation, keys of its question and definitions of its name included, in text order.
fn below(program: &Program, op: &Op) -> Vec<NodeIx> {
    match op {
        Op::Slot(slot) => program.slots[*slot as usize].init.into_iter().collect(),
        Op::Hit(ask) => program.asks[*ask as usize].what.key_nodes(),
        op => op.operands(program),
    }
}
