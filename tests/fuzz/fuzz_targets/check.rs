//! Any flowbook, of one file or several: findings that can be shown; and what has none has a plan that can be explained and formatted.
#![no_main]

use flowbook::check;
use flowbook::diagnostic::{Look, render};
use flowbook::explain::explain;
use flowbook::lower;
use flowbook::sources::Loaded;
use flowbook_fuzz::files;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: &str| {
    let files = files(case);
    let texts = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let loaded = Loaded::of_texts(texts);
    let checked = check::check(&loaded);
    for finding in &checked.found {
        assert!(!finding.message.is_empty(), "{finding:?}");
    }
    render(&checked.found, &loaded.sources, Look::Prose);
    let Some(book) = checked.book else { return };
    if let Ok(plan) = lower::sketch(&book, &loaded.sources, &[]) {
        for flow in &plan.flows {
            assert!(!explain(&plan, flow).is_empty());
        }
    }
});
