//! Which function gets a request: the routes of `template.yaml`, chosen as an HTTP API does.
//!
//! The rules are those of the API Gateway developer guide, "Routing API requests": a full match of path and method, then
//! a greedy path variable, then `$default`. Paths are case-sensitive; a slash at the end is a segment of its own, which
//! only a greedy variable takes.

use app::Api;
use serde_json::Value;

/// The name of a function's crate, and its routes.
type Function = (&'static str, fn() -> Api);

/// Every function.
pub(crate) const FUNCTIONS: [Function; 17] = [
    ("auth", auth::router),
    ("catalog", catalog::router),
    ("charts", charts::router),
    ("content", content::router),
    ("dashboards", dashboards::router),
    ("explores", explores::router),
    ("exports", exports::router),
    ("metrics-explorer", metrics_explorer::router),
    ("my-account", my_account::router),
    ("notifications", notifications::router),
    ("organizations", organizations::router),
    ("projects", projects::router),
    ("roles-permissions", roles_permissions::router),
    ("schedulers", schedulers::router),
    ("share-links", share_links::router),
    ("ssh-keypairs", ssh_keypairs::router),
    ("user-groups", user_groups::router),
];

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// `ANY`, or one method.
    pub(crate) method: String,
    /// `$default`, or a path with variables.
    pub(crate) path: String,
    /// The crate of the function that gets the request.
    pub(crate) function: String,
}

impl Route {
    /// As AWS writes it: `ANY /api/v1/org`.
    pub(crate) fn key(&self) -> String {
        if self.path == "$default" {
            self.path.clone()
        } else {
            format!("{} {}", self.method, self.path)
        }
    }

    /// How well it matches; `None` when it does not.
    fn rank(&self, method: &str, path: &str) -> Option<Rank> {
        if self.path == "$default" {
            return Some(Rank::default());
        }
        let own_method = self.method == method;
        if !own_method && self.method != "ANY" {
            return None;
        }
        let mut segments = path.split('/').skip(1);
        let mut fixed = Vec::new();
        for known in self.path.split('/').skip(1) {
            let segment = segments.next()?;
            if known.ends_with("+}") {
                return Some(Rank {
                    kind: Kind::Greedy,
                    fixed,
                    own_method,
                });
            }
            let variable = known.starts_with('{');
            if !(known == segment || variable && !segment.is_empty()) {
                return None;
            }
            fixed.push(!variable);
        }
        let whole = segments.next().is_none();
        whole.then_some(Rank {
            kind: Kind::Full,
            fixed,
            own_method,
        })
    }
}

/// The greater, the better.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    kind: Kind,
    /// Per segment, whether it is fixed; longer is better.
    fixed: Vec<bool>,
    own_method: bool,
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    #[default]
    Default,
    Greedy,
    Full,
}

/// All routes of a template: the `HttpApi` events of its functions.
pub(crate) fn of_template(template: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (_, resource) in resources(template, "AWS::Serverless::Function") {
        let properties = &resource["Properties"];
        let code = properties["CodeUri"].as_str().expect("a CodeUri");
        for event in properties["Events"]
            .as_object()
            .expect("events")
            .values()
            .filter(|event| event["Type"] == "HttpApi")
        {
            let text = |name: &str| event["Properties"][name].as_str().expect(name).to_owned();
            routes.push(Route {
                method: text("Method").to_uppercase(),
                path: text("Path"),
                function: code.trim_start_matches("functions/").to_owned(),
            });
        }
    }
    routes
}

/// The resources of a type, by their names in the template.
pub(crate) fn resources<'a>(
    template: &'a Value,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let all = template["Resources"].as_object().expect("resources");
    all.iter().filter(move |(_, one)| one["Type"] == kind)
}

/// The route of a request, by its decoded path.
pub(crate) fn choose<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<&'a Route> {
    let ranked = routes
        .iter()
        .filter_map(|route| Some((route.rank(method, path)?, route)));
    ranked
        .max_by(|(one, _), (other, _)| one.cmp(other))
        .map(|(_, route)| route)
}
