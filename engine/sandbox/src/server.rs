//! The one place every request passes: counted, limited, handed to its system, written to the log, answered.

use crate::json::{Json, object};
use crate::state::State;
use crate::{Options, Seen, books, faults, sample, till};
use axum::extract::Request as HttpRequest;
use axum::response::Response;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

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
}

impl Request {
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
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Json) -> Reply {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Reply {
            status,
            body: body.to_string(),
            headers,
        }
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
    state: Mutex<State>,
    counts: Mutex<HashMap<String, u64>>,
    windows: Mutex<HashMap<(Side, String), (Instant, u32)>>,
    faults: Mutex<Vec<faults::Fault>>,
    pub(crate) seen: watch::Sender<Seen>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(place: Place, state: State) -> Shared {
        Shared {
            place,
            state: Mutex::new(state),
            counts: Mutex::default(),
            windows: Mutex::default(),
            faults: Mutex::default(),
            seen: watch::Sender::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Answers one request of one side, unless a fault strikes it.
    pub(crate) async fn answer(self: Arc<Self>, side: Side, request: HttpRequest) -> Response {
        let (parts, body) = request.into_parts();
        let reply = match axum::body::to_bytes(body, 16 * 1024 * 1024).await {
            Ok(bytes) => {
                let request = Request {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().map(str::to_owned),
                    headers: parts.headers,
                    body: String::from_utf8_lossy(&bytes).into_owned(),
                };
                self.see(&request);
                match self.struck(side, &request).await {
                    Some(reply) => reply,
                    None => return cut(),
                }
            }
            Err(_) => match side {
                Side::Till => till::too_big(),
                Side::Books => Reply::empty(413),
            },
        };
        let mut response = http::Response::builder().status(reply.status);
        for (name, value) in reply.headers {
            response = response.header(name, value);
        }
        response.body(reply.body.into()).unwrap_or_default()
    }

    /// Counts what came in, before anything is done about it.
    fn see(&self, request: &Request) {
        if !request.path.starts_with("/_sandbox/") {
            let writes = request.method != "GET" && request.path != books::TOKEN_PATH;
            self.seen.send_modify(|seen| {
                seen.requests += 1;
                seen.writes += u64::from(writes);
            });
        }
    }

    /// The answer to a request, or none when its connection is to be cut.
    async fn struck(&self, side: Side, request: &Request) -> Option<Reply> {
        let fault = match request.path.starts_with("/_sandbox/") {
            true => None,
            false => faults::strike(&mut lock(&self.faults), &request.method, &request.path),
        };
        let Some(fault) = fault else {
            return Some(self.reply(side, request));
        };
        tokio::time::sleep(fault.wait).await;
        let answered = fault.commit.then(|| self.reply(side, request));
        if fault.drop {
            return None;
        }
        fault.reply().or(answered)
    }

    fn reply(&self, side: Side, request: &Request) -> Reply {
        if let Some(path) = request.path.strip_prefix("/_sandbox/") {
            return self.control(path, request);
        }
        let counted = format!("{} {} {}", side.name(), request.method, request.path);
        *lock(&self.counts).entry(counted).or_default() += 1;
        let mut state = self.state();
        let reply = match side {
            Side::Till => till::answer(&mut state, self, request),
            Side::Books => books::answer(&mut state, self, request),
        };
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

    /// The sandbox's own door: look at the state, seed it, empty it, count requests.
    fn control(&self, path: &str, request: &Request) -> Reply {
        let mut state = self.state();
        let done = match (request.method.as_str(), path.trim_end_matches('/')) {
            ("GET", "requests") => {
                let counts = lock(&self.counts);
                let mut lines: Vec<_> = counts.iter().collect();
                lines.sort();
                let member = |(name, n): (&String, &u64)| (name.clone(), Json::Number((*n).into()));
                return Reply::json(200, &Json::Object(lines.into_iter().map(member).collect()));
            }
            ("GET", path) if path.starts_with("state/") => {
                let collection = path.trim_start_matches("state/");
                return Reply::json(200, &Json::List(state.all(collection).cloned().collect()));
            }
            ("POST", "faults") => faults::read(&request.body).map(|made| {
                lock(&self.faults).extend(made);
            }),
            ("POST", "seed") => {
                Json::parse(&request.body).and_then(|seed| sample::seed(&mut state, &seed))
            }
            ("POST", "reset") => {
                lock(&self.counts).clear();
                lock(&self.windows).clear();
                lock(&self.faults).clear();
                sample::reset(&mut state, &self.place.options)
            }
            _ => {
                return Reply::json(
                    404,
                    &object! { "sandbox" => "The sandbox has no such door." },
                );
            }
        };
        let done = done.and_then(|()| state.flush().map_err(|e| e.to_string()));
        match done {
            Ok(()) => Reply::empty(204),
            Err(reason) => Reply::json(400, &object! { "sandbox" => reason }),
        }
    }
}

/// An answer that breaks off: the connection closes before its body is whole.
fn cut() -> Response {
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let stream = futures_util::stream::iter([Err::<bytes::Bytes, _>(end)]);
    Response::new(axum::body::Body::from_stream(stream))
}
