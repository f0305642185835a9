//! Countries, VAT territories and currencies out of what people and systems write.

use super::kit::{self, fail, gives, optional, perhaps, text, value, wrong};
use crate::function::{Function, Group};
use crate::places;
use crate::rates;
use crate::types::Kind;
use crate::value::{Code, Value};

/// `country`
pub(super) static COUNTRY: Function = Function {
    name: "country",
    group: Group::Code,
    params: &[value("of", "text or territory")],
    gives: "country? of a text, country of a territory",
    doc: "The country of a code (SE, SWE, UK, EL) or a name (English or the country's own for those of Europe), in any case; none where it is not known: \
          say `else fail \"…\"`. Of a territory it is the country that it belongs to: of IC it is ES, of XI GB.",
    examples: &[
        ("\"Sweden\" | country else NL", "SE"),
        ("\"nederland\" | country else SE", "NL"),
        ("\"UK\" | country else SE", "GB"),
        ("\"Atlantis\" | country else SE", "SE"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| match t.kind(0) {
            Kind::Territory | Kind::Country => gives(Kind::Country),
            _ => {
                t.text(0)?;
                perhaps(Kind::Country)
            }
        })
    },
    eval: |args| match args.value(0) {
        Value::Country(code) => Ok(Value::Country(*code)),
        Value::Territory(code) => Ok(Value::Country(places::country_of(*code))),
        _ => Ok(places::country_named(&args.text(0)?).map_or(Value::None, Value::Country)),
    },
};

/// `country_name`
pub(super) static COUNTRY_NAME: Function = Function {
    name: "country_name",
    group: Group::Code,
    params: &[value("country", "country or territory")],
    gives: "text",
    doc: "The English name of a country (ISO 3166-1) or VAT territory; its code where it has none.",
    examples: &[("SE | country_name", "\"Sweden\"")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(0)?;
            gives(Kind::Text(None))
        })
    },
    eval: |args| {
        let code = args.country(0)?;
        Ok(text(places::name(code).unwrap_or_else(|| code.to_string())))
    },
};

/// `territory`
pub(super) static TERRITORY: Function = Function {
    name: "territory",
    group: Group::Code,
    params: &[
        value("country", "country"),
        optional("postcode", "text?"),
        optional("city", "text?"),
    ],
    gives: "territory",
    doc: "The VAT territory of an address: the country, or the part of it that has VAT of its own by its postcode (and town, where several share one): XI Northern Ireland, IC Canary Islands, \
          EA Ceuta and Melilla, AX Åland, XV Livigno, XD Campione, XB Büsingen, XH Heligoland, XT Mount Athos, XJ Jungholz and Mittelberg, XM Madeira, XZ the Azores, MC Monaco, and the French, \
          Dutch, Danish and British parts under their own codes. `in eu` of a territory is membership of the EU's VAT territory. Rules: Directive 2006/112/EC, articles 5 to 7.",
    examples: &[
        ("territory(ES, \"35001\", none) in eu", "false"),
        ("territory(GB, \"BT1 5GS\", \"Belfast\") in eu", "true"),
        ("territory(IT, \"23030\", \"Livigno\") in eu", "false"),
        ("territory(IT, \"23030\", \"Sondalo\") in eu", "true"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(0)?;
            t.text_or_nothing(1)?;
            t.text_or_nothing(2)?;
            gives(Kind::Territory)
        })
    },
    eval: |args| {
        let country = args.country(0)?;
        let postcode = args.text_or(1, "")?;
        let city = args.text_or(2, "")?;
        Ok(Value::Territory(places::territory(
            country, &postcode, &city,
        )))
    },
};

/// `standard_vat_rate`
pub(super) static STANDARD_VAT_RATE: Function = Function {
    name: "standard_vat_rate",
    group: Group::Code,
    params: &[value("place", "country or territory"), value("day", "date")],
    gives: "percent?",
    doc: "The standard rate of VAT of a territory on a day: the EU's members with their territories of other rates, Great Britain, Norway, Switzerland, Liechtenstein, Iceland. \
          None where it is not known, or where there is no VAT of ours. Reduced rates hang on what is sold: keep them in a table.",
    examples: &[
        ("standard_vat_rate(SE, 2026-01-01) else 0%", "25%"),
        ("standard_vat_rate(DE, 2020-07-01) else 0%", "16%"),
        (
            "standard_vat_rate(territory(AT, \"6691\", none), 2026-01-01) else 0%",
            "19%",
        ),
        ("standard_vat_rate(US, 2026-01-01) else 0%", "0%"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(0)?;
            t.date(1)?;
            perhaps(Kind::Percent)
        })
    },
    eval: |args| {
        let (place, day) = (args.country(0)?, args.date(1)?);
        Ok(rates::standard(place, day).map_or(Value::None, Value::Percent))
    },
};

/// `vat_prefix`
pub(super) static VAT_PREFIX: Function = Function {
    name: "vat_prefix",
    group: Group::Code,
    params: &[value("country", "country or territory")],
    gives: "text(2)",
    doc: "The letters before a VAT number of that country: its code, but EL for Greece, FR for Monaco, XI for Northern Ireland, GB for the Isle of Man.",
    examples: &[("GR | vat_prefix", "\"EL\""), ("SE | vat_prefix", "\"SE\"")],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(0)?;
            gives(Kind::Text(Some(2)))
        })
    },
    eval: |args| Ok(text(places::vat_prefix(args.country(0)?).as_str())),
};

/// `currency`
pub(super) static CURRENCY: Function = Function {
    name: "currency",
    group: Group::Code,
    params: &[value("code", "text")],
    gives: "currency?",
    doc: "The currency of a code (ISO 4217) or sign that only one has (€, £, zł); none where it is not known. `kr` and `$` are several.",
    examples: &[
        ("\"eur\" | currency else SEK", "EUR"),
        ("\"€\" | currency else SEK", "EUR"),
        ("\"kr\" | currency else SEK", "SEK"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            if *t.kind(0) == Kind::Currency {
                return Err(wrong(0, "takes a text, and this is a currency already"));
            }
            t.text(0)?;
            perhaps(Kind::Currency)
        })
    },
    eval: |args| {
        let written = args.text(0)?;
        let code = match written.trim() {
            "€" => "EUR",
            "£" => "GBP",
            "zł" => "PLN",
            "Kč" => "CZK",
            other => other,
        };
        Ok(Code::new(code)
            .filter(|code| places::is_currency(*code))
            .map_or(Value::None, Value::Currency))
    },
};

/// `country_currency`
pub(super) static COUNTRY_CURRENCY: Function = Function {
    name: "country_currency",
    group: Group::Code,
    params: &[value("country", "country"), value("day", "date")],
    gives: "currency",
    doc: "The currency of a country of Europe on a day: the euro from the day of its adoption, its own before. Fails for countries that it does not know.",
    examples: &[
        ("country_currency(SE, 2026-01-01)", "SEK"),
        ("country_currency(BG, 2025-12-31)", "BGN"),
        ("country_currency(BG, 2026-01-01)", "EUR"),
    ],
    check: |t| {
        kit::unless_reported(t, |t| {
            t.country(0)?;
            t.date(1)?;
            gives(Kind::Currency)
        })
    },
    eval: |args| {
        let (country, day) = (args.country(0)?, args.date(1)?);
        places::currency_of(country, day)
            .map(Value::Currency)
            .ok_or_else(|| {
                fail(format!(
                    "the currency of {country} on {day} is not known here"
                ))
            })
    },
};
