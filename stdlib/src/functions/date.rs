//! Days, instants and times of day. There is no clock here: every date comes from a record, so that a second try computes the same.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

use super::kit::{self, Given, Rule, default, fail, gives, text, value, wrong, wrong_but};
use crate::display::in_message;
use crate::function::{Args, Failure, Function, Group, Typing};
use crate::types::Kind;
use crate::value::Value;

/// An instant on the clock of a zone: the named one, or that of the flowbook.
fn local(args: &Args<'_>, zone: usize) -> Result<Option<ZonedDateTime>, Failure> {
    let Value::DateTime(instant) = args.value(0) else {
        return Ok(None);
    };
    Ok(Some(instant.to_zoned_datetime(zone_of(args, zone)?)))
}

fn zone_of(args: &Args<'_>, arg: usize) -> Result<TimeZone, Failure> {
    if !args.has(arg) {
        return Ok(args.context.zone.clone());
    }
    let name = args.text(arg)?;
    TimeZone::get(&name).map_err(|_| {
        fail(format!(
            "“{name}” is no time zone; names are like “Europe/Stockholm”"
        ))
    })
}

/// A zone that is written down is looked at before anything runs.
fn zone_type(t: &Typing<'_>, arg: usize) -> Result<(), crate::function::Mismatch> {
    t.text(arg)?;
    if let Some(Value::Text(name)) = t.constant(arg)
        && TimeZone::get(name).is_err()
    {
        return Err(wrong_but(
            arg,
            format!("knows no time zone “{name}”"),
            "names are like \"Europe/Stockholm\"",
        ));
    }
    Ok(())
}

fn outside(value: &Value) -> Failure {
    fail(format!(
        "{} is moved out of the calendar",
        in_message(value)
    ))
}

/// `date`
pub(super) static DATE: Function = Function {
    name: "date",
    group: Group::Date,
    params: &[
        value("value", "datetime or text"),
        default(
            "how",
            "text: of a datetime the zone, the flowbook's where left out; of a text its format, 2026-03-01 where left out",
        ),
    ],
    gives: "date",
    doc: "The day of an instant on the clock of the flowbook's `zone` (or of the zone that is named), or the day that a text spells. A format uses the letters of strftime: `%d-%m-%Y`.",
    examples: &[
        ("\"01-03-2026\" | date(\"%d-%m-%Y\")", "2026-03-01"),
        (
            "2025-12-31T23:30:00Z | date(\"Europe/Stockholm\")",
            "2026-01-01",
        ),
        ("\"soon\" | date", "fails \"is no date\""),
    ],
    check: |t| kit::unless_reported(t, date_type),
    eval: date,
};

fn date_type(t: &Typing<'_>) -> Rule {
    match t.kind(0) {
        Kind::Date | Kind::Never => t.text(1).map(|_| ())?,
        Kind::DateTime => zone_type(t, 1)?,
        _ => {
            t.text(0).map_err(|_| {
                wrong(
                    0,
                    format!("takes a datetime or a text here, not {}", t.kind(0)),
                )
            })?;
            t.text(1)?;
        }
    }
    gives(Kind::Date)
}

fn date(args: &mut Args<'_>) -> Given {
    if let Value::Date(date) = args.value(0) {
        return Ok(Value::Date(*date));
    }
    if let Some(zoned) = local(args, 1)? {
        return Ok(Value::Date(zoned.date()));
    }
    let spelled = args.text(0)?;
    let trimmed = spelled.trim();
    let format = args.text_or(1, "%Y-%m-%d")?;
    jiff::fmt::strtime::parse(&*format, trimmed)
        .and_then(|parsed| parsed.to_date())
        .map(Value::Date)
        .map_err(|_| {
            fail(format!(
                "{} is no date of the form {format}",
                in_message(args.value(0))
            ))
        })
}

/// `time_of_day`
pub(super) static TIME_OF_DAY: Function = Function {
    name: "time_of_day",
    group: Group::Date,
    params: &[
        value("value", "datetime"),
        default("zone", "text; the flowbook's"),
    ],
    gives: "time",
    doc: "The time of day of an instant, on the clock of the flowbook's `zone` or of the zone that is named.",
    examples: &[(
        "2026-07-01T10:00:00Z | time_of_day(\"Europe/Stockholm\")",
        "12:00",
    )],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.one_of(0, "a datetime", |kind| matches!(kind, Kind::DateTime))?;
            zone_type(t, 1)?;
            gives(Kind::Time)
        })
    },
    eval: |args| match local(args, 1)? {
        Some(zoned) => Ok(Value::Time(zoned.time())),
        None => Err(fail(format!(
            "{} is no datetime",
            in_message(args.value(0))
        ))),
    },
};

