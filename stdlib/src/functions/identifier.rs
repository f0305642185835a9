//! Identifiers and their check digits: VAT numbers, bank accounts, barcodes, organisation numbers, e-mail addresses, telephone numbers, UUIDs, accounts.
//!
//! What names a party by law (`vat_number`, `iban`, `organisation_number`, `email`) fails where it is wrong, since a person must look; `is_…` asks before.
//! What is a matter of habit (`ean`, `phone`) does not fail.

use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::kit::{
    self, Given, Rule, default, fail, gives, perhaps, text, text_or_none, value, wrong,
};
use crate::display::in_message;
use crate::function::{Args, Function, Group, Typing};
use crate::places;
use crate::types::Kind;
use crate::value::{Code, Value};

fn is_code(t: &Typing<'_>) -> Rule {
    t.text(0)?;
    gives(Kind::Bool)
}

/// Letters and digits in capitals, without the blanks, dots and hyphens that people put between them.
fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/' | '–'))
        .collect::<String>()
        .to_uppercase()
}

/// `vat_number`
pub(super) static VAT_NUMBER: Function = Function {
    name: "vat_number",
    group: Group::Code,
    params: &[value("number", "text"), value("country", "country")],
    gives: "text(20)",
    doc: "A VAT number as the books and VIES want it: with its prefix (EL for Greece), in capitals, without blanks; the prefix is put in front where it is missing. \
          Fails where form or check digits are wrong for the country, or where the prefix is another country's. Whether it is registered only VIES knows.",
    examples: &[
        (
            "\"nl 0044.95.445.b01\" | vat_number(NL)",
            "\"NL004495445B01\"",
        ),
        ("\"004495445B01\" | vat_number(NL)", "\"NL004495445B01\""),
        ("\"XI980780684\" | vat_number(GB)", "\"XI980780684\""),
        ("\"NL123\" | vat_number(NL)", "fails \"no VAT number\""),
        (
            "\"NL004495445B01\" | vat_number(SE)",
            "fails \"no VAT number of SE\"",
        ),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            t.country(1)?;
            gives(Kind::Text(Some(20)))
        })
    },
    eval: |args| {
        let (number, country) = (args.text(0)?, args.country(1)?);
        vat_number(&number, country).map(text).ok_or_else(|| {
            fail(format!(
                "{} is no VAT number of {country}: its form or its check digits are wrong; ask the customer for it",
                in_message(args.value(0))
            ))
        })
    },
};

/// `is_vat_number`
pub(super) static IS_VAT_NUMBER: Function = Function {
    name: "is_vat_number",
    group: Group::Code,
    params: &[value("number", "text"), value("country", "country")],
    gives: "bool",
    doc: "Whether `vat_number` would take it.",
    examples: &[
        ("\"NL004495445B01\" | is_vat_number(NL)", "true"),
        ("\"no idea\" | is_vat_number(NL)", "false"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(1)?;
            is_code(t)
        })
    },
    eval: |args| {
        Ok(Value::Bool(
            vat_number(&args.text(0)?, args.country(1)?).is_some(),
        ))
    },
};

/// The most characters that a VAT number has, with room for what people put between them.
const MOST_OF_VAT_NUMBER: usize = 40;

/// With prefix, if form and check digits are right.
fn vat_number(number: &str, country: Code<2>) -> Option<String> {
    let number = compact(number);
    // ASCII only: the validator takes other digits for digits, and fails over them.
    if number.len() > MOST_OF_VAT_NUMBER || !number.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return None;
    }
    // A customer in Northern Ireland has a British address, and a number of its own for goods.
    let northern = country.as_str() == "GB" && number.starts_with("XI");
    let prefix = match Code::new("XI").filter(|_| northern) {
        Some(prefix) => prefix,
        None => places::vat_prefix(country),
    };
    let rest = number
        .strip_prefix(prefix.as_str())
        .or_else(|| {
            number
                .strip_prefix(country.as_str())
                .filter(|_| prefix != country)
        })
        .unwrap_or(&number);
    let whole = format!("{prefix}{rest}");
    // Northern Ireland's are British ones under another prefix.
    let (checked, rules) = match prefix.as_str() {
        "XI" => (format!("GB{rest}"), "GB"),
        prefix => (whole.clone(), prefix),
    };
    let known = vat_id_validator::check_vat_by_country(&checked, rules);
    if known.is_supported_country {
        return (known.is_valid && whole.len() <= 20).then_some(whole);
    }
    // Of countries outside Europe nothing is known but that it is no empty text.
    (rest.len() >= 4 && rest.bytes().any(|byte| byte.is_ascii_digit()) && rest.len() <= 18)
        .then_some(whole)
}

