//! Signed in by OAuth 2.0: one access token for all requests, renewed once for all that wait, and the next refresh token stored before it counts.
//!
//! A request for a token whose answer never came is made again with the same refresh token. The system may have taken that one for the first request;
//! then it refuses it, and the trouble says so. That a request leaves is noted before it does, so that a later run can say so too.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use url::Url;

use super::Trouble;
use super::access::{Access, TokenKeeper, variable};
use super::limits::pause_asked;
use super::line::{Bounds, backoff};
use super::sign::header_value;
use super::wire::{Broken, Exchange, Reply, Wire};
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
    /// How long one request for a token may take, and how often it is made.
    bounds: Bounds,
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
        bounds: &Bounds,
    ) -> Session {
        Session {
            system: system.to_owned(),
            url,
            basic,
            client_only,
            scopes: scopes.join(" "),
            clock,
            bounds: bounds.clone(),
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
            let asked = self.ask(wire, access, None, &mut false).await;
            return asked.map_err(Failed::told);
        }
        let kept = keeper
            .token(&self.system)
            .map_err(|why| Trouble::new("F0715", why))?;
        let given = access.refresh_token().map(str::to_owned);
        // The kept one is newer as a rule; one that was given after signing in anew takes its place when the kept one is refused.
        let mut tokens: Vec<String> = kept.into_iter().chain(given).collect();
        tokens.dedup();
        let (mut used_up, mut denied) = (None, None);
        for token in tokens {
            let hash = hash(&token);
            let known = keeper.is_unheard(&self.system, &hash);
            let mut unheard = known.map_err(|why| Trouble::new("F0715", why))?;
            let note = |unheard| {
                let noted = keeper.note(&self.system, &hash, unheard);
                noted.map_err(|why| Trouble::new("F0715", why))
            };
            if !unheard {
                note(true)?;
            }
            let asked = self.ask(wire, access, Some(&token), &mut unheard).await;
            if asked.is_err() && !unheard {
                note(false)?;
            }
            match asked {
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
                Err(Failed::Denied(trouble)) if unheard => used_up = Some(trouble),
                Err(Failed::Denied(trouble)) => denied = Some(trouble),
                Err(Failed::Other(trouble)) => return Err(trouble),
            }
        }
        Err(used_up
            .or(denied)
            .unwrap_or_else(|| self.signed_out("no refresh token is known")))
    }

    /// Asks for a token until there is an answer to go by: with a refresh token, or as the client alone. `unheard`: a request with the same refresh token may have arrived, in this run or one before,
    /// and its answer was never heard.
    async fn ask(
        &self,
        wire: &dyn Wire,
        access: &Access,
        refresh: Option<&str>,
        unheard: &mut bool,
    ) -> Result<Granted, Failed> {
        let exchange = self.exchange(access, refresh)?;
        let mut tries = 0;
        loop {
            let said = match wire.exchange(exchange.clone()).await {
                Ok(reply) => self.read(access, refresh, &reply, *unheard, tries),
                Err(broken) => Said::Nothing(self.lost(broken)),
            };
            let (nothing, pause) = match said {
                Said::Token(granted) => return Ok(granted),
                Said::No(failed) => return Err(failed),
                Said::Busy(trouble, pause) => (trouble, pause),
                Said::Nothing(nothing) => {
                    *unheard |= nothing.may_have_arrived;
                    (nothing.trouble, backoff(tries + 1))
                }
            };
            tries += 1;
            if tries >= self.bounds.reads || pause > self.bounds.patience {
                return Err(Failed::Other(nothing));
            }
            self.clock.sleep(pause).await;
        }
    }

    fn exchange(&self, access: &Access, refresh: Option<&str>) -> Result<Exchange, Failed> {
        let mut form = match refresh {
            Some(token) => vec![("grant_type", "refresh_token"), ("refresh_token", token)],
            None => vec![
                ("grant_type", "client_credentials"),
                ("scope", self.scopes.as_str()),
            ],
        };
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
        Ok(Exchange {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: Some(body),
            within: self.bounds.attempt,
            largest: LARGEST,
        })
    }

    /// What an answer says. `unheard`: an earlier request with the same refresh token may have arrived.
    fn read(
        &self,
        access: &Access,
        refresh: Option<&str>,
        reply: &Reply,
        unheard: bool,
        tries: u32,
    ) -> Said {
        let status = reply.status;
        if (200..300).contains(&status) {
            return match serde_json::from_str(&reply.body) {
                Ok(granted) => Said::Token(granted),
                Err(_) => Said::Nothing(Nothing {
                    trouble: self.signed_out("the answer holds no token that can be read"),
                    may_have_arrived: true,
                }),
            };
        }
        let denied: Denied = serde_json::from_str(&reply.body).unwrap_or_default();
        let mut said = denied.error.clone();
        if !denied.error_description.is_empty() {
            said = format!("{said}: {}", denied.error_description);
        }
        let said = flowbook_stdlib::display::readable(&access.redacted(&said, refresh));
        if denied.error == "invalid_grant" {
            return Said::No(Failed::Denied(match unheard {
                true => self.used_unheard(&said),
                false => self.signed_out(&format!("the refresh token holds no more ({said})")),
            }));
        }
        let failing = || {
            Trouble::new(
                "F0702",
                format!(
                    "{} gives no token at the moment (status {status}).",
                    self.system
                ),
            )
            .help("Run again in a few minutes.")
        };
        match status {
            429 => Said::Busy(
                failing(),
                pause_asked(&reply.headers, &said, tries, self.clock.wall()),
            ),
            500..=599 => Said::Nothing(Nothing {
                trouble: failing(),
                may_have_arrived: true,
            }),
            _ => Said::No(Failed::Other(
                self.signed_out(&format!("status {status}, {said}")),
            )),
        }
    }

    fn lost(&self, broken: Broken) -> Nothing {
        let why = match broken {
            Broken::NotInTime | Broken::NotConnectedInTime => "no answer came in time",
            Broken::TooLarge | Broken::NoText => "its answer cannot be read",
            Broken::Cut => "the connection was cut before the answer came",
            Broken::NoHost | Broken::NotConnected => "no connection came about",
        };
        let trouble = Trouble::new(
            "F0702",
            format!(
                "{} could not be signed in to at {}: {why}.",
                self.system,
                self.url.host_str().unwrap_or_default()
            ),
        );
        Nothing {
            trouble: trouble.help("Check the network and run again."),
            may_have_arrived: !matches!(
                broken,
                Broken::NoHost | Broken::NotConnected | Broken::NotConnectedInTime
            ),
        }
    }

    /// The refresh token went with a request whose answer never came, and with the answer the next one.
    fn used_unheard(&self, said: &str) -> Trouble {
        Trouble::new(
            "F0703",
            format!(
                "{0} does not accept the sign-in: the refresh token was used by a request whose answer never came, so the next one, which {0} gave with that answer, is lost ({said}).",
                self.system
            ),
        )
        .help(format!(
            "Sign in to {} anew, as you did when you set it up, put the refresh token that this gives into {}, and run again; nothing is lost.",
            self.system,
            variable(&self.system, "REFRESH_TOKEN")
        ))
    }

    fn signed_out(&self, why: &str) -> Trouble {
        signed_out(&self.system, why)
    }
}

/// What a refresh token is known by where it must not stand itself.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// What came of one request for a token.
enum Said {
    Token(Granted),
    /// Asking again changes nothing.
    No(Failed),
    /// To be asked again after a pause.
    Busy(Trouble, Duration),
    Nothing(Nothing),
}

/// No answer to go by.
struct Nothing {
    trouble: Trouble,
    may_have_arrived: bool,
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
