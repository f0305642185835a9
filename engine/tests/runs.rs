//! Every file under `runs/` is a flowbook with tests; its snapshot shows what each test says and what became of every record. Two small
//! connectors, `shop` and `ledger`, stand in `runs/connectors.txt`. Nobody needs Rust to add a case.

use flowbook::check;
use flowbook::diagnostic::{Look, render};
use flowbook::run::test::run_test;
use flowbook::sources::Loaded;

const CONNECTORS: &str = include_str!("runs/connectors.txt");

fn told(text: &str) -> String {
    let loaded = Loaded::of_texts([("connectors.flow", CONNECTORS), ("main.flow", text)]);
    let checked = check::check(&loaded);
    let Some(book) = checked.book else {
        return render(&checked.found, &loaded.sources, Look::Mono);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    let mut out = String::new();
    for test in &book.tests {
        let outcome = runtime.block_on(run_test(&book, &loaded.sources, test, false));
        let word = if outcome.passed() { "passed" } else { "FAILED" };
        out.push_str(&format!("── {} ── {word}\n", outcome.title));
        for failure in &outcome.failures {
            out.push_str(&format!("! {}\n", failure.message));
        }
        out.push_str(&outcome.told);
        out.push('\n');
    }
    out
}

#[test]
fn runs() {
    insta::glob!("runs", "*.flow", |path| {
        let text = std::fs::read_to_string(path).expect("a case can be read");
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(told(&text));
        });
    });
}
