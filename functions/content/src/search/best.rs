//! The best of what a search found.

/// The most that is answered of one kind.
const MOST: usize = 10;

/// The best of what was found: those that match best, then by name.
pub(super) struct Best<T> {
    found: Vec<(f64, String, T)>,
    is_cut: bool,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            is_cut: false,
        }
    }
}

impl<T> Best<T> {
    /// Adds something. No more is kept than is needed.
    pub(super) fn add(&mut self, rank: f64, name: &str, found: T) {
        self.found.push((rank, name.to_lowercase(), found));
        if self.found.len() > 50 * MOST {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.found
            .sort_by(|(a, one, _), (b, other, _)| b.total_cmp(a).then_with(|| one.cmp(other)));
        self.is_cut |= self.found.len() > MOST;
        self.found.truncate(MOST);
    }

    /// The best ten, and whether there were more.
    pub(super) fn finish(mut self) -> (Vec<T>, bool) {
        self.cut();
        let best = self.found.into_iter().map(|(.., found)| found);
        (best.collect(), self.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_ten_are_kept() {
        let mut best = Best::default();
        for at in 0..2000_u32 {
            best.add(f64::from(at % 100), &format!("{at:04}"), at);
        }
        let (found, is_cut) = best.finish();
        assert_eq!(found, [99, 199, 299, 399, 499, 599, 699, 799, 899, 999]);
        assert!(is_cut);
        let mut few = Best::default();
        few.add(1.0, "b", 1);
        few.add(1.0, "a", 2);
        assert_eq!(few.finish(), (vec![2, 1], false));
    }
}
