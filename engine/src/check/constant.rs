//! Literals and constants: text → value, as the type of its place expects.

use flowbook_grammar::{Span, ast};
use flowbook_stdlib::types::{Kind, Type};
use flowbook_stdlib::value::Value;

/// Why a literal does not go where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// A whole sentence.
    pub message: String,
    /// A concrete fix.
    pub help: Option<String>,
}

/// A literal as the type of its place expects it: `3001` is an account where one is expected. Its own type is the narrowest; whether that
/// fits the place is left to who asks, except where the letters decide it (names of sets, e-mail addresses, UUIDs).
pub(crate) fn literal(
    literal: &ast::Literal,
    expected: Option<&Type>,
) -> Result<(Value, Type), Unfit> {
    let _ = (literal, expected);
    Ok((Value::None, Type::new(Kind::Nothing).optional()))
}

/// A constant: what settings, defaults and fields of CSV cells take. It fits `ty`.
pub(crate) fn constant(expr: &ast::Expr, ty: &Type) -> Result<Value, (Span, Unfit)> {
    let _ = (expr, ty);
    Ok(Value::None)
}
