//! Whether an answer fits the document.

use http::Method;
use serde_json::{Map, Value, json};

use crate::Answer;

/// Fails the test when the answer of a documented operation does not fit its schema, or when a status is undocumented.
pub(crate) fn assert(document: &Value, method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(document, method, path) else {
        return;
    };
    if answer.status.is_redirection() || method == Method::HEAD {
        return;
    }
    let responses = &operation["responses"];
    let status = answer.status.as_u16().to_string();
    let described = responses.get(&status).unwrap_or(&responses["default"]);
    assert!(
        responses.get(&status).is_some() || !answer.status.is_success(),
        "{method} {path}: {status} is not documented"
    );
    let content = &described["content"];
    // Files are anything.
    let schema = &content["application/json"]["schema"];
    let anything = schema.as_object().is_some_and(Map::is_empty);
    if !content["application/octet-stream"].is_null() || anything {
        return;
    }
    let nothing = Map::new();
    let schemas = document["components"]["schemas"]
        .as_object()
        .unwrap_or(&nothing);
    if let Err(reason) = fits(schemas, schema, &answer.json(), "answer") {
        panic!("{method} {path} does not fit its document: {reason}\n{answer}");
    }
}

fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    let same = |template: &str| {
        let known: Vec<_> = template.trim_matches('/').split('/').collect();
        known.len() == segments.len()
            && known
                .iter()
                .zip(&segments)
                .all(|(a, b)| a.starts_with('{') || a.eq_ignore_ascii_case(b))
    };
    let mut found: Vec<_> = document["paths"]
        .as_object()?
        .iter()
        .filter(|(template, _)| same(template))
        .collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first()?.1.get(method.as_str().to_lowercase())
}

fn fits(
    schemas: &Map<String, Value>,
    schema: &Value,
    value: &Value,
    at: &str,
) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return fits(
            schemas,
            schemas.get(name).ok_or(format!("{at}: no schema {name}"))?,
            value,
            at,
        );
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return fits(schemas, &merged(schemas, parts), value, at);
    }
    if let Some(members) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let reasons: Vec<_> = members
            .iter()
            .filter_map(|member| fits(schemas, member, value, at).err())
            .collect();
        return if reasons.len() < members.len() {
            Ok(())
        } else {
            Err(reasons.join("; "))
        };
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(format!("{at}: {value} is none of {allowed:?}"));
    }
    let types: Vec<_> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !types.iter().any(|name| is(name)) {
        return Err(format!("{at}: {value} is no {}", types.join(" or ")));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(schemas, &schema["items"], item, &format!("{at}[{index}]"))?;
    }
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !object.contains_key(name) {
            return Err(format!("{at}.{name}: missing"));
        }
    }
    let closed = schema["properties"].is_object() && schema["additionalProperties"].is_null();
    for (name, value) in object {
        match schema["properties"].get(name) {
            Some(schema) => fits(schemas, schema, value, &format!("{at}.{name}"))?,
            None if closed => return Err(format!("{at}.{name}: not documented")),
            None => fits(
                schemas,
                &schema["additionalProperties"],
                value,
                &format!("{at}.{name}"),
            )?,
        }
    }
    Ok(())
}

/// The parts of an `allOf` as one object, and those of one within it: each is open for what the others describe, and all of them
/// for what one of them is open for.
fn merged(schemas: &Map<String, Value>, parts: &[Value]) -> Value {
    let (mut properties, mut required, mut open) = (Map::new(), Vec::new(), Value::Null);
    for part in parts {
        let name = part["$ref"]
            .as_str()
            .and_then(|reference| reference.rsplit('/').next());
        let part = name.and_then(|name| schemas.get(name)).unwrap_or(part);
        let inner = part["allOf"].as_array();
        let inner = inner.map(|parts| merged(schemas, parts));
        let part = inner.as_ref().unwrap_or(part);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
        if !part["additionalProperties"].is_null() {
            open = part["additionalProperties"].clone();
        }
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": open })
}
