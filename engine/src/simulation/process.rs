//! A process: goes on until it ends, is killed, or is held for a while. Killed or held it can be between any two of its steps.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::world::World;

/// What is done to a process, after how many of its steps or writes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fate {
    pub dies: Option<u64>,
    pub pause: Option<(u64, Duration)>,
    /// The write of its store that finds the disk full.
    pub full: Option<u64>,
}

pub(super) struct Process<F> {
    run: Pin<Box<F>>,
    steps: u64,
    fate: Fate,
    held: Option<Pin<Box<Sleep>>>,
    world: World,
}

impl<F: Future> Process<F> {
    pub fn new(run: F, fate: Fate, world: World) -> Process<F> {
        Process {
            run: Box::pin(run),
            steps: 0,
            fate,
            held: None,
            world,
        }
    }
}

impl<F: Future> Future for Process<F> {
    /// None where it was killed.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.steps += 1;
        if self.fate.dies == Some(self.steps) {
            return Poll::Ready(None);
        }
        if let Some((at, length)) = self.fate.pause
            && self.steps >= at
        {
            self.fate.pause = None;
            self.world.state().figures.pauses += 1;
            self.held = Some(Box::pin(tokio::time::sleep(length)));
        }
        if let Some(held) = &mut self.held {
            if held.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.held = None;
        }
        self.run.as_mut().poll(context).map(Some)
    }
}
