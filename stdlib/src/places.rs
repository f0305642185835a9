//! Countries, VAT territories and the dated sets of them that flow text names: `eu`, `world`, `nordic`, …
//!
//! Data in `stdlib/tables`: `sets.csv` says who is in a set from when until when (both days inclusive), `territories.csv` which postcodes of a country
//! lie in a VAT territory of their own. `eu` is a set of VAT territories: Northern Ireland is in it, the Canary Islands and Åland are not; a country
//! counts by its main territory. The checker proves tables with [`members`], [`changes`], [`countries`] and [`territories`]; running flows ask [`contains`].

use std::sync::LazyLock;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::value::Code;

/// A stay in a set.
struct Stay {
    member: Code<2>,
    from: Option<Date>,
    until: Option<Date>,
}

impl Stay {
    /// Whether it holds on that day; without a day, by the newest list.
    fn holds(&self, date: Option<Date>) -> bool {
        match date {
            Some(date) => {
                self.from.is_none_or(|from| from <= date)
                    && self.until.is_none_or(|until| date <= until)
            }
            None => self.until.is_none(),
        }
    }
}

/// Where a postcode lies.
struct Area {
    code: Code<2>,
    name: String,
    country: Code<2>,
    postcodes: Vec<Postcodes>,
    /// The town, in small ASCII letters, where the postcode is shared with others.
    city: String,
}

enum Postcodes {
    /// All that begin so.
    Start(String),
    /// All between two numbers of as many digits, by their beginning.
    Between(u32, u32, usize),
}

/// The set of everything.
const WORLD: &str = "world";

static SETS: LazyLock<FxHashMap<String, Vec<Stay>>> = LazyLock::new(|| {
    let mut sets: FxHashMap<String, Vec<Stay>> = FxHashMap::default();
    for row in rows(include_str!("../tables/sets.csv")) {
        let [set, member, from, until] = row.as_slice() else {
            continue;
        };
        if let Some(member) = Code::new(member) {
            sets.entry(set.clone()).or_default().push(Stay {
                member,
                from: from.parse().ok(),
                until: until.parse().ok(),
            });
        }
    }
    sets
});

static AREAS: LazyLock<Vec<Area>> = LazyLock::new(|| {
    let mut areas = Vec::new();
    for row in rows(include_str!("../tables/territories.csv")) {
        let [code, name, country, postcodes, city] = row.as_slice() else {
            continue;
        };
        if let (Some(code), Some(country)) = (Code::new(code), Code::new(country)) {
            areas.push(Area {
                code,
                name: name.clone(),
                country,
                postcodes: postcodes.split('|').map(postcodes_of).collect(),
                city: city.clone(),
            });
        }
    }
    areas
});

/// Rows of a table that comes with the library, without its heading.
fn rows(text: &'static str) -> impl Iterator<Item = Vec<String>> {
    csv::Reader::from_reader(text.as_bytes())
        .into_records()
        .filter_map(Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect())
}

fn postcodes_of(text: &str) -> Postcodes {
    let range = text.split_once('-').and_then(|(from, to)| {
        Some(Postcodes::Between(
            from.parse().ok()?,
            to.parse().ok()?,
            from.len(),
        ))
    });
    range.unwrap_or_else(|| Postcodes::Start(text.to_owned()))
}

impl Postcodes {
    /// How many characters of the postcode it goes by, if the postcode is one of these.
    fn takes(&self, postcode: &str) -> Option<usize> {
        match self {
            Postcodes::Start(start) => postcode.starts_with(start.as_str()).then_some(start.len()),
            Postcodes::Between(from, to, digits) => {
                let number: u32 = postcode.get(..*digits)?.parse().ok()?;
                (*from..=*to).contains(&number).then_some(*digits)
            }
        }
    }
}

