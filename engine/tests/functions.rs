//! The examples of the standard functions, each checked, planned and computed as flow text is.

use flowbook::check::check;
use flowbook::lower::lower;
use flowbook::run::cache::Cache;
use flowbook::run::eval::{Code, Machine};
use flowbook::run::stop::Stop;
use flowbook::sources::Loaded;
use flowbook_stdlib::display::in_message;
use flowbook_stdlib::function::Context;
use flowbook_stdlib::functions::ALL;
use flowbook_stdlib::operations;
use flowbook_stdlib::value::Value;
use jiff::tz::TimeZone;

/// What an example says: an expression, and its value or its failure.
struct Example {
    function: &'static str,
    left: &'static str,
    right: &'static str,
}

#[test]
fn examples_hold() {
    let examples: Vec<Example> = ALL
        .iter()
        .flat_map(|function| {
            function.examples.iter().map(|(left, right)| Example {
                function: function.name,
                left,
                right,
            })
        })
        .collect();
    assert!(examples.len() >= ALL.len(), "every function has an example");
    let wrong: Vec<String> = examples.iter().filter_map(told).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with an example.
fn told(example: &Example) -> Option<String> {
    let Example {
        function,
        left,
        right,
    } = example;
    let failure = right
        .strip_prefix("fails \"")
        .and_then(|text| text.strip_suffix('"'));
    let right = if failure.is_some() { "none" } else { right };
    let text = format!(
        "zone \"Europe/Stockholm\"\nmap left(x: int) = {left}\nmap right(x: int) = {right}\n"
    );
    let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
    let checked = check(&loaded);
    let Some(book) = checked.book else {
        let found: Vec<String> = checked
            .found
            .iter()
            .map(|one| format!("{} {}", one.code, one.message))
            .collect();
        return Some(format!("{function}: {left}: {}", found.join("; ")));
    };
    let plan = match lower(&book, &loaded.sources, &[]) {
        Ok(plan) => plan,
        Err(missing) => return Some(format!("{function}: {left}: {missing:?}")),
    };
    let context = Context {
        zone: TimeZone::get(&plan.zone).unwrap_or(TimeZone::UTC),
        secret: Some("a secret".into()),
    };
    let cache = Cache::default();
    let value = |name: &str| -> Result<Value, String> {
        let Some(map) = plan.maps.iter().find(|map| map.name == name) else {
            return Err("no such map in the plan".to_owned());
        };
        let code = Code::new(&plan, &map.program, None);
        let mut machine = Machine::new(&code, &cache, &context, Value::Int(0));
        machine.eval(map.body).map_err(|stop| match stop {
            Stop::End(ended) => ended.message,
            _ => "not known yet".to_owned(),
        })
    };
    match (value("left"), value("right"), failure) {
        (Err(message), _, Some(failure)) if message.contains(failure) => None,
        (got, _, Some(failure)) => Some(format!(
            "{function}: {left} should fail with “{failure}”, and gives {}",
            shown(got)
        )),
        (Ok(got), Ok(wanted), None) if same(&got, &wanted) => None,
        (got, wanted, None) => Some(format!(
            "{function}: {left} gives {}, not {}",
            shown(got),
            shown(wanted)
        )),
    }
}

fn same(got: &Value, wanted: &Value) -> bool {
    got == wanted || operations::same_or_absent(got, wanted).unwrap_or(false)
}

fn shown(got: Result<Value, String>) -> String {
    match got {
        Ok(Value::List(items)) => format!(
            "[{}]",
            items.iter().map(in_message).collect::<Vec<_>>().join(", ")
        ),
        Ok(value) => in_message(&value),
        Err(message) => format!("the failure “{message}”"),
    }
}
