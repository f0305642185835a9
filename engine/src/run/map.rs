//! One map alone, over JSON: each record in gives a line out. Lookups are served by whatever systems are given.
//!
//! In: a JSON array of records, or records one after another (a line each is the fast way). Out: a line of JSON for each that could be mapped, and
//! a line of text for each that could not. Memory holds one record at a time.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex};

use flowbook_stdlib::types::{Form, Kind, Shape};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::{self, Habits, Reader};
use serde_json::value::RawValue;

use super::ask::{Asker, Wanted};
use super::cache::{self, Cache};
use super::ends::place_text;
use super::eval::{Code, Machine};
use super::ops;
use super::release::Journal;
use super::stop::{Ended, Kind as EndKind, Stop};
use super::{Options, context};
use crate::connect::{Systems, Trouble};
use crate::plan::{MapEntry, Op, Plan, Program};
use crate::store::memory::MemoryStore;

/// What a map made of its input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Records that came out.
    pub mapped: u64,
    /// Records that could not be mapped.
    pub failed: u64,
}

/// Why mapping stopped.
#[derive(Debug)]
pub enum Stopped {
    /// Input or output.
    Io(io::Error),
    /// A system that serves lookups.
    Trouble(Trouble),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Io(error)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Io(error) => write!(f, "{error}"),
            Stopped::Trouble(trouble) => f.write_str(&trouble.message),
        }
    }
}

/// Maps all records of `input` to `out`, a line each. What cannot be mapped is one line on `errors`, and the others go on.
///
/// # Errors
/// Input or output fails, or a system that serves lookups.
pub async fn map<S: Systems>(
    plan: &Plan,
    entry: &MapEntry,
    systems: &S,
    options: &Options,
    mut input: impl BufRead,
    out: &mut impl Write,
    errors: &mut impl Write,
) -> Result<Mapped, Stopped> {
    let code = Code::new(plan, &entry.program, None);
    let cache = Cache::default();
    let context = context(plan, options);
    let store = Arc::new(Mutex::new(MemoryStore::default()));
    let journal = Journal::new(store.clone());
    let mut mapper = Mapper {
        entry,
        reads: Reads::new(plan, entry),
        machine: Machine::new(&code, &cache, &context, Value::None),
        asker: Asker {
            plan,
            cache: &cache,
            systems,
            store: &*store,
            journal: &journal,
            options,
        },
        out,
        errors,
        mapped: Mapped::default(),
        line: Vec::new(),
        unit: "line",
    };
    match first_byte(&mut input)? {
        Some(b'[') => mapper.array(input).await?,
        Some(_) => mapper.lines(input).await?,
        None => {}
    }
    mapper.out.flush()?;
    Ok(mapper.mapped)
}

/// The value of an expression that is a program of its own, without a record.
///
/// # Errors
/// The expression ended, or a system that serves its lookups.
pub async fn value_of<S: Systems>(
    plan: &Plan,
    entry: &MapEntry,
    systems: &S,
    options: &Options,
) -> Result<Value, Ended> {
    let code = Code::new(plan, &entry.program, None);
    let cache = Cache::default();
    let context = context(plan, options);
    let store = Arc::new(Mutex::new(MemoryStore::default()));
    let journal = Journal::new(store.clone());
    let mut machine = Machine::new(&code, &cache, &context, Value::None);
    let asker = Asker {
        plan,
        cache: &cache,
        systems,
        store: &*store,
        journal: &journal,
        options,
    };
    computed(&mut machine, &asker, entry)
        .await
        .map_err(|why| match why {
            Why::Ended(ended) => *ended,
            Why::Trouble(trouble) => of_system(trouble),
        })
}

fn of_system(trouble: Trouble) -> Ended {
    let ended = Ended::failure(trouble.code, trouble.message);
    Ended {
        help: trouble.help,
        ..ended
    }
}

enum Why {
    Ended(Box<Ended>),
    Trouble(Trouble),
}