static COUNTRIES: LazyLock<Vec<Code<2>>> = LazyLock::new(|| {
    let mut codes: Vec<Code<2>> = celes::Country::get_countries()
        .iter()
        .filter_map(|country| Code::new(country.alpha2))
        .chain(Code::new("XK")) // Kosovo: no ISO code, but what all systems use
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
});

static TERRITORIES: LazyLock<Vec<Code<2>>> = LazyLock::new(|| {
    let mut codes = COUNTRIES.clone();
    codes.extend(AREAS.iter().map(|area| area.code));
    codes.sort_unstable();
    codes.dedup();
    codes
});

/// All countries (ISO 3166-1 and XK), in the order of their codes: what a `country` can be.
pub fn countries() -> &'static [Code<2>] {
    &COUNTRIES
}

/// All VAT territories, the countries among them, in the order of their codes: what a `territory` can be.
pub fn territories() -> &'static [Code<2>] {
    &TERRITORIES
}

/// Whether it is a currency of ISO 4217, present or past.
pub fn is_currency(code: Code<3>) -> bool {
    iso_currency::Currency::from_code(code.as_str()).is_some()
}

/// The names of all sets, in the order of the alphabet.
pub fn sets() -> Vec<&'static str> {
    let mut names: Vec<&str> = SETS.keys().map(String::as_str).chain([WORLD]).collect();
    names.sort_unstable();
    names
}

/// Whether there is a set of this name.
pub fn is_set(name: &str) -> bool {
    name == WORLD || SETS.contains_key(name)
}

/// Who is in a set on that day, by the newest list without one; none if there is no such set. Countries and territories stand side by side.
pub fn members(set: &str, date: Option<Date>) -> Option<Vec<Code<2>>> {
    if set == WORLD {
        return Some(TERRITORIES.clone());
    }
    let mut members: Vec<Code<2>> = SETS
        .get(set)?
        .iter()
        .filter(|stay| stay.holds(date))
        .map(|stay| stay.member)
        .collect();
    members.sort_unstable();
    members.dedup();
    Some(members)
}

/// Whether a country (by its main territory) or a territory is in a set on that day; without a day, by the newest list.
pub fn contains(set: &str, place: Code<2>, date: Option<Date>) -> bool {
    set == WORLD
        || SETS.get(set).is_some_and(|stays| {
            stays
                .iter()
                .any(|stay| stay.member == place && stay.holds(date))
        })
}

/// The days from which a set has other members than on the day before, rising.
pub fn changes(set: &str) -> Vec<Date> {
    let mut days: Vec<Date> = SETS
        .get(set)
        .into_iter()
        .flatten()
        .flat_map(|stay| {
            let after = stay.until.and_then(|until| until.tomorrow().ok());
            [stay.from, after].into_iter().flatten()
        })
        .collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Codes that systems use beside ISO 3166-1: `UK`, `EL`, and Eurostat's for Ceuta and Melilla.
fn usual(code: Code<2>) -> Code<2> {
    let iso = match code.as_str() {
        "UK" => "GB",
        "EL" => "GR",
        "XC" | "XL" => "EA",
        _ => return code,
    };
    Code::new(iso).unwrap_or(code)
}

/// The VAT territory of an address. Blanks and case of postcode and town do not matter; without a postcode it is the country's main territory.
pub fn territory(country: Code<2>, postcode: &str, city: &str) -> Code<2> {
    let country = usual(country);
    let written: String = postcode
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_uppercase();
    // `FI-22100`, `L-1234`: the country before the number says nothing new.
    let postcode = match written.strip_prefix(country.as_str()) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => &written,
    };
    if postcode.is_empty() {
        return country;
    }
    let city = deunicode::deunicode(city).to_lowercase();
    let mut best: Option<(usize, Code<2>)> = None;
    for area in AREAS.iter().filter(|area| area.country == country) {
        if !area.city.is_empty() && !city.contains(&area.city) {
            continue;
        }
        for postcodes in &area.postcodes {
            if let Some(length) = postcodes.takes(postcode)
                && best.is_none_or(|(known, _)| known < length)
            {
                best = Some((length, area.code));
            }
        }
    }
    best.map_or(country, |(_, code)| code)
}

