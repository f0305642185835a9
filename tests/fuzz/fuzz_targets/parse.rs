//! Any text: it is read or its errors are told, each inside the text.
#![no_main]

use flowbook_grammar::{FileId, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for error in parse(FileId(0), text).errors {
        let span = error.span;
        assert!(span.start <= span.end && span.end as usize <= text.len());
        assert!(text.is_char_boundary(span.start as usize));
        assert!(text.is_char_boundary(span.end as usize));
        assert!(!error.message.is_empty());
    }
});
