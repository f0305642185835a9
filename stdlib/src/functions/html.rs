//! Texts with and without markup.

use super::kit::{self, Given, fail, gives, perhaps, text, text_or_none, value};
use crate::function::{Args, Function, Group};
use crate::types::Kind;

/// `html_to_text`
pub(super) static HTML_TO_TEXT: Function = Function {
    name: "html_to_text",
    group: Group::Text,
    params: &[value("html", "text")],
    gives: "text?",
    doc: "The text of a piece of HTML: paragraphs and list items on lines of their own, links and pictures as their words; none where no words are left.",
    examples: &[
        (
            "\"<p>Blue <b>vase</b></p>\" | html_to_text",
            "\"Blue vase\"",
        ),
        ("\"<br>\" | html_to_text else \"empty\"", "\"empty\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            perhaps(Kind::Text(None)) // `&nbsp;` and list marks can make it longer
        })
    },
    eval: html_to_text,
};

/// More markup than this is no text that a person wrote.
const MOST_TAGS: usize = 10_000;

fn html_to_text(args: &mut Args<'_>) -> Given {
    let html = args.text(0)?;
    if !html.contains(['<', '&']) {
        return Ok(text_or_none(html.trim()));
    }
    if html.matches('<').count() > MOST_TAGS {
        return Err(fail("this HTML has too many tags to be a text"));
    }
    let plain = html2text::config::plain_no_decorate()
        .allow_width_overflow()
        .string_from_read(html.as_bytes(), 10_000)
        .map_err(|_| fail("this HTML cannot be read"))?;
    let lines: Vec<&str> = plain.lines().map(str::trim_end).collect();
    Ok(text_or_none(lines.join("\n").trim()))
}

/// `text_to_html`
pub(super) static TEXT_TO_HTML: Function = Function {
    name: "text_to_html",
    group: Group::Text,
    params: &[value("text", "text")],
    gives: "text",
    doc: "The text as HTML that shows it: `<`, `>`, `&` and quotes escaped, an empty line as a new paragraph, a line end as `<br>`.",
    examples: &[
        (
            "\"Salt & pepper\" | text_to_html",
            "\"<p>Salt &amp; pepper</p>\"",
        ),
        ("\"a\\nb\" | text_to_html", "\"<p>a<br>b</p>\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            gives(Kind::Text(None))
        })
    },
    eval: |args| {
        let whole = args.text(0)?.replace("\r\n", "\n");
        let paragraphs: Vec<String> = whole
            .split("\n\n")
            .map(|paragraph| paragraph.trim_matches('\n'))
            .filter(|paragraph| !paragraph.trim().is_empty())
            .map(|paragraph| format!("<p>{}</p>", escaped(paragraph).replace('\n', "<br>")))
            .collect();
        Ok(text(paragraphs.concat()))
    },
};

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
