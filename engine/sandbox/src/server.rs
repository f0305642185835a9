//! The one place every request passes: counted, limited, handed to its system, written to the log, answered.

use crate::faults::{Faults, Kind, Strikes};
use crate::json::{Json, object};
use crate::line::Scissors;
use crate::state::State;
use crate::{Options, Seen, books, clock, control, till};
use axum::extract::Request as HttpRequest;
use axum::response::Response;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Which of the two systems a server plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Till,
    Books,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Till => "till",
            Side::Books => "books",
        }
    }
}

/// A request as a system sees it: exactly what came over the wire.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
    pub(crate) twist: Twist,
}

/// What a fault changes about how a system answers a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Twist {
    /// A good POST is answered without a body.
    pub(crate) empty: bool,
    /// How a later page of a list differs.
    pub(crate) page: Option<Page>,
    /// Which document a request made is told, for people who act upon it.
    pub(crate) tells: bool,
}

/// What is wrong with a later page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// It shows the rows of the page before.
    Double,
    /// A row before it is gone from the list.
    Vanished,
    /// A row before it has come into the list.
    Appeared,
}

impl Twist {
    /// Where a page begins, and how many rows the list has, as this request sees it.
    pub(crate) fn page(self, offset: usize, size: usize, total: usize) -> (usize, usize) {
        match self.page {
            Some(Page::Double) if offset > 0 => (offset.saturating_sub(size), total),
            Some(Page::Vanished) if offset > 0 => (offset + 1, total.saturating_sub(1)),
            Some(Page::Appeared) if offset > 0 => (offset - 1, total + 1),
            _ => (offset, total),
        }
    }
}

impl Request {
    /// A request that a person's work in the vendor's own program amounts to.
    pub(crate) fn by_hand(method: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: String::new(),
            query: None,
            headers: http::HeaderMap::new(),
            body: String::new(),
            twist: Twist::default(),
        }
    }

    /// How far into a list it asks: rows at the till, pages in the books; 0 is the beginning.
    pub(crate) fn offset(&self) -> u64 {
        let number = |(name, value): &(String, String)| match name.as_str() {
            "start" => value.parse().ok(),
            "$page" => value.parse::<u64>().ok().map(|page| page.saturating_sub(1)),
            _ => None,
        };
        self.parameters().iter().find_map(number).unwrap_or(0)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// Path and query as sent: what the till's signature covers.
    pub(crate) fn uri(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The query's names and values, decoded, in order.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default())
    }

    /// Whether a parameter of the query is true.
    pub(crate) fn asks(&self, name: &str) -> bool {
        let given = self.parameters();
        given.iter().any(|(n, value)| n == name && value == "true")
    }

    pub(crate) fn segments(&self, root: &str) -> Option<Vec<String>> {
        let rest = self.path.strip_prefix(root)?;
        Some(
            rest.split('/')
                .filter(|s| !s.is_empty())
                .map(decode)
                .collect(),
        )
    }
}

/// Names and values of a query or of a form, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (
            decode(&name.replace('+', " ")),
            decode(&value.replace('+', " ")),
        )
    };
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(pair)
        .collect()
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// An answer before it is written.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The Id of the document that was made, where it is asked for.
    pub(crate) made: Option<String>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Json) -> Reply {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Reply {
            status,
            body: body.to_string(),
            headers,
            ..Reply::default()
        }
    }

    /// Status and headers, ready for a body.
    pub(crate) fn head(&self) -> http::response::Builder {
        let mut head = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            head = head.header(*name, value);
        }
        head
    }

    pub(crate) fn whole(self) -> Response {
        self.head().body(self.body.into()).unwrap_or_default()
    }

    pub(crate) fn empty(status: u16) -> Reply {
        Reply {
            status,
            ..Reply::default()
        }
    }
}

/// Where the two servers listen and what they accept; fixed once both sockets are open.
pub(crate) struct Place {
    pub(crate) till: String,
    pub(crate) books: String,
    pub(crate) options: Options,
}

