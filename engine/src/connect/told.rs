//! What is told of a request that came to nothing: the system, the request, why, and the next step; never a secret, never a query.

use std::time::Duration;

use flowbook_stdlib::display::readable;
use http::header::LOCATION;

use super::Trouble;
use super::answers::Said;
use super::line::{Line, Lost, Raw, Request};
use super::oauth::signed_out;
use super::wire::Broken;

impl Line {
    /// An exchange that gave no answer: whether its request can have arrived.
    pub(super) fn lost(&self, request: &Request, broken: Broken) -> Lost {
        let host = self.base.host_str().unwrap_or_default();
        let unsent = |why: String| {
            Lost::Unsent(
                Trouble::new("F0702", format!("{} cannot be reached: {why}.", self.name)).help(
                    "Check the network and the system's address, then run again; nothing was sent.",
                ),
            )
        };
        let unknown = |why: String| {
            Lost::Unknown(
                Trouble::new(
                    "F0707",
                    format!("{} did not answer {}: {why}.", self.name, request.shown()),
                )
                .help("Run again in a few minutes; what was under way is looked up first."),
            )
        };
        match broken {
            Broken::NoHost => unsent(format!("there is no host “{host}”")),
            Broken::NotConnectedInTime => unsent(format!(
                "{host} took no connection within {} seconds",
                self.bounds.connect.as_secs()
            )),
            Broken::NotConnected => unsent(format!("{host} takes no connection")),
            Broken::NotInTime => unknown(format!(
                "no whole answer came within {} seconds",
                self.bounds.attempt.as_secs()
            )),
            Broken::Cut => unknown("the connection was cut before the answer was whole".to_owned()),
            Broken::TooLarge => Lost::Unusable(
                Trouble::new(
                    "F0710",
                    format!(
                        "The answer of {} to {} is larger than {} MB, so it is not read.",
                        self.name,
                        request.shown(),
                        self.bounds.largest / (1024 * 1024)
                    ),
                )
                .help("Ask for smaller pages in the connector (`max:`), or look at that record in the system."),
            ),
            Broken::NoText => {
                Lost::Unusable(unreadable(&self.name, request, "it is no text in UTF-8"))
            }
        }
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

    /// It is busy.
    pub(super) fn too_busy(&self, request: &Request, pause: Duration) -> Trouble {
        Trouble::new(
            "F0705",
            format!(
                "{} is too busy for {}: it asks us to wait {} seconds more, and {} seconds in all is the most we wait.",
                self.name,
                request.shown(),
                pause.as_secs().max(1),
                self.bounds.patience.as_secs()
            ),
        )
        .help("Run again later. If it happens often, let the flows run less often or look for another program that uses the same account.")
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
