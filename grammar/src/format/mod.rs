//! Text → the one formatting of it. In: text without syntax errors. Out: the same tokens and comments in the same order, other blanks.
//!
//! The writer's line ends are kept, since a short record reads best on one line and a long one on many; what stands on a line, how far it is
//! indented and what is aligned is decided here. So formatting can lose neither a word nor a comment, and formatting twice changes nothing.

mod columns;
mod layout;
mod space;
mod tidy;
mod token;
mod wrap;

use crate::error::SyntaxError;
use crate::parse::parse;
use crate::span::FileId;

/// Widest line that is left alone, in characters.
pub const WIDEST: usize = 120;

/// Rounds of breaking long lines: each goes one level of brackets deeper, and brackets are bounded.
const ROUNDS: usize = 2 * crate::scan::DEEPEST;

/// The one formatting of a file, or every syntax error in it.
///
/// ```
/// let neat = flowbook_grammar::format("zone   \"Europe/Stockholm\"").expect("it can be read");
/// assert_eq!(neat, "zone \"Europe/Stockholm\"\n");
/// ```
///
/// # Errors
/// What cannot be read cannot be formatted: all its syntax errors, as [`parse`] gives them for file 0.
pub fn format(text: &str) -> Result<String, Vec<SyntaxError>> {
    let parsed = parse(FileId(0), text);
    if !parsed.errors.is_empty() {
        return Err(parsed.errors);
    }
    let mut tokens = token::tokens(text);
    for _ in 0..ROUNDS {
        tidy::tidy(&mut tokens);
        let lines = layout::lines(&tokens);
        if !wrap::wrap(&mut tokens, &lines) {
            return Ok(layout::text(&lines));
        }
    }
    tidy::tidy(&mut tokens);
    Ok(layout::text(&layout::lines(&tokens)))
}
