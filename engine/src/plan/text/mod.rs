//! Plans as text: what snapshots show and reviewers read.
//!
//! Expressions read as in flow text, with maps inlined. `A3` is what question 3 found; names of the text keep their names, with a number behind
//! where a name stands for several things.

use std::fmt::{self, Write};

use flowbook_stdlib::types::{Kind, Shape};

use super::{Act, ActKind, Ask, AskIx, First, Flow, NodeIx, Plan, SlotIx, Step, StepIx, To};

mod expr;
mod words;

pub use expr::Printer;
use words::{cell, give, literal};
pub use words::{comparison_sign, end_word, path_name, verb_word};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "flowbook {}   zone {}   retention {}",
            self.flowbook,
            self.zone,
            words::span(self.retention_s)
        )?;
        for (name, value) in &self.settings {
            writeln!(f, "set {name} = {}", literal(value))?;
        }
        for (number, table) in self.tables.iter().enumerate() {
            writeln!(f, "\ntable T{number} {}", table.name)?;
            for row in &table.rows {
                let cells: Vec<String> = row.cells.iter().map(cell).collect();
                write!(f, "  {}", cells.join(", "))?;
                if let Some(from) = row.from {
                    write!(f, " from {from}")?;
                }
                if let Some(until) = row.until {
                    write!(f, " until {until}")?;
                }
                writeln!(f, " => {}", give(&row.give))?;
            }
            if let Some(otherwise) = &table.otherwise {
                writeln!(f, "  otherwise => {}", give(otherwise))?;
            }
        }
        for flow in &self.flows {
            f.write_char('\n')?;
            Printer::of_flow(self, flow).flow(f, flow)?;
        }
        for map in &self.maps {
            let printer = Printer {
                plan: self,
                program: &map.program,
                flow: None,
                takes: match &map.takes.kind {
                    Kind::Record(shape) => Some(shape),
                    _ => None,
                },
                numbered: true,
            };
            writeln!(f, "\nmap {} = {}", map.name, printer.laid(map.body, 0))?;
            printer.program(f)?;
        }
        Ok(())
    }
}

