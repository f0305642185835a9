//! CSV text → rows of fields, each with its place in the file.
//!
//! Separated by commas, or by semicolons as spreadsheets of many countries write it; a field in quotes may hold separators, line ends and
//! doubled quotes. The `csv` crate does the same and forgets where a field stood, which is what a finding must say.

use flowbook_grammar::{FileId, Span};

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// Without quotes, blanks around it cut.
    pub(crate) text: String,
    /// With its quotes.
    pub(crate) span: Span,
}

/// A row that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
    /// The whole row.
    pub(crate) span: Span,
}

/// Why a text is no CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Where.
    pub(crate) span: Span,
    /// The line, from 1.
    pub(crate) line: usize,
    /// A clause: "the quote that opens here is never closed".
    pub(crate) reason: &'static str,
}

/// Rows of a text; the first is the header. Empty lines are passed over, and a line that begins with `#`.
pub(crate) fn read(file: FileId, text: &str) -> Result<Vec<Record>, Broken> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        file,
        text,
        at: text.len() - body.len(),
        line: 1,
        separator: separator(body),
    };
    let mut records = Vec::new();
    while reader.at < text.len() {
        let rest = &text[reader.at..];
        let line = rest.lines().next().unwrap_or_default();
        if line.trim().is_empty() || line.starts_with('#') {
            reader.skip_line();
            continue;
        }
        records.push(reader.record()?);
    }
    Ok(records)
}

/// The separator that the header has more of.
fn separator(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    let count = |wanted: char| header.chars().filter(|letter| *letter == wanted).count();
    if count(';') > count(',') { b';' } else { b',' }
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    line: usize,
    separator: u8,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.line += 1;
    }

    fn record(&mut self) -> Result<Record, Broken> {
        let (start, line) = (self.at, self.line);
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            match self.byte() {
                Some(byte) if byte == self.separator => self.at += 1,
                _ => break,
            }
        }
        let end = self.at;
        if self.byte() == Some(b'\r') {
            self.at += 1;
        }
        if self.byte() == Some(b'\n') {
            self.at += 1;
        }
        self.line += 1;
        Ok(Record {
            line,
            fields,
            span: self.span(start, end),
        })
    }

    fn field(&mut self) -> Result<Field, Broken> {
        while matches!(self.byte(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let start = self.at;
        if self.byte() == Some(b'"') {
            return self.quoted(start);
        }
        while let Some(byte) = self.byte() {
            if byte == self.separator || byte == b'\n' || byte == b'\r' {
                break;
            }
            self.at += 1;
        }
        let text = self.text[start..self.at].trim_end();
        Ok(Field {
            text: text.to_owned(),
            span: self.span(start, start + text.len()),
        })
    }

    fn quoted(&mut self, start: usize) -> Result<Field, Broken> {
        let first_line = self.line;
        let mut text = String::new();
        self.at += 1;
        loop {
            let from = self.at;
            while !matches!(self.byte(), None | Some(b'"')) {
                if self.byte() == Some(b'\n') {
                    self.line += 1;
                }
                self.at += 1;
            }
            text.push_str(&self.text[from..self.at]);
            if self.byte().is_none() {
                return Err(Broken {
                    span: self.span(start, start + 1),
                    line: first_line,
                    reason: "the quote that opens here is never closed",
                });
            }
            self.at += 1;
            if self.byte() != Some(b'"') {
                break;
            }
            text.push('"');
            self.at += 1;
        }
        let end = self.at;
        while matches!(self.byte(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        match self.byte() {
            None | Some(b'\n' | b'\r') => {}
            Some(byte) if byte == self.separator => {}
            Some(_) => {
                return Err(Broken {
                    span: self.span(start, end),
                    line: self.line,
                    reason: "text follows the closing quote; a quote inside a field is written twice",
                });
            }
        }
        Ok(Field {
            text: text.trim().to_owned(),
            span: self.span(start, end),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        read(FileId(0), text)
            .unwrap()
            .into_iter()
            .map(|row| row.fields.into_iter().map(|field| field.text).collect())
            .collect()
    }

    #[test]
    fn quotes_separators_and_line_ends() {
        assert_eq!(
            rows("\u{feff}a;b\r\n\"x;\"\"y\"\"\" ; 1\r\n\r\n# a comment\nz;\n"),
            [
                vec!["a".to_owned(), "b".to_owned()],
                vec!["x;\"y\"".to_owned(), "1".to_owned()],
                vec!["z".to_owned(), String::new()],
            ]
        );
    }

    #[test]
    fn fields_know_their_places() {
        let text = "a,b\n1, \"2\" \n";
        let rows = read(FileId(0), text).unwrap();
        let field = &rows[1].fields[1];
        assert_eq!(
            &text[field.span.start as usize..field.span.end as usize],
            "\"2\""
        );
        assert_eq!(rows[1].line, 2);
    }

    #[test]
    fn an_open_quote_is_told_where_it_opens() {
        let broken = read(FileId(0), "a\n\"x\n").unwrap_err();
        assert_eq!((broken.line, broken.span.start), (2, 2));
    }
}
