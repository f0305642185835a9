//! The reference of the standard functions as markdown, made from their declarations: what `flowbook doc std` prints and `stdlib/FUNCTIONS.md` holds.

use std::fmt::Write as _;

use crate::function::{Function, Group, Param, ParamKind};
use crate::functions;
use crate::places;

/// The groups in the order of the reference, with their titles.
const GROUPS: &[(Group, &str)] = &[
    (Group::Text, "Texts"),
    (Group::Number, "Numbers"),
    (Group::Money, "Money and VAT"),
    (Group::List, "Lists"),
    (Group::Date, "Dates and times"),
    (Group::Code, "Countries, currencies and identifiers"),
];

/// All functions, by group, and the sets of countries.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Standard functions\n\n\
         A pipe fills the first parameter: `x | f(y)` is `f(x, y)`. An absent value passes by a pipe. A parameter with `?` may be left out; one with a dot \
         is an expression over the items of the list: `sum(.total)`. Nothing here writes, asks a system, or knows what day it is.\n",
    );
    for (group, title) in GROUPS {
        let _ = write!(page, "\n## {title}\n");
        for function in functions::ALL
            .iter()
            .filter(|function| function.group == *group)
        {
            page.push_str(&entry(function));
        }
    }
    page.push_str(
        "\n## Sets of countries and territories\n\n\
         For cells of tables and `x in eu`. In a table with `at date` they are the members on that day, elsewhere by the newest list. \
         A `country` counts by its main territory; a `territory` by itself.\n\n",
    );
    for set in places::sets() {
        let members = places::members(set, None).unwrap_or_default();
        let shown = if members.len() > 60 {
            "all countries and territories".to_owned()
        } else {
            members
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let _ = writeln!(page, "- `{set}`: {shown}");
    }
    page
}

/// One function: its signature, what it does, examples.
pub fn entry(function: &Function) -> String {
    let mut text = format!(
        "\n### `{}` → {}\n\n{}\n",
        signature(function),
        function.gives,
        function.doc
    );
    if !function.params.is_empty() {
        let params: Vec<String> = function
            .params
            .iter()
            .map(|param| format!("`{}`: {}", param.name, param.takes))
            .collect();
        let _ = write!(text, "\nTakes {}.\n", params.join("; "));
    }
    if !function.examples.is_empty() {
        text.push_str("\n```flow\n");
        let widest = function
            .examples
            .iter()
            .map(|(expression, _)| expression.chars().count())
            .filter(|width| *width <= 72)
            .max()
            .unwrap_or(0);
        for (expression, expected) in function.examples {
            let verb = if expected.starts_with("fails ") {
                ""
            } else {
                "= "
            };
            let _ = writeln!(text, "{expression:widest$}   // {verb}{expected}");
        }
        text.push_str("```\n");
    }
    text
}

/// `round(number, decimals?, mode?)`
pub fn signature(function: &Function) -> String {
    let params: Vec<String> = function.params.iter().map(parameter).collect();
    format!("{}({})", function.name, params.join(", "))
}

fn parameter(param: &Param) -> String {
    match param.kind {
        ParamKind::Value | ParamKind::Optional => param.name.to_owned(),
        ParamKind::Default => format!("{}?", param.name),
        ParamKind::Each(_) => format!(".{}", param.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_FUNCTIONS=1 cargo test -p flowbook-stdlib reference` writes the page anew.
    #[test]
    fn the_committed_page_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FUNCTIONS.md");
        if std::env::var_os("UPDATE_FUNCTIONS").is_some() {
            std::fs::write(path, markdown()).expect("FUNCTIONS.md can be written");
        }
        let committed = std::fs::read_to_string(path).expect("FUNCTIONS.md is there");
        similar_or_say_how(&committed, &markdown());
    }

    fn similar_or_say_how(committed: &str, generated: &str) {
        for (number, (old, new)) in committed.lines().zip(generated.lines()).enumerate() {
            assert_eq!(
                old,
                new,
                "line {} of FUNCTIONS.md; UPDATE_FUNCTIONS=1 writes it anew",
                number + 1
            );
        }
        assert_eq!(
            committed.lines().count(),
            generated.lines().count(),
            "UPDATE_FUNCTIONS=1 writes it anew"
        );
    }

    #[test]
    fn every_function_stands_in_one_group() {
        let page = markdown();
        for function in functions::ALL {
            let heading = format!("### `{}(", function.name);
            assert_eq!(page.matches(&heading).count(), 1, "{}", function.name);
        }
    }

    #[test]
    fn an_entry_has_signature_doc_and_examples() {
        insta::assert_snapshot!(functions::find("points").map(entry).unwrap_or_default());
    }
}
