//! What the grammar would have taken, where nothing better can be said.

use pest::error::ErrorVariant;

use super::Said;
use super::here::Here;
use crate::build::Rule;

pub(super) fn say(here: &Here<'_>, variant: &ErrorVariant<Rule>) -> Said {
    let mut words: Vec<&'static str> = Vec::new();
    if let ErrorVariant::ParsingError { positives, .. } = variant {
        for rule in positives {
            if let Some(word) = spoken(*rule)
                && !words.contains(&word)
            {
                words.push(word);
            }
        }
    }
    let found = match here.token() {
        "" | "\n" => "the line ends here".to_owned(),
        token => format!("`{token}` was not expected"),
    };
    let expected = match words.as_slice() {
        [] => String::new(),
        [one] => format!("expected {one}"),
        [first, second] => format!("expected {first} or {second}"),
        [first, second, third, rest @ ..] => format!(
            "expected {first}, {second} or {third}{}",
            if rest.is_empty() { "" } else { ", say" }
        ),
    };
    let (message, label) = if expected.is_empty() {
        (
            format!("This cannot be read: {found}."),
            "cannot be read".to_owned(),
        )
    } else {
        (
            format!("This cannot be read: {found}; {expected}."),
            expected,
        )
    };
    Said {
        code: "F0018",
        message,
        label,
        help: None,
    }
}

/// What a rule is called, where naming it helps.
fn spoken(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::arrow => "`=>`",
        Rule::expr | Rule::chain | Rule::sum | Rule::postfix | Rule::atom | Rule::literal => {
            "a value"
        }
        Rule::name | Rule::fname | Rule::callname => "a name",
        Rule::tname => "a type's name",
        Rule::type_ | Rule::tatom | Rule::tref => "a type",
        Rule::word | Rule::path => "a name",
        Rule::string => "a text in quotes",
        Rule::number | Rule::digits => "a number",
        Rule::date => "a date such as 2026-03-01",
        Rule::span => "a span of time such as 30 days",
        Rule::record | Rule::recordtype | Rule::block | Rule::dblock => "`{`",
        Rule::rows | Rule::arows => "`{` with rows",
        Rule::params => "`(` with parameters",
        Rule::row | Rule::arow | Rule::cell => "a row",
        Rule::stmt => "a statement",
        Rule::tstmt => "`set`, `given` or `expect`",
        Rule::ditem => "a line of a connector",
        Rule::field | Rule::value => "a field",
        Rule::k_if => "`if`",
        Rule::k_by | Rule::clause => "`by`",
        Rule::key | Rule::keyfield => "a key such as `Number = x`",
        _ => return None,
    })
}
