//! Templates of connectors: holes become text, percent-encoded in paths. What fills a hole stays inside its segment.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::plan::connector::{Template, TemplatePart};

/// Everything but the unreserved characters of RFC 3986.
const OUTSIDE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// As [`OUTSIDE`]; `$` starts OData's names and some servers look for it as it stands.
const OUTSIDE_NAME: &AsciiSet = &OUTSIDE.remove(b'$');

/// What fills a hole.
pub(super) type Fill<'a> = &'a dyn Fn(&[String]) -> Option<Cow<'a, str>>;

/// Text as it stands in a query or in a segment of a path.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, OUTSIDE).to_string()
}

/// The query of a request, `?` included; empty without parameters.
pub(super) fn query(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(&utf8_percent_encode(name, OUTSIDE_NAME).to_string());
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

/// A path with its holes filled and encoded.
///
/// # Errors
/// A clause: a hole without a value, or one that would lead out of its segment.
pub(super) fn path(template: &Template, fill: Fill<'_>) -> Result<String, String> {
    let text = filled(template, fill, |text| encoded(&text))?;
    match text
        .split('/')
        .find(|segment| matches!(*segment, "." | ".."))
    {
        Some(segment) => Err(format!(
            "“{segment}” cannot be a part of the path “{}”",
            shown(template)
        )),
        None => Ok(text),
    }
}

/// A text with its holes filled as they are.
///
/// # Errors
/// A clause: a hole without a value.
pub(super) fn plain(template: &Template, fill: Fill<'_>) -> Result<String, String> {
    filled(template, fill, |text| text.into_owned())
}

fn filled(
    template: &Template,
    fill: Fill<'_>,
    put: impl Fn(Cow<'_, str>) -> String,
) -> Result<String, String> {
    let mut text = String::new();
    for part in &template.0 {
        match part {
            TemplatePart::Text(part) => text.push_str(part),
            TemplatePart::Hole(name) => {
                let value = fill(name).ok_or_else(|| {
                    format!(
                        "“{{{}}}” in “{}” has no value",
                        name.join("."),
                        shown(template)
                    )
                })?;
                text.push_str(&put(value));
            }
        }
    }
    Ok(text)
}

/// The template as its connector writes it.
pub(super) fn shown(template: &Template) -> String {
    template
        .0
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Hole(name) => format!("{{{}}}", name.join(".")),
        })
        .collect()
}

/// Whether the template has a hole of this name.
pub(super) fn mentions(template: &Template, hole: &str) -> bool {
    template
        .0
        .iter()
        .any(|part| matches!(part, TemplatePart::Hole(name) if name.len() == 1 && name[0] == hole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order() -> Template {
        Template(vec![
            TemplatePart::Text("/orders/".to_owned()),
            TemplatePart::Hole(vec!["id".to_owned()]),
            TemplatePart::Text("/".to_owned()),
        ])
    }

    #[test]
    fn a_hole_without_a_value_is_named() {
        assert_eq!(
            path(&order(), &|_| None),
            Err("“{id}” in “/orders/{id}/” has no value".to_owned())
        );
        assert!(path(&order(), &|_| Some("..".into())).is_err());
        assert_eq!(
            path(&order(), &|_| Some("../a?b#c".into())),
            Ok("/orders/..%2Fa%3Fb%23c/".to_owned())
        );
    }

    #[test]
    fn names_of_a_query_keep_their_dollar() {
        let pairs = [("$filter".to_owned(), "A eq 'b & c'".to_owned())];
        assert_eq!(query(&pairs), "?$filter=A%20eq%20%27b%20%26%20c%27");
    }

    proptest! {
        #[test]
        fn nothing_leads_out_of_its_segment(value in "\\PC*") {
            if let Ok(path) = path(&order(), &|_| Some(value.as_str().into())) {
                let url = url::Url::parse(&format!("https://till.example{path}")).unwrap();
                prop_assert_eq!(url.path(), path.as_str());
                prop_assert_eq!(url.host_str(), Some("till.example"));
                prop_assert_eq!(path.matches('/').count(), 3);
            }
        }
    }
}