/// The names of fields, by position.
fn field_names(shape: &Shape, fields: &[u16]) -> String {
    let names: Vec<&str> = fields
        .iter()
        .filter_map(|field| Some(&*shape.fields.get(usize::from(*field))?.name))
        .collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

impl Printer<'_> {
    fn asked(&self, f: &mut dyn Write, ix: AskIx, ask: &Ask) -> fmt::Result {
        write!(f, "    A{ix} wave {}  {}", ask.wave, self.question(ix))?;
        for lp in &ask.loops {
            write!(f, "  {}", self.turn(*lp))?;
        }
        if let Some(when) = ask.when {
            write!(f, "  if {}", self.expr(when))?;
        }
        if !ask.after.is_empty() {
            write!(f, "  after {:?}", ask.after)?;
        }
        let needs = field_names(self.shape_of(ask.resource), &ask.needs);
        writeln!(f, "  needs {needs}")
    }

    fn program(&self, f: &mut dyn Write) -> fmt::Result {
        let named = self.program.slots.iter().zip(0..);
        let named: Vec<(NodeIx, SlotIx)> = named
            .filter(|(slot, _)| !slot.name.is_empty())
            .filter_map(|(slot, ix)| Some((slot.init?, ix)))
            .collect();
        if !named.is_empty() {
            writeln!(f, "  names")?;
        }
        for (init, ix) in named {
            writeln!(f, "    {} = {}", self.slot(ix), self.laid(init, 4))?;
        }
        if !self.program.asks.is_empty() {
            writeln!(f, "  asks")?;
        }
        for (ask, ix) in self.program.asks.iter().zip(0..) {
            self.asked(f, ix, ask)?;
        }
        Ok(())
    }

    fn flow(&self, f: &mut dyn Write, flow: &Flow) -> fmt::Result {
        let read = &flow.read;
        write!(
            f,
            "flow {}   reads {}",
            flow.name,
            self.resource(read.resource)
        )?;
        if read.all {
            write!(f, " all")?;
        }
        if let Some(from) = &read.from {
            write!(f, " from {}", literal(from))?;
        }
        writeln!(f)?;
        let needs = field_names(self.shape_of(read.resource), &read.needs);
        writeln!(f, "  needs {needs}")?;
        for (param, value) in &read.relook {
            writeln!(f, "  looks again with {param} = {}", literal(value))?;
        }
        writeln!(f, "  ripe within {} s", flow.ripe_within_s)?;
        self.program(f)?;
        for (number, round) in flow.rounds.iter().enumerate() {
            let asks: Vec<String> = round.asks.iter().map(|ask| format!("A{ask}")).collect();
            writeln!(f, "  round {number}  asks {}", or_nothing(asks.join(" ")))?;
            for act in &flow.acts[round.first as usize..round.last as usize] {
                self.act(f, flow, act)?;
            }
        }
        Ok(())
    }

    fn act(&self, f: &mut dyn Write, flow: &Flow, act: &Act) -> fmt::Result {
        f.write_str("    ")?;
        for lp in &act.loops {
            write!(f, "{}: ", self.turn(*lp))?;
        }
        if let Some(when) = act.when {
            write!(f, "if {}: ", self.expr(when))?;
        }
        match &act.kind {
            ActKind::Let(slot) => writeln!(f, "let {}", self.slot(*slot)),
            ActKind::Where(node) => writeln!(f, "where {}", self.expr(*node)),
            ActKind::End(end, text, when) => writeln!(
                f,
                "{} {} if {}",
                end_word(*end),
                self.expr(*text),
                self.expr(*when)
            ),
            ActKind::Confirm {
                left,
                right,
                within,
                ..
            } => {
                write!(f, "confirm {} = {}", self.expr(*left), self.expr(*right))?;
                if let Some(within) = within {
                    write!(f, " within {}", self.expr(*within))?;
                }
                writeln!(f)
            }
            ActKind::Step(ix) => match flow.steps.get(*ix as usize) {
                Some(step) => self.written(f, *ix, step),
                None => writeln!(f),
            },
        }
    }

    fn written(&self, f: &mut dyn Write, ix: StepIx, step: &Step) -> fmt::Result {
        let shape = self.shape_of(step.resource);
        let resource = self.resource(step.resource);
        write!(
            f,
            "{} {}’{ix} in {resource}",
            verb_word(step.verb),
            step.name
        )?;
        match step.to {
            To::Resource => {}
            To::Child(parent) => write!(f, " of {}", self.expr(parent))?,
            To::Record(record) => write!(f, " = {}", self.expr(record))?,
        }
        let action = &self.plan.resources[step.resource as usize].creates;
        if let Some(name) = action
            .get(usize::from(step.action))
            .and_then(|action| action.name.as_deref())
        {
            let args: Vec<String> = step.args.iter().map(|node| self.expr(*node)).collect();
            write!(f, " via {name}({})", args.join(", "))?;
        }
        for key in &step.keys {
            let fields: Vec<String> = key
                .fields
                .iter()
                .zip(&key.values)
                .map(|(path, value)| {
                    let value = value.map_or_else(|| "none".to_owned(), |node| self.expr(node));
                    format!("{} = {value}", path_name(shape, path))
                })
                .collect();
            let asks: Vec<String> = key.asks.iter().map(|ask| format!("A{ask}")).collect();
            let by = if fields.is_empty() {
                "link".to_owned()
            } else {
                fields.join(", ")
            };
            write!(f, " by {by} ({})", or_nothing(asks.join(" ")))?;
        }
        if let Some(done) = step.done_if {
            write!(f, " done if {}", self.expr(done))?;
        }
        if !step.late.is_empty() {
            write!(f, " late {:?}", step.late)?;
        }
        writeln!(f, " needs {}", field_names(shape, &step.needs))?;
        for put in &step.body {
            let first = match put.first {
                First::Always => String::new(),
                First::OnCreate => " (on create)".to_owned(),
                First::OnCreateOr(node) => format!(" (on create or {})", self.expr(node)),
            };
            let key = if put.key { " (key)" } else { "" };
            let value = self.laid(put.value, 6);
            writeln!(f, "      {}: {value}{first}{key}", put.wire.join("."))?;
        }
        for flag in &step.flags {
            let field = path_name(shape, &flag.field);
            writeln!(f, "      answer {field} = {}", self.expr(flag.expected))?;
        }
        Ok(())
    }
}

fn or_nothing(text: String) -> String {
    if text.is_empty() {
        "–".to_owned()
    } else {
        text
    }
}
