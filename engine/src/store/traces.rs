//! Traces of a person: an e-mail address, in whatever form it stands in texts and raw files: any case, as it is, escaped for JSON or for a URL.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use regex::Regex;
use regex::bytes::Regex as Bytes;

/// Bytes of a file that are looked through together.
const CHUNK: usize = 1 << 20;

/// What no form of an address is longer than, in bytes: each of its at most 320 characters escaped.
const OVERLAP: usize = 8 << 10;

/// Finds one address.
#[derive(Debug)]
pub struct Traces {
    /// Standing for itself: what is part of a longer address is another person's.
    alone: Regex,
    /// As a part of a longer one.
    longer: Regex,
    /// Anywhere: in a raw file nothing tells where a value begins.
    anywhere: Bytes,
}

/// Why an address cannot be looked for.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no e-mail address: it is written like anna@example.com")]
pub struct NoAddress(String);

impl Traces {
    /// Of an address.
    ///
    /// # Errors
    /// When it is none: it is shown as it was given.
    pub fn of(address: &str) -> Result<Traces, NoAddress> {
        let address = address.trim();
        let no_address = || NoAddress(address.to_owned());
        if !email_address::EmailAddress::is_valid(address) {
            return Err(no_address());
        }
        let any: String = address.chars().map(any_form).collect();
        // an escape ends in a letter or digit that is no part of the address
        let escape = r#"\\[nrtbf]|\\u[0-9a-f]{4}|%[0-9a-f]{2}"#;
        let before = format!(r"(?P<before>^|[^\p{{L}}\p{{N}}._+-]|{escape})");
        let after = r"(?P<after>$|[^\p{L}\p{N}.-]|[.-](?:$|[^\p{L}\p{N}]))";
        let pattern = |text: String| Regex::new(&text).map_err(|_| no_address());
        Ok(Traces {
            alone: pattern(format!("(?i){before}{any}{after}"))?,
            longer: pattern(format!(
                r"(?i)[\p{{L}}\p{{N}}._+-]*{any}[\p{{L}}\p{{N}}.-]*"
            ))?,
            anywhere: Bytes::new(&format!("(?i){any}")).map_err(|_| no_address())?,
        })
    }

    /// Whether it stands in a text.
    pub fn stand_in(&self, text: &str) -> bool {
        self.alone.is_match(text)
    }

    /// A text with something else in its place.
    pub fn replaced(&self, text: &str, by: &str) -> String {
        let by = format!("${{before}}{by}${{after}}");
        let mut text = text.to_owned();
        // two of them may share the sign between them
        while self.stand_in(&text) {
            text = self.alone.replace_all(&text, by.as_str()).into_owned();
        }
        text
    }

    /// Adds the longer addresses of other people that it is a part of: `joanna@…` for `anna@…`.
    pub fn others_in(&self, text: &str, others: &mut BTreeSet<String>) {
        let found = self.longer.find_iter(text).map(|found| found.as_str());
        let others_of = found.filter(|found| !self.stand_in(found));
        others.extend(others_of.map(str::to_lowercase));
    }

    /// How often it stands in a raw file, other people's longer addresses left out; and how long the file is, in bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count_in(&self, file: &Path, others: &BTreeSet<String>) -> std::io::Result<(u64, u64)> {
        let mut file = File::open(file)?;
        let mut window: Vec<u8> = Vec::with_capacity(CHUNK + 2 * OVERLAP);
        // where the window begins in the file, and up to where hits are counted
        let (mut base, mut counted, mut count) = (0_usize, 0_usize, 0_u64);
        loop {
            let mut chunk = Read::by_ref(&mut file).take(CHUNK as u64);
            let is_last = chunk.read_to_end(&mut window)? == 0;
            // what begins in the overlap is counted with the next chunk, when all of it is there
            let end = match is_last {
                true => base + window.len(),
                false => base + window.len().saturating_sub(OVERLAP),
            };
            for hit in self.anywhere.find_iter(&window) {
                let new = (counted..end).contains(&(base + hit.start()));
                if new && !is_part_of(&window, hit.range(), others) {
                    count += 1;
                }
            }
            if is_last {
                return Ok((count, end as u64));
            }
            counted = counted.max(end);
            // so much is kept before it that a longer address is still seen as one
            let over = window.len().saturating_sub(2 * OVERLAP);
            window.drain(..over);
            base += over;
        }
    }
}

/// Whether a hit is part of a longer address that is known to be another person's.
fn is_part_of(window: &[u8], hit: Range<usize>, others: &BTreeSet<String>) -> bool {
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    let ours = lower(&window[hit.clone()]);
    others.iter().any(|other| {
        other.match_indices(&ours).any(|(at, _)| {
            let from = hit.start.checked_sub(at);
            let until = hit.end + (other.len() - at - ours.len());
            from.and_then(|from| window.get(from..until))
                .is_some_and(|around| lower(around) == *other)
        })
    })
}

/// A letter as it may stand: in either case, as it is, or escaped.
fn any_form(letter: char) -> String {
    let mut forms = vec![regex::escape(&letter.to_string())];
    let cases: BTreeSet<char> = [letter]
        .into_iter()
        .chain(letter.to_lowercase())
        .chain(letter.to_uppercase())
        .collect();
    for case in cases {
        let (mut json, mut url) = (String::new(), String::new());
        for unit in case.encode_utf16(&mut [0; 2]) {
            let _ = write!(json, r"\\u{unit:04x}");
        }
        for byte in case.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(url, "%{byte:02x}");
        }
        forms.extend([json, url]);
    }
    format!("(?:{})", forms.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Traces {
        Traces::of(" anna.berg@example.se ").expect("an address")
    }

    #[test]
    fn an_address_is_found_in_every_form() {
        for text in [
            "anna.berg@example.se",
            "Mail ANNA.Berg@Example.SE.",
            r#"{"note":"Hej\nanna.berg@example.se"}"#,
            r#"{"email":"anna.berg\u0040example.se"}"#,
            "EmailAddress=anna.berg%40example.se",
            "EmailAddress%3Danna.berg%40example.se",
            "“anna.berg@example.se”,anna.berg@example.se,anna.berg@example.se",
        ] {
            assert!(anna().stand_in(text), "{text}");
            let erased = anna().replaced(text, "(erased)");
            assert!(!anna().stand_in(&erased), "{erased}");
            assert!(erased.contains("(erased)"), "{erased}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_looked_for() {
        for text in ["", "anna", "anna@", "@example.se", "anna berg@example.se"] {
            assert!(Traces::of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_longer_address_is_another_persons() {
        let mut others = BTreeSet::new();
        for text in [
            "joanna.berg@example.se",
            "anna.berg@example.se.org",
            "x+anna.berg@example.se",
        ] {
            assert!(!anna().stand_in(text), "{text}");
            anna().others_in(text, &mut others);
        }
        assert_eq!(others.len(), 3);
    }

    #[test]
    fn a_raw_file_is_looked_through_across_its_chunks() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("raw");
        let mut others = BTreeSet::new();
        anna().others_in("joanna.berg@example.se", &mut others);
        for before in [0, 1, CHUNK - 30, CHUNK - 10, CHUNK, 2 * CHUNK - OVERLAP - 5] {
            let mut raw = vec![b'1'; before];
            raw.extend(b"ANNA.berg@example.se\x00joanna.berg@example.se");
            raw.extend(vec![0; CHUNK / 2]);
            std::fs::write(&file, &raw).expect("written");
            let counted = anna().count_in(&file, &others).expect("read");
            assert_eq!(counted, (1, raw.len() as u64), "{before}");
        }
    }
}
