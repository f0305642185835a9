//! Reading, checking and planning a flowbook of more than 2,000 lines; formatting the shipped files.

mod shop;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowbook::check;
use flowbook::diagnostic::Severity;
use flowbook::sources::Loaded;
use flowbook_grammar::format;

const LINES: usize = 2000;
const PARTS: [&str; 5] = [
    "articles.flow",
    "customers.flow",
    "documents.flow",
    "orders.flow",
    "tables.flow",
];

/// The shipped flowbook again and again, its maps, tables, types and flows under new names each time.
fn large() -> Vec<(String, String)> {
    let parts: Vec<String> = PARTS.iter().map(|name| shop::file(name)).collect();
    let names: Vec<&str> = parts.iter().flat_map(|text| declared(text)).collect();
    let payment = "tables/payment.csv".to_owned();
    let mut files = vec![
        ("main.flow".to_owned(), shop::file("main.flow")),
        (payment.clone(), shop::file(&payment)),
    ];
    let mut turn = 0;
    while lines(&files) < LINES {
        for (name, text) in PARTS.iter().zip(&parts) {
            let renamed = renamed(text, &names, turn);
            files.push((format!("{turn}_{name}"), renamed));
        }
        turn += 1;
    }
    files
}

fn lines(files: &[(String, String)]) -> usize {
    let flow = files.iter().filter(|(name, _)| name.ends_with(".flow"));
    flow.map(|(_, text)| text.lines().count()).sum()
}

/// What a text declares.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (word, rest) = line.split_once(' ')?;
        let name = rest.split(|letter: char| !is_of_name(letter)).next()?;
        matches!(word, "map" | "table" | "type" | "flow").then_some(name)
    })
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Names of fields and files, which follow a point or a slash, stay; those that follow `..` are maps.
fn renamed(text: &str, names: &[&str], turn: usize) -> String {
    let mut to = String::with_capacity(text.len() + 1000);
    let (mut before, mut spread) = (' ', false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let letters = rest.find(|letter| !is_of_name(letter));
        let (word, behind) = match letters.unwrap_or(rest.len()) {
            0 => rest.split_at(first.len_utf8()),
            letters => rest.split_at(letters),
        };
        to.push_str(word);
        let is_field = matches!(before, '.' | '/') && !spread || behind.starts_with(':');
        if names.contains(&word) && !is_field {
            to.push_str(&format!("_{turn}"));
        }
        spread = before == '.' && first == '.';
        before = first;
        rest = behind;
    }
    to
}

fn checks(c: &mut Criterion) {
    let files = large();
    let texts = || {
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    };
    let loaded = Loaded::of_texts(texts());
    let found = check::check(&loaded).found;
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .chain(&found)
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut group = c.benchmark_group("check");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(4))
        .throughput(Throughput::Elements(lines(&files) as u64));
    group.bench_function("read and parse", |b| {
        b.iter(|| black_box(Loaded::of_texts(texts())));
    });
    group.bench_function("check", |b| {
        b.iter(|| black_box(check::check(&loaded)));
    });
    group.bench_function("both", |b| {
        b.iter(|| black_box(check::check(&Loaded::of_texts(texts()))));
    });
    group.finish();
}

fn formats(c: &mut Criterion) {
    let files: Vec<String> = PARTS
        .iter()
        .chain(&["main.flow", "tests.flow"])
        .map(|name| shop::file(name))
        .collect();
    let lines: usize = files.iter().map(|text| text.lines().count()).sum();
    let mut group = c.benchmark_group("format");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .throughput(Throughput::Elements(lines as u64));
    group.bench_function("shipped flowbook", |b| {
        b.iter(|| {
            for text in &files {
                black_box(format(text)).expect("the shipped files parse");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, checks, formats);
criterion_main!(benches);
