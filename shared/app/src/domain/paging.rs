//! Pages and words of a list's query (reference 00 §0.9).

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{Error, Result};

/// The most rows on a page; who asks for more gets pages of this size (OWASP API Security Top 10 2023, API4).
pub const LARGEST_PAGE: usize = 1000;

/// What a query says of pages; clients send numbers in any form.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageQuery {
    pub page: Option<f64>,
    pub page_size: Option<f64>,
}

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The first is 1.
    pub number: usize,
    pub size: usize,
}

/// Where a page stands in the whole.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    #[schema(value_type = f64)]
    page: usize,
    #[schema(value_type = f64)]
    page_size: usize,
    #[schema(value_type = f64)]
    total_page_count: usize,
    #[schema(value_type = f64)]
    total_results: usize,
}

impl PageQuery {
    /// The page that is asked for; none, which is the whole list, when number or size is missing or zero.
    ///
    /// # Errors
    /// `Page` when one of them is below 1.
    pub fn page(self) -> Result<Option<Page>> {
        let (Some(number), Some(size)) = (self.page, self.page_size) else {
            return Ok(None);
        };
        if number == 0.0 || size == 0.0 {
            return Ok(None);
        }
        if number < 1.0 || size < 1.0 {
            return Err(Error::Page);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at least 1, and what is too large becomes the largest"
        )]
        let whole = |number: f64| number as usize;
        Ok(Some(Page {
            number: whole(number),
            size: whole(size).min(LARGEST_PAGE),
        }))
    }
}

impl Page {
    /// The rows of the page, and where it stands; past the end there are none.
    pub fn cut<T>(self, mut rows: Vec<T>) -> (Vec<T>, Pagination) {
        let pagination = Pagination {
            page: self.number,
            page_size: self.size,
            total_page_count: rows.len().div_ceil(self.size),
            total_results: rows.len(),
        };
        let first = (self.number - 1).saturating_mul(self.size).min(rows.len());
        let mut rows = rows.split_off(first);
        rows.truncate(self.size);
        (rows, pagination)
    }
}

/// The words of a search: a row fits when any of them is part of any of its columns, whatever the letter case.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The words between spaces; without any, everything fits.
    pub fn new(query: Option<&str>) -> Self {
        let words = query.unwrap_or_default().split(' ');
        Self(
            words
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect(),
        )
    }

    /// Whether a row with these columns fits.
    pub fn fit<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> bool {
        self.0.is_empty()
            || columns.into_iter().any(|column| {
                let column = column.to_lowercase();
                self.0.iter().any(|word| column.contains(word))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_numbers_from_one_on() {
        let page = |page, page_size| PageQuery { page, page_size }.page();
        assert_eq!(page(None, Some(5.0)).unwrap(), None);
        assert_eq!(page(Some(0.0), Some(-5.0)).unwrap(), None);
        assert!(matches!(page(Some(-1.0), Some(5.0)), Err(Error::Page)));
        assert!(matches!(page(Some(1.0), Some(0.5)), Err(Error::Page)));
        let largest = page(Some(1e300), Some(1e300)).unwrap().unwrap();
        assert_eq!((largest.number, largest.size), (usize::MAX, LARGEST_PAGE));
        assert!(largest.cut(vec![1]).0.is_empty());
    }

    #[test]
    fn the_last_page_may_be_shorter() {
        let (rows, pagination) = Page { number: 2, size: 3 }.cut(vec![1, 2, 3, 4]);
        assert_eq!((rows, pagination.total_page_count), (vec![4], 2));
    }

    #[test]
    fn any_word_in_any_column_fits() {
        let words = Words::new(Some("  SALES x.* "));
        assert!(words.fit(["The sales team"]));
        assert!(words.fit(["none", "X.*"]));
        assert!(!words.fit(["xy"]));
        assert!(Words::new(Some(" ")).fit([""]));
    }
}
