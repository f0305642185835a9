//! Lists of a system: read page by page, in a stable order, from where it matters.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::Holder;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::body::{Holes, parameter};
use super::http::HttpSystems;
use super::line::{Line, Request, Unread};
use super::told::unreadable;
use super::{Bookmark, Page, PageQuery, Trouble, filter, pages};
use crate::plan::connector::{PageStyle, Pages, Reading, Resource, ResourceIx};
use crate::wrong::{self, Wrong};

/// More pages than any list has: a server that never ends is left.
const MOST_PAGES: u32 = 100_000;
/// How often a list that shifts is begun anew.
const MOST_RESTARTS: u8 = 3;

/// What was seen of lists, to notice when one shifts, and what systems refused.
#[derive(Default)]
pub(super) struct Memory {
    trails: Mutex<HashMap<(ResourceIx, String), Trail>>,
    /// By resource: how much of the question its system takes.
    takes: Mutex<HashMap<ResourceIx, Takes>>,
}

/// The end of a page.
struct Trail {
    next: u64,
    last: Value,
    pages: Option<u64>,
    restarts: u8,
}

/// How much of a question a system takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    /// A filter and an order.
    All,
    /// No order of our own choice.
    NoOrder,
    /// Nor a filter: what is too old is dropped here.
    NoFilter,
}

/// What is asked of a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    pub(super) query: Vec<(String, String)>,
    /// Only what has this field at or after that.
    pub(super) since: Option<(u16, Timestamp)>,
    pub(super) ordered: bool,
}

