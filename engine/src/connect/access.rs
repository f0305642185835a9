//! What an account needs to be reached: its address and its secrets, from the environment or given.
//!
//! Each `param` and `secret` of a connector is looked up as `FLOWBOOK_<SYSTEM>_<NAME>`, and so are `BASE`, `TOKEN_URL` and `REFRESH_TOKEN`.
//! Secrets cannot print.

use std::collections::BTreeMap;

use flowbook_stdlib::display::in_text;
use flowbook_stdlib::types::Kind;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::Trouble;
use super::template;
use crate::plan::connector::{Auth, Param, Resource, System};

/// Where refresh tokens are kept from one run to the next: the store.
pub trait TokenKeeper: Send + Sync {
    /// The token of a system that was kept last.
    ///
    /// # Errors
    /// A sentence: why it cannot be read.
    fn token(&self, system: &str) -> Result<Option<String>, String>;

    /// Keeps a token durably, before it is used; all sign-ins before it count as heard.
    ///
    /// # Errors
    /// A sentence: why it cannot be kept.
    fn keep(&self, system: &str, token: &str) -> Result<(), String>;

    /// Notes durably that a sign-in leaves with the refresh token of this hash, and its answer was not heard; or that it was.
    ///
    /// # Errors
    /// A sentence: why it cannot be noted.
    fn note(&self, system: &str, hash: &str, unheard: bool) -> Result<(), String>;

    /// Whether a sign-in with the refresh token of this hash left, in any run, and its answer was never heard.
    ///
    /// # Errors
    /// A sentence: why it cannot be read.
    fn is_unheard(&self, system: &str, hash: &str) -> Result<bool, String>;
}

/// Keeps tokens for this process only: sandboxes and tests.
#[derive(Debug, Default)]
pub struct Forgetful(std::sync::Mutex<BTreeMap<String, String>>);

impl TokenKeeper for Forgetful {
    fn token(&self, system: &str) -> Result<Option<String>, String> {
        let tokens = self.0.lock().map_err(|_| "The tokens are lost.")?;
        Ok(tokens.get(system).cloned())
    }

    fn keep(&self, system: &str, token: &str) -> Result<(), String> {
        let mut tokens = self.0.lock().map_err(|_| "The tokens are lost.")?;
        tokens.insert(system.to_owned(), token.to_owned());
        Ok(())
    }

