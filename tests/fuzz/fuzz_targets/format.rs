//! Text that can be read: formatting keeps its meaning and its comments, and twice is once. Text that cannot be read is not formatted.
#![no_main]

use flowbook_fuzz::common::neat;
use flowbook_grammar::{FileId, format, parse};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|text: &str| -> Corpus {
    if parse(FileId(0), text).errors.is_empty() {
        neat(text);
        Corpus::Keep
    } else {
        assert!(format(text).is_err());
        Corpus::Reject
    }
});