/// `iban`
pub(super) static IBAN: Function = Function {
    name: "iban",
    group: Group::Code,
    params: &[value("number", "text")],
    gives: "text(34)",
    doc: "A bank account number as IBAN, in capitals without blanks. Fails where its length or check digits are wrong for its country.",
    examples: &[
        (
            "\"se45 5000 0000 0583 9825 7466\" | iban",
            "\"SE4550000000058398257466\"",
        ),
        ("\"SE4550000000058398257467\" | iban", "fails \"no IBAN\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            gives(Kind::Text(Some(34)))
        })
    },
    eval: |args| {
        iban(&args.text(0)?).map(text).ok_or_else(|| {
            fail(format!(
                "{} is no IBAN: its length or check digits are wrong",
                in_message(args.value(0))
            ))
        })
    },
};

/// `is_iban`
pub(super) static IS_IBAN: Function = Function {
    name: "is_iban",
    group: Group::Code,
    params: &[value("number", "text")],
    gives: "bool",
    doc: "Whether `iban` would take it.",
    examples: &[("\"SE45 5000 0000 0583 9825 7466\" | is_iban", "true")],
    check: |t| kit::unless_reported(t, is_code),
    eval: |args| Ok(Value::Bool(iban(&args.text(0)?).is_some())),
};

fn iban(number: &str) -> Option<String> {
    let number = compact(number);
    iban::Iban::from_str(&number).ok().map(|_| number)
}

/// `ean`
pub(super) static EAN: Function = Function {
    name: "ean",
    group: Group::Code,
    params: &[value("barcode", "text")],
    gives: "text(14)?",
    doc: "A barcode of 8, 12, 13 or 14 digits (EAN, UPC, GTIN) with the right check digit, without blanks; none for anything else, since shops have barcodes of their own.",
    examples: &[
        ("\"4006381 333931\" | ean", "\"4006381333931\""),
        ("\"4006381333932\" | ean else \"own code\"", "\"own code\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            perhaps(Kind::Text(Some(14)))
        })
    },
    eval: |args| Ok(ean(&args.text(0)?).map_or(Value::None, text)),
};

/// `is_ean`
pub(super) static IS_EAN: Function = Function {
    name: "is_ean",
    group: Group::Code,
    params: &[value("barcode", "text")],
    gives: "bool",
    doc: "Whether it is a barcode of 8, 12, 13 or 14 digits (EAN, UPC, GTIN) with the right check digit.",
    examples: &[
        ("\"4006381333931\" | is_ean", "true"),
        ("\"12345\" | is_ean", "false"),
    ],
    check: |t| kit::unless_reported(t, is_code),
    eval: |args| Ok(Value::Bool(ean(&args.text(0)?).is_some())),
};

/// GS1: digits from the right count 1, 3, 1, 3 …; the sum is a multiple of ten.
fn ean(barcode: &str) -> Option<String> {
    let code = compact(barcode);
    if !matches!(code.len(), 8 | 12 | 13 | 14) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = code
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 })
        .sum();
    (sum.is_multiple_of(10) && sum > 0).then_some(code)
}

/// `luhn`
pub(super) static LUHN: Function = Function {
    name: "luhn",
    group: Group::Code,
    params: &[value("number", "text")],
    gives: "bool",
    doc: "Whether the last digit is the check digit of the others by Luhn's rule (ISO/IEC 7812-1, annex B), as on bankgiro, OCR and card numbers. Blanks and hyphens do not count.",
    examples: &[
        ("\"4111 1111 1111 1112\" | luhn", "false"),
        ("\"4111 1111 1111 1111\" | luhn", "true"),
    ],
    check: |t| kit::unless_reported(t, is_code),
    eval: |args| Ok(Value::Bool(luhn(&compact(&args.text(0)?)))),
};

/// Every second digit from the right counts double, by its digit sum; the sum is a multiple of ten.
fn luhn(digits: &str) -> bool {
    if digits.len() < 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(
            |(place, digit)| match (u32::from(digit - b'0'), place % 2) {
                (digit, 0) => digit,
                (digit, _) => digit * 2 / 10 + digit * 2 % 10,
            },
        )
        .sum();
    sum.is_multiple_of(10)
}

