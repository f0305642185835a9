//! The token at fault and what stands around it.

/// Where the grammar could not go on.
pub(super) struct Here<'a> {
    pub body: &'a str,
    /// Of the token at fault.
    pub start: usize,
    pub end: usize,
    /// The line that holds it.
    pub line: &'a str,
    pub line_start: usize,
    /// What is at fault is that the line ends.
    pub at_end: bool,
}

impl<'a> Here<'a> {
    pub fn new(body: &'a str, position: usize) -> Here<'a> {
        let mut start = position.min(body.len());
        // comments and blanks in front of the token say nothing
        loop {
            let rest = &body[start..];
            let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            start += skipped;
            if body[start..].starts_with("//") && !body[start..].starts_with("///") {
                start += body[start..].find('\n').unwrap_or(body.len() - start);
            } else if skipped == 0 {
                break;
            }
        }
        let ends = start == body.len() || body[start..].starts_with('\n');
        let before = code(&body[..start]);
        // a value that is missing is missed where the line before ends
        let waits = before.len() < start
            && body[before.len()..start].contains('\n')
            && waiting(last_line(before)).is_some();
        if (ends || waits) && !before.is_empty() {
            let last = before.char_indices().last().map_or(0, |(at, _)| at);
            return Here::at(body, last, before.len(), true);
        }
        Here::at(body, start, start + token(&body[start..]), ends)
    }

    fn at(body: &'a str, start: usize, end: usize, at_end: bool) -> Here<'a> {
        let line_start = body[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = body[start..]
            .find('\n')
            .map_or(body.len(), |length| start + length);
        Here {
            body,
            start,
            end,
            line: &body[line_start..line_end],
            line_start,
            at_end,
        }
    }

    /// The grammar stops in front of a word when a sign behind it is wrong: the sign is what is told.
    pub fn at_sign(self) -> Here<'a> {
        let word = self.token();
        if self.inside() != Some('{') || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self;
        }
        let before = self.before();
        if !before.is_empty() && before != "by" && !before.ends_with(['{', ',']) {
            return self;
        }
        let rest = &self.body[self.end..];
        let path = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.')
                .len();
        let rest = &rest[path..];
        let at = self.end + path + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let next = Here::at(self.body, at, at + token(&self.body[at..]), false);
        match next.sign() {
            "" | "-" | "|" | "*" | "+" | "/" | "//" => self,
            _ => next,
        }
    }

    /// The token at fault; empty where the line's end is.
    pub fn token(&self) -> &'a str {
        if self.at_end {
            ""
        } else {
            &self.body[self.start..self.end]
        }
    }

    /// From the token on.
    pub fn rest(&self) -> &'a str {
        if self.at_end {
            ""
        } else {
            &self.body[self.start..]
        }
    }

    /// What stands on the line in front of the token.
    pub fn before(&self) -> &'a str {
        let end = if self.at_end { self.end } else { self.start };
        self.body[self.line_start..end].trim()
    }

    /// The first word of the line.
    pub fn first(&self) -> &'a str {
        let line = self.line.trim_start();
        &line[..line
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(line.len())]
    }

    /// All signs that stand together where the token is.
    pub fn sign(&self) -> &'a str {
        const SIGNS: &str = "=!<>&|+*/?-:^%#~@$;";
        let is = |c: char| SIGNS.contains(c);
        if self.at_end || !self.body[self.start..].starts_with(is) {
            return "";
        }
        let from = self.body[self.line_start..self.start]
            .trim_end_matches(is)
            .len()
            + self.line_start;
        let rest = &self.body[self.start..];
        let to = self.start + rest.len() - rest.trim_start_matches(is).len();
        &self.body[from..to]
    }

    /// Brackets that are open in front of the token: where they stand.
    pub fn opened(&self) -> Vec<(usize, char)> {
        let mut stack = Vec::new();
        let end = if self.at_end { self.end } else { self.start };
        walk(&self.body[..end], |at, sign| match sign {
            '(' | '[' | '{' => stack.push((at, sign)),
            _ => {
                stack.pop();
            }
        });
        stack
    }

    pub fn inside(&self) -> Option<char> {
        self.opened().last().map(|(_, sign)| *sign)
    }

    /// The word in front of the brackets around the token: `match`, `record`'s name, …: the line that opens them.
    pub fn opener(&self) -> &'a str {
        let Some((at, _)) = self.opened().last().copied() else {
            return "";
        };
        let start = self.body[..at].rfind('\n').map_or(0, |at| at + 1);
        self.body[start..at].trim()
    }
}

/// Calls with every bracket outside of texts and comments.
pub(crate) fn walk(text: &str, mut each: impl FnMut(usize, char)) {
    let mut quoted = false;
    let mut skip = false;
    let mut comment = false;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => {
                quoted = false;
                comment = false;
                skip = false;
            }
            _ if comment => {}
            _ if skip => skip = false,
            b'\\' if quoted => skip = true,
            b'"' => quoted = !quoted,
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => comment = true,
            b'(' | b'[' | b'{' | b')' | b']' | b'}' if !quoted => each(at, char::from(*byte)),
            _ => {}
        }
    }
}

/// A text without blanks and comments at its end.
pub(crate) fn code(text: &str) -> &str {
    let mut text = text.trim_end();
    loop {
        let line_start = text.rfind('\n').map_or(0, |at| at + 1);
        let line = &text[line_start..];
        let bare = uncommented(line);
        if bare.len() == line.len() {
            return text;
        }
        text = text[..line_start + bare.len()].trim_end();
    }
}

/// A line without the comment at its end.
pub(crate) fn uncommented(line: &str) -> &str {
    let mut quoted = false;
    let mut skip = false;
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if skip => skip = false,
            b'\\' if quoted => skip = true,
            b'"' => quoted = !quoted,
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => return &line[..at],
            _ => {}
        }
    }
    line
}

pub(super) fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or_default()
}

/// The word or sign at a line's end behind which a value must stand.
pub(super) fn waiting(line: &str) -> Option<&'static str> {
    const SIGNS: &[&str] = &[
        "=>", "->", "!=", "<=", ">=", "=", "|", "+", "*", "/", "-", ":", "..",
    ];
    const WORDS: &[&str] = &[
        "else",
        "and",
        "or",
        "not",
        "in",
        "by",
        "via",
        "where",
        "if",
        "match",
        "let",
        "set",
        "link",
        "within",
        "confirm",
        "read",
        "zone",
        "retention",
        "use",
    ];
    let line = line.trim_end();
    if let Some(sign) = SIGNS.iter().find(|sign| line.ends_with(**sign)) {
        return Some(sign);
    }
    let last = line
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    WORDS.iter().copied().find(|word| *word == last)
}

/// Length of the token that a text begins with: a word, or one sign.
pub(super) fn token(text: &str) -> usize {
    let word = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    if word > 0 {
        word
    } else {
        text.chars().next().map_or(0, char::len_utf8)
    }
}
