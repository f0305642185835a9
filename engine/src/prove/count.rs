//! The counter: two final states of the sandbox, one calm and one after faults, and what is twice, away or different in the second one.
//!
//! It reads the servers' own records and nothing of what the engine remembers. A record of which a run told that it failed or waits may be away
//! or unfinished; everything else must be there exactly as often as in the calm state, with what the flows write and every total the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::counted::{Counted, Place};

/// A source record: its flow and its key.
pub type Source = (String, String);

/// The records of a sandbox, by collection.
pub type Records = BTreeMap<String, Vec<Value>>;

/// What the calm run wrote for which source records: by collection and id of the record written.
pub type Origins = HashMap<(String, String), BTreeSet<Source>>;

/// What is wrong with the records of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscount {
    /// `books.invoice_drafts`
    pub resource: String,
    /// Field and value: `BuyersOrderReference “1-1042”`.
    pub key: String,
    /// The source records that the calm run wrote them for.
    pub sources: BTreeSet<Source>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// More than in the calm state.
    Double {
        /// In the calm state.
        calm: usize,
        /// After the faults.
        found: usize,
    },
    /// Fewer than in the calm state, and no run said so.
    Lost {
        /// In the calm state.
        calm: usize,
        /// After the faults.
        found: usize,
    },
    /// As many, but not the same, and no run said so.
    Differs {
        /// The first field that differs.
        field: String,
        /// In the calm state.
        calm: String,
        /// After the faults.
        found: String,
    },
}

/// Compares the two states.
pub fn count(
    counted: &[Counted],
    calm: &Records,
    found: &Records,
    origins: &Origins,
    told: &BTreeSet<Source>,
) -> Vec<Miscount> {
    let (calm_names, found_names) = (Names::new(counted, calm), Names::new(counted, found));
    let mut wrong = Vec::new();
    for one in counted {
        let expected = grouped(one, calm, &calm_names);
        let there = grouped(one, found, &found_names);
        let keys: BTreeSet<&String> = expected.keys().chain(there.keys()).collect();
        for key in keys {
            let calm = expected.get(key).map_or(&[][..], Vec::as_slice);
            let found = there.get(key).map_or(&[][..], Vec::as_slice);
            let shown = calm
                .first()
                .or(found.first())
                .map_or(key, |entry| &entry.key);
            let sources: BTreeSet<Source> = calm
                .iter()
                .filter_map(|entry| origins.get(&entry.id))
                .flatten()
                .cloned()
                .collect();
            let excused = !sources.is_empty() && sources.is_subset(told);
            let fault = match calm.len().cmp(&found.len()) {
                std::cmp::Ordering::Less => Some(Wrong::Double {
                    calm: calm.len(),
                    found: found.len(),
                }),
                _ if excused => None,
                std::cmp::Ordering::Greater => Some(Wrong::Lost {
                    calm: calm.len(),
                    found: found.len(),
                }),
                // who of several sources wrote last is a matter of time: only their number is known
                std::cmp::Ordering::Equal if sources.len() > 1 => None,
                std::cmp::Ordering::Equal => difference(one, calm, found),
            };
            if let Some(fault) = fault {
                wrong.push(Miscount {
                    resource: one.resource.clone(),
                    key: shown.clone(),
                    sources,
                    wrong: fault,
                });
            }
        }
    }
    wrong
}

/// A record of a state.
struct Entry<'s> {
    /// Its collection and id.
    id: (String, String),
    /// Its key, as people read it.
    key: String,
    place: usize,
    record: &'s Map<String, Value>,
    names: &'s Names,
}

fn grouped<'s>(
    one: &Counted,
    records: &'s Records,
    names: &'s Names,
) -> BTreeMap<String, Vec<Entry<'s>>> {
    let mut groups: BTreeMap<String, Vec<Entry<'s>>> = BTreeMap::new();
    for (number, place) in one.places.iter().enumerate() {
        each(place, records, |parent, record| {
            let mut key = key_of(one, record, names);
            if let Some(parent) = parent {
                let id = id_of(parent, &parent_id(place));
                key = format!("{key} of {}", names.of(&id));
            }
            // two that differ in letter case only are doubles to a person
            let entries = groups.entry(key.to_lowercase()).or_default();
            entries.push(Entry {
                id: (place.collection.clone(), id_of(record, &place.id)),
                key,
                place: number,
                record,
                names,
            });
        });
    }
    groups
}

