//! Systems that are tables, with answers that can be lost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use flowbook_stdlib::value::Value;
use tokio::time::Instant;

use super::shop::{DRAFTS, INVOICES, record};
use crate::connect::{Outgoing, OutgoingAct, Page, PageQuery, Sent, Systems, Trouble, TurnedAway};
use crate::plan::Plan;
use crate::plan::connector::{Reading, Resource, ResourceIx};
use crate::run::step::with;
use crate::run::{cache, ops};

/// What a write is answered with, instead of the truth.
pub enum Fault {
    /// The truth.
    None,
    /// Done, but the answer is lost.
    Lost,
    /// Not done, and no answer.
    Silent,
    /// Done so long after the answer was given up.
    Late(Duration),
    /// Done twice, and the answer is lost.
    Twin,
    /// Done, and answered without a body.
    Empty,
    /// Done in part, and the answer is lost: what tells of it says neither yes nor no.
    Partly,
    /// Taken, but shown nowhere.
    Hidden,
    /// Done; then a person books the draft.
    BookedByHand,
    /// Done, and never answered.
    Hangs,
    /// Not done, and never answered.
    HangsBefore,
    /// Said no.
    Refused,
    /// Said that the record to be changed is not there: it does not see yet what was made a moment ago.
    Unseen,
    /// The server cannot be reached.
    Unsent,
    /// Busy for so long.
    Busy(Duration),
    /// The key is used, by a record made behind our back.
    Taken(Value),
}

pub struct Tables {
    resources: Vec<Resource>,
    inner: Mutex<Inner>,
    /// Looks on when a write leaves.
    witness: Option<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Inner {
    records: BTreeMap<ResourceIx, Vec<Value>>,
    faults: VecDeque<Fault>,
    log: Vec<String>,
    /// What takes effect later: when, on what, what, and the draft that it books.
    late: Vec<(Instant, ResourceIx, Value, Option<Value>)>,
    /// Reads show what was made only so long afterwards.
    lag: Duration,
    /// What reads do not show yet: until when, of what, its key.
    unseen: Vec<(Instant, ResourceIx, Value)>,
    /// Once there is a draft: so many look-ups later a person books it.
    booked_in: Option<usize>,
    requests: u64,
}

impl Inner {
    /// Takes a record away; false where it is none.
    fn take(&mut self, resource: ResourceIx, id: &Value) -> bool {
        let all = self.records.entry(resource).or_default();
        let before = all.len();
        all.retain(|record| cache::at(record, &[0]) != id);
        all.len() < before
    }

    /// A person books a draft.
    fn book_by_hand(&mut self, draft: &Value) {
        self.take(DRAFTS, cache::at(draft, &[0]));
        let invoices = self.records.entry(INVOICES).or_default();
        invoices.push(record(["by hand", &ops::in_text(cache::at(draft, &[1]))]));
    }

    /// A look-up comes: whether a person was quicker.
    fn looked_up(&mut self) {
        let drafts = self.records.get(&DRAFTS).cloned().unwrap_or_default();
        let Some(left) = self.booked_in.filter(|_| !drafts.is_empty()) else {
            return;
        };
        self.booked_in = left.checked_sub(1);
        if left == 0 {
            for draft in &drafts {
                self.book_by_hand(draft);
            }
        }
    }
}

pub fn trouble(message: &str) -> Trouble {
    Trouble {
        code: "F0700",
        message: message.to_owned(),
        help: None,
        field: None,
        local: true,
    }
}

impl Tables {
    pub fn new(plan: &Plan) -> Tables {
        Tables {
            resources: plan.resources.clone(),
            inner: Mutex::default(),
            witness: None,
        }
    }

    pub fn witness(&mut self, witness: impl Fn() + Send + Sync + 'static) {
        self.witness = Some(Box::new(witness));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap();
        inner.unseen.retain(|(until, ..)| *until > Instant::now());
        let due =
            |(at, ..): &mut (Instant, ResourceIx, Value, Option<Value>)| *at <= Instant::now();
        let due: Vec<_> = inner.late.extract_if(.., due).collect();
        for (_, resource, record, draft) in due {
            if draft.is_some_and(|draft| !inner.take(DRAFTS, &draft)) {
                continue; // it is booked already
            }
            let all = inner.records.entry(resource).or_default();
            let key = self.resources[resource as usize].key.unwrap();
            all.retain(|other| cache::at(other, &[key]) != cache::at(&record, &[key]));
            all.push(record);
        }
        inner
    }

    pub fn give(&self, resource: ResourceIx, records: Vec<Value>) {
        self.inner().records.insert(resource, records);
    }

