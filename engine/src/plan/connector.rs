//! What a connector file says, as data: endpoints, paging, limits, what answers mean. The HTTP runtime executes it and knows nothing else of a system.

use std::sync::Arc;

use flowbook_grammar::Span;
use flowbook_stdlib::types::{Shape, Type};
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::Habits;
use serde::{Deserialize, Serialize};

/// A kind of system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// `eaccounting`
    pub name: String,
    /// What an account has of its own: `param host: text`, `secret secret_key: text`.
    pub params: Vec<Param>,
    /// `base "https://{host}/api/rest/v1"`
    pub base: Template,
    /// Headers of every request.
    pub headers: Vec<(String, Template)>,
    /// How requests prove who they come from.
    pub auth: Auth,
    /// Quotas.
    pub limits: Vec<Limit>,
    /// How lists are cut into pages; absent where lists come whole.
    pub pages: Option<Pages>,
    /// The OData filter that keys marked `with odata` are asked by.
    pub odata: Option<Odata>,
    /// `empty is none`: `""` reads as absent.
    pub empty_is_none: bool,
    /// `names … any_case`: field names are read in any case.
    pub any_case: bool,
    /// What answers mean, first fit. A 2xx with the promised body is ok before any row is asked.
    pub answers: Vec<Answer>,
    /// Where an error body has its parts.
    pub error: ErrorShape,
    /// How long a written record may stay unseen: *not found* is believed only after it. Seconds.
    pub settle_s: u64,
}

impl Connector {
    /// How its systems write what they answer.
    pub fn habits(&self) -> Habits {
        Habits {
            empty_is_none: self.empty_is_none,
            any_case: self.any_case,
        }
    }
}

/// `param` or `secret` of a connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Never shown.
    pub secret: bool,
}

/// A text with holes that are filled when a request is made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Template(pub Vec<TemplatePart>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// As it stands.
    Text(String),
    /// `{id}`, `{answer.time}`: percent-encoded in paths, as it is in headers.
    Hole(Vec<String>),
}

/// How requests prove who they come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// A keyed hash of the request.
    HmacSha512 {
        /// The param that is the key.
        key: String,
        /// What is hashed; holes: params, `method`, `uri` (path and query as sent), `body`, `time`.
        sign: Template,
        /// Headers; holes: params, `time`, `hash`.
        headers: Vec<(String, Template)>,
        /// What an answer's hash covers; holes: params, `method`, `uri`, `answer`, `answer.time`.
        answer: Option<Template>,
        /// What a wrong answer hash does.
        verify: Verify,
        /// How far the clocks may be apart, seconds.
        skew_s: u64,
    },
    /// OAuth 2.0: a user's sign-in with refresh tokens, or the client's own credentials.
    OAuth2 {
        /// Where a user signs in; empty: the client itself is the account.
        authorize: String,
        /// Where tokens are had.
        token: String,
        /// Client id and secret as HTTP basic (true) or in the form (false).
        basic: bool,
        /// Proof key for code exchange.
        pkce: bool,
        /// `prompt=…` when signing in.
        prompt: Option<String>,
        /// Scopes asked for.
        scopes: Vec<String>,
    },
}

/// What a wrong hash of an answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verify {
    /// Not looked at.
    Off,
    /// Told once.
    Warn,
    /// The answer counts as none.
    Enforce,
}

/// `limit read 150 per minute per resource`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Which requests.
    pub of: LimitOf,
    /// How many.
    pub count: u32,
    /// In how many seconds.
    pub per_s: u32,
    /// Each resource has its own; otherwise one for the system.
    pub per: LimitPer,
}

/// Which requests a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitOf {
    /// Reading and writing together.
    All,
    /// GET.
    Read,
    /// Everything else.
    Write,
}

/// What has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitPer {
    /// The system.
    System,
    /// The first segment of the path after the base.
    Path,
    /// The resource.
    Resource,
}

/// How lists are cut into pages. Names of query parameters and of fields in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// By offset or by page number.
    pub style: PageStyle,
    /// The parameter of the offset or page.
    pub start: String,
    /// The parameter of the size.
    pub size: String,
    /// Number of the first page, or 0 for offsets.
    pub first: u32,
    /// The largest size.
    pub max: u32,
    /// Path of the items in the answer.
    pub items: Vec<String>,
    /// Path of a link or flag that is there while there is more.
    pub next: Option<Vec<String>>,
    /// Path of the number of pages.
    pub pages: Option<Vec<String>>,
    /// Path of the server's clock.
    pub clock: Option<Vec<String>>,
    /// `order: "orderby"`: the parameter that orders a list, where OData has none.
    pub order: Option<String>,
    /// `descending: "_desc"`: what stands behind the name of a field to order from the largest down.
    pub descending: Option<String>,
}

/// By offset or by page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageStyle {
    /// `start=250`
    Offset,
    /// `$page=2`
    Number,
}

/// Names of OData's query parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odata {
    /// `$filter`
    pub param: String,
    /// `$orderby`
    pub order: Option<String>,
    /// How many keys one filter may hold, joined by `or`.
    pub any_of: u32,
}

/// What an answer means to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Done as asked.
    Ok,
    /// Too fast: later, no failure.
    Busy,
    /// The sign-in does not hold.
    SignIn,
    /// The key is used already.
    Taken,
    /// The record is away.
    Gone,
    /// The target said no.
    Refused,
    /// Nobody knows whether it took effect.
    Unknown,
}

