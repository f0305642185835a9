//! The connectors as they are shipped, against the sandbox: what their text says is what the systems take.

use std::sync::Arc;

use flowbook::check::declare::declare;
use flowbook::connect::{
    Bounds, Forgetful, HttpSystems, Outgoing, OutgoingAct, PageQuery, Sent, Systems, read_access,
};
use flowbook::plan::connector::{How, Reading, Resource};
use flowbook::sources::Loaded;
use flowbook_sandbox::{Options, Sandbox};
use flowbook_stdlib::value::Value;

use crate::{fields, leaves};

struct Both {
    sandbox: Sandbox,
    systems: HttpSystems,
    resources: Vec<Resource>,
    names: Vec<String>,
}

impl Both {
    async fn start() -> Both {
        let text = "system till: ccv_salespos\nsystem books: eaccounting\n";
        let loaded = Loaded::of_texts([("main.flow", text)]);
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
        let (declared, found) = declare(&loaded.sources, &loaded.files);
        assert!(found.is_empty(), "{found:?}");
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let env = sandbox.env();
        let look = |variable: &str| {
            let name = variable.strip_prefix("FLOWBOOK_")?;
            let found = env.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let keeper = Arc::new(Forgetful::default());
        let access = read_access(&declared.systems, &declared.resources, &look, &*keeper).unwrap();
        let names = declared
            .resources
            .iter()
            .map(|resource| {
                let system = &declared.systems[resource.system as usize];
                format!("{}.{}", system.name, resource.name)
            })
            .collect();
        let bounds = Bounds {
            quota_factor: 10,
            ..Bounds::default()
        };
        let systems = HttpSystems::new(
            declared.systems.clone(),
            declared.resources.clone(),
            access,
            keeper,
            &bounds,
        )
        .unwrap();
        Both {
            sandbox,
            systems,
            resources: declared.resources,
            names,
        }
    }

    fn ix(&self, name: &str) -> u32 {
        let at = self.names.iter().position(|known| known == name);
        at.unwrap_or_else(|| panic!("no {name} in {:?}", self.names)) as u32
    }

    async fn all(&self, name: &str) -> Result<Vec<Value>, String> {
        let mut query = PageQuery::default();
        let mut records = Vec::new();
        loop {
            let page = self.systems.page(self.ix(name), &query).await;
            let page = page.map_err(|trouble| trouble.message)?;
            records.extend(page.records);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(records),
            }
        }
    }

    fn get(&self, resource: &str, record: &Value, field: &str) -> Value {
        let shape = &self.resources[self.ix(resource) as usize].shape;
        let (at, _) = shape.field(field).unwrap();
        fields(record)[at].clone()
    }

    async fn create(
        &self,
        resource: &str,
        action: u16,
        args: Vec<Value>,
        body: &[(&str, &str)],
    ) -> Sent {
        let write = Outgoing {
            resource: self.ix(resource),
            act: OutgoingAct::Create {
                action,
                args,
                parent: None,
            },
            body: leaves(body),
        };
        self.systems.send(&write).await
    }
}

