//! The till's signatures: a request's is checked over exactly what was sent, an answer's is made.

use super::{PUBLIC_KEY, SECRET_KEY};
use crate::clock;
use crate::server::{Reply, Request};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha512;

const WINDOW_SECONDS: i64 = 300;

/// Refuses a request that is not signed, or signed wrong, or too old.
pub(super) fn check(request: &Request) -> Result<(), Reply> {
    let refuse = |sub: u8, text: &str| Err(super::error(401, &format!("401.{sub}"), text));
    if request.header("x-public") != PUBLIC_KEY {
        return refuse(10, "The public key in x-public is unknown.");
    }
    let date = request.header("x-date");
    let Some(time) = timestamp(date) else {
        return refuse(20, "The header x-date is missing or is no ISO 8601 time.");
    };
    if (clock::now().as_second() - time.as_second()).abs() > WINDOW_SECONDS {
        return refuse(
            20,
            "The time in x-date differs by more than 5 minutes from the time of the server.",
        );
    }
    let body = if matches!(request.method.as_str(), "GET" | "DELETE") {
        ""
    } else {
        &request.body
    };
    let expected = message(&request.method, &request.uri(), body, date);
    let given = hex::decode(request.header("x-hash")).unwrap_or_default();
    // the hash is documented in lower case
    let lower = !request
        .header("x-hash")
        .contains(|c: char| c.is_ascii_uppercase());
    let fits = keyed(&expected).is_some_and(|mac| mac.verify_slice(&given).is_ok());
    match fits && lower {
        true => Ok(()),
        false => refuse(30, "The signature in x-hash does not fit the request."),
    }
}

/// Adds the time and the signature of the answer.
pub(super) fn sign(request: &Request, reply: &mut Reply) {
    let now = clock::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let text = message(&request.method, &request.uri(), &reply.body, &now);
    if let Some(mac) = keyed(&text) {
        reply
            .headers
            .push(("x-hash", hex::encode(mac.finalize().into_bytes())));
    }
    reply.headers.push(("x-date", now));
}

fn message(method: &str, uri: &str, body: &str, date: &str) -> String {
    format!("{PUBLIC_KEY}|{method}|{uri}|{body}|{date}")
}

fn keyed(text: &str) -> Option<Hmac<Sha512>> {
    let mut mac = Hmac::<Sha512>::new_from_slice(SECRET_KEY.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// The spellings clients are known to send: `Z`, `+00:00`, `+0000`, with or without milliseconds.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
}
