//! Second look: what took more than one attempt, was confirmed by a look-up, or failed with an unknown outcome, is asked for again after 10 minutes, an
//! hour and a day. A late request, a twin or a deleted document is told then; nothing that is booked is repaired. What is watched stays so though its
//! record is changed, made again or given another key meanwhile: of that only what is not ours is told.

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::ask::Asker;
use super::look_up::{Hit, duplicate, resource_of};
use super::ops::in_text;
use super::report::Finding;
use crate::connect::{Systems, Trouble};
use crate::store::Link;
use crate::store::journal::{Entry, Phase, Sought, Watch};
use crate::wrong::{self, Wrong};

const MINUTE: i64 = 60;
const LOOKS: [SignedDuration; 3] = [
    SignedDuration::from_secs(10 * MINUTE),
    SignedDuration::from_secs(60 * MINUTE),
    SignedDuration::from_secs(24 * 60 * MINUTE),
];

/// What is watched of a write that ended now; nothing where no question would find it.
pub(super) fn watch(
    now: Timestamp,
    sought: &[Sought],
    attempts: usize,
    ours: Option<Value>,
) -> Option<Watch> {
    if sought.is_empty() {
        return None;
    }
    Some(Watch {
        sought: sought.to_vec(),
        ours: ours.filter(|ours| *ours != Value::None),
        twins: attempts > 1,
        looks: 0,
        at: now.checked_add(LOOKS[0]).ok()?,
    })
}

/// When it is asked for after the look that is due now.
fn next(watch: &Watch) -> Option<Timestamp> {
    let looks = watch.looks as usize;
    let (this, next) = (LOOKS.get(looks)?, LOOKS.get(looks + 1)?);
    watch.at.checked_add(*next - *this).ok()
}

impl<S: Systems> Asker<'_, S> {
    /// Looks at everything whose look is due.
    pub async fn second_looks(&self, now: Timestamp) -> Result<Vec<Finding>, Trouble> {
        let mut findings = Vec::new();
        if wrong::is(Wrong::NoSecondLook) {
            return Ok(findings);
        }
        for entry in self.stored(|store| store.to_look_at(now))? {
            for watch in entry.watches.iter().filter(|watch| watch.at <= now) {
                match self.second_look(&entry, watch).await {
                    Ok(finding) => findings.extend(finding),
                    Err(trouble) if trouble.local => continue,
                    Err(trouble) => return Err(trouble),
                }
                let (record, step) = (&entry.intent.record, &entry.intent.step);
                self.stored(|store| store.looked_at(record, step, &watch.sought, next(watch)))?;
            }
        }
        Ok(findings)
    }

    async fn second_look(&self, entry: &Entry, watch: &Watch) -> Result<Option<Finding>, Trouble> {
        let (record, step) = (&entry.intent.record, &entry.intent.step);
        if resource_of(self.plan, &entry.intent.resource).is_none() {
            return Ok(Some(unnamed(entry)));
        }
        let links = self.stored(|store| store.links(record))?;
        let ours = links.into_iter().find(|link| link.step == *step);
        let (hits, away) = self.look_for_all(entry, watch, ours.as_ref()).await?;
        let resource = &entry.intent.resource;
        let (message, help) = match (entry.phase, hits.as_slice()) {
            (_, [_, _, ..]) => {
                let twins = duplicate(self.plan, &record.flow, &record.key, step, &hits);
                return Ok(Some(twins));
            }
            // The record was changed, or has another key by now: ours need not be under this one.
            (_, hits) if watch.sought != entry.sought => match hits.first() {
                Some(hit) if self.is_strange(hit, watch, ours.as_ref())? => {
                    let form = super::resource_name(self.plan, hit.resource);
                    let now = match &ours {
                        Some(ours) => format!("{step} is {} by now", in_text(&ours.target)),
                        None => "the answer to it was lost".to_owned(),
                    };
                    (
                        format!(
                            "{} is in {form} under a key that {step} was sent with before; {now}.",
                            in_text(&hit.id(self.plan))
                        ),
                        "A request that came late made it, or somebody did by hand. No run goes on with it: if nobody needs it there, delete or credit it.",
                    )
                }
                _ => return Ok(None),
            },
            (Phase::Confirmed, []) => (
                format!("{step} was in {resource} and is not found there any more."),
                "Somebody deleted it or changed its reference. If that was not meant, restore it there.",
            ),
            (Phase::Confirmed, [other]) => match away {
                Some(away) => {
                    let (away, other) = (in_text(&away), in_text(&other.id(self.plan)));
                    (
                        format!(
                            "{step} {away} was in {resource} and is not found there any more; {other} is there with the same key."
                        ),
                        "Somebody deleted the first, and the other was made by hand or by a request that came late. See there which of them is meant.",
                    )
                }
                None => return Ok(None),
            },
            (Phase::Settled | Phase::Accepted, [_]) => (
                format!("{step} is in {resource} after all: the answer to it was lost."),
                "The next run that comes to this record finds it and goes on; it is not made again.",
            ),
            _ => return Ok(None),
        };
        Ok(Some(Finding {
            flow: record.flow.clone(),
            key: record.key.clone(),
            message,
            help: help.to_owned(),
        }))
    }

    /// Whether a record is none that any of our records is known to have made or found.
    fn is_strange(&self, hit: &Hit, watch: &Watch, ours: Option<&Link>) -> Result<bool, Trouble> {
        let id = hit.id(self.plan);
        if id == Value::None
            || watch.ours.as_ref() == Some(&id)
            || ours.is_some_and(|ours| ours.target == id)
        {
            return Ok(false);
        }
        let resource = super::resource_name(self.plan, hit.resource);
        Ok(self.linked_from(&resource, &id)?.is_empty())
    }

    /// What carries the mark of a write, and the key of ours where only another one is there. Ours can have turned into another form, and what came
    /// late stands where it was; or what came late was taken for ours, and its twin is another form by now. Then all forms are asked, and what has gone
    /// on comes first. One attempt has no twin of ours: there a form that stays where it was (an order beside its invoice) is none either.
    async fn look_for_all(
        &self,
        entry: &Entry,
        watch: &Watch,
        ours: Option<&Link>,
    ) -> Result<(Vec<Hit>, Option<Value>), Trouble> {
        let hits = self.look_up(&watch.sought).await?;
        let (Some(ours), Some(first)) = (ours, hits.first()) else {
            return Ok((hits, None));
        };
        let own = &entry.intent.resource;
        let is_ours = |hit: &Hit| {
            super::resource_name(self.plan, hit.resource) == ours.resource
                && hit.id(self.plan) == ours.target
        };
        let is_there = hits.iter().any(is_ours);
        if super::resource_name(self.plan, first.resource) != *own || (is_there && !watch.twins) {
            return Ok((hits, None));
        }
        let others = watch.sought.iter().filter(|one| one.resource != *own);
        let others: Vec<Sought> = others.cloned().collect();
        let mut all = self.look_up(&others).await?;
        let away = all.is_empty() && !is_there && ours.resource == *own;
        let away = away.then(|| ours.target.clone());
        all.extend(hits);
        Ok((all, away))
    }
}

/// Nobody can look at it.
fn unnamed(entry: &Entry) -> Finding {
    let (record, step, resource) = (
        &entry.intent.record,
        &entry.intent.step,
        &entry.intent.resource,
    );
    Finding {
        flow: record.flow.clone(),
        key: record.key.clone(),
        message: format!(
            "{step} was to be looked at once more, and cannot be: the flowbook names {resource} no more."
        ),
        help: "Look there whether it is there, and once only.".to_owned(),
    }
}
