//! Acts: what happens to a record before anything is written. Rounds of questions, gates, values, and what each step will do.

use flowbook_grammar::ast::{End as FlowEnd, Verb};
use flowbook_stdlib::value::Value;

use super::ask::Wanted;
use super::cache;
use super::eval::Machine;
use super::namesake::{self, There};
use super::ops;
use super::page::{ADOPTED, Engine, Life};
use super::step::{Found, Turned};
use super::stop::{Ended, Kind, Stop};
use super::turns::Turn;
use crate::connect::{Systems, Trouble};
use crate::plan::{Act, ActKind, AskIx, StepIx, To};

/// Ends that the flow's own text decided.
pub(super) const FLOW_END: &str = "F0800";

/// A `skip` of the flow, of a record that has in the target what the flow would create for it, though the store knows of none.
pub const THERE: &str = "F0823";

impl<'a, S: Systems> Engine<'a, S> {
    /// All rounds: afterwards each record has ended, or everything that is not late is known of it.
    pub async fn compute(&self, lives: &mut [Life<'a>]) -> Result<(), Trouble> {
        let acts = self.flow.acts.len();
        for round in &self.flow.rounds {
            self.ask_round(round, lives).await?;
            self.acts(lives, (round.last as usize).min(acts), &round.asks)
                .await?;
        }
        self.acts(lives, acts, &[]).await
    }

    /// Goes through the acts up to `last`; what nobody foresaw is asked meanwhile.
    async fn acts(
        &self,
        lives: &mut [Life<'a>],
        last: usize,
        asks: &[AskIx],
    ) -> Result<(), Trouble> {
        loop {
            let mut wanted = Wanted::default();
            for life in lives.iter_mut().filter(|life| life.end.is_none()) {
                if self.go_on(life, last, &mut wanted) {
                    self.collect(life, asks, &mut wanted);
                }
            }
            if wanted.is_empty() {
                return Ok(());
            }
            self.asker.fetch(wanted).await?;
        }
    }

    /// True where it stopped at a question.
    fn go_on(&self, life: &mut Life<'a>, last: usize, wanted: &mut Wanted) -> bool {
        while life.act < last {
            match self.act(life, life.act) {
                Ok(()) => {}
                Err(Stop::Late) => {
                    life.late.insert(life.act);
                }
                Err(Stop::Need(fetch)) => {
                    wanted.add(*fetch);
                    return true;
                }
                Err(Stop::End(ended)) => {
                    life.end = Some(self.ended(life, *ended));
                    return false;
                }
            }
            life.act += 1;
        }
        false
    }

    /// A failure that follows from the record and the flowbook alone is marked so.
    pub fn fixed(&self, stop: Stop, alone: bool) -> Stop {
        match stop {
            Stop::End(mut ended) if alone && ended.kind == Kind::Fail => {
                ended.fixed = true;
                Stop::End(ended)
            }
            stop => stop,
        }
    }

    /// An end as it counts: behind its gates, a record can only fail.
    pub fn ended(&self, life: &Life<'a>, ended: Ended) -> Ended {
        if life.passed && ended.code == FLOW_END {
            Ended {
                kind: Kind::Fail,
                ..ended
            }
        } else {
            ended
        }
    }

    /// One act, before anything is written.
    pub fn act(&self, life: &mut Life<'a>, ix: usize) -> Result<(), Stop> {
        let act = &self.flow.acts[ix];
        let gate = matches!(
            act.kind,
            ActKind::Where(_) | ActKind::End(FlowEnd::Skip | FlowEnd::Wait, ..)
        );
        if gate && life.passed {
            return Ok(());
        }
        let turns = self.turns(life, act)?;
        let mut late = false;
        for turn in &turns {
            life.machine.at(turn)?;
            let got = self
                .act_once(life, act)
                .or_else(|stop| self.past_the_gate(life, stop))
                .map_err(|stop| self.fixed(stop, self.alone.act(self.flow, act)));
            life.machine.done_at(turn);
            match got {
                Err(Stop::Late) => late = true,
                other => other?,
            }
        }
        if late { Err(Stop::Late) } else { Ok(()) }
    }

    pub fn turns(&self, life: &mut Life<'a>, act: &Act) -> Result<Vec<Turn>, Stop> {
        if act.loops.is_empty() {
            Ok(vec![Turn::default()])
        } else {
            life.machine.turns(&act.loops)
        }
    }

    fn act_once(&self, life: &mut Life<'a>, act: &'a Act) -> Result<(), Stop> {
        if let ActKind::Step(step) = act.kind {
            return self.foresee(life, act, step);
        }
        if let Some(when) = act.when
            && !life.machine.truth(when)?
        {
            return Ok(());
        }
        let machine = &mut life.machine;
        match act.kind {
            ActKind::Let(slot) => machine.slot(slot, act.place).map(drop),
            ActKind::Where(condition) => {
                if machine.truth(condition)? {
                    return Ok(());
                }
                let span = self
                    .plan
                    .places
                    .get(act.place as usize)
                    .map(|place| place.span);
                let at = span.map(|span| self.plan.at(span)).unwrap_or_default();
                let ended = Ended {
                    kind: Kind::Where,
                    ..Ended::failure(FLOW_END, format!("not yet what `where` asks for ({at})"))
                };
                Err(machine.end_at(act.place, ended))
            }
            ActKind::End(end, text, condition) => {
                if !machine.truth(condition)? {
                    return Ok(());
                }
                let text = machine.eval(text)?;
                let there = match end {
                    FlowEnd::Skip => self.there(machine),
                    _ => None,
                };
                // A store that cannot be read stops the run with the next question.
                let other = there.as_ref().map(|there| self.namesake(&life.key, there));
                if let Some(Ok(Some(ended))) = other {
                    return Err(machine.end_at(act.place, ended));
                }
                let code = if there.is_some() { THERE } else { FLOW_END };
                let ended = Ended {
                    kind: end.into(),
                    ..Ended::failure(code, ops::in_text(&text))
                };
                Err(machine.end_at(act.place, ended))
            }
            ActKind::Confirm { right, within, .. } => {
                let right = machine.eval(right);
                if let Some(within) = within {
                    machine.eval(within)?;
                }
                right.map(drop)
            }
            ActKind::Step(_) => Ok(()),
        }
    }

    /// What is known to be under the key of a step that creates: as its gates asked for it, in any form.
    fn there(&self, machine: &mut Machine<'a, 'a>) -> Option<There<'a>> {
        let creates = |act: &Act| match act.kind {
            ActKind::Step(ix) if act.loops.is_empty() => {
                let step = &self.flow.steps[ix as usize];
                (step.verb == Verb::Create && matches!(step.to, To::Resource)).then_some(step)
            }
            _ => None,
        };
        let keys = self.flow.acts.iter().filter_map(creates);
        let mut asks = keys.flat_map(|step| {
            step.keys
                .iter()
                .flat_map(move |key| key.asks.iter().map(move |ask| (step, *ask)))
        });
        asks.find_map(|(step, ask)| {
            let fetch = machine.fetch_of(ask).ok().flatten()?;
            let answer = self.asker.cache.get(&fetch.question)?;
            let cache::Answer::Hits(hits) = answer else {
                return None;
            };
            let form = self.flow.program.asks[ask as usize].resource;
            let target = namesake::key_of(hits.first()?, self.resource(form).key);
            Some(There { step, form, target })
        })
    }

    /// What a step will do, as far as it can be told: a payload that cannot be made fails the record before its first write.
    fn foresee(&self, life: &mut Life<'a>, act: &'a Act, ix: StepIx) -> Result<(), Stop> {
        let step = &self.flow.steps[ix as usize];
        let Some(turned) = life.machine.turned(ix) else {
            return Ok(());
        };
        if life.machine.bounds.answers.contains_key(&turned) {
            return Ok(());
        }
        if let Some(when) = act.when {
            match life.machine.truth(when) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Stop::Late) => {
                    life.machine.bounds.pending.insert(ix);
                    return Err(Stop::Late);
                }
                other => return other.map(drop),
            }
        }
        if self.remember(life, ix, &turned)? {
            return Ok(());
        }
        let found = match life.machine.look(ix) {
            Ok(found) => found,
            Err(Stop::Late) => {
                life.machine.bounds.pending.insert(ix);
                return Err(Stop::Late);
            }
            Err(stop) => return Err(stop),
        };
        life.looked.insert(turned, found.clone());
        let creates = match (&found, step.verb, &step.to) {
            (Found::Gone, ..) if self.believes_misses() => return Err(self.gone(life, step)),
            // Whether it is away is seen when its turn comes.
            (Found::Gone, ..) => {
                life.machine.bounds.pending.insert(ix);
                return Err(Stop::Late);
            }
            (Found::Elsewhere(..), ..) | (Found::Here(_), Verb::Create, _) => return Ok(()),
            (Found::None, Verb::Update, To::Record(_)) => return Ok(()),
            (Found::None, Verb::Update, _) => return Err(self.not_there(life, step)),
            (Found::None, ..) => true,
            (Found::Here(_), ..) => false,
        };
        let leaves = self.leaves(life, Some(act), step, creates, true)?;
        let differs = match &found {
            Found::Here(found) => self.differs(step, found, &leaves),
            _ => true,
        };
        if differs {
            life.machine.bounds.pending.insert(ix);
            if let Ok(name) = self.turn_name(life, ix) {
                life.intents.insert(name, step.resource);
            }
        }
        if creates {
            for arg in &step.args {
                match life.machine.eval(*arg) {
                    Ok(_) | Err(Stop::Late) => {}
                    Err(stop) => return Err(stop),
                }
            }
        }
        Ok(())
    }

    /// Takes up the remembered link of a step. True where the step is finished: a create whose record only its key is needed of.
    pub fn remember(&self, life: &mut Life<'a>, ix: StepIx, turned: &Turned) -> Result<bool, Stop> {
        if life.links.is_empty() {
            return Ok(false);
        }
        let step = &self.flow.steps[ix as usize];
        let name = self.turn_name(life, ix)?;
        let Some(link) = life.links.get(&name) else {
            return Ok(false);
        };
        if link.resource != self.resource_name(step.resource) {
            let forms = &self.resource(step.resource).forms;
            let form = forms
                .iter()
                .find(|form| self.resource_name(**form) == link.resource);
            if let Some(form) = form
                && link.target != Value::None
            {
                let became = (*form, link.target.clone());
                life.machine.bounds.became.insert(turned.clone(), became);
            }
            return Ok(false);
        }
        if link.hash == ADOPTED {
            life.adopted.insert(turned.clone());
        }
        let key = self.resource(step.resource).key;
        let only_key = step.needs.iter().all(|field| Some(*field) == key);
        if !matches!(step.to, To::Record(_)) && link.target != Value::None {
            life.machine
                .bounds
                .links
                .insert(turned.clone(), link.target.clone());
        }
        Ok(step.verb == Verb::Create && (key.is_none() || only_key || life.was_done()))
    }
}