/// A row of `answers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Status codes, inclusive ranges; empty for any.
    pub status: Vec<(u16, u16)>,
    /// A condition on the body.
    pub when: Option<BodyTest>,
    /// What it means.
    pub outcome: Outcome,
}

/// A condition on an error body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BodyTest {
    /// `body.code exists`
    Exists(Vec<String>),
    /// `body.ErrorCode = 4000`: compared as text.
    Equals(Vec<String>, String),
}

/// Where an error body has its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorShape {
    /// Path of the vendor's code.
    pub code: Option<Vec<String>>,
    /// Path of its text.
    pub message: Option<Vec<String>>,
    /// Path of the id that the vendor's support asks for.
    pub id: Option<Vec<String>>,
    /// Path of errors by field.
    pub fields: Option<Vec<String>>,
}

/// Number of a resource in [`crate::plan::Plan::resources`] or in the checked flowbook's list: systems times their connector's resources, subs included.
pub type ResourceIx = u32;

/// A collection in a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Number of its system.
    pub system: u32,
    /// `customers`; a sub-resource's is `orders.orderrows`.
    pub name: String,
    /// The resource that it is a sub-resource of.
    pub parent: Option<ResourceIx>,
    /// Of its records; a system's own copy, named `till.Order`.
    pub shape: Arc<Shape>,
    /// The field that is its key: an index into the shape. None for `one` and for subs without a key.
    pub key: Option<u16>,
    /// `one GET …`: a single record.
    pub one: Option<Endpoint>,
    /// How its records are listed.
    pub list: Option<Endpoint>,
    /// How one is read by its key.
    pub get: Option<Endpoint>,
    /// The ways to create one: the plain one first, actions (`via`) behind it.
    pub creates: Vec<Action>,
    /// How one is changed.
    pub update: Option<Endpoint>,
    /// `update PUT … replaces`: what a write leaves out is emptied, so it is read, overlaid and written whole.
    pub replaces: bool,
    /// How what is new is found.
    pub reading: Reading,
    /// The stable order of its pages: the wire name of a field, for systems that take one.
    pub order: Option<String>,
    /// `filter paid with is_paid`: (field, query parameter).
    pub filters: Vec<(u16, String)>,
    /// By which keys a record of it is found.
    pub finds: Vec<Find>,
    /// Fields that the vendor keeps unique (a duplicate is answered with `taken`).
    pub unique: Vec<u16>,
    /// What a record of it can turn into.
    pub forms: Vec<ResourceIx>,
    /// How the system tells of changes by itself.
    pub webhook: Option<Webhook>,
    /// What people call a record: a field that is shown beside its key.
    pub title: Option<u16>,
    /// Where the connector file declares it.
    pub span: Span,
}

/// `webhook ["orders.created"] { id: "id", secret: "key" }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The vendor's names of the events.
    pub events: Vec<String>,
    /// Path of the record's key in the message.
    pub id: Vec<String>,
    /// Path of what proves the sender, where there is one.
    pub secret: Option<Vec<String>>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `GET`, `POST`, `PUT`, `PATCH`
    pub method: String,
    /// Behind the base; holes are fields of the record or its parent, or an action's parameters.
    pub path: Template,
    /// Constant query parameters.
    pub query: Vec<(String, String)>,
    /// `one_page`: the list is never cut.
    pub one_page: bool,
}

/// A way to create a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// `convert`; none for the plain create.
    pub name: Option<String>,
    /// Its parameters, holes of its path.
    pub params: Vec<(String, Type)>,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The record it takes, where it is not the resource's own.
    pub body: Option<Arc<Shape>>,
    /// `maybe_empty`: a success may come without a body; the record is found by the step's key.
    pub maybe_empty: bool,
    /// `carries orderrows`: sub-resources that go along (field names).
    pub carries: Vec<String>,
}

/// How what is new is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// `changed F`: F moves with every change; asked by an OData filter, or by reading in descending order until old.
    Changed {
        /// The field.
        field: u16,
        /// Read newest first until old, rather than filtered.
        by_order: bool,
    },
    /// `growing F with PARAM window 2 days`: F is the time of creation; the window before the cursor is read again.
    Growing {
        /// The field.
        field: u16,
        /// The query parameter that takes the lower bound; none: OData filter, or read whole.
        param: Option<String>,
        /// Asked by an OData filter.
        odata: bool,
        /// Seconds before the cursor that are read again.
        window_s: u64,
    },
    /// `whole`: read whole, changes are seen by hash.
    Whole,
    /// Nothing said: can be looked up or written, not read by a flow.
    Unsaid,
}

/// How a record is found by a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    /// The key's fields: paths of field indices in the shape.
    pub fields: Vec<Vec<u16>>,
    /// Ways, tried in order: the next one when the system refuses the one before.
    pub how: Vec<How>,
}

/// A way of finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// `with odata`: several keys in one filter.
    Odata,
    /// `with PARAM`: a query parameter of the list, one key a request.
    Param(String),
    /// The resource's key: read by id.
    Get,
    /// `with index`: the whole list, read once a run.
    Index,
    /// `with list`: the parent's own list, for a sub-resource.
    ParentList,
    /// `scan CREATED`: what was created lately, by that field.
    Scan(u16),
}

/// A system of the flowbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// `books`
    pub name: String,
    /// What it is.
    pub connector: Arc<Connector>,
    /// Values of params that the flowbook gives; secrets never stand here.
    pub options: Vec<(String, Value)>,
    /// Where the flowbook declares it.
    pub span: Span,
}
