//! Asking: the questions of all records of a page, each asked once, batched as the systems can, answered into the cache.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_stdlib::value::Value;
use futures_util::stream::{self, StreamExt};
use indexmap::IndexMap;

use super::Options;
use super::cache::{Answer, Asked, Cache, Fetch, Question};
use super::ops;
use super::page::{Engine, Life};
use super::release::Journal;
use super::step::{unknown, with};
use super::stop::Stop;
use crate::connect::{Systems, Trouble};
use crate::plan::connector::ResourceIx;
use crate::plan::{AskIx, Plan, Round};
use crate::store::journal::Outcome;
use crate::store::{RecordKey, Store, StoreError};

/// Questions that go out together; the systems' own limits slow them further.
const AT_ONCE: usize = 16;

/// Questions to be asked, each once.
#[derive(Debug, Default)]
pub struct Wanted(IndexMap<Question, Fetch>);

impl Wanted {
    /// One more.
    pub fn add(&mut self, fetch: Fetch) {
        match self.0.get_mut(&fetch.question) {
            Some(known) => known.key_only &= fetch.key_only,
            None => {
                self.0.insert(fetch.question.clone(), fetch);
            }
        }
    }

    /// Nothing is left to ask.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Fetch> for Wanted {
    fn from(fetch: Fetch) -> Wanted {
        let mut wanted = Wanted::default();
        wanted.add(fetch);
        wanted
    }
}

type Known = Vec<(Question, Answer)>;
type Answers = Result<Known, Trouble>;
type Job<'j> = Pin<Box<dyn Future<Output = Result<(Asked, Known), Trouble>> + Send + 'j>>;

