//! Where a command's words go, and whether they are coloured.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::Exit;
use crate::diagnostic::Look;
use crate::lower::Missing;
pub(crate) use crate::run::report::counted;

/// How a command's result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For a reader.
    #[default]
    Human,
    /// For a program.
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Decides for the whole process.
pub fn colour(when: Color) {
    let choice = match when {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether stdout takes colours.
pub fn coloured_stdout() -> bool {
    takes_colour(&std::io::stdout())
}

/// Whether stderr takes colours.
pub fn coloured_stderr() -> bool {
    takes_colour(&std::io::stderr())
}

fn takes_colour(stream: &impl anstream::stream::RawStream) -> bool {
    match anstream::ColorChoice::global() {
        anstream::ColorChoice::Auto => {
            anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
        }
        choice => choice != anstream::ColorChoice::Never,
    }
}

/// How findings are drawn.
pub fn look(coloured: bool) -> Look {
    if coloured { Look::Colour } else { Look::Mono }
}

/// Whether somebody watches: progress is drawn for them only.
pub fn watched() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

/// Prints a result. A reader that went away (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Prints a value as JSON.
pub fn json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&(text + "\n")),
        Err(why) => error(&format!("The result cannot be written as JSON: {why}.")),
    }
}

/// `3 payloads, 1 key`: of what there is any.
pub fn counts(all: &[(u64, &str)]) -> String {
    let some = all.iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some.map(|(count, what)| counted(*count, what)).collect();
    some.join(", ")
}

/// `812 bytes`, `4.2 MB`
pub fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

/// Says something beside the result.
pub fn note(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// Says why a command cannot go on.
pub fn error(text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{style}error:{style:#} {text}");
}

/// Says what to do next.
pub fn help(text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{style}help:{style:#} {text}");
}

/// Says what is missing to make a plan.
pub fn missing(missing: &[Missing]) -> Exit {
    for one in missing {
        error(&one.to_string());
    }
    Exit::Broken
}