/// `organisation_number`
pub(super) static ORGANISATION_NUMBER: Function = Function {
    name: "organisation_number",
    group: Group::Code,
    params: &[value("number", "text"), default("country", "country; SE")],
    gives: "text(20)",
    doc: "The number under which an organisation or sole trader is registered, as its country writes it: SE 556016-0680 (ten digits, the last by Luhn's rule; of a person's twelve digits the century goes), \
          NO nine digits and DK eight, both by weights modulo 11, NL eight digits (KvK has no check digit), FI 0112038-9. Fails where it is wrong; of other countries it is trimmed.",
    examples: &[
        ("\"5560160680\" | organisation_number", "\"556016-0680\""),
        (
            "\"556016-0681\" | organisation_number",
            "fails \"check digit\"",
        ),
        ("\"974 760 673\" | organisation_number(NO)", "\"974760673\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            t.country(1)?;
            gives(Kind::Text(Some(20)))
        })
    },
    eval: organisation_number,
};

fn organisation_number(args: &mut Args<'_>) -> Given {
    let number = args.text(0)?;
    let country = if args.has(1) {
        args.country(1)?.to_string()
    } else {
        "SE".to_owned()
    };
    let digits = compact(&number);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let known = match country.as_str() {
        "SE" if plain && digits.len() == 12 => swedish(&digits[2..]),
        "SE" if plain => swedish(&digits),
        "NO" if plain => (digits.len() == 9 && modulo_11(&digits, &[3, 2, 7, 6, 5, 4, 3, 2, 1]))
            .then(|| digits.clone()),
        "DK" if plain => (digits.len() == 8 && modulo_11(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]))
            .then(|| digits.clone()),
        "FI" if plain && digits.len() == 8 && modulo_11(&digits, &[7, 9, 10, 5, 8, 4, 2, 1]) => {
            Some(format!("{}-{}", &digits[..7], &digits[7..]))
        }
        "NL" if plain => (digits.len() == 8).then(|| digits.clone()),
        "SE" | "NO" | "DK" | "NL" | "FI" => None,
        _ => return fitting(args, number.trim()),
    };
    known.map(text).ok_or_else(|| {
        fail(format!(
            "{} is no organisation number of {country}: its length or check digit is wrong",
            in_message(args.value(0))
        ))
    })
}

fn fitting(args: &Args<'_>, number: &str) -> Given {
    if number.chars().count() > 20 {
        return Err(fail(format!(
            "{} is too long for an organisation number",
            in_message(args.value(0))
        )));
    }
    Ok(text(number))
}

fn swedish(digits: &str) -> Option<String> {
    (digits.len() == 10 && luhn(digits)).then(|| format!("{}-{}", &digits[..6], &digits[6..]))
}

fn modulo_11(digits: &str, weights: &[u32]) -> bool {
    let sum: u32 = digits
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    sum.is_multiple_of(11) && sum > 0
}

/// `email`
pub(super) static EMAIL: Function = Function {
    name: "email",
    group: Group::Code,
    params: &[value("address", "text")],
    gives: "email",
    doc: "A text as e-mail address, trimmed. Fails where it has not the form of one.",
    examples: &[
        ("\" ann@example.com \" | email", "\"ann@example.com\""),
        ("\"ann@\" | email", "fails \"no e-mail address\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            let bound = t.text(0)?.map(|bound| bound.min(254));
            gives(Kind::Email(bound))
        })
    },
    eval: |args| {
        let address = args.text(0)?;
        if is_email(&address) {
            Ok(Value::Email(address.trim().into()))
        } else {
            Err(fail(format!(
                "{} is no e-mail address",
                in_message(args.value(0))
            )))
        }
    },
};

/// `is_email`
pub(super) static IS_EMAIL: Function = Function {
    name: "is_email",
    group: Group::Code,
    params: &[value("address", "text")],
    gives: "bool",
    doc: "Whether it has the form of an e-mail address.",
    examples: &[
        ("\"ann@example.com\" | is_email", "true"),
        ("\"ann\" | is_email", "false"),
    ],
    check: |t| kit::unless_reported(t, is_code),
    eval: |args| Ok(Value::Bool(is_email(&args.text(0)?))),
};

fn is_email(address: &str) -> bool {
    let address = address.trim();
    address.chars().count() <= 254 && email_address::EmailAddress::is_valid(address)
}

/// `phone`
pub(super) static PHONE: Function = Function {
    name: "phone",
    group: Group::Code,
    params: &[value("number", "text"), value("country", "country")],
    gives: "text?",
    doc: "A telephone number in international form, +46 8 123 45 67; one without a country code is taken as one of the country. What is no valid number stays as it was written, trimmed: a person may still read it. None where it is blank.",
    examples: &[
        ("\"08-123 456 78\" | phone(SE)", "\"+46 8 123 456 78\""),
        ("\"ask for Ann\" | phone(SE)", "\"ask for Ann\""),
        ("\" \" | phone(SE) else \"none\"", "\"none\""),
    ],
    check: |t| kit::unless_reported(t, phone_type),
    eval: phone,
};

