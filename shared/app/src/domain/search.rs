//! What matches a search, and how well.

/// What a word that is a whole word of the name is worth; the beginning of one, and the description, are worth less.
const WHOLE_IN_NAME: u32 = 8;
const BEGINS_IN_NAME: u32 = 4;
const WHOLE_IN_DESCRIPTION: u32 = 2;
const BEGINS_IN_DESCRIPTION: u32 = 1;

/// What is searched for.
pub struct Words {
    words: Vec<String>,
    /// All of it.
    text: String,
}

/// The words of a text, in lower case: runs of letters and digits of any script.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Words {
    /// The distinct words of a text.
    pub fn of(text: &str) -> Self {
        let mut distinct = words(text);
        distinct.sort();
        distinct.dedup();
        Self {
            words: distinct,
            text: text.trim().to_lowercase(),
        }
    }

    /// Whether there is no word, which finds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a name has all of the text somewhere.
    pub fn is_part_of(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.text)
    }

    /// How well a name and a description match, from 0 to 1; none when one of the words does not begin a word of either.
    pub fn rank(&self, name: &str, description: Option<&str>) -> Option<f64> {
        if self.is_empty() {
            return None;
        }
        let name = words(name);
        let description = description.map(words).unwrap_or_default();
        let mut worth = 0;
        for word in &self.words {
            let whole = |words: &[String]| words.contains(word);
            let begins = |words: &[String]| words.iter().any(|one| one.starts_with(word.as_str()));
            worth += if whole(&name) {
                WHOLE_IN_NAME
            } else if begins(&name) {
                BEGINS_IN_NAME
            } else if whole(&description) {
                WHOLE_IN_DESCRIPTION
            } else if begins(&description) {
                BEGINS_IN_DESCRIPTION
            } else {
                return None;
            };
        }
        let most = f64::from(WHOLE_IN_NAME) * self.words.len() as f64;
        Some(f64::from(worth) / most)
    }

    /// How many of the words are somewhere in a label or a description.
    pub fn count_in(&self, label: &str, description: Option<&str>) -> usize {
        let label = label.to_lowercase();
        let description = description.map(str::to_lowercase).unwrap_or_default();
        let found =
            |word: &&String| label.contains(word.as_str()) || description.contains(word.as_str());
        self.words.iter().filter(found).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_begins_a_word() {
        let words = Words::of("rev Mon rev");
        assert!(words.rank("Revenue by month", None).is_some());
        assert!(words.rank("Revenue", Some("each MONTH")).is_some());
        assert_eq!(words.rank("Revenue", None), None);
        assert_eq!(words.rank("prerev month", None), None);
        assert_eq!(Words::of(" %_ ").rank("100 %_", None), None);
        assert!(Words::of("über").rank("ÜBERSICHT", None).is_some());
    }

    #[test]
    fn names_come_before_descriptions_and_whole_words_before_beginnings() {
        let words = Words::of("order");
        let ranks = [
            words.rank("Order", None),
            words.rank("Orders", None),
            words.rank("x", Some("the order")),
            words.rank("x", Some("the orders")),
        ];
        let ranks: Vec<f64> = ranks.into_iter().flatten().collect();
        assert_eq!(ranks.len(), 4);
        assert!(ranks.windows(2).all(|pair| pair[0] > pair[1]));
        assert_eq!(ranks.first(), Some(&1.0));
    }
}
