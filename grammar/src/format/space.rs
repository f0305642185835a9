//! Blanks between two tokens of one line.

use super::token::{Kind, Token};
use crate::build::Rule;

/// The tokens on one line.
pub(super) fn joined(tokens: &[Token]) -> String {
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if at > 0 && spaced(&tokens[at - 1], token) {
            out.push(' ');
        }
        out.push_str(&token.text);
    }
    out
}

/// Whether a blank stands between them.
fn spaced(left: &Token, right: &Token) -> bool {
    match (left.kind, right.kind) {
        (Kind::Open, Kind::Close) => false,
        (Kind::Open, _) => left.text == "{",
        (_, Kind::Close) => right.text == "}",
        (Kind::Prefix | Kind::Dot, _) => false,
        (_, Kind::Comma | Kind::Colon | Kind::Dot | Kind::Suffix) => false,
        // brackets that belong to the name in front of them
        (_, Kind::Open) if right.text == "(" => {
            matches!(right.rule, Rule::paren | Rule::tparen)
        }
        (_, Kind::Open) if right.text == "[" => right.rule != Rule::lookup,
        _ => true,
    }
}
