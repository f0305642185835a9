//! Findings for people: the source underlined, the reason, the fix; a count at the end.
//!
//! miette draws; this file gives it exact places (see the traps in its tests): columns in characters, no label beyond the text, none that overlap,
//! no control characters, no endless lines.

use std::fmt;

use flowbook_grammar::Span;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    NarratableReportHandler, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::lines::floor;
use super::{Diagnostic, Lines, Severity, sorted};
use crate::sources::Sources;

/// Columns of a report.
const WIDTH: usize = 100;
/// Longest line of source that is shown whole, bytes; of longer ones a window around the place is shown.
const LONGEST: usize = 240;
/// Bytes before and behind the place in such a window.
const WINDOW: usize = 80;

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Drawn, in colours.
    Colour,
    /// Drawn, without colours.
    Mono,
    /// In sentences, for screen readers.
    Prose,
}

/// All findings, by file and place, and how many there are.
pub fn render(findings: &[Diagnostic], sources: &Sources, look: Look) -> String {
    let texts: Vec<Text<'_>> = sources
        .files
        .iter()
        .map(|file| Text {
            name: &file.name,
            text: shown(&file.text),
            lines: Lines::new(&file.text),
        })
        .collect();
    let mut out = String::new();
    for finding in sorted(findings, sources) {
        let report = Report::new(finding, &texts);
        let drawn = match look {
            Look::Prose => NarratableReportHandler::new().render_report(&mut out, &report),
            _ => handler(look).render_report(&mut out, &report),
        };
        if drawn.is_err() {
            // A report that cannot be drawn is still told.
            out.push_str(&format!("{}: {}\n", finding.code, finding.message));
        }
        out.push('\n');
    }
    out.push_str(&count(findings));
    // miette pads some lines.
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    let mut out = lines.join("\n");
    out.push('\n');
    out
}

fn handler(look: Look) -> GraphicalReportHandler {
    GraphicalReportHandler::new_themed(GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles: if look == Look::Colour {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    })
    .with_width(WIDTH)
    .with_links(false)
    .with_context_lines(1)
    .with_cause_chain()
}

/// `2 errors, 1 warning`
fn count(findings: &[Diagnostic]) -> String {
    let of = |severity: Severity, one: &str| {
        let count = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {one}s")),
        }
    };
    let counts: Vec<String> = [
        of(Severity::Error, "error"),
        of(Severity::Warning, "warning"),
        of(Severity::Note, "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    }
}

/// Control and direction characters could rewrite the reader's screen: each becomes a visible one of as many bytes.
fn shown(text: &str) -> String {
    let dangerous = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(dangerous) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\r' if letters.peek() == Some(&'\n') => out.push('\r'),
            c if dangerous(c) => out.push(match c.len_utf8() {
                1 => '?',
                2 => '·',
                _ => '\u{fffd}',
            }),
            c => out.push(c),
        }
    }
    out
}

/// A file as miette reads it.
struct Text<'t> {
    name: &'t str,
    text: String,
    lines: Lines<'t>,
}

impl SourceCode for Text<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (first, column) = self.lines.at(span.offset());
        let (last, _) = self.lines.at(span.offset() + span.len().saturating_sub(1));
        let long = |line: usize| {
            let (start, end) = self.lines.bytes(line);
            end - start > LONGEST
        };
        let mut from = first;
        while from > 1 && first - from < before && !long(from - 1) {
            from -= 1;
        }
        let mut to = last;
        while to < self.lines.count() && to - last < after && !long(to + 1) {
            to += 1;
        }
        if long(first) {
            from = first;
        }
        if long(last) {
            to = last;
        }
        let mut start = self.lines.bytes(from).0;
        let mut end = self.lines.bytes(to).1;
        if long(first) {
            start = start.max(floor(&self.text, span.offset().saturating_sub(WINDOW)));
        }
        if long(last) {
            end = end.min(floor(&self.text, span.offset() + span.len() + WINDOW));
        }
        // The header takes the column of the place itself, asked without context.
        let column = if before == 0 && after == 0 {
            column - 1
        } else {
            0
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_owned(),
            &self.text.as_bytes()[start..end],
            SourceSpan::new(start.into(), end - start),
            from - 1,
            column,
            to - from + 1,
        )))
    }
}

/// A finding as miette reads it.
struct Report<'r> {
    finding: &'r Diagnostic,
    text: &'r Text<'r>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Elsewhere<'r>>,
    help: Option<String>,
}

impl<'r> Report<'r> {
    fn new(finding: &'r Diagnostic, texts: &'r [Text<'r>]) -> Report<'r> {
        let text = &texts[usize::from(finding.span.file.0)];
        let mut labels = Vec::new();
        let mut elsewhere = Vec::new();
        if !text.text.trim().is_empty() {
            let label = (!finding.label.is_empty()).then(|| plain(&finding.label));
            labels.push(LabeledSpan::new_primary_with_span(
                label,
                visible(finding.span, text),
            ));
        }
        let mut taken: Vec<Span> = vec![finding.span];
        for (span, what) in &finding.related {
            let Some(other) = texts.get(usize::from(span.file.0)) else {
                continue;
            };
            // Overlapping labels are drawn as one wrong line, so such a place is told below.
            let overlaps = taken.iter().any(|known| {
                known.file == span.file && span.start < known.end && known.start < span.end
            });
            if span.file == finding.span.file && !overlaps {
                taken.push(*span);
                labels.push(LabeledSpan::new_with_span(
                    Some(plain(what)),
                    visible(*span, other),
                ));
            } else {
                elsewhere.push(Elsewhere {
                    text: other,
                    what: plain(what),
                    label: LabeledSpan::new_primary_with_span(None, visible(*span, other)),
                });
            }
        }
        Report {
            finding,
            text,
            labels,
            elsewhere,
            help: finding.help.as_deref().map(plain),
        }
    }
}

/// A place within the text, never empty where something stands.
fn visible(span: Span, text: &Text<'_>) -> SourceSpan {
    let end = text.text.trim_end().len();
    let mut start = floor(&text.text, (span.start as usize).min(end));
    let mut stop = floor(&text.text, (span.end as usize).min(end.max(start)));
    if stop <= start {
        let next = text.text[start..].chars().next();
        match next {
            Some(c) if !c.is_whitespace() => stop = start + c.len_utf8(),
            _ => {
                // At a line's end or the file's: the last visible character before it.
                let before = text.text[..start].trim_end_matches([' ', '\t']);
                if let Some(c) = before.chars().next_back().filter(|c| !c.is_whitespace()) {
                    start = before.len() - c.len_utf8();
                    stop = before.len();
                } else {
                    stop = start;
                }
            }
        }
    }
    SourceSpan::new(start.into(), stop - start)
}

/// Text of a message without control characters.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '?' } else { c })
        .collect()
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.finding.message))
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.finding.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.labels.is_empty()).then_some(self.text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        (!self.elsewhere.is_empty()).then(|| {
            Box::new(
                self.elsewhere
                    .iter()
                    .map(|one| one as &dyn miette::Diagnostic),
            ) as Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>
        })
    }
}

/// A place in another file.
struct Elsewhere<'r> {
    text: &'r Text<'r>,
    what: String,
    label: LabeledSpan,
}

impl fmt::Debug for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}