/// A page as read.
struct Read {
    records: Vec<Value>,
    next: Option<u64>,
    pages: Option<u64>,
    clock: Option<Timestamp>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpSystems {
    /// A page of a list, in its order.
    pub(super) async fn list_page(
        &self,
        ix: ResourceIx,
        query: &PageQuery,
    ) -> Result<Page, Trouble> {
        let resource = self.resource(ix)?;
        let pages = resource.paged(self.line(resource)?);
        let question = self.question(resource, query);
        let first = query.after.is_none();
        let start = pages.map_or(0, |pages| {
            pages::start(pages, query.after.as_ref().map(|b| b.0))
        });
        let trail = (ix, format!("{:?} {:?}", query.since, query.filters));
        let before = lock(&self.lists.trails)
            .remove(&trail)
            .filter(|before| !first && before.next == start)
            .filter(|_| !wrong::is(Wrong::OffsetPagingTrusted));
        let offsets = pages.is_some_and(|pages| pages.style == PageStyle::Offset);
        let overlap = u64::from(before.is_some() && offsets && resource.key.is_some());
        let mut read = self
            .soft_page(ix, &question, Holes::default(), None, start, overlap)
            .await
            .map_err(Unread::told)?;
        let mut restarts = before.as_ref().map_or(0, |before| before.restarts);
        if let Some(before) = &before
            && restarts < MOST_RESTARTS
        {
            let moved = if overlap == 1 {
                resource.key_of(read.records.first()) != Some(&before.last)
            } else {
                matches!((read.pages, before.pages), (Some(now), Some(then)) if now < then)
            };
            if moved {
                restarts += 1;
                let start = pages.map_or(0, |pages| pages::start(pages, None));
                read = self
                    .soft_page(ix, &question, Holes::default(), None, start, 0)
                    .await
                    .map_err(Unread::told)?;
            } else if overlap == 1 {
                read.records.remove(0);
            }
        }
        if let (Some(next), Some(last)) = (read.next, resource.key_of(read.records.last())) {
            lock(&self.lists.trails).insert(
                trail,
                Trail {
                    next,
                    last: last.clone(),
                    pages: read.pages,
                    restarts,
                },
            );
        }
        let mut next = read.next;
        if let Some((field, since)) = question.since {
            let from_the_top = matches!(resource.reading, Reading::Changed { by_order: true, .. });
            let old = |record: &Value| before_since(record, field, since);
            if from_the_top && read.records.iter().any(old) {
                next = None;
            }
            read.records.retain(|record| !old(record));
        }
        Ok(Page {
            records: read.records,
            next: next.map(Bookmark),
            clock: read.clock,
        })
    }

    /// The whole list.
    pub(super) async fn list_all(
        &self,
        ix: ResourceIx,
        question: &Question,
        parent: Option<&Value>,
    ) -> Result<Vec<Value>, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let line = self.line(resource).map_err(Unread::Trouble)?;
        let above = match (resource.parent, parent) {
            (Some(above), Some(record)) => {
                Some((self.resource(above).map_err(Unread::Trouble)?, record))
            }
            _ => None,
        };
        let holes = Holes {
            parent: above,
            ..Holes::default()
        };
        let holder = above.and_then(|(above, record)| Holder::of(&above.shape, record));
        let mut start = resource
            .paged(line)
            .map_or(0, |pages| pages::start(pages, None));
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let read = self
                .soft_page(ix, question, holes, holder, start, 0)
                .await?;
            all.extend(read.records);
            match read.next {
                Some(next) => start = next,
                None => break,
            }
        }
        if let Some((field, since)) = question.since {
            all.retain(|record| !before_since(record, field, since));
        }
        Ok(all)
    }

    /// The query of a reading.
    fn question(&self, resource: &Resource, query: &PageQuery) -> Question {
        let field_of = |parameter: &str| {
            let (at, _) = resource
                .filters
                .iter()
                .find(|(_, known)| known == parameter)?;
            Some(&resource.shape.fields.get(usize::from(*at))?.ty)
        };
        let narrowed = query
            .filters
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), parameter(value, field_of(name))?)));
        let field = match &resource.reading {
            Reading::Changed { field, .. } | Reading::Growing { field, .. } => Some(*field),
            Reading::Whole | Reading::Unsaid => None,
        };
        Question {
            query: narrowed.collect(),
            since: field.zip(query.since),
            ordered: true,
        }
    }

    /// A page; asked with less where the system refuses an order or a filter that its connector does not promise.
    async fn soft_page(
        &self,
        ix: ResourceIx,
        question: &Question,
        holes: Holes<'_>,
        holder: Option<Holder<'_>>,
        start: u64,
        overlap: u64,
    ) -> Result<Read, Unread> {
        let mut takes = lock(&self.lists.takes)
            .get(&ix)
            .copied()
            .unwrap_or(Takes::All);
        loop {
            let (request, soft) = self
                .list_request(ix, question, takes, holes, start, overlap)
                .map_err(Unread::Trouble)?;
            match self.read_list(ix, &request, holder, start, overlap).await {
                Err(Unread::Refused(_)) if soft.is_some_and(|less| less > takes) => {
                    takes = soft.unwrap_or(takes);
                    lock(&self.lists.takes).insert(ix, takes);
                }
                read => return read,
            }
        }
    }

    /// The request for a page, and with how much less it can be asked.
    fn list_request(
        &self,
        ix: ResourceIx,
        question: &Question,
        takes: Takes,
        holes: Holes<'_>,
        start: u64,
        overlap: u64,
    ) -> Result<(Request, Option<Takes>), Trouble> {
        let resource = self.resource(ix)?;
        let line = self.line(resource)?;
        let endpoint = resource
            .list
            .as_ref()
            .ok_or_else(|| self.no_way(resource, "listed", "`list GET \"…\"`"))?;
        let mut request = Request {
            method: endpoint.method.clone(),
            path: holes
                .fill(line, &endpoint.path)
                .map_err(|why| self.no_path(resource, &why))?,
            query: endpoint.query.clone(),
            body: None,
            resource: ix,
        };
        request.query.extend(question.query.iter().cloned());
        let mut soft = None;
        if let Some((field, since)) = question.since {
            match since_parameter(resource, line, field, since) {
                Some((parameter, true)) => {
                    request.query.push(parameter);
                }
                Some((parameter, false)) if takes < Takes::NoFilter => {
                    request.query.push(parameter);
                    soft = Some(Takes::NoFilter);
                }
                _ => {}
            }
        }
        if question.ordered
            && let Some((parameter, promised)) = order(resource, line, question.since.is_some())
        {
            if promised {
                request.query.push(parameter);
            } else if takes < Takes::NoOrder {
                request.query.push(parameter);
                soft = Some(Takes::NoOrder);
            }
        }
        if let Some(pages) = resource.paged(line) {
            request
                .query
                .extend(pages::parameters(pages, start, overlap));
        }
        Ok((request, soft))
    }

    async fn read_list(
        &self,
        ix: ResourceIx,
        request: &Request,
        holder: Option<Holder<'_>>,
        start: u64,
        overlap: u64,
    ) -> Result<Read, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let line = self.line(resource).map_err(Unread::Trouble)?;
        let reader = self.reader(ix).map_err(Unread::Trouble)?;
        let answer = line.read(request).await?;
        let unread = |why: &str| Unread::Trouble(unreadable(&line.name, request, why));
        let whole = resource.list.as_ref().is_some_and(|list| list.one_page);
        let cut = pages::cut(
            &answer.body,
            line.connector.pages.as_ref(),
            whole,
            start,
            overlap,
            line.connector.any_case,
        )
        .map_err(|error| unread(&error.to_string()))?;
        let mut records = Vec::with_capacity(cut.items.len());
        for (at, item) in cut.items.iter().enumerate() {
            let record = reader.read(item.get(), holder).map_err(|error| {
                let at = start.saturating_sub(overlap) + at as u64 + 1;
                let position = match line.connector.pages.as_ref().map(|pages| pages.style) {
                    Some(PageStyle::Number) => {
                        format!("record {} of page {start}", at.saturating_sub(start))
                    }
                    _ => format!("record {at} of the list"),
                };
                unread(&format!("in {position}, {error}"))
            })?;
            records.push(record);
        }
        Ok(Read {
            records,
            next: cut.next,
            pages: cut.pages,
            clock: cut.clock.or(answer.clock),
        })
    }
}

