//! Pages of lists, and the words that lists are searched for (reference 00 §0.9).

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{Error, Result};

/// The most rows of one page: a member's row is some 400 bytes on the wire, so a page stays far below what an answer
/// can carry.
pub const LARGEST_PAGE: u64 = 1000;

/// One page of a list, as somebody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    number: u64,
    size: u64,
}

/// Which page it is, and of how many. The size is the one that was used, which may be less than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    page: u64,
    page_size: u64,
    total_page_count: u64,
    total_results: u64,
}

impl PageQuery {
    /// The page that a number and a size ask for; none, which is the whole list, when either is absent or zero. Both
    /// travel as floating-point numbers, whose fractions are cut off; sizes above [`LARGEST_PAGE`] are that.
    ///
    /// # Errors
    /// `Page` when either is below 1.
    pub fn of(number: Option<f64>, size: Option<f64>) -> Result<Option<Self>> {
        let (Some(number), Some(size)) = (number, size) else {
            return Ok(None);
        };
        if number == 0.0 || size == 0.0 {
            return Ok(None);
        }
        if number < 1.0 || size < 1.0 {
            return Err(Error::Page);
        }
        // A conversion of what is too large ends at the largest.
        Ok(Some(Self {
            number: number as u64,
            size: (size as u64).min(LARGEST_PAGE),
        }))
    }

    /// How many rows lie before the page.
    pub fn skip(self) -> usize {
        let rows = (self.number - 1).saturating_mul(self.size);
        usize::try_from(rows).unwrap_or(usize::MAX)
    }

    /// How many rows are on the page, at most.
    pub fn take(self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// Whether the row at this position, counted from 0, is on the page.
    pub fn has(self, position: usize) -> bool {
        position
            .checked_sub(self.skip())
            .is_some_and(|past| past < self.take())
    }

    /// What is said of the page, of a list of so many rows.
    pub fn pagination(self, total: u64) -> Pagination {
        Pagination {
            page: self.number,
            page_size: self.size,
            total_page_count: total.div_ceil(self.size),
            total_results: total,
        }
    }
}

/// What a list is searched for: any of the words, anywhere, in any letter case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The distinct words between single spaces; none, which matches everything, when there is no word.
    pub fn of(text: &str) -> Option<Self> {
        let words: BTreeSet<_> = text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether any word is in any of the columns.
    pub fn are_in<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> bool {
        columns.into_iter().any(|column| {
            let column = column.to_lowercase();
            self.0.iter().any(|word| column.contains(word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_a_number_and_a_size() {
        for (number, size) in [
            (None, None),
            (Some(1.0), None),
            (None, Some(10.0)),
            (Some(0.0), Some(10.0)),
            (Some(1.0), Some(0.0)),
            (Some(0.0), Some(-1.0)),
        ] {
            assert_eq!(PageQuery::of(number, size).unwrap(), None);
        }
        for (number, size) in [(-1.0, 10.0), (1.0, -1.0), (0.5, 10.0), (1.0, 0.9)] {
            assert!(matches!(
                PageQuery::of(Some(number), Some(size)),
                Err(Error::Page)
            ));
        }
    }

    #[test]
    fn pages_follow_each_other_and_have_at_most_a_thousand_rows() {
        let page = |number, size| PageQuery::of(Some(number), Some(size)).unwrap().unwrap();
        assert_eq!((page(3.9, 10.2).skip(), page(3.9, 10.2).take()), (20, 10));
        assert_eq!(
            (page(2.0, 5000.0).skip(), page(2.0, 5000.0).take()),
            (1000, 1000)
        );
        assert_eq!(page(1e300, 1e300).skip(), usize::MAX);
        let second = page(2.0, 2.0);
        let on: Vec<_> = (0..6).filter(|at| second.has(*at)).collect();
        assert_eq!(on, [2, 3]);
        let told = second.pagination(5);
        assert_eq!((told.total_page_count, told.total_results), (3, 5));
        assert_eq!(second.pagination(0).total_page_count, 0);
    }

    #[test]
    fn any_word_in_any_column_matches() {
        assert_eq!(Words::of(""), None);
        assert_eq!(Words::of("  "), None);
        let words = Words::of("ANA  .*").unwrap();
        assert!(words.are_in(["Bob", "susANAh"]));
        assert!(words.are_in(["a.*b"]));
        assert!(!words.are_in(["Bob", "an a"]));
        assert_eq!(Words::of("a b a"), Words::of("b a"));
    }
}
