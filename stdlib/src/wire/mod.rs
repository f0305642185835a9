//! The wire: a vendor's JSON becomes values by a shape, and values become JSON again.
//!
//! Numbers are read from their digits and written with them; no float and no tree of JSON values stands in between. Reading is lenient: what
//! does not fit its field becomes [`Value::Bad`](crate::value::Value::Bad) there, and the record goes on. Writing is strict.

mod decode;
mod encode;
mod number;
mod overlay;
mod scalar;

pub use decode::{Habits, Holder, MISSING, Reader, Unreadable};
pub use encode::{Unwritable, encode, encode_to, written};
pub use number::decimal;
pub use overlay::{object, overlay};

#[cfg(test)]
mod tests;
