//! The examples of the standard functions are true flow text, and true.

use std::fmt::Write as _;

use flowbook::check::check;
use flowbook::connect::MemorySystems;
use flowbook::diagnostic::Severity;
use flowbook::lower::lower;
use flowbook::run::Options;
use flowbook::run::map::value_of;
use flowbook::run::stop::Ended;
use flowbook::sources::Loaded;
use flowbook_stdlib::display::in_message;
use flowbook_stdlib::functions;
use flowbook_stdlib::operations::same_or_absent;
use flowbook_stdlib::value::Value;

/// A flowbook whose one map is the expression.
fn book(expression: &str) -> String {
    format!("zone \"Europe/Stockholm\"\nmap example(unused: int) = {expression}\n")
}

async fn computed(expression: &str) -> Result<Result<Value, Ended>, String> {
    let text = book(expression);
    let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
    let checked = check(&loaded);
    let errors: Vec<String> = checked
        .found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| format!("{} {} {:?}", one.code, one.message, one.help))
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("\n  "));
    }
    let Some(book) = checked.book else {
        return Err("there is no flowbook".to_owned());
    };
    let plan = lower(&book, &loaded.sources, &[]).map_err(|why| format!("{why:?}"))?;
    let Some(entry) = plan.maps.first() else {
        return Err("there is no map".to_owned());
    };
    let systems = MemorySystems::new(Vec::new(), Vec::new());
    let options = Options {
        secret: Some("a secret of this test".into()),
        ..Options::default()
    };
    Ok(value_of(&plan, entry, &systems, &options).await)
}

async fn disagreement(expression: &str, expected: &str) -> Option<String> {
    let got = match computed(expression).await {
        Ok(got) => got,
        Err(why) => return Some(why),
    };
    if let Some(part) = expected.strip_prefix("fails \"") {
        let part = part.trim_end_matches('"');
        return match got {
            Ok(value) => Some(format!("gives {}", in_message(&value))),
            Err(ended) if ended.message.contains(part) => None,
            Err(ended) => Some(format!("says {}", ended.message)),
        };
    }
    let wanted = match computed(expected).await {
        Ok(Ok(wanted)) => wanted,
        Ok(Err(ended)) => return Some(format!("the right side fails: {}", ended.message)),
        Err(why) => return Some(format!("the right side: {why}")),
    };
    match got {
        Err(ended) => Some(format!("fails: {}", ended.message)),
        Ok(got) if same_or_absent(&got, &wanted) == Ok(true) => None,
        Ok(got) => Some(format!("gives {}", in_message(&got))),
    }
}

#[tokio::test]
async fn every_example_of_a_function_is_true() {
    let mut wrong = String::new();
    for function in functions::ALL {
        for (expression, expected) in function.examples {
            if let Some(why) = disagreement(expression, expected).await {
                let _ = writeln!(wrong, "{expression} = {expected}\n  {why}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
