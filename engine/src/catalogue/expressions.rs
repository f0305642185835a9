//! Codes of expressions and types: F0300 to F0449. A page a file, beside this one.

use super::Entry;

macro_rules! entry {
    ($code:literal, $title:literal) => {
        Entry {
            code: $code,
            title: $title,
            page: include_str!(concat!("expressions/", $code, ".md")),
        }
    };
}

pub(super) const CODES: &[Entry] = &[
    entry!("F0300", "A value that nobody named"),
    entry!("F0301", "A call of something that is not there"),
    entry!("F0302", "A name that is taken"),
    entry!("F0303", "A field that the record does not have"),
    entry!("F0304", "A field of something that is no record"),
    entry!("F0305", "A field of no record"),
    entry!("F0306", "A system or resource that is not there"),
    entry!("F0307", "A resource where one record belongs"),
    entry!("F0308", "A map or function without its brackets"),
    entry!("F0310", "Another kind of value than belongs here"),
    entry!(
        "F0311",
        "A value that may be absent, where one must be there"
    ),
    entry!("F0312", "A text that can be too long"),
    entry!("F0313", "A number that can have too many decimals"),
    entry!(
        "F0314",
        "Money including VAT where money without it belongs"
    ),
    entry!("F0315", "A text that a closed set does not have"),
    entry!("F0316", "A field that is needed and not given"),
    entry!("F0317", "A condition that may be absent"),
    entry!("F0318", "A condition that is neither true nor false"),
    entry!("F0320", "Arithmetic with what is no number"),
    entry!("F0321", "Arithmetic with and without VAT"),
    entry!("F0322", "Arithmetic with what may be absent"),
    entry!("F0323", "A text with a hole that may be empty"),
    entry!("F0324", "A record or a list in a text"),
    entry!("F0325", "A comparison of what cannot be equal"),
    entry!("F0326", "A comparison of two values that may be absent"),
    entry!("F0327", "Smaller or larger than what may be absent"),
    entry!("F0328", "Smaller or larger among what has no order"),
    entry!("F0329", "A list compared with something"),
    entry!("F0330", "`in` without a list"),
    entry!("F0331", "A set of places that is not there"),
    entry!("F0332", "Two reasons for one `else`"),
    entry!("F0333", "Two branches without a common type"),
    entry!("F0334", "An `else` that is never reached"),
    entry!("F0335", "A test for absence of what is always there"),
    entry!("F0340", "A list of different things"),
    entry!("F0341", "A list of records with different fields"),
    entry!("F0342", "Going through a list that may be absent"),
    entry!("F0343", "Spreading what cannot be spread"),
    entry!("F0350", "A field that is given twice"),
    entry!("F0352", "`clear` where nothing is written"),
    entry!("F0353", "`on create` outside of a step"),
    entry!("F0360", "Too many or too few arguments"),
    entry!("F0361", "A parameter that is not there, or given twice"),
    entry!("F0362", "An argument that the function does not take"),
    entry!("F0363", "Maps that call each other in a circle"),
    entry!("F0364", "A day on nobody's clock"),
    entry!("F0370", "A key that nothing is found by"),
    entry!("F0372", "A key that names a field twice"),
    entry!("F0373", "A link of what has none"),
    entry!("F0374", "A lookup in what is no resource"),
    entry!("F0375", "Reading a field that is only written"),
    entry!("F0380", "A setting that nothing uses"),
    entry!("F0381", "A map that nothing calls"),
    entry!("F0382", "A table that nothing asks"),
    entry!("F0383", "A type that nothing has"),
    entry!("F0384", "A name that nothing uses"),
    entry!("F0390", "A literal that stands for nothing"),
];
