//! The line to one system: every request to it passes here. Quotas, sign-in, signatures, deadlines and bounds are dealt with once.
//!
//! A read is tried again when the line fails or the system is busy; a write leaves once, and whoever has it sent decides whether it leaves again.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowbook_stdlib::display::readable;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use url::Url;

use super::access::{Access, TokenKeeper, is_loopback};
use super::answers::{self, Said};
use super::limits::{Quotas, pause_asked};
use super::oauth::Session;
use super::sign::{self, Signed, header_name, header_value};
use super::told::unreadable;
use super::wire::{Exchange, HttpWire, Reply, Wire, World};
use super::{Sent, Trouble, TurnedAway, json, template};
use crate::plan::connector::{Auth, Connector, Outcome, ResourceIx, System, Verify};
use crate::time::Clock;
use crate::wrong::{self, Wrong};

/// Bounds of the line.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long one attempt may take, connection and answer included.
    pub attempt: Duration,
    /// How often a read is tried.
    pub reads: u32,
    /// How long a request waits in all for a system that says it is busy.
    pub patience: Duration,
    /// The largest answer, in bytes.
    pub largest: usize,
    /// Requests at a time.
    pub at_once: usize,
    /// So many times the connector's quotas: a sandbox admits more than the real system.
    pub quota_factor: u32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            reads: 3,
            patience: Duration::from_secs(300),
            largest: 32 * 1024 * 1024,
            at_once: 8,
            quota_factor: 1,
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    /// Behind the base; holes filled and encoded.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<String>,
    pub(super) resource: ResourceIx,
}

impl Request {
    /// `GET /customers`: as messages name it. The query stays out: it may hold addresses of people.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An answer of 2xx.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: String,
    /// The server's clock.
    pub(super) clock: Option<Timestamp>,
}

/// Why a read came to nothing.
#[derive(Debug)]
pub(super) enum Unread {
    /// What was asked for is away.
    Gone(Trouble),
    /// The system does not answer this question.
    Refused(Trouble),
    /// It did not answer.
    Trouble(Trouble),
}

impl Unread {
    pub(super) fn told(self) -> Trouble {
        match self {
            Unread::Gone(trouble) | Unread::Refused(trouble) | Unread::Trouble(trouble) => trouble,
        }
    }
}

/// An exchange that gave no answer to go by.
pub(super) enum Lost {
    /// Not a byte of the request was written.
    Unsent(Trouble),
    /// It may have arrived.
    Unknown(Trouble),
    /// Trying again changes nothing.
    Unusable(Trouble),
}

pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    body: String,
    token: Option<SecretString>,
}

/// The line to one system.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) connector: Arc<Connector>,
    pub(super) access: Access,
    pub(super) base: Url,
    wire: Arc<dyn Wire>,
    clock: Arc<dyn Clock>,
    keeper: Arc<dyn TokenKeeper>,
    session: Option<Session>,
    quotas: Quotas,
    places: Semaphore,
    count: AtomicU64,
    /// Pauses in a row that writes were turned away for.
    turned_away: AtomicU32,
    pub(super) bounds: Bounds,
    /// Told once, at the end of a run.
    warnings: Mutex<Vec<String>>,
}

impl Line {
    pub(super) fn new(
        system: &System,
        access: Access,
        keeper: Arc<dyn TokenKeeper>,
        bounds: &Bounds,
        world: &World,
    ) -> Result<Line, Trouble> {
        let base = access.base(system)?;
        let wire = match &world.wire {
            Some(wire) => wire.clone(),
            None => Arc::new(
                HttpWire::new(&base, is_loopback(&base), bounds)
                    .map_err(|_| unprepared(&system.name))?,
            ),
        };
        let connector = system.connector.clone();
        let mut session = None;
        if let Auth::OAuth2 {
            authorize,
            token,
            basic,
            scopes,
            ..
        } = &connector.auth
        {
            let url = access.token_url(&system.name, token)?;
            session = Some(Session::new(
                &system.name,
                url,
                *basic,
                authorize.is_empty(),
                scopes,
                world.clock.clone(),
                bounds,
            ));
        }
        Ok(Line {
            name: system.name.clone(),
            quotas: Quotas::new(&connector.limits, bounds.quota_factor, world.clock.clone()),
            clock: world.clock.clone(),
            connector,
            access,
            base,
            wire,
            keeper,
            session,
            places: Semaphore::new(bounds.at_once.max(1)),
            count: AtomicU64::new(0),
            turned_away: AtomicU32::new(0),
            bounds: bounds.clone(),
            warnings: Mutex::default(),
        })
    }

