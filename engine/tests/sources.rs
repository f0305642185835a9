//! Flowbooks on the disk: what cannot be read is told in whole sentences, all of it at once, and nothing outside is read.

use std::fs;
use std::path::Path;

use flowbook::sources::Loaded;
use flowbook_grammar::FileId;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    dir
}

/// Codes and messages, the folder's own name left out.
fn told(loaded: &Loaded, dir: &Path) -> Vec<String> {
    let dir = format!("{}/", dir.display());
    loaded
        .diagnostics
        .iter()
        .map(|one| format!("{} {}", one.code, one.message.replace(&dir, "")))
        .collect()
}

#[test]
fn bad_files_are_all_told_at_once() {
    let dir = folder(&[
        ("a.flow", b"zone \"Europe/Stockholm\"\n"),
        ("binary.flow", b"\x89PNG\0\0\x01"),
        ("latin.flow", b"// caf\xe9\n"),
        ("utf16.flow", b"\xff\xfez\0o\0"),
        ("large.flow", &[b'/'; 1_000_001]),
        ("notes.txt", b"not read"),
        ("inner/b.flow", b"not read"),
    ]);
    let loaded = Loaded::read(dir.path());
    insta::assert_snapshot!(told(&loaded, dir.path()).join("\n"));
    assert_eq!(loaded.files.len(), 5);
}

#[test]
fn a_missing_folder_is_told() {
    let dir = folder(&[]);
    let missing = dir.path().join("nowhere");
    let loaded = Loaded::read(&missing);
    assert_eq!(
        told(&loaded, dir.path()),
        ["F0601 There is no folder or file nowhere."]
    );
    let empty = Loaded::read(dir.path());
    assert_eq!(empty.diagnostics[0].code, "F0602");
}

#[test]
fn ten_megabytes_of_brackets_are_refused() {
    let dir = folder(&[("a.flow", &[b'['; 10_000_000])]);
    let loaded = Loaded::read(dir.path());
    assert_eq!(
        told(&loaded, dir.path()),
        ["F0605 The file a.flow is 10000000 bytes long; files of up to 1000000 bytes are read."]
    );
}

#[test]
fn a_single_file_is_a_flowbook() {
    let dir = folder(&[
        ("a.flow", b"zone \"Europe/Stockholm\"\n"),
        ("b.flow", b"not flow text"),
    ]);
    let loaded = Loaded::read(&dir.path().join("a.flow"));
    assert!(loaded.diagnostics.is_empty());
    assert_eq!(loaded.files.len(), 1);
    let other = Loaded::read(&dir.path().join("c.csv"));
    assert_eq!(other.diagnostics[0].code, "F0601");
}

#[test]
fn a_folder_stands_above_those_it_uses() {
    let dir = folder(&[
        ("shop/a.flow", b"use \"../base\"\nset x = 2\n"),
        ("base/b.flow", b"use \"../common\"\n"),
        ("common/c.flow", b"setting x: int = 1\n"),
    ]);
    let loaded = Loaded::read(&dir.path().join("shop"));
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let layers: Vec<u16> = loaded.sources.files.iter().map(|file| file.layer).collect();
    assert_eq!(layers, [3, 2, 1]);
    let own: Vec<bool> = loaded.sources.files.iter().map(|file| file.own).collect();
    assert_eq!(own, [true, false, false]);
}

#[test]
fn tables_are_read_from_the_flowbook_alone() {
    let dir = folder(&[
        ("shop/a.flow", b"use \"../base\"\n"),
        ("shop/tables/x.csv", b"a,b\n"),
        ("base/b.flow", b"zone \"Europe/Stockholm\"\n"),
        ("base/y.csv", b"c\n"),
        ("secret.csv", b"s\n"),
    ]);
    std::os::unix::fs::symlink(
        dir.path().join("secret.csv"),
        dir.path().join("shop/link.csv"),
    )
    .expect("a link");
    let loaded = Loaded::read(&dir.path().join("shop"));
    let read = |path: &str| loaded.sources.beside(FileId(0), path);
    assert_eq!(
        read("tables/x.csv").expect("allowed").expect("there").text,
        "a,b\n"
    );
    assert_eq!(
        read("../base/y.csv")
            .expect("a used folder")
            .expect("there")
            .text,
        "c\n"
    );
    assert!(read("tables/none.csv").expect("allowed").is_none());
    for outside in [
        "../secret.csv",
        "/etc/hostname",
        "tables/../../secret.csv",
        "link.csv",
        "..\\secret.csv",
    ] {
        let refusal = read(outside).expect_err(outside);
        assert_eq!(refusal.code, "F0610", "{outside}");
    }
}

#[test]
fn connectors_come_from_the_flowbook_first() {
    let own =
        b"connector eaccounting {\n  base \"https://example.com\"\n}\nsystem books: eaccounting\n";
    let dir = folder(&[("a.flow", own)]);
    let loaded = Loaded::read(dir.path());
    assert_eq!(loaded.files.len(), 1);
    let dir = folder(&[(
        "a.flow",
        b"system books: eaccounting\nsystem more: eaccounting\n",
    )]);
    let loaded = Loaded::read(dir.path());
    let names: Vec<&str> = loaded
        .sources
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(names[1..], ["stdlib/connectors/eaccounting.flow"]);
}

#[test]
fn types_that_multiply_are_refused_at_once() {
    let mut text = String::new();
    for n in 0..60 {
        text.push_str(&format!(
            "type T{n} {{ a: T{next}, b: T{next}, c: T{next} }}\n",
            next = n + 1
        ));
    }
    text.push_str("type T60 { a: int }\n");
    let mut deep = String::new();
    for n in 0..20_000 {
        deep.push_str(&format!("type D{n} = D{}\n", n + 1));
    }
    deep.push_str("type D20000 { a: int }\n");
    for text in [text, deep] {
        let loaded = Loaded::of_texts([("main.flow", text.as_str())]);
        let (_, found) = flowbook::check::declare::declare(&loaded.sources, &loaded.files);
        assert!(!found.is_empty());
        assert!(
            found.iter().all(|one| one.code == "F0105"),
            "{:?}",
            found[0]
        );
    }
}