impl Resource {
    /// How its list is cut.
    fn paged<'a>(&self, line: &'a Line) -> Option<&'a Pages> {
        let whole = self.list.as_ref().is_some_and(|list| list.one_page);
        line.connector.pages.as_ref().filter(|_| !whole)
    }

    /// The key of a record.
    pub(super) fn key_of<'a>(&self, record: Option<&'a Value>) -> Option<&'a Value> {
        match record? {
            Value::Record(fields) => fields
                .get(usize::from(self.key?))
                .filter(|key| !matches!(key, Value::None | Value::Bad(_))),
            _ => None,
        }
    }
}

/// The parameter that asks for what came at or after a moment, and whether the connector promises it.
fn since_parameter(
    resource: &Resource,
    line: &Line,
    field: u16,
    since: Timestamp,
) -> Option<((String, String), bool)> {
    if let Reading::Growing {
        field: own,
        param: Some(param),
        ..
    } = &resource.reading
        && *own == field
    {
        let text = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        return Some(((param.clone(), text), true));
    }
    if matches!(&resource.reading, Reading::Changed { by_order: true, field: own } if *own == field)
    {
        return None;
    }
    let odata = line.connector.odata.as_ref()?;
    let filter = filter::since(&resource.shape, field, since)?;
    Some(((odata.param.clone(), filter), false))
}

/// The parameter that orders a list, and whether the connector promises it.
fn order(resource: &Resource, line: &Line, since: bool) -> Option<((String, String), bool)> {
    let connector = &line.connector;
    let parameter = |name: String, down: bool| {
        if let Some(order) = connector
            .odata
            .as_ref()
            .and_then(|odata| odata.order.clone())
        {
            let down = if down { " desc" } else { "" };
            return Some((order, format!("{name}{down}")));
        }
        let pages = connector.pages.as_ref()?;
        let down = match down {
            true => pages.descending.as_deref()?,
            false => "",
        };
        Some((pages.order.clone()?, format!("{name}{down}")))
    };
    let wire = |field: u16| filter::wire_name(&resource.shape, &[field]);
    match (&resource.reading, &resource.order) {
        (
            Reading::Changed {
                field,
                by_order: true,
            },
            _,
        ) if since => Some((parameter(wire(*field)?, true)?, true)),
        (_, Some(order)) => Some((parameter(order.clone(), false)?, true)),
        // A key never changes, so no record slips past while pages are read; whether every list can be ordered by it nobody says.
        _ if connector.odata.is_some() && resource.paged(line).is_some() => {
            Some((parameter(wire(resource.key?)?, false)?, false))
        }
        _ => None,
    }
}

/// Whether a record is older than a moment, by one of its fields.
pub(super) fn before_since(record: &Value, field: u16, since: Timestamp) -> bool {
    let Value::Record(fields) = record else {
        return false;
    };
    match fields.get(usize::from(field)) {
        Some(Value::DateTime(at)) => at.as_second() < since.as_second(),
        Some(Value::Date(day)) => *day < TimeZone::UTC.to_datetime(since).date(),
        _ => false,
    }
}
