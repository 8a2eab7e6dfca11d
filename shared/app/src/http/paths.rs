//! Which route a path means: static segments in any letter case, a slash at the end or not.

use std::collections::HashMap;

use http::Method;

/// All documented paths, as a tree of segments.
pub(super) struct Paths<T> {
    root: Node<T>,
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Self {
            root: Node::default(),
        }
    }
}

struct Node<T> {
    /// By lower-cased segment: the segment as it is documented, and what follows.
    fixed: HashMap<String, (String, Node<T>)>,
    parameter: Option<Box<Node<T>>>,
    operations: Vec<(Method, T)>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            fixed: HashMap::new(),
            parameter: None,
            operations: Vec::new(),
        }
    }
}

/// What a path was found to mean.
pub(super) struct Found<'a, T> {
    /// The path as the router knows it; parameters as they came, still encoded.
    pub(super) path: String,
    /// The parameters by position, still encoded.
    pub(super) parameters: Vec<String>,
    operations: &'a [(Method, T)],
}

impl<'a, T> Found<'a, T> {
    /// The operation of a method; `HEAD` is asked where `GET` is.
    pub(super) fn operation(&self, method: &Method) -> Option<&'a T> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.operations
            .iter()
            .find(|(known, _)| known == method)
            .map(|(_, operation)| operation)
    }

    /// The methods that the path knows, as `Allow` lists them.
    pub(super) fn allowed(&self) -> String {
        let mut names: Vec<_> = self
            .operations
            .iter()
            .map(|(method, _)| method.as_str())
            .collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        names.join(", ")
    }
}

impl<T> Paths<T> {
    /// Adds an operation under its documented template (`/api/v1/org/users/{userUuid}`).
    pub(super) fn insert(&mut self, template: &str, method: Method, operation: T) {
        let mut node = &mut self.root;
        for segment in template.trim_matches('/').split('/') {
            node = if segment.starts_with('{') {
                node.parameter.get_or_insert_default()
            } else {
                &mut node
                    .fixed
                    .entry(segment.to_lowercase())
                    .or_insert_with(|| (segment.to_owned(), Node::default()))
                    .1
            };
        }
        node.operations.push((method, operation));
    }

    /// Looks a path up; `None` when nothing is documented there.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_, T>> {
        let path = path.strip_prefix('/')?;
        let segments: Vec<_> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        let mut found = Found {
            path: String::new(),
            parameters: Vec::new(),
            operations: &[],
        };
        walk(&self.root, &segments, &mut found).then_some(found)
    }
}

fn walk<'a, T>(node: &'a Node<T>, segments: &[&str], found: &mut Found<'a, T>) -> bool {
    let Some((segment, rest)) = segments.split_first() else {
        found.operations = &node.operations;
        return !node.operations.is_empty();
    };
    let length = found.path.len();
    if let Some((documented, next)) = node.fixed.get(&segment.to_lowercase()) {
        found.path.push('/');
        found.path.push_str(documented);
        if walk(next, rest, found) {
            return true;
        }
        found.path.truncate(length);
    }
    let Some(next) = node.parameter.as_deref().filter(|_| !segment.is_empty()) else {
        return false;
    };
    found.path.push('/');
    found.path.push_str(segment);
    found.parameters.push((*segment).to_owned());
    if walk(next, rest, found) {
        return true;
    }
    found.path.truncate(length);
    found.parameters.pop();
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths<&'static str> {
        let mut paths = Paths::default();
        for template in [
            "/api/v1/org/users/{userUuid}",
            "/api/v1/org/users/email/{email}",
            "/api/v1/user/me/allowedOrganizations",
        ] {
            paths.insert(template, Method::GET, template);
        }
        paths
    }

    fn find(path: &str) -> Option<(String, Vec<String>)> {
        paths()
            .find(path)
            .map(|found| (found.path, found.parameters))
    }

    #[test]
    fn letter_case_and_a_last_slash_do_not_matter() {
        let same = Some(("/api/v1/user/me/allowedOrganizations".to_owned(), vec![]));
        assert_eq!(find("/api/v1/user/me/allowedOrganizations"), same);
        assert_eq!(find("/API/v1/user/ME/allowedorganizations/"), same);
        assert_eq!(find("/api/v1/user/me/allowedOrganizations//"), None);
    }

    #[test]
    fn parameters_stay_as_they_came() {
        assert_eq!(
            find("/api/v1/org/users/A%2Fb"),
            Some(("/api/v1/org/users/A%2Fb".into(), vec!["A%2Fb".into()]))
        );
        assert_eq!(
            find("/api/v1/org/users/email"),
            Some(("/api/v1/org/users/email".into(), vec!["email".into()]))
        );
        assert_eq!(
            find("/api/v1/org/users/EMAIL/x").map(|found| found.0),
            Some("/api/v1/org/users/email/x".into())
        );
        for unknown in [
            "/api/v1/org/users/",
            "/api/v1/org/users//",
            "",
            "api",
            "/",
            "/api/v1/org/users/a/b",
        ] {
            assert_eq!(find(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn allow_lists_what_there_is() {
        assert_eq!(
            paths().find("/api/v1/org/users/x").unwrap().allowed(),
            "GET, HEAD, OPTIONS"
        );
        assert!(
            paths()
                .find("/api/v1/org/users/x")
                .unwrap()
                .operation(&Method::HEAD)
                .is_some()
        );
    }
}
