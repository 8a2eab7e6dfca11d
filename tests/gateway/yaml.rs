//! Templates as JSON: CloudFormation's short forms (`!Ref x`) become the long ones (`{"Ref": "x"}`).

use std::{fs, path::Path};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// A template by its path from the project's root.
pub(crate) fn read(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(&text)
}

/// A template's text.
pub(crate) fn parse(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).expect("YAML");
    documents.first().map(json).expect("a document")
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(pairs) => Value::Object(pairs.iter().map(pair).collect::<Map<_, _>>()),
        Yaml::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                name => format!("Fn::{name}"),
            };
            json!({ name: json(inner) })
        }
        other => panic!("no place for {other:?} in a template"),
    }
}

fn pair((key, value): (&Yaml<'_>, &Yaml<'_>)) -> (String, Value) {
    (key.as_str().expect("a text as key").to_owned(), json(value))
}
