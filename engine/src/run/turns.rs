//! Turns: the items of `for` statements, one after another, with the slots that belong to each.

use std::sync::Arc;

use flowbook_stdlib::value::Value;

use super::eval::{MOST_TURNS, Machine};
use super::stop::{Ended, Stop};
use crate::plan::LoopIx;

/// A turn of nested loops: loop, number from 1, item.
#[derive(Debug, Clone, Default)]
pub struct Turn(pub Vec<(LoopIx, u32, Value)>);

impl Machine<'_, '_> {
    /// The items of a loop.
    pub(super) fn over(&mut self, lp: LoopIx) -> Result<Arc<[Value]>, Stop> {
        let over = self.code.program.loops[lp as usize].over;
        match self.eval(over)? {
            Value::List(items) => Ok(items),
            _ => Ok(Arc::new([])),
        }
    }

    /// Begins a turn.
    pub(super) fn enter(&mut self, lp: LoopIx, item: Value, number: usize) -> Result<(), Stop> {
        self.turns_left = match self.turns_left.checked_sub(1) {
            Some(left) => left,
            None => {
                return Err(Ended::failure(
                    "F0805",
                    format!("This record goes through more than {MOST_TURNS} list items."),
                )
                .into());
            }
        };
        let lp = &self.code.program.loops[lp as usize];
        for slot in lp.first..lp.last {
            self.slots[slot as usize] = None;
        }
        self.slots[lp.item as usize] = Some(item);
        if let Some(counter) = lp.counter {
            self.slots[counter as usize] = Some(Value::Int(number as i64));
        }
        Ok(())
    }

    /// Whether this turn counts.
    pub(super) fn when(&mut self, lp: LoopIx) -> Result<bool, Stop> {
        match self.code.program.loops[lp as usize].when {
            Some(when) => self.truth(when),
            None => Ok(true),
        }
    }

    /// Ends a loop.
    pub(super) fn leave(&mut self, lp: LoopIx) {
        let lp = &self.code.program.loops[lp as usize];
        for slot in lp
            .counter
            .into_iter()
            .chain([lp.item])
            .chain(lp.first..lp.last)
        {
            self.slots[slot as usize] = None;
        }
    }

    /// Every turn of these loops: its numbers and items.
    pub(super) fn turns(&mut self, loops: &[LoopIx]) -> Result<Vec<Turn>, Stop> {
        let mut turns = vec![Turn::default()];
        for lp in loops {
            let mut inner = Vec::new();
            for outer in &turns {
                self.at(outer)?;
                let items = self.over(*lp)?;
                for (number, item) in items.iter().enumerate() {
                    self.enter(*lp, item.clone(), number + 1)?;
                    if self.when(*lp)? {
                        let mut turn = outer.clone();
                        turn.0.push((*lp, number as u32 + 1, item.clone()));
                        inner.push(turn);
                    }
                }
                self.leave(*lp);
            }
            turns = inner;
        }
        Ok(turns)
    }

    /// Begins a turn of several loops.
    pub(super) fn at(&mut self, turn: &Turn) -> Result<(), Stop> {
        for (lp, number, item) in &turn.0 {
            self.enter(*lp, item.clone(), *number as usize)?;
        }
        self.turn = turn.0.iter().map(|(_, number, _)| *number).collect();
        Ok(())
    }

    /// Ends a turn.
    pub(super) fn done_at(&mut self, turn: &Turn) {
        for (lp, ..) in &turn.0 {
            self.leave(*lp);
        }
        self.turn.clear();
    }
}