    pub(super) fn requests(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// What was noticed and stops nothing.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.warnings
            .lock()
            .map(|warnings| warnings.clone())
            .unwrap_or_default()
    }

    /// Reads.
    pub(super) async fn read(&self, request: &Request) -> Result<Answer, Unread> {
        let mut failures = 0;
        let mut busy = Busy::default();
        let mut renewed = false;
        loop {
            let raw = match self.exchange(request, false).await {
                Ok(raw) => raw,
                Err(Lost::Unusable(trouble)) => return Err(Unread::Trouble(trouble)),
                Err(Lost::Unsent(trouble) | Lost::Unknown(trouble)) => {
                    failures += 1;
                    if failures >= self.bounds.reads {
                        return Err(Unread::Trouble(trouble));
                    }
                    self.clock.sleep(backoff(failures)).await;
                    continue;
                }
            };
            if (200..300).contains(&raw.status) {
                return Ok(self.answer(raw));
            }
            if (300..400).contains(&raw.status) {
                return Err(Unread::Trouble(self.redirected(request, &raw)));
            }
            let said = self.said(&raw);
            let refused =
                |code| answers::refusal(code, &self.name, &request.shown(), raw.status, &said);
            match answers::meaning(&self.connector, raw.status, &raw.body) {
                Outcome::Ok => return Ok(self.answer(raw)),
                Outcome::Busy => self
                    .wait(&mut busy, request, &raw)
                    .await
                    .map_err(Unread::Trouble)?,
                Outcome::SignIn => match (&self.session, &raw.token) {
                    (Some(session), Some(token)) if !renewed => {
                        renewed = true;
                        session.refused(token).await;
                    }
                    _ => {
                        return Err(Unread::Trouble(self.signed_out(request, raw.status, &said)));
                    }
                },
                Outcome::Gone => return Err(Unread::Gone(refused("F0713"))),
                Outcome::Taken | Outcome::Refused => {
                    return Err(Unread::Refused(refused("F0706")));
                }
                Outcome::Unknown => {
                    failures += 1;
                    if failures >= self.bounds.reads {
                        return Err(Unread::Trouble(self.failing(request, raw.status, &said)));
                    }
                    self.clock.sleep(backoff(failures)).await;
                }
            }
        }
    }

    /// Writes: one attempt, one request. The error is what became of it, if it is not a success. `there`: nothing that the path names can be away,
    /// so an answer that something is means what the body refers to, and is a refusal.
    pub(super) async fn write(&self, request: &Request, there: bool) -> Result<Answer, Sent> {
        let raw = match self.exchange(request, true).await {
            Ok(raw) => raw,
            Err(Lost::Unsent(trouble)) => return Err(Sent::Unsent(trouble)),
            Err(Lost::Unknown(trouble)) if wrong::is(Wrong::TimeoutIsUnsent) => {
                return Err(Sent::Unsent(trouble.local()));
            }
            Err(Lost::Unknown(trouble)) => return Err(Sent::Unknown(trouble)),
            Err(Lost::Unusable(trouble)) => return Err(Sent::Unknown(trouble)),
        };
        #[cfg(test)]
        let raw = self.followed(request, raw).await;
        if (200..300).contains(&raw.status) {
            return Ok(self.answer(raw));
        }
        let said = self.said(&raw);
        let refused =
            |code| answers::refusal(code, &self.name, &request.shown(), raw.status, &said);
        Err(
            match answers::meaning(&self.connector, raw.status, &raw.body) {
                Outcome::Ok => return Ok(self.answer(raw)),
                Outcome::Busy => self.turned_away(request, &raw, &said),
                Outcome::SignIn => {
                    let trouble = self.signed_out(request, raw.status, &said);
                    match (&self.session, &raw.token) {
                        (Some(session), Some(token)) => {
                            session.refused(token).await;
                            Sent::TurnedAway(Box::new(TurnedAway {
                                trouble,
                                pause: Duration::ZERO,
                                patience: Duration::ZERO,
                            }))
                        }
                        _ => Sent::Unsent(trouble),
                    }
                }
                Outcome::Taken => Sent::Taken(refused("F0714")),
                Outcome::Gone if !there => Sent::Gone(refused("F0713")),
                Outcome::Gone | Outcome::Refused => Sent::Refused(refused("F0706")),
                Outcome::Unknown if (300..400).contains(&raw.status) => {
                    Sent::Unknown(self.redirected(request, &raw))
                }
                Outcome::Unknown => Sent::Unknown(self.failing(request, raw.status, &said).local()),
            },
        )
    }

