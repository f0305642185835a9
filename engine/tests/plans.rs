//! Flow text in, plan out: one file of `tests/plans` a case, with the plan and what `explain` says of each flow.

use std::fmt::Write as _;
use std::path::Path;

use flowbook::check::check;
use flowbook::diagnostic::Severity;
use flowbook::explain::explain;
use flowbook::lower::lower;
use flowbook::plan::Plan;
use flowbook::sources::Loaded;
use flowbook_stdlib::value::Value;

#[test]
fn plans() {
    insta::glob!("plans", "*.flow", |path| {
        let Ok(text) = std::fs::read_to_string(path) else {
            panic!("{} cannot be read", path.display());
        };
        let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(shown(&planned(&loaded, &[]))));
    });
}

/// The plan of a flowbook; what was found in it instead fails the test.
fn planned(loaded: &Loaded, settings: &[(String, Value)]) -> Plan {
    let checked = check(loaded);
    let errors: Vec<String> = checked
        .found
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            format!(
                "{} {} “{}”",
                found.code,
                found.message,
                loaded.sources.text(found.span)
            )
        })
        .collect();
    let Some(book) = checked.book else {
        panic!("{}", errors.join("\n"));
    };
    match lower(&book, &loaded.sources, settings) {
        Ok(plan) => plan,
        Err(missing) => panic!("{missing:?}"),
    }
}

fn shown(plan: &Plan) -> String {
    let mut text = plan.to_string();
    for flow in &plan.flows {
        let _ = write!(
            text,
            "\n════ explain {}\n{}",
            flow.name,
            explain(plan, flow)
        );
    }
    text
}

#[test]
fn the_shipped_flowbook_can_be_planned() {
    let loaded = Loaded::read(Path::new("../flows/ccv-eaccounting"));
    let since = Value::Date(jiff::civil::date(2026, 1, 1));
    let plan = planned(&loaded, &[("orders_since".to_owned(), since)]);
    let json = serde_json::to_string(&plan).expect("a plan serialises");
    let back: Plan = serde_json::from_str(&json).expect("a plan reads back");
    assert_eq!(serde_json::to_string(&back).expect("it serialises"), json);
}