    /// Reads show what is made from now on only so long afterwards.
    pub fn lag(&self, lag: Duration) {
        self.inner().lag = lag;
    }

    /// Once there is a draft, so many look-ups pass; before the next one a person books it.
    pub fn booked_after(&self, look_ups: usize) {
        self.inner().booked_in = Some(look_ups);
    }

    /// Whether that is still to come.
    pub fn is_to_be_booked(&self) -> bool {
        self.inner().booked_in.is_some()
    }

    pub fn fault(&self, fault: Fault) {
        self.inner().faults.push_back(fault);
    }

    pub fn records(&self, resource: ResourceIx) -> Vec<Value> {
        self.inner()
            .records
            .get(&resource)
            .cloned()
            .unwrap_or_default()
    }

    /// What reads show.
    fn shown(&self, resource: ResourceIx) -> Vec<Value> {
        let key = self.resources[resource as usize].key.unwrap();
        let mut records = self.records(resource);
        for (_, of, id) in &self.inner().unseen {
            records.retain(|record| *of != resource || cache::at(record, &[key]) != id);
        }
        records
    }

    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().log)
    }

    fn matching(&self, resource: ResourceIx, find: Option<u16>, key: &[Value]) -> Vec<Value> {
        let declared = &self.resources[resource as usize];
        let fields = cache::find_fields(declared, find);
        let ways = find.map(|find| &declared.finds[usize::from(find)].how);
        if ways.is_some_and(Vec::is_empty) {
            return Vec::new(); // unique: the answer to a create tells
        }
        self.shown(resource)
            .into_iter()
            .filter(|record| {
                fields
                    .iter()
                    .zip(key)
                    .all(|(path, key)| cache::at(record, path) == key)
            })
            .collect()
    }

    /// Records hold their fields in the order of the leaves' names in the shape.
    fn field(&self, resource: ResourceIx, name: &str) -> u16 {
        let shape = &self.resources[resource as usize].shape;
        shape.field(name).unwrap().0 as u16
    }

    /// None where no answer ever comes.
    fn answer(&self, write: &Outgoing) -> Option<Sent> {
        let resource = write.resource;
        let declared = &self.resources[resource as usize];
        let mut inner = self.inner();
        inner.requests += 1;
        let body: Vec<String> = write
            .body
            .iter()
            .map(|(path, json)| format!("{}: {json}", path.join(".")))
            .collect();
        let body = body.join(", ");
        let fault = inner.faults.pop_front();
        match &fault {
            Some(Fault::Silent) => {
                inner.log.push(format!("silent {resource}"));
                return Some(Sent::Unknown(trouble("no answer came")));
            }
            Some(Fault::Unsent) => {
                return Some(Sent::Unsent(Trouble {
                    local: false,
                    ..trouble("books cannot be reached")
                }));
            }
            Some(Fault::Busy(pause)) => {
                inner.log.push(format!("busy {resource}"));
                return Some(Sent::TurnedAway(Box::new(TurnedAway {
                    trouble: Trouble {
                        local: false,
                        ..trouble("books are busy")
                    },
                    pause: *pause,
                    patience: Duration::from_secs(300),
                })));
            }
            Some(Fault::Unseen) => return Some(Sent::Gone(trouble("not there"))),
            Some(Fault::Refused) => return Some(Sent::Refused(trouble("books say no"))),
            Some(Fault::Taken(record)) => {
                let records = inner.records.entry(resource).or_default();
                records.push(record.clone());
                return Some(Sent::Taken(trouble("books know this key")));
            }
            Some(Fault::HangsBefore) => return None,
            Some(Fault::Hidden) => return Some(Sent::Ok(None)),
            _ => {}
        }
        // What an action is given: the draft that it books.
        let draft = match &write.act {
            OutgoingAct::Create { args, .. } => args.first().cloned(),
            OutgoingAct::Update { .. } => None,
        };
        let number = inner.records.get(&resource).map_or(0, Vec::len) + 1;
        let mut record = match &write.act {
            OutgoingAct::Create { .. } => {
                inner.log.push(format!("create {resource} {{ {body} }}"));
                let empty = vec![Value::None; declared.shape.fields.len()];
                let word = match &fault {
                    Some(Fault::Late(_)) => "late",
                    _ => "id",
                };
                let id = Value::Text(format!("{word}{number}").into());
                if let Some(draft) = &draft
                    && !matches!(fault, Some(Fault::Late(_)))
                    && !inner.take(DRAFTS, draft)
                {
                    return Some(Sent::Gone(trouble("there is no such draft")));
                }
                with(Value::Record(empty.into()), &[declared.key.unwrap()], id)
            }
            OutgoingAct::Update { id, .. } => {
                inner.log.push(format!("update {resource} {{ {body} }}"));
                let all = inner.records.entry(resource).or_default();
                let at = all
                    .iter()
                    .position(|record| cache::at(record, &[declared.key.unwrap()]) == id);
                match at {
                    Some(at) if matches!(fault, Some(Fault::Late(_))) => all[at].clone(),
                    Some(at) => all.remove(at),
                    None => return Some(Sent::Gone(trouble("not there"))),
                }
            }
        };
        for (path, json) in &write.body {
            let text: serde_json::Value = serde_json::from_str(json).unwrap();
            let at = self.field(resource, &path[0]);
            let value = match text {
                serde_json::Value::String(text) => Value::Text(text.into()),
                serde_json::Value::Number(number) => Value::Int(number.as_i64().unwrap()),
                _ => Value::None,
            };
            record = with(record, &[at], value);
        }
        if let Some(Fault::Late(after)) = fault {
            let at = Instant::now() + after;
            inner.late.push((at, resource, record, draft));
            return Some(Sent::Unknown(trouble("the answer was lost")));
        }
        if let OutgoingAct::Create {
            parent: Some(above),
            ..
        } = &write.act
        {
            let word = match &fault {
                Some(Fault::Partly) => "part",
                _ => "paid",
            };
            let all = inner.records.entry(DRAFTS).or_default();
            let it = |record: &&mut Value| cache::at(record, &[0]) == cache::at(above, &[0]);
            if let Some(draft) = all.iter_mut().find(it) {
                *draft = with(draft.clone(), &[3], Value::Text(word.into()));
            }
        }
        if let (OutgoingAct::Create { .. }, false) = (&write.act, inner.lag.is_zero()) {
            let until = Instant::now() + inner.lag;
            let id = cache::at(&record, &[declared.key.unwrap()]).clone();
            inner.unseen.push((until, resource, id));
        }
        let records = inner.records.entry(resource).or_default();
        records.push(record.clone());
        Some(match fault {
            Some(Fault::Hangs) => return None,
            Some(Fault::Empty) => Sent::Ok(None),
            Some(Fault::BookedByHand) => {
                inner.book_by_hand(&record);
                Sent::Ok(Some(record))
            }
            Some(Fault::Twin) => {
                let id = Value::Text(format!("id{}", number + 1).into());
                records.push(with(record, &[declared.key.unwrap()], id));
                Sent::Unknown(trouble("the answer was lost"))
            }
            Some(Fault::Lost | Fault::Partly) => Sent::Unknown(trouble("the answer was lost")),
            _ => Sent::Ok(Some(record)),
        })
    }
}