/// Calls for every record of a place, with the one that holds it.
fn each<'s>(
    place: &Place,
    records: &'s Records,
    mut call: impl FnMut(Option<&'s Map<String, Value>>, &'s Map<String, Value>),
) {
    let all = records.get(&place.collection).into_iter().flatten();
    for holder in all.filter_map(Value::as_object) {
        match &place.within {
            None => call(None, holder),
            Some(within) => {
                let inner = holder.get(within).and_then(Value::as_array);
                for record in inner.into_iter().flatten().filter_map(Value::as_object) {
                    call(Some(holder), record);
                }
            }
        }
    }
}

/// The books say `Id`, the till says `id`.
fn parent_id(place: &Place) -> String {
    let till = place.collection.starts_with("till/");
    if till { "id" } else { "Id" }.to_owned()
}

fn key_of(one: &Counted, record: &Map<String, Value>, names: &Names) -> String {
    if one.key.is_empty() {
        let written = one.written.iter().filter_map(|name| {
            record
                .get(name)
                .map(|value| format!("{name} {}", names.normal(value)))
        });
        return written.collect::<Vec<_>>().join(", ");
    }
    let parts = one.key.iter().map(|path| {
        let mut value = path.first().and_then(|name| record.get(name));
        for name in path.iter().skip(1) {
            value = value.and_then(|value| value.get(name));
        }
        let text = match value {
            Some(Value::String(text)) => names.of(text).trim().to_owned(),
            Some(Value::Null) | None => return format!("without {}", path.join(".")),
            Some(other) => other.to_string(),
        };
        format!("{} “{text}”", path.join("."))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The first field that differs between equally many records of one key.
fn difference(one: &Counted, calm: &[Entry<'_>], found: &[Entry<'_>]) -> Option<Wrong> {
    let places = |entries: &[Entry<'_>]| {
        let mut places: Vec<usize> = entries.iter().map(|entry| entry.place).collect();
        places.sort_unstable();
        places
    };
    // a draft that a person has booked is an invoice now, which knows some fields by other names
    let alike = places(calm) == places(found);
    let (calm, found) = (compared(one, calm, alike), compared(one, found, alike));
    calm.iter().zip(&found).find_map(|(calm, found)| {
        let (field, calm, found) = differs("", calm, found, alike)?;
        Some(Wrong::Differs { field, calm, found })
    })
}

/// What is compared of records: what the flows write, and every number, in an order that does not depend on ids.
fn compared(one: &Counted, entries: &[Entry<'_>], numbers: bool) -> Vec<Value> {
    let mut records: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let kept = entry.record.iter().filter(|(name, value)| {
                one.written.contains(name) || (numbers && value.is_number())
            });
            let kept = kept.map(|(name, value)| (name.clone(), value.clone()));
            entry.names.normal(&Value::Object(kept.collect()))
        })
        .collect();
    records.sort_by_cached_key(Value::to_string);
    records
}

/// The path and both values of the first leaf that differs; of two kinds of document only what both have is looked at.
fn differs(
    path: &str,
    calm: &Value,
    found: &Value,
    alike: bool,
) -> Option<(String, String, String)> {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match (calm, found) {
        (Value::Object(calm), Value::Object(found)) => {
            let names: BTreeSet<&String> = calm.keys().chain(found.keys()).collect();
            names.into_iter().find_map(|name| {
                let (calm, found) = (calm.get(name), found.get(name));
                if !alike && (calm.is_none() || found.is_none()) {
                    return None;
                }
                let or_null = |value: Option<&Value>| value.cloned().unwrap_or_default();
                differs(&below(name), &or_null(calm), &or_null(found), alike)
            })
        }
        (Value::Array(calm), Value::Array(found)) if calm.len() == found.len() => {
            let pairs = calm.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(number, (calm, found))| {
                differs(&format!("{path}[{number}]"), calm, found, alike)
            })
        }
        _ if calm == found => None,
        _ => Some((path.to_owned(), shown(calm), shown(found))),
    }
}

/// A value in a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("“{text}”"),
        Value::Array(items) => format!("a list of {}", items.len()),
        other => other.to_string(),
    }
}

