//! Lists cut into pages: what is asked for the next one, and what an answer holds.

use flowbook_stdlib::wire::Unreadable;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::json;
use crate::plan::connector::{PageStyle, Pages};

/// Where a page begins: the offset of its first row, or its number.
pub(super) fn start(pages: &Pages, bookmark: Option<u64>) -> u64 {
    bookmark.unwrap_or(u64::from(pages.first))
}

/// The query parameters of a page. A later offset page begins `overlap` rows early, to see whether the rows before it are still the same.
pub(super) fn parameters(pages: &Pages, start: u64, overlap: u64) -> Vec<(String, String)> {
    vec![
        (
            pages.start.clone(),
            start.saturating_sub(overlap).to_string(),
        ),
        (pages.size.clone(), pages.max.to_string()),
    ]
}

/// An answer taken apart.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    pub(super) items: Vec<&'a RawValue>,
    /// Where the next page begins.
    pub(super) next: Option<u64>,
    /// How many pages there are, where the answer says it.
    pub(super) pages: Option<u64>,
    pub(super) clock: Option<Timestamp>,
}

/// Takes the answer to a list apart. Without `pages` the list came whole: a bare list.
///
/// # Errors
/// It is no list, or has none where the connector says.
pub(super) fn cut<'a>(
    body: &'a str,
    pages: Option<&Pages>,
    whole: bool,
    start: u64,
    overlap: u64,
    any_case: bool,
) -> Result<Cut<'a>, Unreadable> {
    let body = body.trim();
    let bare = whole && body.starts_with('[');
    let Some(pages) = pages.filter(|_| !bare) else {
        return Ok(Cut {
            items: json::items(body)?,
            next: None,
            pages: None,
            clock: None,
        });
    };
    let list = json::at(body, &pages.items, any_case)?
        .ok_or_else(|| Unreadable(format!("it has no list “{}”", pages.items.join("."))))?;
    let items = json::items(list)?;
    let count = number(body, pages.pages.as_ref(), any_case)?;
    let more = match (&pages.next, count) {
        (Some(next), _) => {
            json::at(body, next, any_case)?.is_some_and(|found| !matches!(found, "false" | "\"\""))
        }
        (None, Some(count)) => start + 1 < count + u64::from(pages.first),
        (None, None) => items.len() >= pages.max as usize,
    };
    let new = (items.len() as u64).saturating_sub(overlap.min(start));
    let next = match pages.style {
        PageStyle::Number => start + 1,
        PageStyle::Offset => start + new,
    };
    let clock = match &pages.clock {
        Some(path) => json::at(body, path, any_case)?
            .and_then(json::text)
            .and_then(|text| text.parse().ok()),
        None => None,
    };
    Ok(Cut {
        // A page without rows ends the list, whatever it says of more.
        next: (more && !whole && new > 0).then_some(next),
        items,
        pages: count,
        clock,
    })
}

fn number(
    body: &str,
    path: Option<&Vec<String>>,
    any_case: bool,
) -> Result<Option<u64>, Unreadable> {
    let Some(path) = path else { return Ok(None) };
    Ok(json::at(body, path, any_case)?
        .and_then(json::text)
        .and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets() -> Pages {
        Pages {
            style: PageStyle::Offset,
            start: "start".to_owned(),
            size: "size".to_owned(),
            first: 0,
            max: 3,
            items: vec!["items".to_owned()],
            next: Some(vec!["next".to_owned()]),
            pages: None,
            clock: None,
            order: None,
            descending: None,
        }
    }

    #[test]
    fn a_later_offset_page_begins_one_row_early() {
        let pages = offsets();
        let asked = parameters(&pages, 3, 1);
        assert_eq!(asked[0], ("start".to_owned(), "2".to_owned()));
        let body = r#"{"items":[1,2,3],"next":"https://…"}"#;
        assert_eq!(
            cut(body, Some(&pages), false, 0, 0, false).unwrap().next,
            Some(3)
        );
        assert_eq!(
            cut(body, Some(&pages), false, 3, 1, false).unwrap().next,
            Some(5)
        );
        let last = r#"{"items":[1],"next":null}"#;
        assert_eq!(
            cut(last, Some(&pages), false, 3, 1, false).unwrap().next,
            None
        );
    }

    #[test]
    fn numbered_pages_end_with_the_last_number() {
        let pages = Pages {
            style: PageStyle::Number,
            first: 1,
            next: None,
            pages: Some(vec!["Meta".to_owned(), "Total".to_owned()]),
            ..offsets()
        };
        let body = r#"{"meta":{"total":2},"items":[1]}"#;
        assert_eq!(
            cut(body, Some(&pages), false, 1, 0, true).unwrap().next,
            Some(2)
        );
        assert_eq!(
            cut(body, Some(&pages), false, 2, 0, true).unwrap().next,
            None
        );
    }

    #[test]
    fn an_answer_without_its_list_says_so() {
        let error = cut(r#"{"rows":[]}"#, Some(&offsets()), false, 0, 0, false).unwrap_err();
        assert_eq!(error.to_string(), "it has no list “items”");
        assert!(cut(r#"{"items":[1,"#, Some(&offsets()), false, 0, 0, false).is_err());
    }
}
