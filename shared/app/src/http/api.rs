//! Routes and their document, which cannot drift apart: a route enters both or neither.

use std::sync::Arc;

use axum::Router;
use http::Method;
use serde_json::{Map, Value, json};
use utoipa_axum::router::UtoipaMethodRouter;

use super::paths::Paths;
use crate::App;

/// The routes of an area with their document. Handlers name full paths; nothing is nested.
pub struct Api {
    router: Router<App>,
    document: utoipa::openapi::OpenApi,
}

impl Default for Api {
    fn default() -> Self {
        Self::new()
    }
}

impl Api {
    /// No routes yet.
    pub fn new() -> Self {
        let info = utoipa::openapi::InfoBuilder::new()
            .title("Zerodash")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some("Business intelligence that costs nothing while nobody looks at it. Compatible with Lightdash's API."));
        let document = utoipa::openapi::OpenApiBuilder::new().info(info.build());
        Self {
            router: Router::new(),
            document: document.build(),
        }
    }

    /// Adds what `routes!` makes of handlers. The router knows parameters by position, so that two documented names of
    /// one segment do not collide.
    ///
    /// # Panics
    /// When a path and method are taken already; a test builds the merge of all areas.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one way to register a route")]
    pub fn routes(mut self, (schemas, paths, handlers): UtoipaMethodRouter<App>) -> Self {
        for template in paths.paths.keys() {
            self.router = self.router.route(&positional(template), handlers.clone());
        }
        let components = self.document.components.get_or_insert_default();
        components.schemas.extend(schemas);
        for (template, item) in paths.paths {
            match self.document.paths.paths.get_mut(&template) {
                Some(known) => known.merge_operations(item),
                None => {
                    self.document.paths.paths.insert(template, item);
                }
            }
        }
        self
    }

    /// Adds all routes of another area.
    #[must_use]
    pub fn merge(mut self, other: Api) -> Self {
        self.router = self.router.merge(other.router);
        self.document.merge(other.document);
        self
    }

    /// The OpenAPI document: what the handlers say, and the error envelope that every operation may answer.
    pub fn document(&self) -> Value {
        let mut document = serde_json::to_value(&self.document).unwrap_or_default();
        let error = json!({
            "description": "Error",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ApiErrorPayload" } } },
        });
        for operation in operations_mut(&mut document) {
            if let Some(responses) = operation
                .get_mut("responses")
                .and_then(Value::as_object_mut)
            {
                responses.insert("default".into(), error.clone());
            }
        }
        if let Some(schemas) = document
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut)
        {
            schemas.insert("ApiErrorPayload".into(), error_schema());
        }
        document
    }

    /// Takes the API apart for the stack: the router, and every operation by its path.
    pub(super) fn into_parts(self) -> (Router<App>, Paths<Arc<Operation>>) {
        let document = self.document();
        let schemas = Arc::new(
            document
                .pointer("/components/schemas")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
        let mut paths = Paths::default();
        for (template, item) in document
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            for (name, described) in item.as_object().into_iter().flatten() {
                if let Ok(method) = Method::from_bytes(name.to_uppercase().as_bytes()) {
                    let operation = Operation::new(template, described, schemas.clone());
                    paths.insert(template, method, Arc::new(operation));
                }
            }
        }
        (self.router, paths)
    }
}

/// One operation as the document describes it: what requests are checked against.
#[derive(Debug)]
pub struct Operation {
    /// The documented path.
    pub template: String,
    pub id: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Value>,
    /// Whether the handler reads the body itself, as it may be large (`x-upload` in the document).
    pub(super) uploads: bool,
    /// Whether it saves a chart or a dashboard, whose body may be larger than others (`x-saves` in the document).
    pub(super) saves: bool,
    pub(super) schemas: Arc<Map<String, Value>>,
}

/// A documented parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `path` or `query`.
    pub(super) place: String,
    pub(super) required: bool,
    pub(super) schema: Value,
}

impl Operation {
    fn new(template: &str, described: &Value, schemas: Arc<Map<String, Value>>) -> Self {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let says = |name: &str| described.get(name) == Some(&Value::Bool(true));
        let parameters = described
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self {
            template: template.to_owned(),
            id: text(described.get("operationId")),
            parameters: parameters
                .map(|parameter| Parameter {
                    name: text(parameter.get("name")),
                    place: text(parameter.get("in")),
                    required: parameter.get("required") == Some(&Value::Bool(true)),
                    schema: parameter.get("schema").cloned().unwrap_or_default(),
                })
                .collect(),
            body: described
                .pointer("/requestBody/content/application~1json/schema")
                .cloned(),
            uploads: says("x-upload"),
            saves: says("x-saves"),
            schemas,
        }
    }

    /// The documented names of the parameters in the path, by position.
    pub(super) fn path_names(&self) -> impl Iterator<Item = &str> {
        self.template
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

fn positional(template: &str) -> String {
    let mut position = 0;
    let mut segment = |part: &str| {
        if !part.starts_with('{') {
            return part.to_owned();
        }
        position += 1;
        format!("{{p{position}}}")
    };
    template
        .split('/')
        .map(&mut segment)
        .collect::<Vec<_>>()
        .join("/")
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter();
    let items = paths
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut);
    items
        .flat_map(|item| item.values_mut())
        .filter_map(Value::as_object_mut)
}

/// The error envelope; `error.data` is an object, its fields depend on the error.
fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["status", "error"],
        "properties": {
            "status": { "type": "string", "enum": ["error"] },
            "error": {
                "type": "object",
                "required": ["name", "statusCode", "message", "data"],
                "properties": {
                    "name": { "type": "string" },
                    "statusCode": { "type": "integer" },
                    "message": { "type": "string" },
                    "data": { "type": "object" },
                },
            },
        },
    })
}
