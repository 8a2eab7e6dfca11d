//! Spaces by their paths, as documents name them (reference 22 §1.4, §4).

use std::collections::BTreeMap;

use app::{
    App, Error, Kind, Result,
    domain::{
        access::{Action, SpaceRole, Subject},
        id::SpaceId,
        secret::sha256_hex,
        slug::valid_slug,
        space::{LONGEST_PATH, MOST_SPACES, Space, SpaceTree, space_name},
    },
    spaces::Spaces,
};

use super::Options;

/// Spaces that one document may ask for at once: each takes four of the hundred actions of a transaction.
const MOST_NEW: usize = 20;

/// The path of a space, as it is stored: `sales_team.q_1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpacePath(String);

/// A stored path, as documents have it: `sales-team/q-1`.
pub fn outward(path: &str) -> String {
    path.replace('_', "-").replace('.', "/")
}

impl SpacePath {
    /// Reads the path in a document.
    ///
    /// # Errors
    /// `Invalid` for a segment that is no slug, and for a path that is too long.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LONGEST_PATH {
            return Err(Error::invalid("Spaces cannot be nested that deeply"));
        }
        for segment in text.split('/') {
            valid_slug(segment).map_err(|_| {
                Error::invalid(
                    "\"spaceSlug\" is a path of slugs, as \"sales\" or \"sales/this-year\"",
                )
            })?;
        }
        Ok(Self(text.replace('-', "_").replace('/', ".")))
    }

    /// As it is stored.
    pub fn stored(&self) -> &str {
        &self.0
    }
}

/// What something is called that only has a slug: `this_year` is `This year`.
pub fn friendly(slug: &str) -> String {
    let words = slug.split(['_', '-']).filter(|word| !word.is_empty());
    let text = words.collect::<Vec<_>>().join(" ").to_lowercase();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + letters.as_str(),
        None => slug.to_owned(),
    }
}

/// A slug for a space at a path: that of its last segment, unless a space elsewhere has it; the path stays what was asked
/// for. Whoever makes the same space at the same time arrives at the same slug, so that only one of them does.
pub fn free_slug(tree: &SpaceTree, path: &str) -> String {
    let (_, last) = path.rsplit_once('.').unwrap_or(("", path));
    let own = last.replace('_', "-");
    let whole = path.replace(['_', '.'], "-");
    if !tree.has_slug(&own) {
        own
    } else if !tree.has_slug(&whole) {
        whole
    } else {
        let mark: String = sha256_hex(path).chars().take(10).collect();
        format!("{own}-{mark}")
    }
}

/// Where something goes.
#[derive(Debug, Clone)]
pub struct Target {
    pub space: SpaceId,
    /// The spaces that are to be made for it, outermost first; they stand in the tree already.
    pub new: Vec<Space>,
    /// The space that the first of them lies in.
    pub above: Option<Space>,
}

/// The space at a path, which the caller may see, or what is to be made for it: private like its root, or a private root
/// that the caller is admin of. New ones are put into the tree; nothing is written.
///
/// # Errors
/// `Forbidden` when the caller may not see it, or not make it; `NotFound` when none may be made, and it is not there or the
/// caller may not see it; `Exists` when two have that path, or one above it; `Invalid` when there are too many.
pub fn target(
    app: &App,
    spaces: &mut Spaces<'_>,
    path: &SpacePath,
    options: &Options,
) -> Result<Target> {
    if let Some(found) = only_at(&spaces.tree, path.stored())? {
        if !spaces.may(Action::View, Subject::Space, found) {
            // Where none would be made, it is as if there were none.
            return Err(match options.skip_space_create {
                true => Error::NotFound(Kind::Space),
                false => Error::Forbidden("The space is private"),
            });
        }
        return Ok(Target {
            space: found.id,
            new: Vec::new(),
            above: None,
        });
    }
    if options.skip_space_create {
        return Err(Error::NotFound(Kind::Space));
    }
    spaces.project.require(Action::Create, Subject::Space)?;
    let (above, missing) = split(&spaces.tree, path.stored())?;
    if let Some(above) = &above {
        spaces.require(Action::Manage, Subject::Space, above)?;
    }
    if missing.len() > MOST_NEW || spaces.tree.len() + missing.len() > MOST_SPACES {
        return Err(Error::invalid(
            "A project has at most 1000 spaces, and a document makes at most 20 of them",
        ));
    }
    let mut new: Vec<Space> = Vec::new();
    for path in missing {
        let parent = new.last().or(above.as_ref());
        let space = fresh(app, spaces, path, parent)?;
        let space = Space {
            is_private: space.parent.is_some() || !options.public_space_create,
            ..space
        };
        spaces.tree.insert(space.clone());
        new.push(space);
    }
    let space = new.last().ok_or(Error::NotFound(Kind::Space))?.id;
    Ok(Target { space, new, above })
}

/// The space at a path, if there is one.
///
/// # Errors
/// `Exists` when two have it: one that was moved may end where another one is.
fn only_at<'a>(tree: &'a SpaceTree, path: &str) -> Result<Option<&'a Space>> {
    let mut found = tree
        .by_path()
        .into_iter()
        .filter(|space| space.path == path);
    let first = found.next();
    match found.next() {
        Some(_) => Err(Error::Exists(Kind::Space)),
        None => Ok(first),
    }
}

/// The closest space above a path that is there, and the paths that are missing, outermost first.
fn split(tree: &SpaceTree, path: &str) -> Result<(Option<Space>, Vec<String>)> {
    let mut missing = Vec::new();
    let mut rest = Some(path);
    while let Some(path) = rest {
        if let Some(found) = only_at(tree, path)? {
            missing.reverse();
            return Ok((Some(found.clone()), missing));
        }
        missing.push(path.to_owned());
        rest = path.rsplit_once('.').map(|(above, _)| above);
    }
    missing.reverse();
    Ok((None, missing))
}

/// A space that is to be made at a path, with the caller as admin where it is a root.
fn fresh(app: &App, spaces: &Spaces<'_>, path: String, parent: Option<&Space>) -> Result<Space> {
    let (_, last) = path.rsplit_once('.').unwrap_or(("", &path));
    let name = space_name(&friendly(last))?;
    let project = spaces.project;
    let users = match parent {
        Some(_) => BTreeMap::new(),
        None => BTreeMap::from([(project.user.id, SpaceRole::Admin)]),
    };
    let new = Space::new(project.id(), name, &app.random, app.clock.now());
    Ok(Space {
        slug: free_slug(&spaces.tree, &path),
        parent: parent.map(|parent| parent.id),
        path,
        users,
        ..new
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_go_out_and_come_back() {
        for (stored, shown) in [("sales_team.q_1", "sales-team/q-1"), ("a", "a")] {
            assert_eq!(outward(stored), shown);
            assert_eq!(SpacePath::parse(shown).unwrap().stored(), stored);
        }
        for bad in ["", "/a", "a/", "a//b", "a.b", "é", "a b"] {
            assert!(SpacePath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slug_becomes_a_name() {
        assert_eq!(friendly("my-team"), "My team");
        assert_eq!(friendly("this_year_2"), "This year 2");
        assert_eq!(friendly("--"), "--");
    }
}