/// What both servers share.
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) faults: Faults,
    state: Mutex<State>,
    counts: Mutex<HashMap<String, u64>>,
    windows: Mutex<HashMap<(Side, String), (Instant, u32)>>,
    // what goes on though its client may be gone
    tasks: Mutex<JoinSet<()>>,
    pub(crate) seen: watch::Sender<Seen>,
    pub(crate) stop: watch::Receiver<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(place: Place, state: State, stop: watch::Receiver<bool>) -> Shared {
        let faults = Faults::default();
        for fault in &place.options.faults {
            faults.add(fault.clone());
        }
        let shared = Shared {
            place,
            faults,
            state: Mutex::new(state),
            counts: Mutex::default(),
            windows: Mutex::default(),
            tasks: Mutex::default(),
            seen: watch::Sender::default(),
            stop,
        };
        shared.look_back();
        shared
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Keeps changes for reads that look back, if there is a fault that makes them.
    pub(crate) fn look_back(&self) {
        let keeps = self.faults.look_back();
        self.state().keep_changes(keeps);
    }

    /// How often each request came, by system, method and path.
    pub(crate) fn counted(&self) -> Json {
        let counts = lock(&self.counts);
        let mut lines: Vec<_> = counts.iter().collect();
        lines.sort();
        let member = |(name, n): (&String, &u64)| (name.clone(), Json::Number((*n).into()));
        Json::Object(lines.into_iter().map(member).collect())
    }

    /// Forgets counts, limits and faults.
    pub(crate) fn forget(&self) {
        lock(&self.counts).clear();
        lock(&self.windows).clear();
        self.faults.clear();
    }

    /// Waits for what goes on without a client; late requests are carried out at once by then.
    pub(crate) async fn settled(&self) {
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.join_all().await;
    }

    /// Sleeps so long, or until the sandbox stops.
    pub(crate) async fn sleep(&self, span: Duration) {
        let mut stop = self.stop.clone();
        // both ends are what is waited for
        let _ = tokio::time::timeout(span, stop.wait_for(|stop| *stop)).await;
    }

    /// Starts work that is done though its client goes away.
    pub(crate) fn start(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Answers one request of one side, unless a fault strikes it.
    pub(crate) async fn answer(
        self: Arc<Self>,
        side: Side,
        request: HttpRequest,
        line: Scissors,
    ) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, 16 * 1024 * 1024).await else {
            return match side {
                Side::Till => till::too_big(),
                Side::Books => Reply::empty(413),
            }
            .whole();
        };
        let request = Request {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            twist: Twist::default(),
        };
        if let Some(path) = request.path.strip_prefix("/_sandbox/") {
            return control::answer(&self, path, &request).whole();
        }
        self.see(&request);
        match self.faults.strike(side, &request) {
            Ok(strikes) if strikes.is_empty() => self.reply(side, &request, &strikes).whole(),
            Ok(strikes) => self.strike(side, request, strikes, line).await,
            Err(reason) => control::refused(&reason).whole(),
        }
    }

    /// Counts what came in, before anything is done about it.
    fn see(&self, request: &Request) {
        let writes = request.method != "GET" && request.path != books::TOKEN_PATH;
        self.seen.send_modify(|seen| {
            seen.requests += 1;
            seen.writes += u64::from(writes);
        });
    }

    /// Carries a request out: the system's answer, what was changed written to the log.
    pub(crate) fn reply(&self, side: Side, request: &Request, strikes: &Strikes) -> Reply {
        let counted = format!("{} {} {}", side.name(), request.method, request.path);
        *lock(&self.counts).entry(counted).or_default() += 1;
        let off = strikes.of(Kind::ClockSkew);
        let _clock = clock::off_by(off.map_or(0, |strike| strike.fault.millis));
        let mut state = self.state();
        if strikes.of(Kind::ExpiredToken).is_some() {
            books::expire(&mut state, request);
        }
        if strikes.of(Kind::UsedRefreshToken).is_some() {
            books::use_up(&mut state, request);
        }
        let lag = strikes.of(Kind::Lag).map(|strike| strike.fault.span());
        let hidden = if request.method == "GET" {
            state.hide(lag)
        } else {
            state.hide_writes(lag);
            None
        };
        let reply = match side {
            Side::Till => till::answer(&mut state, self, request),
            Side::Books => books::answer(&mut state, self, request),
        };
        if let Some(hidden) = hidden {
            state.show(hidden);
        }
        state.hide_writes(None);
        if let Some(strike) = strikes.of(Kind::Empty204)
            && reply.status != 204
        {
            self.faults.give_back(strike);
        }
        for strike in strikes.people().filter(|strike| strike.fault.millis == 0) {
            self.act(&mut state, strike, reply.made.as_deref());
        }
        match state.flush() {
            Ok(()) => reply,
            Err(e) => Reply::json(
                500,
                &object! { "sandbox" => format!("The sandbox cannot write its state: {e}") },
            ),
        }
    }

    /// Counts a request against a limit per minute; the seconds to wait when it is used up. A limit of 0 is none.
    pub(crate) fn limited(&self, side: Side, what: &str, limit: u32) -> Option<u64> {
        if limit == 0 {
            return None;
        }
        let mut windows = lock(&self.windows);
        let window = windows
            .entry((side, what.to_owned()))
            .or_insert((Instant::now(), 0));
        let age = window.0.elapsed().as_secs();
        if age >= 60 {
            *window = (Instant::now(), 0);
        }
        window.1 += 1;
        (window.1 > limit).then(|| 60u64.saturating_sub(age).max(1))
    }
}
