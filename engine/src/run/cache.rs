//! What systems answered, by question and key value. Equal keys are one question, whichever record or line asks. An answer says how it was when it was
//! asked for: what was written since is put into it, or it is asked for again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowbook_stdlib::types::{Kind, Shape};
use flowbook_stdlib::value::Value;
use rustc_hash::FxHashMap;

use super::ops;
use crate::connect::Trouble;
use crate::plan::connector::{Resource, ResourceIx};

/// Beyond so many answers the cache starts anew: memory stays bounded, asking again is merely slower.
const MOST_ANSWERS: usize = 100_000;
/// Writes that are put into answers under way; an answer to a question from before them is asked for again.
const MOST_WRITES: usize = 256;

/// A question with its key value, comparable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// By a find of a resource, or its key.
    Find(ResourceIx, Option<u16>, Box<[String]>),
    /// The one record.
    One(ResourceIx),
    /// Sub-records of the record with this key.
    Sub(ResourceIx, String),
    /// What was last written for this record: resource, its resource, its key.
    Link(ResourceIx, ResourceIx, String),
    /// The record with this key, read by it.
    Get(ResourceIx, String),
}

impl Question {
    /// The resource whose records it asks for; none for a link.
    fn resource(&self) -> Option<ResourceIx> {
        match self {
            Question::Link(..) => None,
            Question::Find(of, ..)
            | Question::One(of)
            | Question::Sub(of, _)
            | Question::Get(of, _) => Some(*of),
        }
    }
}

/// A question to be asked.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Where the answer goes.
    pub question: Question,
    /// Key values of a find; the parent of subs; the key of a get.
    pub values: Vec<Value>,
    /// Only the key of a linked record is needed.
    pub key_only: bool,
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Records.
    Hits(Arc<[Value]>),
    /// Only who uses it fails.
    Trouble(Arc<Trouble>),
}

/// When a question was asked, counted in writes and in answers.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    written: u64,
    answered: u64,
}

/// An answer, and between which others.
#[derive(Debug)]
struct Known {
    answer: Answer,
    /// So many answers had come when it was asked for.
    asked: u64,
    /// Its number among all.
    came: u64,
}

/// What systems answered.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Inner>);

/// Answers of a resource. Finds that hit are kept for all of a run, so a write looks only at those that it can be in.
#[derive(Debug, Default)]
struct Answers {
    finds: FxHashMap<Question, Known>,
    /// Of those, which have the record with this key.
    having: FxHashMap<String, Vec<Question>>,
    /// All others, and what ended in a trouble: of this page.
    others: FxHashMap<Question, Known>,
}

impl Answers {
    fn get(&self, question: &Question) -> Option<&Known> {
        let found = self.finds.get(question);
        found.or_else(|| self.others.get(question))
    }

    fn forget(&mut self, question: &Question) {
        self.finds.remove(question);
        self.others.remove(question);
    }

    fn insert(&mut self, resource: Option<&Resource>, question: Question, known: Known) {
        self.forget(&question);
        let (Some(resource), Question::Find(..), Answer::Hits(hits)) =
            (resource, &question, &known.answer)
        else {
            self.others.insert(question, known);
            return;
        };
        for key in hits.iter().filter_map(|hit| own_key(resource, hit)) {
            let having = self.having.entry(key).or_default();
            if !having.contains(&question) {
                having.push(question.clone());
            }
        }
        self.finds.insert(question, known);
    }

    /// Puts a write into the answers; those that it leaves in doubt are asked for again.
    fn renew(&mut self, renewal: &mut Renewal<'_>) {
        let keeps = |question: &_, known: &mut Known| renewal.keeps(question, &mut known.answer);
        self.others.retain(keeps);
        if renewal.write.record.is_none() || renewal.resource.key.is_none() {
            self.finds.clear();
            self.having.clear();
            return;
        }
        let mut about = renewal.questions();
        if let Some(key) = &renewal.key {
            let having = self.having.remove(key).unwrap_or_default();
            let more = having.into_iter().filter(|known| !about.contains(known));
            about.extend(more.collect::<Vec<_>>());
        }
        about.retain(|question| {
            let known = self.finds.get_mut(question);
            let keeps = known.is_some_and(|known| renewal.keeps(question, &mut known.answer));
            if !keeps {
                self.finds.remove(question);
            }
            keeps
        });
        if let (Some(key), false) = (&renewal.key, about.is_empty()) {
            self.having.insert(key.clone(), about);
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(&Question, &Answer) -> bool) {
        self.finds
            .retain(|question, known| keep(question, &known.answer));
        self.others
            .retain(|question, known| keep(question, &known.answer));
        self.having.retain(|_, questions| {
            questions.retain(|question| self.finds.contains_key(question));
            !questions.is_empty()
        });
    }
}

/// Answers by the resource that they are about; links are about records of any.
#[derive(Debug, Default)]
struct Inner {
    of: FxHashMap<Option<ResourceIx>, Answers>,
    /// The last ones, oldest first.
    writes: VecDeque<Write>,
    /// All there were.
    written: u64,
    /// All answers that came.
    answered: u64,
}

impl Inner {
    /// Puts what was written since it was asked into an answer. False where it is to be asked for again.
    fn renew(
        &self,
        resources: &[Resource],
        asked: Asked,
        question: &Question,
        answer: &mut Answer,
    ) -> bool {
        let Some(of) = question.resource() else {
            return true;
        };
        let since = usize::try_from(self.written - asked.written).unwrap_or(usize::MAX);
        let Some(known) = self.writes.len().checked_sub(since) else {
            return false;
        };
        let mut since = self.writes.range(known..);
        since.all(|write| write.of != of || Renewal::new(resources, write).keeps(question, answer))
    }