/// Fields that came but do not fit their type.
fn bad(record: &Value, into: &mut Vec<String>) {
    match record {
        Value::Bad(bad) => into.push(format!("{} “{}” {}", bad.field, bad.value, bad.reason)),
        Value::Record(parts) | Value::List(parts) => parts.iter().for_each(|part| bad(part, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_list_reads_and_every_field_fits() {
    let both = Both::start().await;
    let mut told = Vec::new();
    for (name, resource) in both.names.iter().zip(&both.resources) {
        if resource.parent.is_some() {
            continue;
        }
        let records = if resource.one.is_some() {
            let one = both.systems.one(both.ix(name)).await;
            one.map(|one| vec![one]).map_err(|trouble| trouble.message)
        } else if resource.list.is_some() {
            both.all(name).await
        } else {
            continue;
        };
        match records {
            Err(message) => told.push(format!("{name}: {message}")),
            Ok(records) => {
                let mut misfits = Vec::new();
                records.iter().for_each(|record| bad(record, &mut misfits));
                misfits.sort();
                misfits.dedup();
                told.extend(
                    misfits
                        .into_iter()
                        .map(|misfit| format!("{name}: {misfit}")),
                );
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

#[tokio::test]
async fn every_reading_and_every_way_of_finding_is_understood() {
    let both = Both::start().await;
    let mut told = Vec::new();
    for (name, resource) in both.names.iter().zip(&both.resources) {
        if resource.parent.is_some() || resource.list.is_none() {
            continue;
        }
        let Ok(records) = both.all(name).await else {
            continue;
        };
        if !matches!(resource.reading, Reading::Whole | Reading::Unsaid) {
            let query = PageQuery {
                since: Some("2099-01-01T00:00:00Z".parse().unwrap()),
                ..PageQuery::default()
            };
            match both.systems.page(both.ix(name), &query).await {
                Ok(page) if page.records.is_empty() => {}
                Ok(page) => told.push(format!(
                    "{name}: {} records of the future",
                    page.records.len()
                )),
                Err(trouble) => told.push(format!("{name} since: {}", trouble.message)),
            }
        }
        for (number, find) in (0_u16..).zip(&resource.finds) {
            let key_of = |record: &Value| -> Option<Vec<Value>> {
                let key = find.fields.iter().map(|path| {
                    path.iter()
                        .fold(record.clone(), |record, at| match &record {
                            Value::Record(parts) => parts[usize::from(*at)].clone(),
                            other => other.clone(),
                        })
                });
                let key: Vec<Value> = key.collect();
                (!key
                    .iter()
                    .any(|part| matches!(part, Value::None | Value::Bad(_))))
                .then_some(key)
            };
            let keys: Vec<Vec<Value>> = records.iter().filter_map(key_of).take(3).collect();
            match both.systems.find(both.ix(name), Some(number), &keys).await {
                Ok(hits) if hits.iter().all(|hits| !hits.is_empty()) => {}
                Ok(hits) => told.push(format!("{name} {find:?}: {keys:?} gave {hits:?}")),
                Err(trouble) => told.push(format!("{name} {:?}: {}", find.how, trouble.message)),
            }
            // the way behind `else` gives the same
            if let [How::Odata, How::Scan(_)] = find.how.as_slice() {
                assert!(resource.shape.field("CreatedUtc").is_some(), "{name}");
            }
        }
    }
    insta::assert_snapshot!(told.join("\n"), @"");
}

#[tokio::test]
async fn a_draft_is_made_found_and_booked_with_its_total_compared() {
    let both = Both::start().await;
    let customer = both.all("books.customers").await.unwrap().remove(0);
    let article = both.all("books.articles").await.unwrap().remove(0);
    let quoted = |value: Value| format!("\"{}\"", flowbook_stdlib::display::in_text(&value));
    let customer = quoted(both.get("books.customers", &customer, "Id"));
    let rows = format!(
        r#"[{{"LineNumber":1,"ArticleId":{},"IsTextRow":false,"Text":"Coffee","Quantity":2,"UnitPrice":12.50}}]"#,
        quoted(both.get("books.articles", &article, "Id"))
    );
    let sent = both
        .create(
            "books.invoice_drafts",
            0,
            Vec::new(),
            &[
                ("CustomerId", &customer),
                ("EuThirdParty", "false"),
                ("RotReducedInvoicingType", "0"),
                ("BuyersOrderReference", "\"1-it's\""),
                ("Rows", &rows),
            ],
        )
        .await;
    let Sent::Ok(Some(draft)) = sent else {
        panic!("{sent:?}")
    };
    let find = both.ix("books.invoice_drafts");
    let keys = [
        vec![Value::Text("1-it's".into())],
        vec![Value::Text("1-none".into())],
    ];
    let hits = both.systems.find(find, Some(0), &keys).await.unwrap();
    assert_eq!((hits[0].len(), hits[1].len()), (1, 0));

    let Value::Money(total) = both.get("books.invoice_drafts", &draft, "TotalAmount") else {
        panic!("{draft:?}")
    };
    let id = both.get("books.invoice_drafts", &draft, "Id");
    let wrong = (total.amount + rust_decimal::Decimal::ONE).to_string();
    let body = [("TotalAmountInvoiceCurrency", wrong.as_str())];
    let refused = both
        .create("books.invoices", 1, vec![id.clone()], &body)
        .await;
    assert!(matches!(refused, Sent::Refused(_)), "{refused:?}");
    let right = total.amount.to_string();
    let body = [("TotalAmountInvoiceCurrency", right.as_str())];
    let booked = both
        .create("books.invoices", 1, vec![id.clone()], &body)
        .await;
    let Sent::Ok(Some(invoice)) = booked else {
        panic!("{booked:?}")
    };
    assert_eq!(
        both.get("books.invoices", &invoice, "BuyersOrderReference"),
        keys[0][0]
    );
    assert_eq!(both.systems.get(find, &id).await.unwrap(), None);
    let gone = both.create("books.invoices", 1, vec![id], &body).await;
    assert!(matches!(gone, Sent::Gone(_)), "{gone:?}");
    assert!(both.systems.warnings().is_empty());
    both.sandbox.shutdown().await;
}
