//! The shipped flowbooks and connectors declare what they mean to, without a finding.

use std::path::Path;

use flowbook::check::declare::declare;
use flowbook::sources::Loaded;

#[test]
fn shipped_flowbooks_declare_without_a_finding() {
    for folder in ["../flows/ccv-eaccounting", "../flows/example-shop"] {
        let loaded = Loaded::read(Path::new(folder));
        let (declared, findings) = declare(&loaded.sources, &loaded.files);
        let errors: Vec<String> = loaded
            .diagnostics
            .iter()
            .chain(&findings)
            .filter(|finding| finding.severity == flowbook::diagnostic::Severity::Error)
            .map(|finding| {
                let file = loaded.sources.file(finding.span.file);
                let line = file.text[..finding.span.start as usize].lines().count();
                format!("{}:{line} {finding:#?}", file.name)
            })
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        assert_eq!(declared.systems.len(), 2);
        assert!(declared.types.contains_key("till.Order"));
    }
}

#[test]
fn shipped_flowbooks_check_without_an_error() {
    for folder in ["../flows/ccv-eaccounting", "../flows/example-shop"] {
        let loaded = Loaded::read(Path::new(folder));
        let checked = flowbook::check::check(&loaded);
        let errors: Vec<String> = checked
            .found
            .iter()
            .filter(|finding| finding.severity == flowbook::diagnostic::Severity::Error)
            .map(|finding| {
                let file = loaded.sources.file(finding.span.file);
                let line = file.text[..finding.span.start as usize].lines().count();
                format!("{}:{line} {finding:#?}", file.name)
            })
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let book = checked.book.expect("a flowbook without errors");
        let order: Vec<&str> = book.flows.iter().map(|flow| flow.name.as_str()).collect();
        assert_eq!(order, ["orders", "customers_to_books"]);
    }
}