    fn known(&self, question: &Question) -> Option<&Known> {
        self.of.get(&question.resource())?.get(question)
    }

    fn retain(&mut self, mut keep: impl FnMut(&Question, &Answer) -> bool) {
        for answers in self.of.values_mut() {
            answers.retain(&mut keep);
        }
    }

    fn len(&self) -> usize {
        let of = self.of.values();
        of.map(|answers| answers.finds.len() + answers.others.len())
            .sum()
    }
}

impl Cache {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came back, if it was asked.
    pub fn get(&self, question: &Question) -> Option<Answer> {
        Some(self.inner().known(question)?.answer.clone())
    }

    /// Whether a question was asked after the answer to another one had come, or is still to be asked.
    pub fn is_asked_after(&self, question: &Question, other: &Question) -> bool {
        let inner = self.inner();
        match (inner.known(question), inner.known(other)) {
            (Some(known), Some(other)) => known.asked >= other.came,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    /// Before a question is asked.
    pub fn asks(&self) -> Asked {
        let inner = self.inner();
        Asked {
            written: inner.written,
            answered: inner.answered,
        }
    }

    /// Keeps an answer, as what was written since has left it; one that nobody can say this of is not kept.
    pub fn put(&self, resources: &[Resource], asked: Asked, question: Question, answer: Answer) {
        let mut inner = self.inner();
        let mut answer = answer;
        if !inner.renew(resources, asked, &question, &mut answer) {
            return;
        }
        if inner.len() >= MOST_ANSWERS {
            inner.retain(|question, _| matches!(question, Question::One(_)));
        }
        inner.answered += 1;
        let known = Known {
            answer,
            asked: asked.answered,
            came: inner.answered,
        };
        let of = question.resource();
        let resource = of.map(|of| &resources[of as usize]);
        let answers = inner.of.entry(of).or_default();
        answers.insert(resource, question, known);
    }

    /// Asks again next time.
    pub fn forget(&self, question: &Question) {
        if let Some(answers) = self.inner().of.get_mut(&question.resource()) {
            answers.forget(question);
        }
    }

    /// A page begins: what was not there may be there by now; sub-records and links belong to records of the page before.
    pub fn next_page(&self) {
        self.inner().retain(|question, answer| {
            matches!(question, Question::Find(..) | Question::One(_))
                && matches!(answer, Answer::Hits(hits) if !hits.is_empty())
        });
    }

    /// A record was written: it takes the place of what was known of it, and ends the misses of its keys. With no record at hand, every
    /// answer of the resource is asked again. `below` is the key of the record that it is below: the lists of other ones stay.
    pub fn wrote(
        &self,
        resources: &[Resource],
        ix: ResourceIx,
        record: Option<&Value>,
        below: Option<&str>,
    ) {
        let write = Write {
            of: ix,
            record: record.cloned(),
            below: below.map(str::to_owned),
        };
        let mut inner = self.inner();
        inner.of.remove(&None);
        if let Some(answers) = inner.of.get_mut(&Some(ix)) {
            answers.renew(&mut Renewal::new(resources, &write));
        }
        inner.written += 1;
        inner.writes.push_back(write);
        if inner.writes.len() > MOST_WRITES {
            inner.writes.pop_front();
        }
    }
}

/// A record was written, or a resource is asked again.
#[derive(Debug)]
struct Write {
    of: ResourceIx,
    record: Option<Value>,
    below: Option<String>,
}

/// Puts a write into answers.
struct Renewal<'w> {
    resource: &'w Resource,
    write: &'w Write,
    /// The key of what was written. A record that is not written yet (a dry run's) has none that could be another's.
    key: Option<String>,
    /// What it is found by.
    keys: FxHashMap<Option<u16>, Vec<String>>,
}

impl<'w> Renewal<'w> {
    fn new(resources: &'w [Resource], write: &'w Write) -> Renewal<'w> {
        let resource = &resources[write.of as usize];
        let key = write.record.as_ref();
        Renewal {
            resource,
            write,
            key: key.and_then(|record| own_key(resource, record)),
            keys: FxHashMap::default(),
        }
    }

