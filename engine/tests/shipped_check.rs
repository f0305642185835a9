use std::path::Path;
#[test]
fn shipped() {
    for folder in ["../flows/ccv-eaccounting", "../flows/example-shop"] {
        let loaded = flowbook::sources::Loaded::read(Path::new(folder));
        for finding in flowbook::check::check(&loaded).found {
            let file = loaded.sources.file(finding.span.file);
            let line = file.text[..finding.span.start as usize].lines().count();
            println!(
                "{}:{line} {:?} {} {} | {:?}",
                file.name, finding.severity, finding.code, finding.message, finding.help
            );
        }
    }
}
