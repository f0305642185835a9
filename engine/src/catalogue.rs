//! The catalogue of diagnostics: every code with its title and its page. `flowbook explain F0123` prints a page.
//!
//! Codes are stable: one that is out of use is never given to anything else. Each area has its file and its range.

mod connect;
mod connectors;
mod declare;
mod expressions;
mod flows;
mod load;
mod run;
mod steps;
mod tables;
mod testing;

pub use flowbook_grammar::catalogue::Entry;

/// All codes, by area.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    [
        flowbook_grammar::catalogue::CODES,
        declare::CODES,
        connectors::CODES,
        tables::CODES,
        expressions::CODES,
        flows::CODES,
        steps::CODES,
        testing::CODES,
        load::CODES,
        connect::CODES,
        run::CODES,
    ]
    .into_iter()
    .flatten()
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code.eq_ignore_ascii_case(code))
}