fn phone_type(t: &Typing<'_>) -> Rule {
    let bound = t.text(0)?;
    t.country(1)?;
    perhaps(Kind::Text(bound.map(|bound| bound.max(40))))
}

fn phone(args: &mut Args<'_>) -> Given {
    let number = args.text(0)?;
    let number = number.trim();
    let country = args.country(1)?;
    if number.len() > 40 {
        return Ok(text_or_none(number)); // no number is that long
    }
    let home = phonenumber::country::Id::from_str(places::country_of(country).as_str()).ok();
    let known = phonenumber::parse(home, number)
        .ok()
        .filter(|parsed| phonenumber::is_valid(parsed) && parsed.extension().is_none());
    Ok(match known {
        Some(parsed) => text(
            parsed
                .format()
                .mode(phonenumber::Mode::International)
                .to_string(),
        ),
        None => text_or_none(number),
    })
}

/// `uuid`
pub(super) static UUID: Function = Function {
    name: "uuid",
    group: Group::Code,
    params: &[value("text", "text")],
    gives: "uuid",
    doc: "A text as UUID. Fails where it is none.",
    examples: &[("\"nope\" | uuid", "fails \"no UUID\"")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.text(0)?;
            gives(Kind::Uuid)
        })
    },
    eval: |args| {
        args.text(0)?
            .trim()
            .parse()
            .map(Value::Uuid)
            .map_err(|_| fail(format!("{} is no UUID", in_message(args.value(0)))))
    },
};

/// `as_account`
pub(super) static AS_ACCOUNT: Function = Function {
    name: "as_account",
    group: Group::Code,
    params: &[value("number", "text or int")],
    gives: "account",
    doc: "The number of a ledger account, out of a text or a whole number. Fails where it is not made of digits.",
    examples: &[
        ("\"3001\" | as_account", "3001"),
        ("\"cash\" | as_account", "fails \"no account\""),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if !matches!(t.kind(0), Kind::Int | Kind::Account) {
                t.text(0)?;
            }
            gives(Kind::Account)
        })
    },
    eval: |args| {
        let number = match args.value(0) {
            Value::Int(number) => number.to_string(),
            _ => args.text(0)?.trim().to_owned(),
        };
        if number.is_empty()
            || number.len() > 20
            || !number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(fail(format!(
                "{} is no account: accounts are made of digits",
                in_message(args.value(0))
            )));
        }
        Ok(Value::Account(number.into()))
    },
};

/// `derive`
pub(super) static DERIVE: Function = Function {
    name: "derive",
    group: Group::Code,
    params: &[value("from", "text"), default("length", "int, 8 to 43; 24")],
    gives: "text(length)",
    doc: "A secret text, always the same for the same text, that nobody can guess without the flowbook's own secret: letters, digits, `-` and `_` of an HMAC-SHA-256. For fields that must be filled with something unguessable, such as the password of a new customer; a retry sends the same.",
    examples: &[],
    check: |t| kit::unless_reported(t, derive_type),
    eval: derive,
};

fn derive_type(t: &Typing<'_>) -> Rule {
    t.text(0)?;
    let length = match t.count(1, 8)? {
        Some(length) if length > 43 => {
            return Err(wrong(
                1,
                format!("gives at most 43 characters, not {length}"),
            ));
        }
        Some(length) => length,
        None if t.given(1) => 43,
        None => 24,
    };
    gives(Kind::Text(u32::try_from(length).ok()))
}

fn derive(args: &mut Args<'_>) -> Given {
    let from = args.text(0)?;
    let length = args.count(1, 24)?;
    let secret = args.context.secret.as_deref().filter(|secret| !secret.is_empty()).ok_or_else(|| {
        fail("this flowbook has no secret of its own yet, and nothing can be derived without one")
    })?;
    if !(8..=43).contains(&length) {
        return Err(fail(format!(
            "a derived text has 8 to 43 characters, not {length}"
        )));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| fail("the secret of this flowbook cannot be used"))?;
    mac.update(b"flowbook derive 1\0"); // so that no other use of the secret gives the same
    mac.update(from.as_bytes());
    let code = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        mac.finalize().into_bytes(),
    );
    Ok(text(&code[..length.min(code.len())]))
}
