//! How long a write to a system can still take effect: what the connector or the flowbook says, or the variable `FLOWBOOK_<SYSTEM>_SETTLE`.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::connect::{Trouble, variable};
use crate::plan::Plan;

/// The sandbox answers at once, and forgets what was given up at once.
const SANDBOX_S: u64 = 1;

/// Gives each system of a plan its `settle`.
///
/// # Errors
/// A variable that is no span of time.
pub fn apply(
    plan: &mut Plan,
    look: &dyn Fn(&str) -> Option<String>,
    sandbox: bool,
) -> Result<(), Trouble> {
    for system in &mut plan.systems {
        let name = variable(&system.name, "SETTLE");
        let seconds = match look(&name) {
            Some(text) => Some(seconds(&text).ok_or_else(|| {
                Trouble::new(
                    "F0700",
                    format!("{name} is “{text}”, which is no span of time."),
                )
                .help("For example: 2 seconds, 5 min.")
            })?),
            None => sandbox.then_some(SANDBOX_S),
        };
        if let Some(seconds) = seconds {
            Arc::make_mut(&mut system.connector).settle_s = seconds;
        }
    }
    Ok(())
}

/// Whole seconds, never fewer than are meant.
fn seconds(text: &str) -> Option<u64> {
    let span = span(text)?;
    Some(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

/// A span of time as people write it: `2 seconds`, `5 min`.
pub fn span(text: &str) -> Option<Duration> {
    let span: SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(seconds("2 seconds"), Some(2));
        assert_eq!(seconds("5 min"), Some(300));
        assert_eq!(seconds("1500 ms"), Some(2));
        assert_eq!(seconds("-1 s"), None);
        assert_eq!(seconds("soon"), None);
    }
}
