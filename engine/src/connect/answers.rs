//! What an answer means, as the connector declares it, and what is told of it.

use super::Trouble;
use super::json;
use crate::plan::connector::{BodyTest, Connector, ErrorShape, Outcome};

/// The largest error body that is looked into.
const LARGEST: usize = 256 * 1024;

/// What an answer that is no plain success means: the first row that fits.
pub(super) fn meaning(connector: &Connector, status: u16, body: &str) -> Outcome {
    let fits = |test: &BodyTest| match test {
        BodyTest::Exists(path) => found(body, path, connector.any_case).is_some(),
        BodyTest::Equals(path, text) => {
            found(body, path, connector.any_case).is_some_and(|found| found == *text)
        }
    };
    connector
        .answers
        .iter()
        .find(|answer| {
            let status_fits = answer.status.is_empty()
                || answer
                    .status
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&status));
            status_fits && answer.when.as_ref().is_none_or(fits)
        })
        .map_or(Outcome::Unknown, |answer| answer.outcome)
}

fn found(body: &str, path: &[String], any_case: bool) -> Option<String> {
    if body.len() > LARGEST {
        return None;
    }
    let json = json::at(body, path, any_case).ok()??;
    Some(json::text(json).unwrap_or_else(|| json.to_owned()))
}

/// What the vendor says in an error body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Its field at fault.
    pub(super) field: Option<String>,
}

/// Takes an error body apart. `shown`: a text of the vendor's as it may be shown.
pub(super) fn said(
    shape: &ErrorShape,
    body: &str,
    any_case: bool,
    shown: &dyn Fn(&str) -> String,
) -> Said {
    let part = |path: &Option<Vec<String>>| {
        path.as_ref()
            .and_then(|path| found(body, path, any_case))
            .map(|text| shown(text.trim()))
            .filter(|text| !text.is_empty())
    };
    let faults = shape
        .fields
        .as_ref()
        .filter(|_| body.len() <= LARGEST)
        .and_then(|path| json::at(body, path, any_case).ok()?)
        .map(|json| faults(json, shown))
        .unwrap_or_default();
    let mut text = part(&shape.message).unwrap_or_default();
    for (field, fault) in &faults {
        if !fault.is_empty() && !text.contains(fault) {
            let field = field.as_deref().map(|field| format!("{field}: "));
            let line = format!("{}{fault}", field.unwrap_or_default());
            text = match text.as_str() {
                "" => line,
                before => format!("{}; {line}", before.trim_end_matches('.')),
            };
        }
    }
    let marks: Vec<String> = [("code", &shape.code), ("error id", &shape.id)]
        .into_iter()
        .filter_map(|(word, path)| part(path).map(|value| format!("{word} {value}")))
        .collect();
    if !marks.is_empty() {
        let marks = marks.join(", ");
        text = match text.as_str() {
            "" => marks,
            before => format!("{} ({marks})", before.trim_end_matches('.')),
        };
    }
    Said {
        text,
        field: faults.into_iter().find_map(|(field, _)| field),
    }
}

/// Errors by field: a list of objects with a name and a text, or an object from names to texts.
fn faults(json: &str, shown: &dyn Fn(&str) -> String) -> Vec<(Option<String>, String)> {
    const MOST: usize = 5;
    if json.starts_with('[') {
        let items = json::items(json).unwrap_or_default();
        return items
            .into_iter()
            .take(MOST)
            .filter_map(|item| {
                let members = json::members(item.get()).ok()?;
                let one = |names: &[&str]| {
                    names.iter().find_map(|name| {
                        let (_, json) = members
                            .iter()
                            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
                        json::text(json.get()).map(|text| shown(&text))
                    })
                };
                let field = one(&["field", "property", "key", "name"]).filter(|f| !f.is_empty());
                Some((
                    field,
                    one(&["message", "text", "description"]).unwrap_or_default(),
                ))
            })
            .collect();
    }
    let members = json::members(json).unwrap_or_default();
    members
        .into_iter()
        .take(MOST)
        .map(|(name, json)| {
            let text = json::text(json.get()).or_else(|| {
                let items = json::items(json.get()).ok()?;
                json::text(items.first()?.get())
            });
            (Some(name), shown(&text.unwrap_or_default()))
        })
        .collect()
}

/// A system that said no to one request; only the record at hand is concerned.
pub(super) fn refusal(
    code: &'static str,
    system: &str,
    what: &str,
    status: u16,
    said: &Said,
) -> Trouble {
    let text = match said.text.as_str() {
        "" => "without a reason".to_owned(),
        text => format!("“{text}”"),
    };
    let verb = match code {
        "F0713" => "no longer has what was asked for",
        "F0714" => "has this key already",
        _ => "refused",
    };
    let mut trouble = Trouble::new(
        code,
        format!("{system} {verb}: {what} was answered with {status}, {text}."),
    )
    .local();
    trouble.field = said.field.clone();
    trouble
}

#[cfg(test)]
mod tests {
    use flowbook_stdlib::display::readable;

    use super::*;

    fn shape() -> ErrorShape {
        let path = |name: &str| Some(vec![name.to_owned()]);
        ErrorShape {
            code: path("ErrorCode"),
            message: path("DeveloperErrorMessage"),
            id: path("ErrorId"),
            fields: path("Errors"),
        }
    }

    #[test]
    fn an_error_body_becomes_one_clause_with_its_field() {
        let body = r#"{"ErrorCode":2000,"DeveloperErrorMessage":"The body is invalid.","ErrorId":"3fa7","Errors":[{"Field":"Name","Message":"is too long"}]}"#;
        let said = said(&shape(), body, true, &readable);
        assert_eq!(
            said.text,
            "The body is invalid; Name: is too long (code 2000, error id 3fa7)"
        );
        assert_eq!(said.field.as_deref(), Some("Name"));
    }

    #[test]
    fn a_body_that_is_no_json_says_nothing() {
        assert_eq!(
            said(&shape(), "<html>Bad gateway</html>", true, &readable),
            Said::default()
        );
        assert_eq!(said(&shape(), "", true, &readable), Said::default());
    }

    #[test]
    fn errors_may_come_by_name() {
        let body = r#"{"Errors":{"EmailAddress":["is no address"]}}"#;
        let said = said(&shape(), body, false, &readable);
        assert_eq!(said.text, "EmailAddress: is no address");
    }
}