    /// A write that a busy system did not take. All requests to it pause meanwhile.
    fn turned_away(&self, request: &Request, raw: &Raw, said: &Said) -> Sent {
        let turn = self.turned_away.load(Ordering::Relaxed);
        let pause = pause_asked(&raw.headers, &said.text, turn, self.clock.wall());
        let trouble = self.too_busy(request, pause);
        if pause > self.bounds.patience {
            return Sent::Unsent(trouble);
        }
        if self.quotas.pause(pause) {
            self.turned_away.store(turn + 1, Ordering::Relaxed);
        }
        Sent::TurnedAway(Box::new(TurnedAway {
            trouble,
            pause,
            patience: self.bounds.patience,
        }))
    }

    /// What the address answers that a write was sent on to: what must never be asked.
    #[cfg(test)]
    async fn followed(&self, request: &Request, raw: Raw) -> Raw {
        let to = raw.headers.get(http::header::LOCATION);
        let to = to.and_then(|to| self.base.join(to.to_str().ok()?).ok());
        match to {
            Some(to) if raw.status / 100 == 3 && wrong::is(Wrong::RedirectFollowed) => {
                let base = self.base.path().trim_end_matches('/');
                let path = to.path().strip_prefix(base).unwrap_or(to.path()).to_owned();
                let request = Request {
                    path,
                    ..request.clone()
                };
                self.exchange(&request, true).await.unwrap_or(raw)
            }
            _ => raw,
        }
    }

