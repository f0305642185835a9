//! Answers as JSON text: found by path and taken apart without a tree, so that digits stay as they came.

use std::fmt;

use flowbook_stdlib::wire::Unreadable;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep an answer may be nested.
const DEEPEST: usize = 100;

/// The members of an object, in their order.
///
/// # Errors
/// It is no object, or says a name twice.
pub(super) fn members(json: &str) -> Result<Vec<(String, &RawValue)>, Unreadable> {
    struct Members;

    impl<'a> Visitor<'a> for Members {
        type Value = Vec<(String, &'a RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Self::Value = Vec::new();
            while let Some((name, json)) = map.next_entry::<String, &'a RawValue>()? {
                if members.iter().any(|(known, _)| *known == name) {
                    return Err(serde::de::Error::custom(format_args!(
                        "“{name}” is said twice"
                    )));
                }
                members.push((name, json));
            }
            Ok(members)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(json);
    let members = reader
        .deserialize_map(Members)
        .and_then(|members| reader.end().map(|()| members))
        .map_err(|error| Unreadable(error.to_string()))?;
    Ok(members)
}

/// The JSON at a path; none where a part of it is missing or `null`.
///
/// # Errors
/// An object on the way cannot be read.
pub(super) fn at<'a>(
    json: &'a str,
    path: &[String],
    any_case: bool,
) -> Result<Option<&'a str>, Unreadable> {
    let mut here = json.trim();
    for name in path {
        if !here.starts_with('{') {
            return Ok(None);
        }
        let members = members(here)?;
        let exact = members.iter().find(|(known, _)| known == name);
        let hit = exact.or_else(|| {
            members
                .iter()
                .find(|(known, _)| any_case && known.eq_ignore_ascii_case(name))
        });
        match hit {
            Some((_, json)) => here = json.get().trim(),
            None => return Ok(None),
        }
    }
    Ok((here != "null").then_some(here))
}

/// The items of a list.
///
/// # Errors
/// It is no list.
pub(super) fn items(json: &str) -> Result<Vec<&RawValue>, Unreadable> {
    serde_json::from_str(json).map_err(|error| Unreadable(error.to_string()))
}

/// A scalar as people would write it; none for objects, lists and `null`.
pub(super) fn text(json: &str) -> Option<String> {
    match json.trim().as_bytes().first()? {
        b'{' | b'[' | b'n' => None,
        b'"' => serde_json::from_str(json).ok(),
        _ => Some(json.trim().to_owned()),
    }
}

/// Whether an answer is nested no deeper than anybody needs.
pub(super) fn shallow(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > DEEPEST {
                    return false;
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn a_path_is_found_in_any_case_where_the_connector_says_so() {
        let json = r#"{"meta":{"Pages":3},"x":null}"#;
        assert_eq!(at(json, &path("Meta.Pages"), true).unwrap(), Some("3"));
        assert_eq!(at(json, &path("Meta.Pages"), false).unwrap(), None);
        assert_eq!(at(json, &path("x"), false).unwrap(), None);
    }

    #[test]
    fn a_name_that_is_said_twice_is_refused() {
        let error = members(r#"{"a":1,"a":2}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("“a” is said twice"),
            "{error}"
        );
    }

    #[test]
    fn depth_counts_brackets_outside_texts() {
        assert!(shallow(&format!(r#"["{}"]"#, "[".repeat(500))));
        assert!(!shallow(&"[".repeat(101)));
        assert!(shallow(r#"["\"[[",{"a":[1]}]"#));
    }
}