    /// What the record is found by.
    fn keys(&mut self, find: Option<u16>) -> Option<&[String]> {
        let (resource, record) = (self.resource, self.write.record.as_ref()?);
        let keys = self.keys.entry(find).or_insert_with(|| {
            let fields = find_fields(resource, find);
            let text = |path: &Vec<u16>| canon_at(&resource.shape, record, path);
            fields.iter().map(text).collect()
        });
        Some(keys)
    }

    /// The questions that find it.
    fn questions(&mut self) -> Vec<Question> {
        let finds = 0..self.resource.finds.len() as u16;
        let finds = std::iter::once(None).chain(finds.map(Some));
        let of = self.write.of;
        finds
            .filter_map(|find| Some(Question::Find(of, find, self.keys(find)?.into())))
            .collect()
    }

    /// False where the question is to be asked again.
    fn keeps(&mut self, question: &Question, answer: &mut Answer) -> bool {
        let resource = self.resource;
        match question {
            Question::Find(_, find, asked) => {
                let (Some(record), Some(_)) = (&self.write.record, resource.key) else {
                    return false;
                };
                let Answer::Hits(hits) = answer else {
                    return false;
                };
                let matches = self.keys(*find).is_some_and(|keys| *keys == **asked);
                let is_it = |hit: &Value| self.key.is_some() && own_key(resource, hit) == self.key;
                let known = hits.iter().any(is_it);
                match (matches, known) {
                    (true, true) => {
                        *hits = hits
                            .iter()
                            .map(|hit| {
                                if is_it(hit) {
                                    record.clone()
                                } else {
                                    hit.clone()
                                }
                            })
                            .collect();
                        true
                    }
                    (true, false) => {
                        *hits = hits.iter().cloned().chain([record.clone()]).collect();
                        true
                    }
                    (false, true) => false,
                    (false, false) => true,
                }
            }
            Question::Sub(_, parent) => {
                let below = self.write.below.as_ref();
                below.is_some_and(|below| below != parent)
            }
            Question::Get(_, id) => self.key.as_ref().is_some_and(|key| key != id),
            Question::One(_) | Question::Link(..) => true,
        }
    }
}

fn own_key(resource: &Resource, of: &Value) -> Option<String> {
    let key = resource.key?;
    (*at(of, &[key]) != Value::Late).then(|| key_text(&resource.shape, of, key))
}

/// The paths of a find's fields; the resource's key where none.
pub fn find_fields(resource: &Resource, find: Option<u16>) -> Vec<Vec<u16>> {
    match find.and_then(|find| resource.finds.get(usize::from(find))) {
        Some(find) => find.fields.clone(),
        None => resource.key.map(|key| vec![key]).into_iter().collect(),
    }
}

/// The value at a path of a record.
pub fn at<'v>(record: &'v Value, path: &[u16]) -> &'v Value {
    path.iter().fold(record, |value, field| match value {
        Value::Record(fields) => fields.get(usize::from(*field)).unwrap_or(&Value::None),
        _ => &Value::None,
    })
}

fn canon_at(shape: &Shape, record: &Value, path: &[u16]) -> String {
    canon(ops::field_kind(shape, path), at(record, path))
}

/// The text of a record's key field.
pub fn key_text(shape: &Shape, record: &Value, key: u16) -> String {
    canon_at(shape, record, &[key])
}

/// A text that is equal for equal values of a field of this kind: e-mail addresses trimmed and without case, numbers without their scale.
pub fn canon(kind: Option<&Kind>, value: &Value) -> String {
    let text = match value {
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) | Value::Percent(number) => number.normalize().to_string(),
        Value::Money(money) => money.amount.normalize().to_string(),
        Value::None => return "\u{0}".to_owned(),
        Value::Late => return "\u{1}".to_owned(),
        other => ops::in_text(other),
    };
    match (kind, value) {
        (Some(Kind::Email(_)), _) | (_, Value::Email(_)) => text.trim().to_lowercase(),
        (Some(Kind::Uuid), _) => text.to_lowercase(),
        (Some(Kind::Country | Kind::Currency | Kind::Territory), _) => text.to_uppercase(),
        _ => text,
    }
}