    /// One request, one answer.
    async fn exchange(&self, request: &Request, write: bool) -> Result<Raw, Lost> {
        let url = self.url(request).map_err(Lost::Unsent)?;
        let mut token = None;
        if let Some(session) = &self.session {
            let held = session
                .token(&*self.wire, &self.access, &*self.keeper)
                .await
                .map_err(|trouble| {
                    if write {
                        Lost::Unsent(trouble)
                    } else {
                        Lost::Unusable(trouble)
                    }
                })?;
            token = Some(held);
        }
        self.quotas
            .admit(write, &request.path, request.resource)
            .await;
        let _place = self.places.acquire().await;
        let uri = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let signed = Signed {
            method: &request.method,
            uri: &uri,
            body: request.body.as_deref().unwrap_or_default(),
        };
        let headers = self
            .headers(signed, token.as_ref(), request.body.is_some())
            .map_err(|why| {
                Lost::Unsent(Trouble::new(
                    "F0712",
                    format!(
                        "{} cannot be made for {}: {why}.",
                        request.shown(),
                        self.name
                    ),
                ))
            })?;
        self.count.fetch_add(1, Ordering::Relaxed);
        let reply = self.wire.exchange(Exchange {
            method: Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET),
            url,
            headers,
            body: request.body.clone(),
            within: self.bounds.attempt,
            largest: self.bounds.largest,
        });
        let Reply {
            status,
            headers,
            body,
        } = reply.await.map_err(|broken| self.lost(request, broken))?;
        let body = self.plain(request, body)?;
        if (200..300).contains(&status) {
            self.verified(request, signed, &headers, &body)?;
        }
        Ok(Raw {
            status,
            headers,
            body,
            token,
        })
    }

    /// The request's address, which lies below the base whatever fills the path.
    fn url(&self, request: &Request) -> Result<Url, Trouble> {
        let wanted = format!("{}{}", self.base.path().trim_end_matches('/'), request.path);
        let mut url = self.base.clone();
        url.set_path(&wanted);
        let query = template::query(&request.query);
        url.set_query(query.strip_prefix('?'));
        if url.path() == wanted {
            return Ok(url);
        }
        Err(Trouble::new(
            "F0712",
            format!(
                "{} would leave the address of {}, so it is not sent.",
                request.shown(),
                self.name
            ),
        )
        .local())
    }

    fn headers(
        &self,
        signed: Signed<'_>,
        token: Option<&SecretString>,
        has_body: bool,
    ) -> Result<HeaderMap, String> {
        let mut headers = sign::headers(
            &self.connector.auth,
            &self.access,
            signed,
            self.clock.wall(),
        )?;
        for (name, value) in &self.connector.headers {
            let value = template::plain(value, &|hole| {
                self.access.value(hole.first()?).map(Into::into)
            })?;
            headers.insert(header_name(name)?, header_value(name, &value)?);
        }
        headers
            .entry(http::header::ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(token) = token {
            let text = format!("Bearer {}", token.expose_secret());
            headers.insert(AUTHORIZATION, header_value("authorization", &text)?);
        }
        Ok(headers)
    }

    /// The body as a text that can be read.
    fn plain(&self, request: &Request, body: String) -> Result<String, Lost> {
        let text = match body.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => body,
        };
        if json::shallow(&text) {
            return Ok(text);
        }
        Err(Lost::Unusable(unreadable(
            &self.name,
            request,
            "it is nested deeper than any record",
        )))
    }

    fn verified(
        &self,
        request: &Request,
        signed: Signed<'_>,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<(), Lost> {
        let Auth::HmacSha512 {
            verify: Verify::Enforce | Verify::Warn,
            answer: Some(_),
            ..
        } = &self.connector.auth
        else {
            return Ok(());
        };
        let auth = &self.connector.auth;
        let Err(why) = sign::verify(auth, &self.access, signed, headers, body, self.clock.wall())
        else {
            return Ok(());
        };
        let trouble = Trouble::new(
            "F0709",
            format!(
                "The answer of {} to {} does not prove who it comes from: {why}.",
                self.name,
                request.shown()
            ),
        )
        .help("Check this machine's clock and the secret key; if both are right, somebody may stand between you and the system.");
        match auth {
            Auth::HmacSha512 {
                verify: Verify::Warn,
                ..
            } => {
                self.warn(trouble.message);
                Ok(())
            }
            _ => Err(Lost::Unknown(trouble)),
        }
    }

    fn said(&self, raw: &Raw) -> Said {
        let token = raw.token.as_ref().map(ExposeSecret::expose_secret);
        let shown = |text: &str| readable(&self.access.redacted(text, token));
        let connector = &self.connector;
        answers::said(&connector.error, &raw.body, connector.any_case, &shown)
    }

    fn answer(&self, raw: Raw) -> Answer {
        self.turned_away.store(0, Ordering::Relaxed);
        let clock = raw
            .headers
            .get(DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| jiff::fmt::rfc2822::parse(text).ok())
            .map(|time| time.timestamp());
        Answer {
            body: raw.body,
            clock,
        }
    }

    /// Waits as long as a busy system asks for.
    async fn wait(&self, busy: &mut Busy, request: &Request, raw: &Raw) -> Result<(), Trouble> {
        let said = self.said(raw);
        let pause = pause_asked(&raw.headers, &said.text, busy.turns, self.clock.wall());
        busy.turns += 1;
        busy.waited += pause;
        if busy.waited > self.bounds.patience {
            return Err(self.too_busy(request, pause));
        }
        self.quotas.pause(pause);
        Ok(())
    }

    fn warn(&self, message: String) {
        if let Ok(mut warnings) = self.warnings.lock()
            && warnings.is_empty()
        {
            warnings.push(message);
        }
    }
}

#[derive(Default)]
struct Busy {
    turns: u32,
    waited: Duration,
}

/// No connection can be made by this machine.
fn unprepared(system: &str) -> Trouble {
    Trouble::new(
        "F0702",
        format!("No connection to {system} can be prepared on this machine."),
    )
    .help("Check that this machine's certificates and proxy settings can be read.")
}

/// The pause after so many failures in a row.
pub(super) fn backoff(failures: u32) -> Duration {
    Duration::from_millis(250 << failures.min(6))
}
