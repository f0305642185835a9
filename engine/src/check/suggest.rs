//! "Did you mean …?": one way of guessing for every name that is not known.

/// Longest name that is compared, bytes: nobody mistypes a longer one, and comparing takes the product of both lengths.
const LONGEST: usize = 100;
/// Longest list of names that is shown whole when nothing is near.
const SHOWN: usize = 8;

/// The known name that was probably meant: the same but for upper and lower case, else within a third of its length.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate.eq_ignore_ascii_case(name) {
            return Some(candidate);
        }
        if name.len() > LONGEST || candidate.len() > LONGEST {
            continue;
        }
        let distance = strsim::damerau_levenshtein(name, candidate);
        let longest = name.chars().count().max(candidate.chars().count());
        let near = distance * 3 <= longest;
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A help sentence: "Did you mean `x`?", else the whole list where it is short ("Fields of `Order`: `a`, `b`.").
pub fn help<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("Did you mean `{near}`?"));
    }
    if known.is_empty() || known.len() > SHOWN {
        return None;
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("{what}: {}.", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_comes_first() {
        assert_eq!(nearest("id", ["ie", "Id"]), Some("Id"));
    }

    #[test]
    fn far_names_are_not_guessed() {
        assert_eq!(nearest("colour", ["customer", "total"]), None);
        assert_eq!(
            nearest("BuyerOrderReference", ["BuyersOrderReference"]),
            Some("BuyersOrderReference")
        );
    }

    #[test]
    fn short_lists_are_shown() {
        assert_eq!(
            help("x", ["alpha", "beta"], "Settings").as_deref(),
            Some("Settings: `alpha`, `beta`.")
        );
        let many: Vec<String> = (0..9).map(|n| format!("name{n}")).collect();
        assert_eq!(help("zzz", many.iter().map(String::as_str), "Names"), None);
    }
}