/// The country that a territory belongs to; of a country itself.
pub fn country_of(territory: Code<2>) -> Code<2> {
    let territory = usual(territory);
    if COUNTRIES.binary_search(&territory).is_ok() {
        return territory;
    }
    AREAS
        .iter()
        .find(|area| area.code == territory)
        .map_or(territory, |area| area.country)
}

/// The letters before a VAT number.
pub fn vat_prefix(place: Code<2>) -> Code<2> {
    let place = usual(place);
    let prefix = match place.as_str() {
        "GR" => "EL",
        "MC" => "FR",
        "IM" => "GB",
        "XI" => "XI",
        _ => return country_of(place),
    };
    Code::new(prefix).unwrap_or(place)
}

/// The English name of a country or territory.
pub fn name(place: Code<2>) -> Option<String> {
    if let Ok(country) = celes::Country::from_alpha2(place.as_str()) {
        return Some(country.long_name.to_owned());
    }
    if place.as_str() == "XK" {
        return Some("Kosovo".to_owned());
    }
    AREAS
        .iter()
        .find(|area| area.code == place)
        .map(|area| area.name.clone())
}

/// What the countries of Europe call themselves, and what shops call them, where that is no English name; in small ASCII letters.
const OWN_NAMES: &[(&str, &str)] = &[
    ("osterreich", "AT"),
    ("oesterreich", "AT"),
    ("belgie", "BE"),
    ("belgique", "BE"),
    ("belgien", "BE"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("cesko", "CZ"),
    ("ceskarepublika", "CZ"),
    ("czechrepublic", "CZ"),
    ("deutschland", "DE"),
    ("duitsland", "DE"),
    ("tyskland", "DE"),
    ("danmark", "DK"),
    ("eesti", "EE"),
    ("espana", "ES"),
    ("spanien", "ES"),
    ("suomi", "FI"),
    ("frankrijk", "FR"),
    ("frankrike", "FR"),
    ("unitedkingdom", "GB"),
    ("greatbritain", "GB"),
    ("england", "GB"),
    ("storbritannien", "GB"),
    ("hellas", "GR"),
    ("ellada", "GR"),
    ("hrvatska", "HR"),
    ("magyarorszag", "HU"),
    ("eire", "IE"),
    ("island", "IS"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("lietuva", "LT"),
    ("letzebuerg", "LU"),
    ("latvija", "LV"),
    ("nederland", "NL"),
    ("thenetherlands", "NL"),
    ("netherlands", "NL"),
    ("holland", "NL"),
    ("norge", "NO"),
    ("noreg", "NO"),
    ("polska", "PL"),
    ("polen", "PL"),
    ("slovensko", "SK"),
    ("slovenija", "SI"),
    ("sverige", "SE"),
    ("zweden", "SE"),
    ("usa", "US"),
    ("unitedstates", "US"),
    ("kosovo", "XK"),
];

/// The country that a text names: by code of two or three letters, English name, or its own name.
pub fn country_named(text: &str) -> Option<Code<2>> {
    let trimmed = text.trim();
    if trimmed.len() > 80 {
        return None;
    }
    if let Some(code) = Code::new(trimmed).map(usual)
        && COUNTRIES.binary_search(&code).is_ok()
    {
        return Some(code);
    }
    let plain: String = deunicode::deunicode(trimmed)
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_lowercase();
    if let Some((_, code)) = OWN_NAMES.iter().find(|(name, _)| *name == plain) {
        return Code::new(code);
    }
    celes::Country::from_alpha3(&plain)
        .or_else(|_| celes::Country::from_name(&plain))
        .or_else(|_| celes::Country::from_alias(&plain))
        .ok()
        .and_then(|country| Code::new(country.alpha2))
}

/// The currencies of Europe's countries, outside or before the euro.
const OWN_CURRENCIES: &[(&str, &str)] = &[
    ("AT", "ATS"),
    ("BE", "BEF"),
    ("BG", "BGN"),
    ("CH", "CHF"),
    ("CY", "CYP"),
    ("CZ", "CZK"),
    ("DE", "DEM"),
    ("DK", "DKK"),
    ("EE", "EEK"),
    ("ES", "ESP"),
    ("FI", "FIM"),
    ("FO", "DKK"),
    ("FR", "FRF"),
    ("GB", "GBP"),
    ("GL", "DKK"),
    ("GR", "GRD"),
    ("HR", "HRK"),
    ("HU", "HUF"),
    ("IE", "IEP"),
    ("IS", "ISK"),
    ("IT", "ITL"),
    ("LI", "CHF"),
    ("LT", "LTL"),
    ("LU", "LUF"),
    ("LV", "LVL"),
    ("MT", "MTL"),
    ("NL", "NLG"),
    ("NO", "NOK"),
    ("PL", "PLN"),
    ("PT", "PTE"),
    ("RO", "RON"),
    ("SE", "SEK"),
    ("SI", "SIT"),
    ("SK", "SKK"),
];

/// The currency of a country of Europe on a day.
pub fn currency_of(country: Code<2>, date: Date) -> Option<Code<3>> {
    let country = usual(country);
    if contains("eurozone", country, Some(date)) {
        return Code::new("EUR");
    }
    OWN_CURRENCIES
        .iter()
        .find(|(code, _)| *code == country.as_str())
        .and_then(|(_, currency)| Code::new(currency))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn code(text: &str) -> Code<2> {
        Code::new(text).expect("a code")
    }

    fn lies_in(country: &str, postcode: &str, city: &str) -> String {
        territory(code(country), postcode, city).to_string()
    }

    #[test]
    fn every_row_of_the_tables_was_read() {
        let lines = |text: &str| text.lines().count() - 1;
        let stays: usize = SETS.values().map(Vec::len).sum();
        assert_eq!(stays, lines(include_str!("../tables/sets.csv")));
        assert_eq!(
            AREAS.len(),
            lines(include_str!("../tables/territories.csv"))
        );
        for row in rows(include_str!("../tables/sets.csv")) {
            for day in &row[2..] {
                assert!(day.is_empty() || day.parse::<Date>().is_ok(), "{row:?}");
            }
        }
    }

    #[test]
    fn membership_goes_by_date() {
        let on = |place, y, m, d| contains("eu", code(place), Some(date(y, m, d)));
        assert!(on("GB", 2020, 12, 31) && !on("GB", 2021, 1, 1));
        assert!(on("XI", 2021, 1, 1));
        assert!(!on("HR", 2013, 6, 30) && on("HR", 2013, 7, 1));
        assert!(!contains("eu", code("GB"), None) && contains("eu", code("HR"), None));
        assert!(contains("world", code("GB"), None) && !contains("atlantis", code("GB"), None));
        assert_eq!(members("atlantis", None), None);
    }

    #[test]
    fn the_union_has_27_states() {
        let states: Vec<_> = members("eu", None)
            .expect("a set")
            .into_iter()
            .filter(|place| !["MC", "XI", "XJ", "XM", "XZ"].contains(&place.as_str()))
            .collect();
        assert_eq!(states.len(), 27);
        assert_eq!(
            members("eurozone", Some(date(2026, 1, 1))).map(|m| m.len()),
            Some(21)
        );
        assert_eq!(
            members("eurozone", Some(date(2025, 12, 31))).map(|m| m.len()),
            Some(20)
        );
        assert_eq!(members("eea", None).map(|m| m.len()), Some(30));
    }

    #[test]
    fn between_two_changes_a_set_stays_the_same() {
        for set in sets() {
            for day in changes(set) {
                let before = members(set, day.yesterday().ok());
                assert_ne!(before, members(set, Some(day)), "{set} on {day}");
            }
        }
        assert!(changes("eu").contains(&date(2021, 1, 1)));
        assert!(changes("world").is_empty() && changes("benelux").is_empty());
    }

    #[test]
    fn special_territories_are_found_by_postcode() {
        for (country, postcode, city, territory) in [
            ("FI", "22100", "Mariehamn", "AX"),
            ("FI", "FI-22100", "", "AX"),
            ("FI", "00100", "Helsinki", "FI"),
            ("ES", "35001", "Las Palmas", "IC"),
            ("ES", "38 001", "Santa Cruz", "IC"),
            ("ES", "51001", "Ceuta", "EA"),
            ("ES", "07001", "Palma", "ES"),
            ("IT", "23041", "", "XV"),
            ("IT", "23030", "LIVIGNO (SO)", "XV"),
            ("IT", "23030", "Sondalo", "IT"),
            ("IT", "22060", "Campione d’Italia", "XD"),
            ("IT", "22060", "Cantù", "IT"),
            ("DE", "78266", "Büsingen", "XB"),
            ("DE", "27498", "Helgoland", "XH"),
            ("AT", "6992", "Hirschegg", "XJ"),
            ("AT", "6990", "Bregenz", "AT"),
            ("DE", "87568", "Hirschegg", "XJ"),
            ("GR", "630 86", "Karyes", "XT"),
            ("EL", "63086", "", "XT"),
            ("FR", "97110", "Pointe-à-Pitre", "GP"),
            ("FR", "97133", "Gustavia", "BL"),
            ("FR", "98000", "Monaco", "MC"),
            ("FR", "20000", "Ajaccio", "FR"),
            ("PT", "9000-001", "Funchal", "XM"),
            ("PT", "9500-001", "Ponta Delgada", "XZ"),
            ("GB", "bt1 5gs", "Belfast", "XI"),
            ("UK", "BT1 5GS", "Belfast", "XI"),
            ("GB", "B1 1AA", "Birmingham", "GB"),
            ("GB", "BF1 2AT", "", "CY"),
            ("GB", "JE2 3AB", "", "JE"),
            ("GB", "IM1 1AA", "Douglas", "IM"),
            ("DK", "3900", "Nuuk", "GL"),
            ("DK", "8000", "Aarhus", "DK"),
            ("NO", "9170", "Longyearbyen", "SJ"),
            ("SE", "", "", "SE"),
        ] {
            assert_eq!(
                lies_in(country, postcode, city),
                territory,
                "{country} {postcode} {city}"
            );
        }
    }

    #[test]
    fn territories_outside_the_vat_area_are_outside_eu() {
        for outside in [
            "AX", "IC", "EA", "XV", "XD", "XB", "XH", "XT", "GP", "RE", "FO", "GL", "JE", "AD",
            "SM",
        ] {
            assert!(!contains("eu", code(outside), None), "{outside}");
        }
        for inside in ["MC", "XI", "XJ", "XM", "XZ", "ES", "CY"] {
            assert!(contains("eu", code(inside), None), "{inside}");
        }
    }

    #[test]
    fn every_member_is_a_territory() {
        for set in sets() {
            for member in members(set, None).expect("a set") {
                assert!(
                    territories().binary_search(&member).is_ok(),
                    "{set}: {member}"
                );
            }
        }
        assert!(countries().len() >= 250);
    }

    #[test]
    fn countries_are_known_by_many_names() {
        for (text, known) in [
            ("SE", Some("SE")),
            ("swe", Some("SE")),
            ("Sweden", Some("SE")),
            ("Sverige", Some("SE")),
            ("Österreich", Some("AT")),
            ("UK", Some("GB")),
            ("The Netherlands", Some("NL")),
            ("España", Some("ES")),
            ("Atlantis", None),
            ("", None),
            ("QQ", None),
        ] {
            assert_eq!(
                country_named(text).map(|code| code.to_string()).as_deref(),
                known,
                "{text}"
            );
        }
    }
}