    fn note(&self, _: &str, _: &str, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn is_unheard(&self, _: &str, _: &str) -> Result<bool, String> {
        Ok(false)
    }
}

/// How one system is reached.
#[derive(Debug)]
pub struct Access {
    /// Its address, where it is not the connector's.
    base: Option<String>,
    /// Where its tokens are had, where it is not the connector's place.
    token_url: Option<String>,
    refresh_token: Option<SecretString>,
    /// Values of its params and secrets.
    values: BTreeMap<String, SecretString>,
    /// Values that never appear in a message.
    hidden: Vec<SecretString>,
}

/// The environment variable that says `name` for a system: `FLOWBOOK_TILL_SECRET_KEY`.
pub fn variable(system: &str, name: &str) -> String {
    format!("FLOWBOOK_{system}_{name}").to_uppercase()
}

/// A variable of the process's environment.
pub fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// Reads what all systems need for requests to the resources in `used`.
///
/// # Errors
/// Names every variable that is missing or cannot be used, all at once.
pub fn read(
    systems: &[System],
    used: &[Resource],
    look: &dyn Fn(&str) -> Option<String>,
    keeper: &dyn TokenKeeper,
) -> Result<Vec<Access>, Trouble> {
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for system in systems {
        let needs = |param: &Param| param.secret || mentioned(system, used, param);
        found.push(one(system, &needs, look, keeper, &mut missing)?);
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = systems
        .iter()
        .filter(|system| {
            let start = variable(&system.name, "");
            missing.iter().any(|line| line.contains(&start))
        })
        .map(|system| system.name.as_str())
        .collect();
    Err(Trouble::new(
        "F0700",
        format!(
            "{} cannot be reached, since values of the environment are missing:\n{}",
            names.join(" and "),
            missing.join("\n")
        ),
    )
    .help("Set them, then run again. `--sandbox` needs none of them."))
}

/// Whether requests to the resources in use have a hole for a param; its address is looked at elsewhere.
fn mentioned(system: &System, used: &[Resource], param: &Param) -> bool {
    let connector = &system.connector;
    let signed = match &connector.auth {
        Auth::HmacSha512 {
            key,
            sign,
            headers,
            answer,
            ..
        } => {
            *key == param.name
                || template::mentions(sign, &param.name)
                || headers
                    .iter()
                    .any(|(_, value)| template::mentions(value, &param.name))
                || answer
                    .iter()
                    .any(|value| template::mentions(value, &param.name))
        }
        // its params are the client's id and secret
        Auth::OAuth2 { .. } => matches!(param.name.as_str(), "client_id" | "client_secret"),
        Auth::None => false,
    };
    let paths = || {
        used.iter().flat_map(|resource| {
            let reads = [
                &resource.one,
                &resource.list,
                &resource.get,
                &resource.update,
            ];
            let creates = resource.creates.iter().map(|action| &action.endpoint);
            reads.into_iter().flatten().chain(creates)
        })
    };
    signed
        || template::mentions(&connector.base, &param.name)
        || connector
            .headers
            .iter()
            .any(|(_, value)| template::mentions(value, &param.name))
        || paths().any(|endpoint| template::mentions(&endpoint.path, &param.name))
}

fn one(
    system: &System,
    needs: &dyn Fn(&Param) -> bool,
    look: &dyn Fn(&str) -> Option<String>,
    keeper: &dyn TokenKeeper,
    missing: &mut Vec<String>,
) -> Result<Access, Trouble> {
    let connector = &system.connector;
    let said = |name: &str| {
        look(&variable(&system.name, name))
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let mut access = Access {
        base: said("BASE"),
        token_url: said("TOKEN_URL"),
        refresh_token: said("REFRESH_TOKEN").map(SecretString::from),
        values: BTreeMap::new(),
        hidden: Vec::new(),
    };
    for param in &connector.params {
        let option = system.options.iter().find(|(name, _)| *name == param.name);
        let value = said(&param.name).or_else(|| option.map(|(_, value)| in_text(value)));
        let only_address =
            access.base.is_some() && template::mentions(&connector.base, &param.name);
        match value {
            Some(value) if param.ty.kind == Kind::Int && value.parse::<i64>().is_err() => {
                missing.push(format!(
                    "  {}  must be a whole number",
                    variable(&system.name, &param.name)
                ));
            }
            Some(value) => {
                if param.secret {
                    access.hidden.push(value.clone().into());
                }
                access.values.insert(param.name.clone(), value.into());
            }
            None if only_address || param.ty.optional || !needs(param) => {}
            None => missing.push(format!(
                "  {}  the {} `{}` ({}) of {}",
                variable(&system.name, &param.name),
                if param.secret { "secret" } else { "param" },
                param.name,
                param.ty,
                connector.name
            )),
        }
    }
    if let Auth::OAuth2 { authorize, .. } = &connector.auth
        && !authorize.is_empty()
        && access.refresh_token.is_none()
    {
        let kept = keeper
            .token(&system.name)
            .map_err(|why| Trouble::new("F0715", why))?;
        if kept.is_none() {
            missing.push(format!(
                "  {}  the refresh token that signing in to {} gives",
                variable(&system.name, "REFRESH_TOKEN"),
                connector.name
            ));
        }
    }
    Ok(access)
}

impl Access {
    /// An access with these values, for tests.
    #[cfg(test)]
    pub(super) fn of(values: &[(&str, &str)]) -> Access {
        Access {
            base: None,
            token_url: None,
            refresh_token: None,
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect(),
            hidden: Vec::new(),
        }
    }

    /// The value of a param or secret.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(ExposeSecret::expose_secret)
    }

    /// The refresh token that was given.
    pub(super) fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Where requests go.
    pub(super) fn base(&self, system: &System) -> Result<Url, Trouble> {
        let text = match &self.base {
            Some(base) => base.clone(),
            None => template::plain(&system.connector.base, &|name| {
                self.value(name.first()?).map(Into::into)
            })
            .map_err(|why| address(&system.name, &why))?,
        };
        checked(&system.name, text.trim_end_matches('/'))
    }

    /// Where tokens are had.
    pub(super) fn token_url(&self, system: &str, declared: &str) -> Result<Url, Trouble> {
        checked(system, self.token_url.as_deref().unwrap_or(declared))
    }

    /// Outside text without the secrets that it may repeat, the token that went with the request among them.
    pub(super) fn redacted(&self, text: &str, token: Option<&str>) -> String {
        let secrets = self.hidden.iter().chain(&self.refresh_token);
        secrets
            .map(ExposeSecret::expose_secret)
            .chain(token)
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "•••"))
    }
}

/// An address that secrets may be sent to: over TLS, or on this machine.
fn checked(system: &str, text: &str) -> Result<Url, Trouble> {
    let url = Url::parse(text)
        .map_err(|error| address(system, &format!("“{text}” is no address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(address(system, "it holds a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(address(system, &format!("“{text}” has more than a path")));
    }
    match (url.scheme(), is_loopback(&url)) {
        ("https", _) | ("http", true) => Ok(url),
        _ => Err(address(
            system,
            &format!(
                "“{text}” is not encrypted; only addresses of this machine may begin with http"
            ),
        )),
    }
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn address(system: &str, why: &str) -> Trouble {
    Trouble::new(
        "F0701",
        format!("The address of {system} cannot be used: {why}."),
    )
    .help(format!(
        "Give an address that begins with https:// in {} or in the system's options.",
        variable(system, "BASE")
    ))
}
