//! Second look: what took more than one attempt, was confirmed by a look-up, or failed with an unknown outcome, is asked for again after 10 minutes, an
//! hour and a day. A late request, a twin or a deleted document is told then; nothing that is booked is repaired. What was sent more than once is looked
//! at to the end though it is changed meanwhile: of that only a twin is told, since the change can have given ours another key.

use flowbook_stdlib::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::ask::Asker;
use super::look_up::{Hit, duplicate};
use super::ops::in_text;
use super::report::Finding;
use crate::connect::{Systems, Trouble};
use crate::store::journal::{Entry, Phase, Sought};
use crate::wrong::{self, Wrong};

const MINUTE: i64 = 60;
const LOOKS: [SignedDuration; 3] = [
    SignedDuration::from_secs(10 * MINUTE),
    SignedDuration::from_secs(60 * MINUTE),
    SignedDuration::from_secs(24 * 60 * MINUTE),
];

/// When a write that ended now is looked at first; never where nothing would find it.
pub(super) fn first(now: Timestamp, sought: &[Sought]) -> Option<Timestamp> {
    if sought.is_empty() {
        return None;
    }
    now.checked_add(LOOKS[0]).ok()
}

/// When it is looked at after the look that is due now.
fn next(entry: &Entry) -> Option<Timestamp> {
    let looks = entry.looks as usize;
    let (this, next) = (LOOKS.get(looks)?, LOOKS.get(looks + 1)?);
    entry.look_at?.checked_add(*next - *this).ok()
}

impl<S: Systems> Asker<'_, S> {
    /// Looks at everything whose look is due.
    pub async fn second_looks(&self, now: Timestamp) -> Result<Vec<Finding>, Trouble> {
        let mut findings = Vec::new();
        if wrong::is(Wrong::NoSecondLook) {
            return Ok(findings);
        }
        for entry in self.stored(|store| store.to_look_at(now))? {
            if entry.sought.is_empty() {
                // A change of a record that was there: nothing would tell.
                let (record, step) = (&entry.intent.record, &entry.intent.step);
                self.stored(|store| store.looked_at(record, step, None))?;
                continue;
            }
            let (hits, away) = match self.look_for_all(&entry).await {
                Ok(looked) => looked,
                Err(trouble) if trouble.local => continue,
                Err(trouble) => return Err(trouble),
            };
            let (record, step) = (&entry.intent.record, &entry.intent.step);
            let finding = |message: String, help: &str| Finding {
                flow: record.flow.clone(),
                key: record.key.clone(),
                message,
                help: help.to_owned(),
            };
            let resource = &entry.intent.resource;
            match (entry.phase, hits.len()) {
                (_, 2..) => {
                    findings.push(duplicate(self.plan, &record.flow, &record.key, step, &hits));
                }
                _ if entry.looks_back => {}
                (Phase::Confirmed, 0) => findings.push(finding(
                    format!("{step} was in {resource} and is not found there any more."),
                    "Somebody deleted it or changed its reference. If that was not meant, restore it there.",
                )),
                (Phase::Confirmed, 1) => {
                    if let (Some(away), Some(other)) = (away, hits.first()) {
                        let (away, other) = (in_text(&away), in_text(&other.id(self.plan)));
                        findings.push(finding(
                            format!("{step} {away} was in {resource} and is not found there any more; {other} is there with the same key."),
                            "Somebody deleted the first, and the other was made by hand or by a request that came late. See there which of them is meant.",
                        ));
                    }
                }
                (Phase::Settled | Phase::Accepted, 1) => findings.push(finding(
                    format!("{step} is in {resource} after all: the answer to it was lost."),
                    "The next run that comes to this record finds it and goes on; it is not made again.",
                )),
                _ => {}
            }
            self.stored(|store| store.looked_at(record, step, next(&entry)))?;
        }
        Ok(findings)
    }

    /// What carries the mark of a write, and the key of ours where only another one is there. Ours can have turned into another form, and what came
    /// late stands where it was; or what came late was taken for ours, and its twin is another form by now. Then all forms are asked, and what has gone
    /// on comes first. One attempt has no twin of ours: there a form that stays where it was (an order beside its invoice) is none either.
    async fn look_for_all(&self, entry: &Entry) -> Result<(Vec<Hit>, Option<Value>), Trouble> {
        let hits = self.look_up(&entry.sought).await?;
        let (record, step) = (&entry.intent.record, &entry.intent.step);
        let links = self.stored(|store| store.links(record))?;
        let ours = links.into_iter().find(|link| link.step == *step);
        let (Some(ours), Some(first)) = (ours, hits.first()) else {
            return Ok((hits, None));
        };
        let own = &entry.intent.resource;
        let is_ours = |hit: &Hit| {
            super::resource_name(self.plan, hit.resource) == ours.resource
                && hit.id(self.plan) == ours.target
        };
        let is_there = hits.iter().any(is_ours);
        if super::resource_name(self.plan, first.resource) != *own
            || (is_there && !entry.looks_back && entry.attempts.len() < 2)
        {
            return Ok((hits, None));
        }
        let others = entry.sought.iter().filter(|one| one.resource != *own);
        let others: Vec<Sought> = others.cloned().collect();
        let mut all = self.look_up(&others).await?;
        let away = (all.is_empty() && !is_there && ours.resource == *own).then_some(ours.target);
        all.extend(hits);
        Ok((all, away))
    }
}
