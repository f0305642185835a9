//! The sandbox's own doors under `/_sandbox/`: look at the state, seed it, empty it, count requests, set faults.

use crate::books::people;
use crate::faults::{self, Order};
use crate::json::{Json, object};
use crate::sample;
use crate::server::{Reply, Request, Shared};

/// Answers a request to one of the doors; both servers have the same.
pub(crate) fn answer(shared: &Shared, path: &str, request: &Request) -> Reply {
    let path = path.trim_end_matches('/');
    let done = match (request.method.as_str(), path) {
        ("GET", "requests") => return Reply::json(200, &shared.counted()),
        ("GET", "state") => return Reply::json(200, &shared.state().both()),
        ("GET", path) if path.starts_with("state/") => {
            let collection = path.trim_start_matches("state/");
            let records = shared.state().all(collection).cloned().collect();
            return Reply::json(200, &Json::List(records));
        }
        ("GET", "faults") => return Reply::json(200, &shared.faults.shown()),
        ("DELETE", "faults") => {
            let shown = shared.faults.clear();
            shared.look_back();
            return Reply::json(200, &shown);
        }
        ("POST", "faults") => set(shared, &request.body),
        ("POST", "seed") => {
            Json::parse(&request.body).and_then(|seed| sample::seed(&mut shared.state(), &seed))
        }
        ("POST", "reset") => {
            shared.forget();
            sample::reset(&mut shared.state(), &shared.place.options)
        }
        _ => {
            return Reply::json(
                404,
                &object! { "sandbox" => format!("The sandbox has no door {} {}.", request.method, request.path) },
            );
        }
    };
    match done.and_then(|()| shared.state().flush().map_err(|e| e.to_string())) {
        Ok(()) => Reply::empty(204),
        Err(reason) => refused(&reason),
    }
}

/// The refusal of what was asked of the sandbox itself.
pub(crate) fn refused(reason: &str) -> Reply {
    Reply::json(400, &object! { "sandbox" => reason })
}

/// Sets faults, all or none; people who act at once do so.
fn set(shared: &Shared, body: &str) -> Result<(), String> {
    let orders = faults::control(body)?;
    for order in orders {
        match order {
            Order::Set(fault) => shared.faults.add(fault),
            Order::Now(fault, of) => {
                let mut state = shared.state();
                let id = people::find(&state, &of).ok_or_else(|| {
                    format!("No document of the books has the Id or the reference “{of}”.")
                })?;
                if !people::act(&mut state, &fault, &id) {
                    return Err(format!(
                        "Nobody can do “{}” to the document “{of}” as it stands.",
                        fault.kind()
                    ));
                }
                shared.faults.count(&fault);
            }
        }
    }
    shared.look_back();
    Ok(())
}
