//! What goes wrong on a bad day, on demand: each kind of fault, whom it strikes, and what a request suffers.
//!
//! A fault is set at `/_sandbox/faults`, by a request's header `X-Sandbox-Fault`, or by `flowbook sandbox --fault`;
//! `read` turns all three into a [`Fault`], `set` keeps them and decides who is struck, `body` breaks an answer on its way.

pub(crate) mod body;
mod read;
mod set;

pub(crate) use read::{Order, control};
pub(crate) use set::{Faults, Strike, Strikes, draw};

use crate::books;
use crate::json::{Json, object};
use crate::server::{Request, Side};
use std::time::Duration;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Latency,
    LoseBefore,
    LoseAfter,
    Late,
    Lag,
    TooMany,
    Broken,
    SlowBody,
    Truncated,
    DoublePage,
    ShiftingPage,
    ExpiredToken,
    UsedRefreshToken,
    ClockSkew,
    Empty204,
    DraftBooked,
    DocumentDeleted,
    ReferenceEdited,
    HandMadeTwin,
}

/// Every kind by its name, and what it does.
pub const KINDS: [(&str, &str); 19] = [
    ("latency", "the answer takes “millis” longer"),
    ("lose-before", "the connection is cut, nothing is done"),
    ("lose-after", "the work is done, then the connection is cut"),
    (
        "late",
        "cut at once, done “millis” later; hang=true: never answered instead",
    ),
    ("lag", "reads do not show what was written, for “millis”"),
    (
        "429",
        "the limit is used up; the books say to come back in “millis”",
    ),
    (
        "500",
        "an internal error; done=true: after the work was done",
    ),
    ("slow-body", "the body trickles in over “millis”"),
    (
        "truncated",
        "the work is done, the body breaks off in the middle",
    ),
    (
        "double-page",
        "a later page of a list shows the page before again",
    ),
    (
        "shifting-page",
        "a row vanishes, or in turn appears, before a later page of a list",
    ),
    (
        "expired-token",
        "the books' access token dies; a refresh heals it",
    ),
    (
        "used-refresh-token",
        "somebody else used the refresh token; a new sign-in heals it",
    ),
    (
        "clock-skew",
        "the server's clock is off by “millis”, which may be negative",
    ),
    (
        "empty-204",
        "a POST is carried out and answered 204 without a body",
    ),
    ("draft-booked", "a person books the draft just made"),
    (
        "document-deleted",
        "a person deletes the draft or order just made",
    ),
    (
        "reference-edited",
        "a person edits its reference; field=, to=: which, into what",
    ),
    (
        "hand-made-twin",
        "a person makes it by hand too; same=true: with the same reference",
    ),
];

const ALL: [Kind; 19] = [
    Kind::Latency,
    Kind::LoseBefore,
    Kind::LoseAfter,
    Kind::Late,
    Kind::Lag,
    Kind::TooMany,
    Kind::Broken,
    Kind::SlowBody,
    Kind::Truncated,
    Kind::DoublePage,
    Kind::ShiftingPage,
    Kind::ExpiredToken,
    Kind::UsedRefreshToken,
    Kind::ClockSkew,
    Kind::Empty204,
    Kind::DraftBooked,
    Kind::DocumentDeleted,
    Kind::ReferenceEdited,
    Kind::HandMadeTwin,
];

impl Kind {
    fn named(name: &str) -> Option<Kind> {
        let known = KINDS.iter().zip(ALL).find(|((n, _), _)| *n == name);
        known.map(|(_, kind)| kind)
    }

    pub(crate) fn name(self) -> &'static str {
        KINDS.get(self as usize).map_or("", |(name, _)| name)
    }

    /// Whether a person in the books does it.
    pub(crate) fn is_person(self) -> bool {
        matches!(
            self,
            Kind::DraftBooked | Kind::DocumentDeleted | Kind::ReferenceEdited | Kind::HandMadeTwin
        )
    }

    /// Whether it decides the answer: of these, one strikes a request at most; the others go together.
    fn decides(self) -> bool {
        matches!(
            self,
            Kind::LoseBefore
                | Kind::LoseAfter
                | Kind::Late
                | Kind::TooMany
                | Kind::Broken
                | Kind::SlowBody
                | Kind::Truncated
                | Kind::ExpiredToken
                | Kind::UsedRefreshToken
                | Kind::Empty204
        )
    }

    /// Its `millis` where none are given.
    fn millis(self) -> i64 {
        match self {
            Kind::ClockSkew => 120_000,
            Kind::TooMany => 1_000,
            kind if kind.is_person() => 0,
            _ => 300,
        }
    }
}

