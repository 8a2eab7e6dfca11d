//! Names in addresses and file names (reference 21 §6).

use crate::{Error, Result, random::Random};

/// A slug names a file too, and file systems take 255 bytes with the ending.
pub const LONGEST_SLUG: usize = 200;

/// What a name is in an address: lower case, runs of anything but `a–z0–9` as one dash, none at the ends; five random
/// characters where nothing is left.
pub fn slug_of(name: &str, random: &Random) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return base_36(5, random);
    }
    let mut slug = words.join("-");
    slug.truncate(LONGEST_SLUG - 15);
    slug.trim_end_matches('-').to_owned()
}

/// The slug that is tried after another one was taken: the wanted one, then `-1`, `-2`, …, and from the tenth on ten random
/// characters, so that a thousand things of one name are not a thousand tries.
pub fn next_slug(wanted: &str, tries: u32, random: &Random) -> String {
    match tries {
        0 => wanted.to_owned(),
        1..10 => format!("{wanted}-{tries}"),
        _ => format!("{wanted}-{}", base_36(10, random)),
    }
}

/// A slug that somebody names: 1 to 200 of `A–Z a–z 0–9 - _`. It is part of a path, and of a file's name.
///
/// # Errors
/// `Invalid` when it is not.
pub fn valid_slug(slug: &str) -> Result<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if slug.is_empty() || slug.len() > LONGEST_SLUG || !slug.chars().all(fits) {
        return Err(Error::invalid(
            "A slug has 1 to 200 letters without accents, digits, dashes and underscores",
        ));
    }
    Ok(slug)
}

/// Random characters of `0–9a–z`.
pub fn base_36(count: usize, random: &Random) -> String {
    let one = || char::from_digit(random.below(36), 36).unwrap_or('0');
    std::iter::repeat_with(one).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_names_of_files() {
        for good in ["a", "revenue-by-month-2", "A_b", &"x".repeat(200)] {
            assert!(valid_slug(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a/b",
            "../a",
            "a.b",
            "é",
            "a b",
            "a\0",
            &"x".repeat(201),
        ] {
            assert!(valid_slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_follows_a_taken_slug_differs_from_it() {
        let random = Random::seeded(1);
        assert_eq!(next_slug("a", 0, &random), "a");
        assert_eq!(next_slug("a", 2, &random), "a-2");
        assert_eq!(next_slug("a", 11, &random).len(), 12);
        let long = slug_of(&"é word ".repeat(100), &random);
        assert!(next_slug(&long, 99, &random).len() <= LONGEST_SLUG);
    }
}