impl Systems for Tables {
    async fn page(&self, resource: ResourceIx, query: &PageQuery) -> Result<Page, Trouble> {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.log.push(format!("page {resource} {:?}", query.after));
        drop(inner);
        let mut records = self.shown(resource);
        if let Reading::Changed { field, .. } = self.resources[resource as usize].reading {
            let field = usize::from(field);
            records.retain(|record| match record {
                Value::Record(fields) => match fields[field] {
                    Value::DateTime(at) => Some(at) >= query.since,
                    _ => true,
                },
                _ => true,
            });
        }
        Ok(Page {
            records,
            next: None,
            clock: Some("2026-03-01T10:00:00Z".parse().unwrap()),
        })
    }

    async fn find(
        &self,
        resource: ResourceIx,
        find: Option<u16>,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Trouble> {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.log.push(format!("find {resource} × {}", keys.len()));
        inner.looked_up();
        drop(inner);
        Ok(keys
            .iter()
            .map(|key| self.matching(resource, find, key))
            .collect())
    }

    async fn one(&self, _: ResourceIx) -> Result<Value, Trouble> {
        Err(trouble("there is no such record"))
    }

    async fn sub(&self, _: ResourceIx, _: &Value) -> Result<Vec<Value>, Trouble> {
        Ok(Vec::new())
    }

    async fn get(&self, resource: ResourceIx, id: &Value) -> Result<Option<Value>, Trouble> {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.log.push(format!("get {resource}"));
        drop(inner);
        Ok(self
            .matching(resource, None, std::slice::from_ref(id))
            .pop())
    }

    async fn send(&self, write: &Outgoing) -> Sent {
        tokio::task::yield_now().await;
        if let Some(witness) = &self.witness {
            witness();
        }
        match self.answer(write) {
            Some(sent) => sent,
            None => std::future::pending().await,
        }
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        BTreeMap::from([("shop".to_owned(), self.inner().requests)])
    }
}