/// Ids, numbers of a series and times differ from one run to the next.
fn is_passing(name: &str) -> bool {
    const PASSING: [&str; 10] = [
        "id",
        "Id",
        "Number",
        "InvoiceNumber",
        "CustomerNumber",
        "VoucherNumber",
        "VoucherId",
        "CreatedUtc",
        "ModifiedUtc",
        "ChangedUtc",
    ];
    PASSING.contains(&name)
}

fn id_of(record: &Map<String, Value>, field: &str) -> String {
    match record.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// What ids stand for: records of two sandboxes are the same when their keys are.
struct Names(HashMap<String, String>);

impl Names {
    fn new(counted: &[Counted], records: &Records) -> Names {
        let mut names = HashMap::new();
        let none = Names(HashMap::new());
        for one in counted.iter().filter(|one| !one.key.is_empty()) {
            for place in &one.places {
                each(place, records, |_, record| {
                    let id = id_of(record, &place.id);
                    let key = key_of(one, record, &none);
                    if !key.contains(&format!("“{id}”")) {
                        names.insert(id, format!("{} {key}", one.resource));
                    }
                });
            }
        }
        Names(names)
    }

    fn of<'t>(&'t self, text: &'t str) -> &'t str {
        self.0.get(text).map_or(text, String::as_str)
    }

    /// A value without what passes, its ids by what they stand for.
    fn normal(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.of(text).to_owned()),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.normal(item)).collect())
            }
            Value::Object(members) => {
                let kept = members
                    .iter()
                    .filter(|(name, value)| !is_passing(name) && !value.is_null());
                Value::Object(
                    kept.map(|(name, value)| (name.clone(), self.normal(value)))
                        .collect(),
                )
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drafts() -> Counted {
        let place = |name: &str| Place {
            collection: format!("books/{name}"),
            within: None,
            id: "Id".to_owned(),
        };
        Counted {
            resource: "books.invoice_drafts".to_owned(),
            places: vec![place("customerinvoicedrafts"), place("customerinvoices")],
            key: vec![vec!["BuyersOrderReference".to_owned()]],
            written: vec!["CustomerId".to_owned(), "BuyersOrderReference".to_owned()],
        }
    }

    fn customers() -> Counted {
        Counted {
            resource: "books.customers".to_owned(),
            places: vec![Place {
                collection: "books/customers".to_owned(),
                within: None,
                id: "Id".to_owned(),
            }],
            key: vec![vec!["EmailAddress".to_owned()]],
            written: vec!["Name".to_owned()],
        }
    }

    fn draft(id: &str, reference: &str, customer: &str, total: i64) -> Value {
        json!({"Id": id, "BuyersOrderReference": reference, "CustomerId": customer, "TotalAmount": total, "CreatedUtc": id})
    }

    fn world(prefix: &str) -> Records {
        let id = |name: &str| format!("{prefix}-{name}");
        let customer = json!({"Id": id("c"), "EmailAddress": "anna@example.com", "Name": "Anna"});
        Records::from([
            ("books/customers".to_owned(), vec![customer]),
            (
                "books/customerinvoicedrafts".to_owned(),
                vec![
                    draft(&id("1"), "1-1", &id("c"), 100),
                    draft(&id("2"), "1-2", &id("c"), 200),
                ],
            ),
            ("books/customerinvoices".to_owned(), Vec::new()),
        ])
    }

    fn source(key: &str) -> Source {
        ("orders".to_owned(), key.to_owned())
    }

    fn origins() -> Origins {
        let of = |collection: &str, id: &str, keys: &[&str]| {
            let sources = keys.iter().map(|key| source(key)).collect();
            ((collection.to_owned(), id.to_owned()), sources)
        };
        Origins::from([
            of("books/customers", "a-c", &["1", "2"]),
            of("books/customerinvoicedrafts", "a-1", &["1"]),
            of("books/customerinvoicedrafts", "a-2", &["2"]),
        ])
    }

    fn counted(found: &Records, told: &[&str]) -> Vec<Miscount> {
        let told = told.iter().map(|key| source(key)).collect();
        count(
            &[customers(), drafts()],
            &world("a"),
            found,
            &origins(),
            &told,
        )
    }

    fn drafts_of(records: &mut Records) -> &mut Vec<Value> {
        records
            .get_mut("books/customerinvoicedrafts")
            .expect("drafts")
    }

    #[test]
    fn two_worlds_with_other_ids_and_times_are_the_same() {
        assert_eq!(counted(&world("b"), &[]), []);
    }

    #[test]
    fn a_second_document_is_a_double_whatever_its_form_and_whatever_was_told() {
        let mut found = world("b");
        let invoice = draft("b-3", "1-2", "b-c", 200);
        found
            .get_mut("books/customerinvoices")
            .expect("invoices")
            .push(invoice);
        let wrong = counted(&found, &["2"]);
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].wrong, Wrong::Double { calm: 1, found: 2 });
        assert_eq!(wrong[0].key, "BuyersOrderReference “1-2”");
        assert_eq!(wrong[0].sources, BTreeSet::from([source("2")]));
    }

    #[test]
    fn a_customer_in_other_letters_is_a_double() {
        let mut found = world("b");
        let again = json!({"Id": "b-d", "EmailAddress": "Anna@example.com", "Name": "Anna"});
        found
            .get_mut("books/customers")
            .expect("customers")
            .push(again);
        assert_eq!(
            counted(&found, &[])[0].wrong,
            Wrong::Double { calm: 1, found: 2 }
        );
    }

    #[test]
    fn a_document_that_is_away_is_lost_unless_a_run_told_of_its_order() {
        let mut found = world("b");
        drafts_of(&mut found).remove(0);
        let wrong = counted(&found, &["2"]);
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].wrong, Wrong::Lost { calm: 1, found: 0 });
        assert_eq!(counted(&found, &["1"]), []);
    }

    #[test]
    fn what_several_orders_share_is_lost_unless_all_of_them_were_told() {
        let mut found = world("b");
        found.insert("books/customers".to_owned(), Vec::new());
        let lost = |wrong: &[Miscount]| wrong.iter().any(|one| one.resource == "books.customers");
        assert!(lost(&counted(&found, &["1"])));
        assert!(!lost(&counted(&found, &["1", "2"])));
    }

    #[test]
    fn a_document_on_another_customer_or_with_another_total_differs() {
        let mut found = world("b");
        drafts_of(&mut found)[0]["TotalAmount"] = json!(101);
        let differs = |wrong: &[Miscount]| match &wrong[0].wrong {
            Wrong::Differs { field, calm, found } => format!("{field}: {calm}, {found}"),
            other => format!("{other:?}"),
        };
        assert_eq!(differs(&counted(&found, &[])), "TotalAmount: 100, 101");
        assert_eq!(counted(&found, &["1"]), []);
        let mut found = world("b");
        drafts_of(&mut found)[1]["CustomerId"] = json!("somebody");
        assert_eq!(
            differs(&counted(&found, &[])),
            "CustomerId: “books.customers EmailAddress “anna@example.com””, “somebody”"
        );
    }

    #[test]
    fn a_draft_that_a_person_booked_is_still_one_document() {
        let mut found = world("b");
        let mut booked = drafts_of(&mut found).remove(0);
        booked["Sum"] = booked["TotalAmount"].take();
        found
            .get_mut("books/customerinvoices")
            .expect("invoices")
            .push(booked);
        assert_eq!(counted(&found, &[]), []);
    }
}
