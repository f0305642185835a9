//! Signed in by OAuth 2.0: one access token for all requests, renewed once for all that wait, and the next refresh token stored before it counts.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::Trouble;
use super::access::{Access, TokenKeeper};
use super::sign::header_value;
use super::wire::{Broken, Exchange, Wire};
use crate::time::Clock;

/// A token is renewed this long before it ends.
const EARLY: Duration = Duration::from_secs(60);
/// How long a token lives whose answer does not say it.
const LIFE: Duration = Duration::from_secs(300);
/// The largest answer of a token endpoint.
const LARGEST: usize = 64 * 1024;

/// The sign-in of one system.
pub(super) struct Session {
    system: String,
    url: Url,
    basic: bool,
    /// No user signed in: the client itself is the account.
    client_only: bool,
    scopes: String,
    clock: Arc<dyn Clock>,
    /// How long one request for a token may take.
    within: Duration,
    token: Mutex<Option<Token>>,
}

struct Token {
    access: SecretString,
    /// By [`Clock::elapsed`].
    until: Duration,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

#[derive(Deserialize, Default)]
struct Denied {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Session {
    pub(super) fn new(
        system: &str,
        url: Url,
        basic: bool,
        client_only: bool,
        scopes: &[String],
        clock: Arc<dyn Clock>,
        within: Duration,
    ) -> Session {
        Session {
            system: system.to_owned(),
            url,
            basic,
            client_only,
            scopes: scopes.join(" "),
            clock,
            within,
            token: Mutex::default(),
        }
    }

    /// The access token; had anew if there is none that holds. Whoever waits here meanwhile takes the same one.
    pub(super) async fn token(
        &self,
        wire: &dyn Wire,
        access: &Access,
        keeper: &dyn TokenKeeper,
    ) -> Result<SecretString, Trouble> {
        let mut token = self.token.lock().await;
        if let Some(token) = token
            .as_ref()
            .filter(|token| token.until > self.clock.elapsed())
        {
            return Ok(token.access.clone());
        }
        let granted = self.renew(wire, access, keeper).await?;
        let life = granted.expires_in.map_or(LIFE, Duration::from_secs);
        let early = EARLY.min(life / 2);
        let fresh = Token {
            access: granted.access_token,
            until: self.clock.elapsed() + life.saturating_sub(early),
        };
        let secret = fresh.access.clone();
        *token = Some(fresh);
        Ok(secret)
    }

    /// A token that the system refused is not used again.
    pub(super) async fn refused(&self, used: &SecretString) {
        let mut token = self.token.lock().await;
        if token
            .as_ref()
            .is_some_and(|token| token.access.expose_secret() == used.expose_secret())
        {
            *token = None;
        }
    }

    async fn renew(
        &self,
        wire: &dyn Wire,
        access: &Access,
        keeper: &dyn TokenKeeper,
    ) -> Result<Granted, Trouble> {
        if self.client_only {
            let form = vec![
                ("grant_type", "client_credentials"),
                ("scope", self.scopes.as_str()),
            ];
            return self.ask(wire, access, form).await.map_err(Failed::told);
        }
        let kept = keeper
            .token(&self.system)
            .map_err(|why| Trouble::new("F0715", why))?;
        let given = access.refresh_token().map(str::to_owned);
        // The kept one is newer as a rule; one that was given after signing in anew takes its place when the kept one is refused.
        let mut tokens: Vec<String> = kept.into_iter().chain(given).collect();
        tokens.dedup();
        let mut denied = None;
        for token in tokens {
            let form = vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
            ];
            match self.ask(wire, access, form).await {
                Ok(granted) => {
                    let next = granted
                        .refresh_token
                        .as_ref()
                        .map_or(token.as_str(), ExposeSecret::expose_secret);
                    keeper.keep(&self.system, next).map_err(|why| {
                        Trouble::new(
                            "F0715",
                            format!("The new sign-in of {} could not be stored, so it is not used: {why}", self.system),
                        )
                    })?;
                    return Ok(granted);
                }
                Err(Failed::Denied(trouble)) => denied = Some(trouble),
                Err(Failed::Other(trouble)) => return Err(trouble),
            }
        }
        Err(denied.unwrap_or_else(|| self.signed_out("no refresh token is known")))
    }

    async fn ask(
        &self,
        wire: &dyn Wire,
        access: &Access,
        mut form: Vec<(&str, &str)>,
    ) -> Result<Granted, Failed> {
        let id = access.value("client_id").unwrap_or_default();
        let secret = access.value("client_secret").unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if self.basic {
            let form: String = url::form_urlencoded::byte_serialize(id.as_bytes())
                .chain([":"])
                .chain(url::form_urlencoded::byte_serialize(secret.as_bytes()))
                .collect();
            let text = format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(form)
            );
            let value = header_value("authorization", &text)
                .map_err(|why| Failed::Other(self.signed_out(&why)))?;
            headers.insert(AUTHORIZATION, value);
        } else {
            form.push(("client_id", id));
            form.push(("client_secret", secret));
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let reply = wire.exchange(Exchange {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: Some(body),
            within: self.within,
            largest: LARGEST,
        });
        let reply = reply.await.map_err(|broken| {
            let why = match broken {
                Broken::NotInTime | Broken::NotConnectedInTime => "no answer came in time",
                Broken::TooLarge | Broken::NoText => "its answer cannot be read",
                _ => "no connection came about",
            };
            Failed::Other(
                Trouble::new(
                    "F0702",
                    format!(
                        "{} could not be signed in to at {}: {why}.",
                        self.system,
                        self.url.host_str().unwrap_or_default()
                    ),
                )
                .help("Check the network and run again."),
            )
        })?;
        let status = reply.status;
        if status == 200 {
            return serde_json::from_str(&reply.body).map_err(|_| {
                Failed::Other(self.signed_out("the answer holds no token that can be read"))
            });
        }
        let denied: Denied = serde_json::from_str(&reply.body).unwrap_or_default();
        let mut said = denied.error.clone();
        if !denied.error_description.is_empty() {
            said = format!("{said}: {}", denied.error_description);
        }
        let said = flowbook_stdlib::display::readable(&access.redacted(&said));
        if denied.error == "invalid_grant" {
            return Err(Failed::Denied(
                self.signed_out(&format!("the refresh token holds no more ({said})")),
            ));
        }
        Err(Failed::Other(match status {
            429 | 500..=599 => Trouble::new(
                "F0702",
                format!(
                    "{} gives no token at the moment (status {status}).",
                    self.system
                ),
            )
            .help("Run again in a few minutes."),
            _ => self.signed_out(&format!("status {status}, {said}")),
        }))
    }

    fn signed_out(&self, why: &str) -> Trouble {
        signed_out(&self.system, why)
    }
}

enum Failed {
    Denied(Trouble),
    Other(Trouble),
}

impl Failed {
    fn told(self) -> Trouble {
        match self {
            Failed::Denied(trouble) | Failed::Other(trouble) => trouble,
        }
    }
}

/// The sign-in does not hold.
pub(super) fn signed_out(system: &str, why: &str) -> Trouble {
    Trouble::new(
        "F0703",
        format!("{system} does not accept the sign-in: {why}."),
    )
    .help(format!(
        "Check the values of FLOWBOOK_{0}_… (keys, and a refresh token of a new sign-in), then run again; nothing is lost.",
        system.to_uppercase()
    ))
}