async fn computed<S: Systems>(
    machine: &mut Machine<'_, '_>,
    asker: &Asker<'_, S>,
    entry: &MapEntry,
) -> Result<Value, Why> {
    loop {
        match machine.eval(entry.body) {
            Ok(value) => return Ok(value),
            Err(Stop::End(ended)) => return Err(Why::Ended(ended)),
            Err(Stop::Late) => {
                let ended = Ended::failure("F0899", "A map waits for a step, and has none.");
                return Err(Why::Ended(Box::new(ended)));
            }
            Err(Stop::Need(fetch)) => {
                asker
                    .fetch(Wanted::from(*fetch))
                    .await
                    .map_err(Why::Trouble)?;
            }
        }
    }
}

fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let blank = buffer
            .iter()
            // A byte order mark counts as blank.
            .position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf))
            .unwrap_or(buffer.len());
        let first = buffer.get(blank).copied();
        input.consume(blank);
        if first.is_some() {
            return Ok(first);
        }
    }
}

/// How the parameter is read.
struct Reads {
    reader: Reader,
    /// A record, with its shape; otherwise a value, which is read as the only field of a record.
    record: Option<Arc<Shape>>,
    /// Its key field.
    key: Option<u16>,
}

impl Reads {
    fn new(plan: &Plan, entry: &MapEntry) -> Reads {
        let Kind::Record(shape) = &entry.takes.kind else {
            let shape = Shape::anonymous([("value", entry.takes.clone())]);
            return Reads {
                reader: Reader::new(&shape, Habits::default()),
                record: None,
                key: None,
            };
        };
        let resource = plan
            .resources
            .iter()
            .find(|resource| !shape.name.is_empty() && resource.shape.name == shape.name);
        let system = shape.name.split('.').next().unwrap_or_default();
        let habits = plan
            .systems
            .iter()
            .find(|known| known.name == system)
            .map(|system| system.connector.habits())
            .unwrap_or_default();
        let key = resource.and_then(|resource| resource.key);
        let reader = match needs(&entry.program) {
            Some(needs) => {
                let needs: Vec<u16> = needs.into_iter().chain(key).collect();
                Reader::only(shape, habits, &needs)
            }
            None => Reader::new(shape, habits),
        };
        Reads {
            reader,
            record: Some(shape.clone()),
            key,
        }
    }

    fn read(&self, json: &str) -> Result<Value, wire::Unreadable> {
        match &self.record {
            Some(_) => self.reader.read(json, None),
            None => {
                let record = self.reader.read(&format!("{{\"value\":{json}}}"), None)?;
                Ok(cache::at(&record, &[0]).clone())
            }
        }
    }
}

/// The fields of the parameter that a program reads; none where it uses the record as a whole.
fn needs(program: &Program) -> Option<Vec<u16>> {
    let is_record = |node: u32| matches!(program.nodes[node as usize].op, Op::Slot(0));
    let records = program
        .nodes
        .iter()
        .filter(|node| matches!(node.op, Op::Slot(0)))
        .count();
    let gets: Vec<u16> = program
        .nodes
        .iter()
        .filter_map(|node| match node.op {
            Op::Get(of, field) if is_record(of) => Some(field),
            _ => None,
        })
        .collect();
    // Nodes may be shared: only where each use is a field is the rest surely unread.
    let others = program
        .nodes
        .iter()
        .any(|node| uses(&node.op).any(is_record));
    let asked = program.asks.iter().any(|ask| match &ask.what {
        crate::plan::Question::Sub { parent } => is_record(*parent),
        crate::plan::Question::Link { of, .. } => is_record(*of),
        crate::plan::Question::Find { .. } | crate::plan::Question::One => false,
    });
    let aliased = program
        .slots
        .iter()
        .filter_map(|slot| slot.init)
        .any(is_record);
    (records > 0 && !others && !asked && !aliased).then_some(gets)
}

