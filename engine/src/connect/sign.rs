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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::connector::Verify;

    const URI: &str = "/api/rest/v1/orders/?start=0&size=25&orderby=id_desc";
    /// What the vendor's own client computes for the answer below.
    const HASH: &str = "c5a4aba39aa430cc00cbc46cf5c0a7bbab6098cda495c6ed4548a6f7947d7c33c2631c255d876312531251dbf94befe75501039954ae26f599e0f987bff56beb";
    const BODY: &str = r#"{"start":0,"size":25,"href":"https://demo.ccvshop.nl/api/rest/v1/orders/?start=0&size=25&orderby=id_desc","first":null,"previous":null,"next":null,"items":[]}"#;

    fn template(text: &str) -> Template {
        let mut parts = Vec::new();
        for piece in text.split_inclusive('}') {
            let (before, hole) = piece.split_once('{').unwrap_or((piece, ""));
            parts.push(TemplatePart::Text(before.to_owned()));
            if let Some(hole) = hole.strip_suffix('}') {
                let name = hole.split('.').map(str::to_owned).collect();
                parts.push(TemplatePart::Hole(name));
            }
        }
        Template(parts)
    }

    fn auth() -> Auth {
        let header = |name: &str, value: &str| (name.to_owned(), template(value));
        Auth::HmacSha512 {
            key: "secret_key".to_owned(),
            sign: template("{public_key}|{method}|{uri}|{body}|{time}"),
            headers: vec![
                header("x-public", "{public_key}"),
                header("x-date", "{time}"),
                header("x-hash", "{hash}"),
            ],
            answer: Some(template(
                "{public_key}|{method}|{uri}|{answer}|{answer.time}",
            )),
            verify: Verify::Enforce,
            skew_s: 300,
        }
    }

    fn demo() -> Access {
        Access::of(&[("public_key", "demo_public"), ("secret_key", "demo_secret")])
    }

    fn request() -> Signed<'static> {
        Signed {
            method: "GET",
            uri: URI,
            body: "",
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_request_is_signed_as_the_vendors_client_signs_it() {
        let map = headers(&auth(), &demo(), request(), at("2022-11-26T00:45:54Z")).unwrap();
        assert_eq!(map["x-date"], "2022-11-26T00:45:54Z");
        assert_eq!(map["x-public"], "demo_public");
        assert_eq!(
            map["x-hash"],
            "7e741c1577ba10806dc08e50dbe020054a6f70ce8984f7ebd9411defa91b70cb68db1cb1ae98a1b036b4956ed7a24853f6225a76319dee8ea81ffe05b2e2f849"
        );
        assert!(
            !format!("{map:?}").contains("demo_public"),
            "headers cannot print"
        );
    }

    #[test]
    fn an_answer_must_fit_its_hash_and_be_of_this_time() {
        let check = |hash: &str, body: &str, now: &str| {
            let mut map = HeaderMap::new();
            map.insert("x-hash", hash.parse().unwrap());
            map.insert("x-date", "2022-11-26T00:45:55+00:00".parse().unwrap());
            verify(&auth(), &demo(), request(), &map, body, at(now))
        };
        let soon = "2022-11-26T00:45:56Z";
        assert_eq!(check(HASH, BODY, soon), Ok(()));
        let changed = BODY.replace("[]", "[1]");
        let wrong = Err("its hash does not fit what it says".to_owned());
        assert_eq!(check(HASH, &changed, soon), wrong);
        assert_eq!(check(&HASH[2..], BODY, soon), wrong);
        let late = check(HASH, BODY, "2022-11-26T00:51:00Z").unwrap_err();
        assert!(
            late.contains("305 seconds from this machine's clock"),
            "{late}"
        );
        let bare = verify(
            &auth(),
            &demo(),
            request(),
            &HeaderMap::new(),
            BODY,
            at(soon),
        );
        assert_eq!(bare, Err("it carries no hash".to_owned()));
    }
}