/// `datetime`
pub(super) static DATETIME: Function = Function {
    name: "datetime",
    group: Group::Date,
    params: &[
        value("day", "date or text"),
        default("time", "time; midnight, where the clock has one"),
        default("zone", "text; the flowbook's"),
    ],
    gives: "datetime",
    doc: "The instant of a day and a time of day in the flowbook's `zone` or the one that is named, or the instant that a text spells with its offset. \
          An hour that the clock skips in spring counts from before the change; of one that comes twice in autumn it is the first.",
    examples: &[
        (
            "datetime(2026-07-01, 12:00, \"Europe/Stockholm\")",
            "2026-07-01T10:00:00Z",
        ),
        (
            "\"2026-07-01T12:00:00+02:00\" | datetime",
            "2026-07-01T10:00:00Z",
        ),
        ("\"noon\" | datetime", "fails \"is no instant\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if !matches!(t.kind(0), Kind::Date | Kind::DateTime) {
                t.text(0)?;
            }
            t.one_of(1, "a time", |kind| *kind == Kind::Time)?;
            zone_type(t, 2)?;
            gives(Kind::DateTime)
        })
    },
    eval: datetime,
};

fn datetime(args: &mut Args<'_>) -> Given {
    match args.value(0) {
        Value::DateTime(instant) => Ok(Value::DateTime(*instant)),
        Value::Date(date) => {
            let time = match args.value(1) {
                Value::Time(time) => *time,
                _ => jiff::civil::Time::midnight(),
            };
            date.to_datetime(time)
                .to_zoned_datetime(zone_of(args, 2)?)
                .map(|zoned| Value::DateTime(zoned.timestamp()))
                .map_err(|_| outside(args.value(0)))
        }
        _ => {
            let spelled = args.text(0)?;
            spelled.trim().parse().map(Value::DateTime).map_err(|_| {
                fail(format!(
                    "{} is no instant; they are like 2026-03-01T12:00:00+01:00",
                    in_message(args.value(0))
                ))
            })
        }
    }
}

fn of_date(t: &Typing<'_>) -> Rule {
    t.date(0)?;
    gives(Kind::Int)
}

fn to_date(t: &Typing<'_>) -> Rule {
    t.date(0)?;
    gives(Kind::Date)
}

