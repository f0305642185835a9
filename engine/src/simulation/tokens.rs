//! Who asks: both systems know it by a key that never changes, or the books by tokens that they give, and end before the time they said.

use std::time::Duration;

use http::header::AUTHORIZATION;
use serde_json::json;

use super::book::SECRETS;
use super::world::{Told, World, told};
use crate::connect::Exchange;

/// What every token begins with.
pub(super) const TOKEN: &str = "acc3ss-";

/// How long a token is said to hold, in seconds.
const SAID_S: u64 = 120;

/// Whether a system takes a request: no more, where its token has come to its end. No request leaves without its secret.
pub(super) fn holds(world: &World, exchange: &Exchange) -> bool {
    let said = exchange.headers.get(AUTHORIZATION);
    let said = said.and_then(|said| said.to_str().ok());
    let said = said
        .and_then(|said| said.strip_prefix("Bearer "))
        .unwrap_or_default();
    let now = world.now();
    let of_books = exchange.url.host_str() == Some("books.test");
    let mut state = world.state();
    if of_books && world.flows.signs_in {
        if state.weather.faults > 0 && world.dice().percent(2) {
            state.tokens.iter_mut().for_each(|(_, until)| *until = now);
            state.trace.push("the books end all tokens".to_owned());
        }
        if let Some((_, until)) = state.tokens.iter().find(|(token, _)| token == said) {
            let holds = *until > now;
            if !holds {
                *state.figures.faults.entry("401").or_default() += 1;
            }
            return holds;
        }
    } else if said == SECRETS[usize::from(of_books)] {
        return true;
    }
    let line = format!("{} was asked without its token", exchange.url);
    state.wrong.push(line);
    false
}

/// Gives a token to who knows the secret. What it says of its end is not always true.
pub(super) fn give(world: &World, exchange: &Exchange) -> Told {
    let body = exchange.body.as_deref().unwrap_or_default();
    let mut state = world.state();
    if !body.contains(SECRETS[1]) {
        let line = "a token was asked for without the secret".to_owned();
        state.wrong.push(line);
        return Told::bare(401);
    }
    let life = match state.weather.faults > 0 && world.dice().percent(30) {
        true => SAID_S / 8,
        false => SAID_S,
    };
    let token = format!("{TOKEN}{}", state.tokens.len());
    let until = world.now() + Duration::from_secs(life);
    state.tokens.push((token.clone(), until));
    told(200, &json!({ "access_token": token, "expires_in": SAID_S }))
}