/// One fault: what it does, which requests it strikes, and how often.
///
/// Its text is that of `--fault`: the kind, then members after commas; it strikes until it is cleared unless `times` is given.
///
/// ```
/// let fault: flowbook_sandbox::Fault = "lose-after,share=10,method=POST,path=/v2/".parse()?;
/// assert_eq!(fault.kind(), "lose-after");
/// let wrong = "lose-afer".parse::<flowbook_sandbox::Fault>().unwrap_err();
/// assert!(wrong.starts_with("“lose-afer” is no kind of fault; perhaps “lose-after”"), "{wrong}");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    method: String,
    path: String,
    times: u64,
    skip: u64,
    share: u64,
    pub(crate) millis: i64,
    pub(crate) seed: u64,
    pub(crate) done: bool,
    pub(crate) hang: bool,
    pub(crate) same: bool,
    pub(crate) field: String,
    pub(crate) to: String,
}

impl Fault {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    /// Its `millis` as a span; a clock that is off is none.
    pub(crate) fn span(&self) -> Duration {
        Duration::from_millis(self.millis.unsigned_abs())
    }

    /// As `GET /_sandbox/faults` shows it, with what is left of its times.
    fn shown(&self, left: u64) -> Json {
        let mut shown = object! {
            "kind" => self.kind(), "method" => self.method.clone(), "path" => self.path.clone(),
            "times" => Json::Number(left.into()), "skip" => Json::Number(self.skip.into()),
            "share" => Json::Number(self.share.into()), "millis" => self.millis, "seed" => Json::Number(self.seed.into()),
        };
        for (name, on) in [
            ("done", self.done),
            ("hang", self.hang),
            ("same", self.same),
        ] {
            if on {
                shown.set(name, true);
            }
        }
        for (name, text) in [("field", &self.field), ("to", &self.to)] {
            if !text.is_empty() {
                shown.set(name, text.as_str());
            }
        }
        shown
    }

    /// Whether a request is one that it strikes, its `method` and `path` and what its kind can do anything to.
    fn fits(&self, side: Side, request: &Request) -> bool {
        let token = side == Side::Books && request.path == books::TOKEN_PATH;
        // a token is only fetched in vain where that is asked for: every run would end there
        let named = self.path.starts_with("/connect") || self.kind == Kind::UsedRefreshToken;
        (self.method.is_empty() || self.method == request.method)
            && request.path.starts_with(&self.path)
            && (!token || named)
            && self.can(side, request, token)
    }

    fn can(&self, side: Side, request: &Request, token: bool) -> bool {
        let (read, post) = (request.method == "GET", request.method == "POST");
        match self.kind {
            Kind::Lag => !read || self.method == "GET",
            Kind::DoublePage | Kind::ShiftingPage => read && request.offset() > 0,
            Kind::ExpiredToken => {
                side == Side::Books && request.header("authorization").starts_with("Bearer ")
            }
            Kind::UsedRefreshToken => token && post,
            Kind::Empty204 => post,
            Kind::DraftBooked => post && request.path == "/v2/customerinvoicedrafts",
            kind if kind.is_person() => {
                side == Side::Books && post && books::people::makes_document(request)
            }
            _ => true,
        }
    }

    /// What requests it can strike, for a header that was sent with another one.
    fn strikes(&self) -> &'static str {
        match self.kind {
            Kind::Lag => {
                "it strikes a request that writes; set it at /_sandbox/faults with “method”: “GET” for reads"
            }
            Kind::DoublePage | Kind::ShiftingPage => {
                "it strikes a GET of a later page of a list (“start” or “$page”)"
            }
            Kind::ExpiredToken => "it strikes a request of the books with an access token",
            Kind::UsedRefreshToken => "it strikes a POST to /connect/token of the books",
            Kind::Empty204 => "it strikes a POST",
            Kind::DraftBooked => "it strikes a POST to /v2/customerinvoicedrafts",
            kind if kind.is_person() => "it strikes a POST that makes a document of the books",
            _ => "at /connect/token it is set at /_sandbox/faults with “path”: “/connect/token”",
        }
    }
}
