//! The token endpoint: refresh tokens that serve once, access tokens that expire.

use super::{CLIENT_ID, CLIENT_SECRET, Fault};
use crate::Options;
use crate::json::object;
use crate::server::{Reply, Request, pairs};
use crate::state::State;
use base64::Engine as _;
use jiff::Timestamp;

const REFRESH: &str = "meta/refresh";
const ACCESS: &str = "meta/access";

/// The refresh token that is valid now.
pub(crate) fn refresh_token(state: &State) -> String {
    let valid = state.all(REFRESH).rfind(|token| !token.get("used").truth());
    valid
        .map(|token| token.get("token").text().to_owned())
        .unwrap_or_default()
}

/// Makes a new refresh token; the first of a fresh state, or the next after a use.
pub(crate) fn issue(state: &mut State) -> String {
    let token = format!("sandbox-refresh-{}", uuid::Uuid::new_v4().simple());
    state.put(
        REFRESH,
        &token,
        object! { "token" => token.clone(), "used" => false },
    );
    token
}

/// Lets the access token of a request die.
pub(crate) fn expire(state: &mut State, request: &Request) {
    let header = request.header("authorization");
    state.remove(ACCESS, header.strip_prefix("Bearer ").unwrap_or_default());
}

/// Lets somebody else use the refresh token of a request just before it: they hold the next one.
pub(crate) fn use_up(state: &mut State, request: &Request) {
    let form = pairs(&request.body);
    let given = form.iter().find(|(name, _)| name == "refresh_token");
    let given = given.map(|(_, token)| token.as_str()).unwrap_or_default();
    if state
        .get(REFRESH, given)
        .is_some_and(|token| !token.get("used").truth())
    {
        state.put(REFRESH, given, object! { "token" => given, "used" => true });
        issue(state);
    }
}

pub(super) fn token(state: &mut State, request: &Request, options: &Options) -> Reply {
    let seconds = options.token_seconds;
    let refuse = |status: u16, error: &str| Reply::json(status, &object! { "error" => error });
    if request.method != "POST" {
        return Reply::empty(405);
    }
    if !request
        .header("content-type")
        .starts_with("application/x-www-form-urlencoded")
    {
        return refuse(400, "invalid_request");
    }
    let form = pairs(&request.body);
    let field = |name: &str| {
        form.iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .unwrap_or_default()
    };
    let basic =
        base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let by_header = request.header("authorization") == format!("Basic {basic}");
    let by_body = field("client_id") == CLIENT_ID && field("client_secret") == CLIENT_SECRET;
    if !by_header && !by_body {
        return refuse(400, "invalid_client");
    }
    if field("grant_type") != "refresh_token" {
        return refuse(400, "unsupported_grant_type");
    }
    let given = field("refresh_token");
    match state.get(REFRESH, given) {
        Some(token) if !token.get("used").truth() => {}
        _ => return refuse(400, "invalid_grant"),
    }
    state.put(REFRESH, given, object! { "token" => given, "used" => true });
    let next = issue(state);
    let access = uuid::Uuid::new_v4().simple().to_string();
    let now = Timestamp::now().as_second();
    let stale: Vec<String> = state
        .all(ACCESS)
        .filter(|token| token.get("until").number() <= now.into())
        .map(|token| token.get("token").text().to_owned())
        .collect();
    for token in stale {
        state.remove(ACCESS, &token);
    }
    state.put(
        ACCESS,
        &access,
        object! {
            "token" => access.clone(), "until" => now + seconds, "scope" => options.scopes.clone(),
        },
    );
    if request.twist.empty {
        return Reply::empty(204);
    }
    Reply::json(
        200,
        &object! {
            "access_token" => access, "expires_in" => seconds, "token_type" => "Bearer", "refresh_token" => next,
            "scope" => options.scopes.clone(),
        },
    )
}

/// The scopes of the request's access token, when it is known and not expired.
pub(super) fn admitted(state: &State, request: &Request) -> Option<String> {
    let token = request
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let known = state.get(ACCESS, token)?;
    let valid = known.get("until").number() > Timestamp::now().as_second().into();
    valid.then(|| known.get("scope").text().to_owned())
}

/// Refuses what the token's scopes do not open; writing needs the full scope, reading the narrow one.
pub(super) fn permitted(scopes: &str, method: &str, name: &str) -> Result<(), Fault> {
    let areas: &[&str] = match name {
        "bankaccounts" | "banks" | "foreignpaymentcodes" => &["purchase"],
        "vouchers" | "accounts" | "vatcodes" | "vatcodesrates" => &["accounting"],
        "termsofpayments" | "currencies" => &["sales", "purchase"],
        "fiscalyears" => &["sales", "accounting", "purchase"],
        _ => &["sales"],
    };
    let has = |scope: String| scopes.split(' ').any(|held| held == scope);
    let opened = areas.iter().any(|area| {
        has(format!("ea:{area}")) || (method == "GET" && has(format!("ea:{area}_readonly")))
    });
    if opened && has("ea:api".to_owned()) {
        return Ok(());
    }
    Err(Fault::coded(
        403,
        4006,
        "",
        "NoAccessToScopesException - The token lacks the scope of this operation.",
    ))
}
