//! After an error: what is blanked so that the rest of the item can be read, and its own errors told.
//!
//! The line at fault goes, and the lines that go on from it. A line that opens braces leaves a harmless one behind, so that what they
//! hold is still read as what it is.

use crate::trouble::{code, uncommented, walk};

/// Blanks what cannot be read around `position`, at the same length. Gives where the blanked text ends, or `None` where the rest would only repeat
/// the error.
pub(crate) fn recover(body: &mut String, position: usize) -> Option<usize> {
    let position = anchor(body, position);
    let start = body[..position].rfind('\n').map_or(0, |at| at + 1);
    let end = line_end(body, position);
    let line = uncommented(&body[start..end]).trim_end();
    if line.trim().is_empty() {
        return None;
    }
    let mut open = 0i32;
    let mut closed = 0i32;
    walk(line, |_, sign| match sign {
        '(' | '[' | '{' => open += 1,
        _ if open > 0 => open -= 1,
        _ => closed += 1,
    });
    let head = code(&body[..start]).is_empty();
    let stand_in = if closed > 0 {
        // what the line closes stays closed
        let mut closers = String::new();
        walk(line, |_, sign| {
            if matches!(sign, ')' | ']' | '}') && (closers.len() as i32) < closed {
                closers.push(sign);
            }
        });
        if open > 0 {
            return None;
        }
        closers
    } else if open > 0 {
        stand_in(line.trim(), head)
            .filter(|text| open == 1 && text.len() <= line.len())
            .unwrap_or_default()
            .to_owned()
    } else if head {
        return None;
    } else {
        String::new()
    };
    let mut until = end;
    if open > 0 && stand_in.is_empty() {
        if head {
            return None;
        }
        until = closing(body, start)?;
    }
    if stand_in.is_empty() {
        until = continuation(body, until);
    }
    let mut bytes = std::mem::take(body).into_bytes();
    bytes[start..until]
        .iter_mut()
        .filter(|byte| **byte != b'\n')
        .for_each(|byte| *byte = b' ');
    let indent = bytes.len().min(start);
    bytes[indent..indent + stand_in.len()].copy_from_slice(stand_in.as_bytes());
    *body = String::from_utf8(bytes).unwrap_or_default(); // whole lines were blanked, so it is still UTF-8
    Some(until)
}

/// An error behind a line is about that line.
fn anchor(body: &str, position: usize) -> usize {
    let position = position.min(body.len());
    if !body[position..].trim().is_empty() {
        return position;
    }
    let code = code(body);
    code.char_indices().last().map_or(0, |(at, _)| at)
}

fn line_end(body: &str, from: usize) -> usize {
    body[from..]
        .find('\n')
        .map_or(body.len(), |length| from + length)
}

/// A line that opens the same kind of braces and cannot be wrong.
fn stand_in(line: &str, head: bool) -> Option<&'static str> {
    if !line.ends_with('{') {
        return None;
    }
    let first = line
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    Some(match first {
        "flow" if head => "flow a{",
        "map" if head => "map a(){",
        "table" if head => "table a()->a{",
        "test" if head => "test \"\"{",
        "connector" if head => "connector a{",
        "extend" if line.starts_with("extend flow") => "flow a{",
        "create" | "ensure" | "update" => "update a{",
        "if" | "for" => "if a{",
        "resource" | "sub" => "sub a:A{",
        "type" => "type A{",
        "on" => "on create{",
        _ => return None,
    })
}

/// The end of the line that closes the brackets which the line at `start` opens.
fn closing(body: &str, start: usize) -> Option<usize> {
    let mut depth = 0;
    let mut close = None;
    walk(&body[start..], |at, sign| {
        if close.is_some() {
            return;
        }
        match sign {
            '(' | '[' | '{' => depth += 1,
            _ => depth -= 1,
        }
        if depth <= 0 && body[start..start + at].contains('\n') {
            close = Some(start + at);
        }
    });
    let close = close?;
    Some(line_end(body, close))
}

/// Goes on over the lines that continue what was blanked.
fn continuation(body: &str, mut until: usize) -> usize {
    const SIGNS: &[&str] = &["|", "+", "*", "=>", "->"];
    const WORDS: &[&str] = &["else", "and", "or", "by", "via", "within", "done"];
    while until < body.len() {
        let end = line_end(body, until + 1);
        let line = body[until + 1..end].trim_start();
        let first = line
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        let goes_on = SIGNS.iter().any(|sign| line.starts_with(sign))
            || WORDS.contains(&first) && !line[first.len()..].trim_start().starts_with(':');
        let mut depth = 0;
        walk(line, |_, sign| match sign {
            '(' | '[' | '{' => depth += 1,
            _ => depth -= 1,
        });
        if !goes_on || depth != 0 {
            break;
        }
        until = end;
    }
    until
}
