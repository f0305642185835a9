//! What the READMEs show works as it stands there.

use super::support::{Workplace, repository};

fn read(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).expect("readable")
}

/// The blocks of a document with this mark.
fn blocks(text: &str, mark: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = text;
    let fence = format!("```{mark}\n");
    while let Some(start) = rest.find(&fence) {
        let body = &rest[start + fence.len()..];
        let end = body.find("```").expect("a closed block");
        blocks.push(body[..end].to_owned());
        rest = &body[end + 3..];
    }
    blocks
}

/// What stands behind the prompt, without the way in which the command is built.
fn commands(text: &str) -> Vec<String> {
    let lines: Vec<String> = blocks(text, "console")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect();
    lines
        .iter()
        .filter_map(|line| {
            line.strip_prefix("flowbook ")
                .or_else(|| line.strip_prefix("cargo run --release -- "))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn commands_of_the_readmes_run() {
    for (name, least) in [
        ("README.md", 1),
        ("flows/README.md", 2),
        ("engine/sandbox/README.md", 1),
    ] {
        let commands = commands(&read(name));
        assert!(commands.len() >= least, "{name}: {commands:?}");
        let place = Workplace::with_flows();
        for words in commands {
            // the sample has orders that a person must look at, which is findings
            let code = if words.starts_with("run ") { 1 } else { 0 };
            place.flowbook(&words).run().exits(code);
        }
    }
}

#[test]
fn commands_in_the_table_of_the_readme_run() {
    let place = Workplace::with_flows();
    let readme = read("README.md");
    let words: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `flowbook ")?.split('`').next())
        .collect();
    assert!(words.len() >= 9, "{words:?}");
    for words in words {
        let code = if words.starts_with("run ") { 1 } else { 0 };
        place.flowbook(words).input("").run().exits(code);
    }
}

#[test]
fn the_flow_that_the_readme_shows_is_sound() {
    let flow = blocks(&read("README.md"), "flow").remove(0);
    let place = Workplace::with_flows();
    let text = flow.replace("flow orders", "flow shown");
    place.write(
        "shown/main.flow",
        format!("use \"../flows/ccv-eaccounting\"\n\n{text}"),
    );
    place.flowbook("validate shown").run().exits(0);
    place.write("alone/main.flow", &flow);
    place.flowbook("fmt --check alone").run().exits(0);
}

#[test]
fn the_readme_names_the_command_that_passes_the_tests() {
    let readme = read("README.md");
    let gate = read(".ci/run");
    let tests = "cargo test --workspace";
    assert!(readme.contains(&format!("$ {tests}\n")));
    assert!(gate.lines().any(|line| line == tests));
}
