//! The tests of the shipped flowbooks pass.

use std::path::Path;

use flowbook::check;
use flowbook::run::test::run_test;
use flowbook::sources::Loaded;

#[test]
fn tests_of_the_shipped_flowbooks_pass() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    let loaded = Loaded::read(Path::new("../flows/ccv-eaccounting"));
    let book = check::check(&loaded).book.expect("it checks");
    // As for other snapshots: `INSTA_UPDATE=always` accepts, and whoever does reads what changed.
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    let mut failed = String::new();
    for test in &book.tests {
        let outcome = runtime.block_on(run_test(&book, &loaded.sources, test, accept));
        for failure in &outcome.failures {
            failed.push_str(&format!("{}: {}\n", outcome.title, failure.message));
            if let Some((_, told)) = &failure.texts {
                failed.push_str(told);
            }
            failed.push_str(&outcome.told);
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
