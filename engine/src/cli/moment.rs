//! Moments as people type them: a day in the flowbook's zone, or an instant.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Exit, output};

/// The moment that `--since` names.
pub fn since(text: Option<&str>, zone: &TimeZone) -> Result<Option<Timestamp>, Exit> {
    let Some(text) = text else {
        return Ok(None);
    };
    let instant = text.parse::<Timestamp>().ok().or_else(|| {
        let day: jiff::civil::Date = text.parse().ok()?;
        zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
    });
    if instant.is_none() {
        output::error(&format!("--since takes a day or an instant, not “{text}”."));
        output::help("For example: --since 2026-03-01, or --since 2026-03-01T08:00:00Z");
        return Err(Exit::Broken);
    }
    Ok(instant)
}
