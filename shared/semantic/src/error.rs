//! What keeps a query from being compiled. All of it at once.

use std::fmt;

/// Everything that is wrong with a query; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CompileErrors(pub Vec<CompileError>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    pub reason: Reason,
    /// A sentence for people.
    pub message: String,
    /// Where in the query: `filters.dimensions.and[0].values`.
    pub path: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// What an error is about; what a client is told follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A field that the explore does not have.
    FieldReference,
    /// Everything else that is wrong with the query or with the explore.
    Compile,
    /// A user attribute that the user lacks.
    Forbidden,
    /// A field that the user's attributes hide.
    Hidden,
}

impl CompileErrors {
    /// The reason that outweighs the others: what the user may not see before what is wrong.
    pub fn reason(&self) -> Reason {
        let has = |reason| self.0.iter().any(|error| error.reason == reason);
        [Reason::Hidden, Reason::Forbidden, Reason::FieldReference]
            .into_iter()
            .find(|reason| has(*reason))
            .unwrap_or(Reason::Compile)
    }
}

impl fmt::Display for CompileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// Collects errors; a query with a hundred of them is refused without looking for more.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<CompileError>);

impl Errors {
    /// How many are told.
    const MOST: usize = 100;
    /// How many have a hint.
    const HINTED: usize = 10;

    pub(crate) fn add(&mut self, reason: Reason, path: impl fmt::Display, message: String) {
        self.hinted(reason, path, message, None);
    }

    pub(crate) fn hinted(
        &mut self,
        reason: Reason,
        path: impl fmt::Display,
        message: String,
        hint: Option<String>,
    ) {
        if self.0.len() < Self::MOST {
            self.0.push(CompileError {
                reason,
                message,
                path: path.to_string(),
                hint,
            });
        }
    }

    /// What may have been meant. Only the first errors have it: it is looked for among all names.
    pub(crate) fn hint<T: AsRef<str>>(
        &self,
        name: &str,
        among: impl FnOnce() -> Vec<T>,
    ) -> Option<String> {
        if self.0.len() >= Self::HINTED {
            return None;
        }
        closest(name, among().iter().map(AsRef::as_ref))
            .map(|found| format!("did you mean \"{found}\"?"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Errors> for CompileErrors {
    fn from(errors: Errors) -> Self {
        Self(errors.0)
    }
}

/// The closest of several names, if one is close: at most a third of its letters differ.
pub(crate) fn closest<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    let best = among
        .take(5_000)
        .map(|candidate| (distance(name, candidate), candidate))
        .min()?;
    let (distance, candidate) = best;
    (distance <= name.chars().count().div_ceil(3)).then(|| candidate.to_owned())
}

/// How many letters have to be added, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(200).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(200).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let Some(cell) = row.get_mut(j + 1) else {
                break;
            };
            let above = *cell;
            let cost = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = cost;
            *cell = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