/// `year`
pub(super) static YEAR: Function = Function {
    name: "year",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int",
    doc: "The year of a day.",
    examples: &[("2026-03-01 | year", "2026")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| Ok(Value::Int(args.date(0)?.year().into())),
};

/// `month`
pub(super) static MONTH: Function = Function {
    name: "month",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int, 1 to 12",
    doc: "The month of a day.",
    examples: &[("2026-03-01 | month", "3")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| Ok(Value::Int(args.date(0)?.month().into())),
};

/// `quarter`
pub(super) static QUARTER: Function = Function {
    name: "quarter",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int, 1 to 4",
    doc: "The quarter of the calendar year in which a day lies.",
    examples: &[("2026-03-31 | quarter", "1"), ("2026-10-01 | quarter", "4")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| Ok(Value::Int(i64::from((args.date(0)?.month() - 1) / 3 + 1))),
};

/// `day_of_month`
pub(super) static DAY_OF_MONTH: Function = Function {
    name: "day_of_month",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int, 1 to 31",
    doc: "The day of the month.",
    examples: &[("2026-03-01 | day_of_month", "1")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| Ok(Value::Int(args.date(0)?.day().into())),
};

/// `weekday`
pub(super) static WEEKDAY: Function = Function {
    name: "weekday",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int, 1 (Monday) to 7 (Sunday)",
    doc: "The day of the week, Monday first (ISO 8601).",
    examples: &[("2026-03-01 | weekday", "7")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| {
        Ok(Value::Int(
            args.date(0)?.weekday().to_monday_one_offset().into(),
        ))
    },
};

/// `week`
pub(super) static WEEK: Function = Function {
    name: "week",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "int, 1 to 53",
    doc: "The number of the week (ISO 8601). Days around New Year can lie in a week of the other year.",
    examples: &[("2026-01-01 | week", "1"), ("2027-01-01 | week", "53")],
    check: |t| kit::unless_reported(t, of_date),
    eval: |args| Ok(Value::Int(args.date(0)?.iso_week_date().week().into())),
};

/// `start_of_month`
pub(super) static START_OF_MONTH: Function = Function {
    name: "start_of_month",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "date",
    doc: "The first day of the month.",
    examples: &[("2026-03-17 | start_of_month", "2026-03-01")],
    check: |t| kit::unless_reported(t, to_date),
    eval: |args| Ok(Value::Date(args.date(0)?.first_of_month())),
};

/// `end_of_month`
pub(super) static END_OF_MONTH: Function = Function {
    name: "end_of_month",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "date",
    doc: "The last day of the month.",
    examples: &[("2028-02-03 | end_of_month", "2028-02-29")],
    check: |t| kit::unless_reported(t, to_date),
    eval: |args| Ok(Value::Date(args.date(0)?.last_of_month())),
};

/// `start_of_year`
pub(super) static START_OF_YEAR: Function = Function {
    name: "start_of_year",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "date",
    doc: "The first of January of that year.",
    examples: &[("2026-03-17 | start_of_year", "2026-01-01")],
    check: |t| kit::unless_reported(t, to_date),
    eval: |args| Ok(Value::Date(args.date(0)?.first_of_year())),
};

/// `end_of_year`
pub(super) static END_OF_YEAR: Function = Function {
    name: "end_of_year",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "date",
    doc: "The 31st of December of that year.",
    examples: &[("2026-03-17 | end_of_year", "2026-12-31")],
    check: |t| kit::unless_reported(t, to_date),
    eval: |args| Ok(Value::Date(args.date(0)?.last_of_year())),
};

/// `add_months`
pub(super) static ADD_MONTHS: Function = Function {
    name: "add_months",
    group: Group::Date,
    params: &[
        value("day", "date"),
        value("months", "int; below zero goes back"),
    ],
    gives: "date",
    doc: "The same day so many months later; the last day of the month where it has no such day. Days are added with `+`.",
    examples: &[
        ("2026-01-31 | add_months(1)", "2026-02-28"),
        ("2026-03-15 | add_months(-1)", "2026-02-15"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.int(1)?;
            to_date(t)
        })
    },
    eval: |args| {
        let months = args.int(1)?;
        let span = 0
            .months()
            .try_months(months)
            .map_err(|_| outside(args.value(0)))?;
        args.date(0)?
            .checked_add(span)
            .map(Value::Date)
            .map_err(|_| outside(args.value(0)))
    },
};

/// `next_workday`
pub(super) static NEXT_WORKDAY: Function = Function {
    name: "next_workday",
    group: Group::Date,
    params: &[value("day", "date")],
    gives: "date",
    doc: "The day itself from Monday to Friday, else the Monday after. It knows no public holidays.",
    examples: &[
        ("2026-02-28 | next_workday", "2026-03-02"),
        ("2026-03-03 | next_workday", "2026-03-03"),
    ],
    check: |t| kit::unless_reported(t, to_date),
    eval: |args| {
        let day = args.date(0)?;
        let ahead = match day.weekday().to_monday_one_offset() {
            6 => 2,
            7 => 1,
            _ => 0,
        };
        day.checked_add(ahead.days())
            .map(Value::Date)
            .map_err(|_| outside(args.value(0)))
    },
};

/// `days_between`
pub(super) static DAYS_BETWEEN: Function = Function {
    name: "days_between",
    group: Group::Date,
    params: &[value("from", "date"), value("to", "date")],
    gives: "int",
    doc: "How many days after the first the second lies; below zero where it is before.",
    examples: &[
        ("days_between(2026-02-27, 2026-03-01)", "2"),
        ("days_between(2026-03-01, 2026-02-27)", "-2"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.date(1)?;
            of_date(t)
        })
    },
    eval: |args| Ok(Value::Int(days(args.date(0)?, args.date(1)?))),
};

fn days(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// `format_date`
pub(super) static FORMAT_DATE: Function = Function {
    name: "format_date",
    group: Group::Date,
    params: &[
        value("value", "date, datetime or time"),
        value("format", "text"),
        default("zone", "text; the flowbook's"),
    ],
    gives: "text",
    doc: "A date or time in the form that is asked, in the letters of strftime: `%d` day, `%m` month, `%Y` year, `%y` its last two digits, `%H:%M` time, `%V` week. An instant is taken on the clock of the zone.",
    examples: &[
        ("2026-03-01 | format_date(\"%d-%m-%Y\")", "\"01-03-2026\""),
        ("2026-03-01 | format_date(\"%y%m\")", "\"2603\""),
    ],
    check: |t| kit::unless_reported(t, format_type),
    eval: |args| {
        let format = args.text(1)?;
        match args.value(0) {
            Value::Date(date) => formatted(&format, *date),
            Value::Time(time) => formatted(&format, *time),
            other => match local(args, 2)? {
                Some(zoned) => formatted(&format, &zoned),
                None => Err(fail(format!("{} is no date or time", in_message(other)))),
            },
        }
    },
};

fn format_type(t: &Typing<'_>) -> Rule {
    t.one_of(0, "a date or time", |kind| {
        matches!(kind, Kind::Date | Kind::DateTime | Kind::Time)
    })?;
    t.text(1)?;
    zone_type(t, 2)?;
    if let Some(Value::Text(format)) = t.constant(1) {
        let day = jiff::civil::date(2026, 12, 31).at(23, 59, 59, 0);
        let tried = match t.kind(0) {
            Kind::Date => jiff::fmt::strtime::format(&**format, day.date()),
            Kind::Time => jiff::fmt::strtime::format(&**format, day.time()),
            _ => match day.to_zoned_datetime(TimeZone::UTC) {
                Ok(zoned) => jiff::fmt::strtime::format(&**format, &zoned),
                Err(why) => Err(why),
            },
        };
        if tried.is_err() {
            return Err(wrong_but(
                1,
                format!(
                    "cannot read the format “{format}”, or {} lacks what it asks for",
                    t.kind(0)
                ),
                "write it like \"%d-%m-%Y\"",
            ));
        }
    }
    gives(Kind::Text(None))
}

fn formatted(format: &str, when: impl Into<jiff::fmt::strtime::BrokenDownTime>) -> Given {
    jiff::fmt::strtime::format(format, when)
        .map(text)
        .map_err(|_| {
            fail(format!(
                "the format “{format}” cannot be used; write it like “%d-%m-%Y”"
            ))
        })
}
