//! The HTTP runtime against the sandbox, against a server that misbehaves on purpose, and its stand-in in memory.

mod declared;
mod memory;
mod nasty;
mod sandbox;
mod scripted;
mod shipped;

use std::sync::Arc;
use std::time::Duration;

use flowbook::connect::{Bounds, Forgetful, HttpSystems, Outgoing, OutgoingAct, read_access};
use flowbook::plan::connector::{Resource, ResourceIx, System};
use flowbook_stdlib::value::Value;

/// The line to one system, whose environment is `given`, names without `FLOWBOOK_SYSTEM_`.
fn connected(
    (system, resources): (System, Vec<Resource>),
    given: &[(&str, &str)],
    bounds: &Bounds,
) -> HttpSystems {
    let start = format!("FLOWBOOK_{}_", system.name.to_uppercase());
    let look = |variable: &str| {
        let name = variable.strip_prefix(&start)?;
        let found = given.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let keeper = Arc::new(Forgetful::default());
    let systems = vec![system];
    let access = read_access(&systems, &resources, &look, &*keeper).unwrap();
    HttpSystems::new(systems, resources, access, keeper, bounds).unwrap()
}

/// Bounds that let a test end soon.
fn brisk() -> Bounds {
    Bounds {
        attempt: Duration::from_millis(700),
        patience: Duration::from_secs(3),
        ..Bounds::default()
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn fields(record: &Value) -> &[Value] {
    match record {
        Value::Record(fields) => fields,
        other => panic!("{other:?} is no record"),
    }
}

fn create(resource: ResourceIx, parent: Option<Value>, body: &[(&str, &str)]) -> Outgoing {
    Outgoing {
        resource,
        act: OutgoingAct::Create {
            action: 0,
            args: Vec::new(),
            parent,
        },
        body: leaves(body),
    }
}

fn update(resource: ResourceIx, id: Value, body: &[(&str, &str)]) -> Outgoing {
    Outgoing {
        resource,
        act: OutgoingAct::Update { id, parent: None },
        body: leaves(body),
    }
}

fn leaves(body: &[(&str, &str)]) -> Vec<(Vec<Arc<str>>, String)> {
    body.iter()
        .map(|(name, json)| (vec![(*name).into()], (*json).to_owned()))
        .collect()
}
