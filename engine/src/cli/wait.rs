//! `--wait`, of all commands that write to a flowbook's store: how long they wait for another process that holds it.

use std::time::Duration;

use super::{output, settle};
use crate::store::Patience;

#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Wait {
    /// Waits at most so long for another process that is running this flowbook, such as "10 min"; without it, leaves at once.
    #[arg(long = "wait", value_name = "SPAN", value_parser = span, conflicts_with = "sandbox")]
    most: Option<Duration>,
}

impl Wait {
    /// The patience with whoever holds the store; they are named once each.
    pub fn patience(self) -> Patience<'static> {
        Patience {
            most: self.most.unwrap_or_default(),
            told: &output::note,
        }
    }
}

fn span(text: &str) -> Result<Duration, String> {
    settle::span(text).ok_or_else(|| "a span of time is written “30 s” or “10 min”".to_owned())
}
