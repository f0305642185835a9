//! What is told of a request that came to nothing: the system, the request, why, and the next step; never a secret, never a query.

use flowbook_stdlib::display::readable;
use http::header::LOCATION;

use super::Trouble;
use super::answers::Said;
use super::line::{Line, Lost, Raw, Request};
use super::oauth::signed_out;

impl Line {
    /// A request that got no answer: whether it can have arrived.
    pub(super) fn lost(&self, request: &Request, error: &reqwest::Error) -> Lost {
        let host = self.base.host_str().unwrap_or_default();
        if error.is_connect() || error.is_builder() {
            let why = if error.is_dns() {
                format!("there is no host “{host}”")
            } else if error.is_timeout() {
                format!(
                    "{host} took no connection within {} seconds",
                    self.bounds.connect.as_secs()
                )
            } else {
                format!("{host} takes no connection")
            };
            return Lost::Unsent(
                Trouble::new("F0702", format!("{} cannot be reached: {why}.", self.name)).help(
                    "Check the network and the system's address, then run again; nothing was sent.",
                ),
            );
        }
        let why = if error.is_timeout() {
            format!(
                "no whole answer came within {} seconds",
                self.bounds.attempt.as_secs()
            )
        } else {
            "the connection was cut before the answer was whole".to_owned()
        };
        Lost::Unknown(
            Trouble::new(
                "F0707",
                format!("{} did not answer {}: {why}.", self.name, request.shown()),
            )
            .help("Run again in a few minutes; what was under way is looked up first."),
        )
    }

    /// It sends us on to another address.
    pub(super) fn redirected(&self, request: &Request, raw: &Raw) -> Trouble {
        let to = raw
            .headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|to| self.base.join(to).ok())
            .and_then(|to| to.host_str().map(str::to_owned));
        Trouble::new(
            "F0708",
            format!(
                "{} answered {} by sending us on to {} (status {}), which is never followed.",
                self.name,
                request.shown(),
                to.map_or("another address".to_owned(), |host| format!(
                    "“{}”",
                    readable(&host)
                )),
                raw.status
            ),
        )
        .help("Check the system's address: it must be the one that answers itself.")
    }

    /// It failed by itself.
    pub(super) fn failing(&self, request: &Request, status: u16, said: &Said) -> Trouble {
        let text = match said.text.as_str() {
            "" => String::new(),
            text => format!(", “{text}”"),
        };
        Trouble::new(
            "F0711",
            format!(
                "{} answered {} with {status}{text}, which says nothing of what became of it.",
                self.name,
                request.shown()
            ),
        )
        .help("Run again in a few minutes; if it stays, ask the vendor's support.")
    }

    /// It does not accept the sign-in.
    pub(super) fn signed_out(&self, request: &Request, status: u16, said: &Said) -> Trouble {
        let text = match said.text.as_str() {
            "" => String::new(),
            text => format!(", “{text}”"),
        };
        signed_out(
            &self.name,
            &format!("{} was answered with {status}{text}", request.shown()),
        )
    }
}

/// An answer that cannot be read.
pub(super) fn unreadable(system: &str, request: &Request, why: &str) -> Trouble {
    Trouble::new(
        "F0704",
        format!(
            "The answer of {system} to {} cannot be read: {why}.",
            request.shown()
        ),
    )
    .help("Run again; if it stays, the system answers otherwise than its connector says: show this message to whoever keeps the connector.")
}
