//! Faults put in the way of requests, so that a client can be tested with what happens to it on a bad day.
//!
//! `POST /_sandbox/faults` takes one or a list of
//! `{"method": "POST", "path": "/v2/customerinvoicedrafts", "times": 1, "status": 500, "body": "…", "commit": true, "drop": true, "millis": 300}`;
//! all but `path` may be left out. `commit` carries the request out first, `drop` cuts the connection instead of answering.

use crate::json::Json;
use crate::server::Reply;
use std::time::Duration;

/// One fault, while it lasts.
#[derive(Clone)]
pub(crate) struct Fault {
    method: String,
    path: String,
    times: u64,
    status: Option<u16>,
    body: String,
    pub(crate) commit: bool,
    pub(crate) drop: bool,
    pub(crate) wait: Duration,
}

impl Fault {
    /// What is answered in place of the system's answer; nothing when the fault only waits or cuts.
    pub(crate) fn reply(&self) -> Option<Reply> {
        let mut reply = Reply::empty(self.status?);
        reply.body = self.body.clone();
        if reply.body.starts_with('{') {
            reply
                .headers
                .push(("content-type", "application/json; charset=utf-8".to_owned()));
        }
        Some(reply)
    }
}

/// Reads the faults of a control request.
pub(crate) fn read(text: &str) -> Result<Vec<Fault>, String> {
    let given = Json::parse(text)?;
    let list = match &given {
        Json::List(items) => items.clone(),
        one => vec![one.clone()],
    };
    list.iter().map(one).collect()
}

fn one(given: &Json) -> Result<Fault, String> {
    const KNOWN: [&str; 8] = [
        "method", "path", "times", "status", "body", "commit", "drop", "millis",
    ];
    if let Some((name, _)) = given.members().find(|(n, _)| !KNOWN.contains(&n.as_str())) {
        return Err(format!("a fault has no member {name}"));
    }
    let number = |name: &str, other: u64| match given.get(name) {
        Json::Null => Ok(other),
        value => u64::try_from(value.number()).map_err(|_| format!("{name} is no whole number")),
    };
    if given.get("path").text().is_empty() {
        return Err("a fault needs the beginning of a path".to_owned());
    }
    let status = match number("status", 0)? {
        0 => None,
        code => Some(
            u16::try_from(code)
                .ok()
                .filter(|code| (200..600).contains(code))
                .ok_or_else(|| format!("{code} is no status"))?,
        ),
    };
    Ok(Fault {
        method: given.get("method").text().to_owned(),
        path: given.get("path").text().to_owned(),
        times: number("times", 1)?,
        status,
        body: given.get("body").text().to_owned(),
        commit: given.get("commit").truth() || (status.is_none() && !given.get("drop").truth()),
        drop: given.get("drop").truth(),
        wait: Duration::from_millis(number("millis", 0)?.min(60_000)),
    })
}

/// The fault that strikes a request, counted down.
pub(crate) fn strike(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<Fault> {
    let fits = |fault: &Fault| {
        (fault.method.is_empty() || fault.method == method) && path.starts_with(&fault.path)
    };
    let fault = faults.iter_mut().find(|f| f.times > 0 && fits(f))?;
    fault.times -= 1;
    let struck = fault.clone();
    faults.retain(|fault| fault.times > 0);
    Some(struck)
}
