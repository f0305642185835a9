//! Byte offsets → lines and columns as people and editors count them.

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Of one text.
    pub fn new(text: &'t str) -> Lines<'t> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines {
            text,
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// Line and column of a byte, both from 1; columns are characters.
    pub fn at(&self, offset: usize) -> (usize, usize) {
        let offset = floor(self.text, offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let before = self.text[start..offset].trim_start_matches('\u{feff}');
        (line, before.chars().count() + 1)
    }

    /// The bytes of a line, from 1, without its end.
    pub fn bytes(&self, line: usize) -> (usize, usize) {
        let start = self.starts[line.clamp(1, self.starts.len()) - 1];
        let end = self
            .starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let line = self.text[start..end.max(start)].trim_end_matches('\r');
        (start, start + line.len())
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.starts.len()
    }
}

/// The nearest start of a character at or before a byte.
pub(super) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let lines = Lines::new("a\nåäö x\r\n");
        assert_eq!(lines.at(0), (1, 1));
        assert_eq!(lines.at("a\nåäö ".len()), (2, 5));
        assert_eq!(lines.at(999), (3, 1));
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let lines = Lines::new("\u{feff}zone");
        assert_eq!(lines.at(3), (1, 1));
    }
}
