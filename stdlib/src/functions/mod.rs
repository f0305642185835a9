//! The standard functions: what a flow can call. Each is one [`Function`] value: name, parameters, type rule, doc, examples and code in one place.
//!
//! Comes in: types and constants of arguments (type rules), values of arguments (code). Goes out: a type, a value, or a sentence that says why not.
//! Functions write nothing, ask nothing, know no clock and no chance. `stdlib/README.md` says how to add one.

mod basis;
mod date;
mod html;
mod identifier;
mod kit;
mod list;
mod money;
mod number;
mod place;
mod size;
mod text;
mod total;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::function::Function;

/// All functions, by group as the reference shows them.
pub static ALL: &[&Function] = &[
    &text::TEXT,
    &text::TRIM,
    &text::SQUEEZE,
    &text::NONBLANK,
    &text::UPPER,
    &text::LOWER,
    &text::CAPITALIZE,
    &text::LENGTH,
    &text::STARTS_WITH,
    &text::ENDS_WITH,
    &text::CONTAINS,
    &text::REPLACE,
    &text::SPLIT,
    &text::JOIN,
    &text::TEXT_BEFORE,
    &text::TEXT_AFTER,
    &text::PAD_LEFT,
    &text::PAD_RIGHT,
    &text::DIGITS,
    &text::ASCII,
    &text::SLUG,
    &size::SHORTEN,
    &size::FITS,
    &html::HTML_TO_TEXT,
    &html::TEXT_TO_HTML,
    &size::ROUND,
    &number::CEIL,
    &number::FLOOR,
    &number::ABS,
    &number::MIN,
    &number::MAX,
    &number::ADD,
    &number::INT,
    &number::DECIMAL,
    &number::PERCENT,
    &number::POINTS,
    &basis::EXCL_VAT,
    &basis::INCL_VAT,
    &basis::IN_BASIS,
    &basis::EITHER,
    &basis::AS_INCL,
    &basis::AS_EXCL,
    &basis::PLAIN,
    &basis::INCLUDES_VAT,
    &basis::VAT_OF,
    &money::ALLOCATE,
    &money::SHARE,
    &money::CURRENCY_OF,
    &money::IN_CURRENCY,
    &money::MINOR_UNIT,
    &list::COUNT,
    &total::SUM,
    &total::AVERAGE,
    &list::ANY,
    &list::ALL,
    &list::FIND,
    &list::FIRST,
    &list::LAST,
    &list::NTH,
    &list::SKIP_FIRST,
    &list::KEEP_FIRST,
    &list::SORT,
    &list::REVERSE,
    &list::DISTINCT,
    &list::GROUP,
    &list::FLATTEN,
    &date::DATE,
    &date::TIME_OF_DAY,
    &date::DATETIME,
    &date::YEAR,
    &date::QUARTER,
    &date::MONTH,
    &date::WEEK,
    &date::DAY_OF_MONTH,
    &date::WEEKDAY,
    &date::START_OF_MONTH,
    &date::END_OF_MONTH,
    &date::START_OF_YEAR,
    &date::END_OF_YEAR,
    &date::ADD_MONTHS,
    &date::NEXT_WORKDAY,
    &date::DAYS_BETWEEN,
    &date::FORMAT_DATE,
    &place::COUNTRY,
    &place::COUNTRY_NAME,
    &place::TERRITORY,
    &place::STANDARD_VAT_RATE,
    &place::VAT_PREFIX,
    &place::CURRENCY,
    &place::COUNTRY_CURRENCY,
    &identifier::VAT_NUMBER,
    &identifier::IS_VAT_NUMBER,
    &identifier::ORGANISATION_NUMBER,
    &identifier::LUHN,
    &identifier::IBAN,
    &identifier::IS_IBAN,
    &identifier::EAN,
    &identifier::IS_EAN,
    &identifier::EMAIL,
    &identifier::IS_EMAIL,
    &identifier::PHONE,
    &identifier::AS_ACCOUNT,
    &identifier::UUID,
    &identifier::DERIVE,
];

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Function>> = LazyLock::new(|| {
        ALL.iter()
            .map(|function| (function.name, *function))
            .collect()
    });
    BY_NAME.get(name).copied()
}