/// Operands of everything but `Get`.
fn uses(op: &Op) -> Box<dyn Iterator<Item = u32> + '_> {
    use crate::plan::{Arg, Element};
    match op {
        Op::Const(_) | Op::Slot(_) | Op::Get(..) | Op::Hit(_) | Op::Bound(_) => {
            Box::new(std::iter::empty())
        }
        Op::Money {
            amount,
            currency,
            flag,
        } => Box::new(std::iter::once(*amount).chain(*currency).chain(*flag)),
        Op::Call { args, .. } => Box::new(args.iter().filter_map(|arg| match arg {
            Arg::Left => None,
            Arg::Value(node) | Arg::Each(_, node) => Some(*node),
        })),
        Op::Table { on, at, gives, .. } => {
            Box::new(on.iter().copied().chain(*at).chain(gives.iter().copied()))
        }
        Op::If(a, b)
        | Op::Else(a, b)
        | Op::And(a, b)
        | Op::Or(a, b)
        | Op::Math(_, a, b)
        | Op::Compare(_, a, b) => Box::new([*a, *b].into_iter()),
        Op::Not(a) | Op::Neg(a) | Op::InSet(a, _) | Op::Exists(a) | Op::End(_, a) => {
            Box::new(std::iter::once(*a))
        }
        Op::Text(parts) => Box::new(parts.iter().copied()),
        Op::Record(_, fields) => Box::new(fields.iter().map(|(_, node)| *node)),
        Op::List(elements) => Box::new(elements.iter().map(|element| match element {
            Element::One(node) | Element::Spread(node) | Element::For(_, node) => *node,
        })),
    }
}

struct Mapper<'m, 'p, 'c, S, O, E> {
    entry: &'m MapEntry,
    reads: Reads,
    machine: Machine<'p, 'c>,
    asker: Asker<'m, S>,
    out: &'m mut O,
    errors: &'m mut E,
    mapped: Mapped,
    /// The line that is being made.
    line: Vec<u8>,
    /// What the input's pieces are counted in.
    unit: &'static str,
}

