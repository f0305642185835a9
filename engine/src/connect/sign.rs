//! Signed requests and answers: a keyed hash over what the connector's template says.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;
use sha2::Sha512;

use super::access::Access;
use super::template;
use crate::plan::connector::{Auth, Template, TemplatePart};

/// A request as it is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// Path and query as sent.
    pub(super) uri: &'a str,
    /// Empty for requests without a body.
    pub(super) body: &'a str,
}

/// The headers that prove who a request comes from.
///
/// # Errors
/// A clause: a hole without a value, a value that no header can carry.
pub(super) fn headers(
    auth: &Auth,
    access: &Access,
    request: Signed<'_>,
    now: Timestamp,
) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    let Auth::HmacSha512 {
        key, sign, headers, ..
    } = auth
    else {
        return Ok(map);
    };
    let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let text = template::plain(sign, &|name| match name.first()?.as_str() {
        "method" => Some(request.method.into()),
        "uri" => Some(request.uri.into()),
        "body" => Some(request.body.into()),
        "time" => Some(time.as_str().into()),
        param => access.value(param).map(Into::into),
    })?;
    let hash = hex::encode(keyed(access, key, &text)?.finalize().into_bytes());
    for (name, value) in headers {
        let value = template::plain(value, &|hole| match hole.first()?.as_str() {
            "hash" => Some(hash.as_str().into()),
            "time" => Some(time.as_str().into()),
            param => access.value(param).map(Into::into),
        })?;
        map.insert(header_name(name)?, header_value(name, &value)?);
    }
    Ok(map)
}

/// Whether an answer comes from who has the key: its hash fits, and it is not from another time.
///
/// # Errors
/// A clause: what does not fit.
pub(super) fn verify(
    auth: &Auth,
    access: &Access,
    request: Signed<'_>,
    answered: &HeaderMap,
    body: &str,
    now: Timestamp,
) -> Result<(), String> {
    let Auth::HmacSha512 {
        key,
        headers,
        answer: Some(covered),
        skew_s,
        ..
    } = auth
    else {
        return Ok(());
    };
    let said = |hole: &str| {
        let name = headers
            .iter()
            .find(|(_, value)| only(value, hole))
            .map(|(name, _)| name.as_str())?;
        answered.get(name)?.to_str().ok()
    };
    let hash = said("hash").ok_or("it carries no hash")?;
    let time = said("time").ok_or("it carries no time")?;
    let text = template::plain(covered, &|name| match name {
        [first, second] if first == "answer" && second == "time" => Some(time.into()),
        [first] if first == "answer" => Some(body.into()),
        [first] if first == "method" => Some(request.method.into()),
        [first] if first == "uri" => Some(request.uri.into()),
        [param] => access.value(param).map(Into::into),
        _ => None,
    })?;
    let given = hex::decode(hash.trim()).map_err(|_| "its hash is not in hexadecimal")?;
    keyed(access, key, &text)?
        .verify_slice(&given) // in constant time
        .map_err(|_| "its hash does not fit what it says")?;
    let stamp = instant(time).ok_or_else(|| format!("its time “{time}” cannot be read"))?;
    let apart = Duration::from_secs(now.as_second().abs_diff(stamp.as_second()));
    if apart > Duration::from_secs(*skew_s) {
        return Err(format!(
            "its time {time} is {} seconds from this machine's clock, and {skew_s} are allowed",
            apart.as_secs()
        ));
    }
    Ok(())
}

/// Whether a template is nothing but this hole.
fn only(template: &Template, hole: &str) -> bool {
    let mut parts = template
        .0
        .iter()
        .filter(|part| !matches!(part, TemplatePart::Text(text) if text.is_empty()));
    let first = parts.next();
    parts.next().is_none()
        && matches!(first, Some(TemplatePart::Hole(name)) if name.len() == 1 && name[0] == hole)
}

fn keyed(access: &Access, key: &str, text: &str) -> Result<Hmac<Sha512>, String> {
    let secret = access
        .value(key)
        .ok_or_else(|| format!("“{key}” has no value"))?;
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes())
        .map_err(|_| format!("“{key}” is no key"))?;
    mac.update(text.as_bytes());
    Ok(mac)
}

/// `Z`, `+00:00` and `+0000` all occur.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
}

/// A header's name.
pub(super) fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("“{name}” is no name of a header"))
}

/// A header's value, which cannot print.
pub(super) fn header_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| format!("the header “{name}” cannot carry its value"))?;
    value.set_sensitive(true);
    Ok(value)
}