impl<'a, S: Systems> Engine<'a, S> {
    /// Asks what a round needs, wave after wave, for all records at once. What waits for a step's write is asked when it is used.
    pub(super) async fn ask_round(
        &self,
        round: &Round,
        lives: &mut [Life<'a>],
    ) -> Result<(), Trouble> {
        let mut asks: Vec<AskIx> = round
            .asks
            .iter()
            .copied()
            .filter(|ask| self.flow.program.asks[*ask as usize].after.is_empty())
            .collect();
        asks.sort_by_key(|ask| self.flow.program.asks[*ask as usize].wave);
        for wave in asks.chunk_by(|a, b| {
            let asks = &self.flow.program.asks;
            asks[*a as usize].wave == asks[*b as usize].wave
        }) {
            loop {
                let mut wanted = Wanted::default();
                let mut again = false;
                for life in lives.iter_mut().filter(|life| life.end.is_none()) {
                    again |= self.collect(life, wave, &mut wanted);
                }
                if wanted.is_empty() {
                    break;
                }
                self.asker.fetch(wanted).await?;
                if !again {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Questions of a record that the cache cannot answer. True where a key needs an answer first. A key that fails is told by the act that
    /// uses it.
    pub(super) fn collect(&self, life: &mut Life<'a>, asks: &[AskIx], wanted: &mut Wanted) -> bool {
        let machine = &mut life.machine;
        machine.bounds.collecting = true;
        let mut again = false;
        for ix in asks {
            let ask = &self.flow.program.asks[*ix as usize];
            let turns = match machine.turns(&ask.loops) {
                Ok(turns) => turns,
                Err(Stop::Need(fetch)) => {
                    wanted.add(*fetch);
                    again = true;
                    continue;
                }
                Err(_) => continue,
            };
            for turn in &turns {
                let got = machine.at(turn).and_then(|()| match ask.when {
                    Some(when) if !machine.truth(when)? => Ok(None),
                    _ => machine.open_question(*ix),
                });
                machine.done_at(turn);
                match got {
                    Ok(Some(fetch)) => wanted.add(fetch),
                    Err(Stop::Need(fetch)) => {
                        wanted.add(*fetch);
                        again = true;
                    }
                    Ok(None) | Err(_) => {}
                }
            }
        }
        machine.bounds.collecting = false;
        if std::mem::take(&mut machine.bounds.opened) {
            machine.forget();
        }
        again
    }
}

/// Asks systems and the store, and keeps what they answer.
pub(super) struct Asker<'a, S> {
    pub plan: &'a Plan,
    pub cache: &'a Cache,
    pub systems: &'a S,
    pub store: &'a Mutex<dyn Store>,
    pub journal: &'a Journal,
    pub options: &'a Options,
}

impl<'a, S: Systems> Asker<'a, S> {
    /// Asks or tells the store, which has everything that gathered by then. Never across a wait.
    pub fn stored<T>(
        &self,
        verb: impl FnOnce(&mut dyn Store) -> Result<T, StoreError>,
    ) -> Result<T, Trouble> {
        self.journal.flush().map_err(super::store_trouble)?;
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        verb(&mut *store).map_err(super::store_trouble)
    }

    /// Records with a link to this record of `resource`.
    pub fn linked_from(
        &self,
        resource: &str,
        target: &Value,
    ) -> Result<Vec<(String, RecordKey)>, Trouble> {
        let linked = self.journal.linked_from(resource, target);
        linked.map_err(super::store_trouble)
    }

    /// What became of a write: stored with the next release.
    pub fn stored_outcome(&self, outcome: Outcome) -> Result<(), Trouble> {
        self.journal.outcome(outcome).map_err(super::store_trouble)
    }

    /// Asks; answers go into the cache. A trouble that is not local stops the run, and so does whoever asks for it.
    pub async fn fetch(&self, wanted: Wanted) -> Result<(), Trouble> {
        let asked = self.options.stop.unless_raised(self.fetch_all(wanted));
        asked.await.unwrap_or_else(|| Err(super::asked_to_stop()))
    }

    async fn fetch_all(&self, wanted: Wanted) -> Result<(), Trouble> {
        let mut finds: IndexMap<(ResourceIx, Option<u16>), Vec<Fetch>> = IndexMap::new();
        let mut jobs: Vec<Job<'_>> = Vec::new();
        for (_, fetch) in wanted.0 {
            match fetch.question {
                Question::Find(resource, find, _) => {
                    finds.entry((resource, find)).or_default().push(fetch);
                }
                _ => jobs.push(Box::pin(self.noting(self.single(fetch)))),
            }
        }
        for ((resource, find), fetches) in finds {
            jobs.push(Box::pin(self.noting(self.find(resource, find, fetches))));
        }
        let mut answers = stream::iter(jobs).buffer_unordered(AT_ONCE);
        let mut trouble = None;
        while let Some(answers) = answers.next().await {
            match answers {
                Ok((asked, answers)) => {
                    for (question, answer) in answers {
                        self.cache
                            .put(&self.plan.resources, asked, question, answer);
                    }
                }
                Err(stops) => trouble = Some(stops),
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Answers, and as of when.
    async fn noting(
        &self,
        answers: impl Future<Output = Answers>,
    ) -> Result<(Asked, Known), Trouble> {
        let asked = self.cache.asks();
        Ok((asked, answers.await?))
    }

    async fn find(&self, resource: ResourceIx, find: Option<u16>, fetches: Vec<Fetch>) -> Answers {
        let keys: Vec<Vec<Value>> = fetches.iter().map(|fetch| fetch.values.clone()).collect();
        match self.systems.find(resource, find, &keys).await {
            Ok(hits) => {
                let mut hits = hits.into_iter();
                Ok(fetches
                    .into_iter()
                    .map(|fetch| {
                        let hits = hits.next().unwrap_or_default();
                        (fetch.question, Answer::Hits(hits.into()))
                    })
                    .collect())
            }
            // One wrong key shall not fail the records that ask for others.
            Err(trouble) if trouble.local && fetches.len() > 1 => {
                let mut answers = Vec::with_capacity(fetches.len());
                for fetch in fetches {
                    let key = std::slice::from_ref(&fetch.values);
                    let got = self.systems.find(resource, find, key).await;
                    let hits = got.map(|mut hits| hits.pop().unwrap_or_default());
                    answers.push((fetch.question, answer(hits)?));
                }
                Ok(answers)
            }
            Err(trouble) => {
                let trouble = local(trouble)?;
                Ok(fetches
                    .into_iter()
                    .map(|fetch| (fetch.question, Answer::Trouble(trouble.clone())))
                    .collect())
            }
        }
    }

    async fn single(&self, fetch: Fetch) -> Answers {
        let value = fetch.values.first();
        let got = match &fetch.question {
            Question::Find(resource, find, _) => self
                .systems
                .find(*resource, *find, std::slice::from_ref(&fetch.values))
                .await
                .map(|mut hits| hits.pop().unwrap_or_default()),
            Question::One(resource) => self.systems.one(*resource).await.map(|one| vec![one]),
            Question::Sub(resource, _) => match value {
                Some(parent) => self.systems.sub(*resource, parent).await,
                None => Ok(Vec::new()),
            },
            Question::Get(resource, _) => match value {
                Some(id) => self
                    .systems
                    .get(*resource, id)
                    .await
                    .map(|one| one.into_iter().collect()),
                None => Ok(Vec::new()),
            },
            Question::Link(resource, of, key) => {
                self.linked(*resource, *of, key, fetch.key_only).await
            }
        };
        Ok(vec![(fetch.question, answer(got)?)])
    }

    /// A key of a resource from its text.
    pub fn key_of(&self, resource: ResourceIx, text: &str) -> Option<Value> {
        let resource = &self.plan.resources[resource as usize];
        let kind = resource
            .key
            .and_then(|key| ops::field_kind(&resource.shape, &[key]));
        super::flow::key_value(kind, text)
    }

    async fn linked(
        &self,
        resource: ResourceIx,
        of: ResourceIx,
        key: &str,
        key_only: bool,
    ) -> Result<Vec<Value>, Trouble> {
        let target = self.stored(|store| {
            let name = |ix| super::resource_name(self.plan, ix);
            match store.linked(&name(of), key, &name(resource))? {
                // Made for a record of the other side by the flow that goes the other way: linked both ways.
                None => match self.key_of(of, key) {
                    Some(made) => store.made_from(&name(of), &made, &name(resource)),
                    None => Ok(None),
                }
                .map(|key| self.key_of(resource, &key?)),
                linked => Ok(linked),
            }
        })?;
        let Some(target) = target else {
            return Ok(Vec::new());
        };
        let declared = &self.plan.resources[resource as usize];
        match declared.key {
            Some(field) if key_only || declared.get.is_none() => {
                Ok(vec![with(unknown(&declared.shape), &[field], target)])
            }
            _ => {
                let got = self.systems.get(resource, &target).await?;
                Ok(got.into_iter().collect())
            }
        }
    }
}

fn answer(got: Result<Vec<Value>, Trouble>) -> Result<Answer, Trouble> {
    match got {
        Ok(hits) => Ok(Answer::Hits(hits.into())),
        Err(trouble) => local(trouble).map(Answer::Trouble),
    }
}

/// Only who uses the answer fails, or the run stops.
fn local(trouble: Trouble) -> Result<Arc<Trouble>, Trouble> {
    if trouble.local {
        Ok(Arc::new(trouble))
    } else {
        Err(trouble)
    }
}