impl<S: Systems, O: Write, E: Write> Mapper<'_, '_, '_, S, O, E> {
    /// Records one after another. A record that goes over several lines is put together from them.
    async fn lines(&mut self, mut input: impl BufRead) -> Result<(), Stopped> {
        let mut line = String::new();
        let mut pending = String::new();
        let (mut number, mut first) = (0, 0);
        loop {
            line.clear();
            if input.read_line(&mut line)? == 0 {
                break;
            }
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            if pending.is_empty() {
                first = number;
                match self.reads.read(line.trim()) {
                    Ok(record) => self.record(record, first).await?,
                    Err(_) if is_cut(&line) => pending.push_str(&line),
                    Err(why) => self.unreadable(first, &sentence(&why))?,
                }
                continue;
            }
            pending.push_str(&line);
            if is_cut(&pending) {
                continue;
            }
            match self.reads.read(pending.trim()) {
                Ok(record) => self.record(record, first).await?,
                Err(why) => {
                    self.unreadable(first, &sentence(&why))?;
                    // The next record may have begun already.
                    if line.starts_with('{') {
                        match self.reads.read(line.trim()) {
                            Ok(record) => self.record(record, number).await?,
                            Err(why) => self.unreadable(number, &sentence(&why))?,
                        }
                    }
                }
            }
            pending.clear();
        }
        if !pending.is_empty() {
            self.unreadable(first, "The record stops in its middle")?;
        }
        Ok(())
    }

    async fn array(&mut self, mut input: impl BufRead) -> Result<(), Stopped> {
        self.unit = "record";
        let mut items = Items::default();
        let mut number = 0;
        while items.next(&mut input)? {
            number += 1;
            let Ok(item) = std::str::from_utf8(&items.item) else {
                self.unreadable(number, "The record is no UTF-8")?;
                continue;
            };
            match self.reads.read(item.trim()) {
                Ok(record) => self.record(record, number).await?,
                Err(why) => self.unreadable(number, &sentence(&why))?,
            }
        }
        if !items.ended {
            self.unreadable(number + 1, "The list stops in its middle")?;
        }
        Ok(())
    }

    async fn record(&mut self, record: Value, number: u64) -> Result<(), Stopped> {
        self.machine.next(record);
        match computed(&mut self.machine, &self.asker, self.entry).await {
            Ok(value) => match self.line_of(&value) {
                Ok(()) => {
                    self.out.write_all(&self.line)?;
                    self.mapped.mapped += 1;
                    Ok(())
                }
                Err(why) => {
                    let ended = Ended {
                        field: Some(why.field.clone()).filter(|field| !field.is_empty()),
                        ..Ended::failure("F0806", format!("The result {}.", why.reason))
                    };
                    self.failed(number, &ended)
                }
            },
            Err(Why::Ended(ended)) => self.failed(number, &ended),
            Err(Why::Trouble(trouble)) => Err(Stopped::Trouble(trouble)),
        }
    }

    /// Makes the line of a result.
    fn line_of(&mut self, value: &Value) -> Result<(), wire::Unwritable> {
        self.line.clear();
        wire::encode_to(value, &self.entry.gives, Form::Plain, &mut self.line)?;
        self.line.push(b'\n');
        Ok(())
    }

    /// `line 17, key 1042: [F0804] No row of the table unit takes “box”.  field Rows[2].Unit  value “box”  at tables.flow:8`
    fn failed(&mut self, number: u64, ended: &Ended) -> Result<(), Stopped> {
        self.mapped.failed += 1;
        let key = self.key();
        let key = key.map_or(String::new(), |key| format!(", key {key}"));
        let word = match ended.kind {
            EndKind::Fail => format!("[{}]", ended.code),
            EndKind::Skip => "skipped:".to_owned(),
            EndKind::Wait | EndKind::Where => "waits:".to_owned(),
        };
        write!(
            self.errors,
            "{} {number}{key}: {word} {}",
            self.unit, ended.message
        )?;
        if let Some(field) = &ended.field {
            write!(self.errors, "  field {field}")?;
        }
        if let Some(value) = &ended.value {
            write!(self.errors, "  value {value}")?;
        }
        let place = ended
            .place
            .and_then(|place| place_text(self.machine.code.plan, place));
        if let Some(place) = place {
            write!(self.errors, "  at {place}")?;
        }
        writeln!(self.errors)?;
        Ok(())
    }

    fn unreadable(&mut self, number: u64, why: &str) -> Result<(), Stopped> {
        self.mapped.failed += 1;
        writeln!(self.errors, "{} {number}: [F0816] {why}.", self.unit)?;
        Ok(())
    }

    fn key(&self) -> Option<String> {
        let key = self.reads.key?;
        match self.machine.record() {
            Value::Record(fields) => match fields.get(usize::from(key))? {
                Value::None => None,
                key => Some(ops::in_text(key)),
            },
            _ => None,
        }
    }
}

/// `The record cannot be read: …`
fn sentence(why: &wire::Unreadable) -> String {
    let mut letters = why.0.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Whether a text is the beginning of a JSON value.
fn is_cut(text: &str) -> bool {
    match serde_json::from_str::<&RawValue>(text) {
        Err(error) => error.is_eof(),
        Ok(_) => false,
    }
}

/// The items of one JSON array, cut out one by one.
#[derive(Default)]
struct Items {
    item: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl Items {
    /// Cuts the next item out; false behind the last.
    fn next(&mut self, input: &mut impl BufRead) -> io::Result<bool> {
        self.item.clear();
        let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
        while !self.ended {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let mut used = 0;
            let mut whole = false;
            for byte in buffer {
                used += 1;
                if !self.begun {
                    self.begun = true; // the array's own bracket
                    continue;
                }
                if quoted {
                    (quoted, escaped) = match (byte, escaped) {
                        (_, true) => (true, false),
                        (b'\\', false) => (true, true),
                        (b'"', false) => (false, false),
                        _ => (true, false),
                    };
                } else {
                    match byte {
                        b',' | b']' if depth == 0 => {
                            self.ended = *byte == b']';
                            whole = true;
                            break;
                        }
                        b'"' => quoted = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
                self.item.push(*byte);
            }
            input.consume(used);
            if whole && !self.item.trim_ascii().is_empty() {
                return Ok(true);
            }
            if whole {
                self.item.clear();
            }
        }
        Ok(!self.ended && !self.item.trim_ascii().is_empty() && depth == 0)
    }
}
