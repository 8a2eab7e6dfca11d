//! Whether a request has the documented shape: walks the operation's own schema, coerces what older clients send as
//! text, and collects every error with its path (reference 00 §0.5).

mod typed;

use serde_json::{Map, Value, json};

use crate::error::{FieldError, Fields};

/// Fields whose value is never echoed, nor anything below them.
const SECRET: [&str; 8] = [
    "password",
    "newPassword",
    "token",
    "credentials",
    "keyfileContents",
    "privateKey",
    "passcode",
    "code",
];
/// So many errors are told; more would make an answer of a thousand wrong elements larger than its request, and a
/// function has little memory.
const MOST_ERRORS: usize = 100;
/// Of each form of a union, so many.
const MOST_REASONS: usize = 20;
/// Deeper schemas are recursive; JSON itself is read 128 levels deep.
const DEEPEST: usize = 64;

/// Checks one value and gives it back coerced; errors go to `errors`.
pub(super) struct Checker<'a> {
    pub(super) schemas: &'a Map<String, Value>,
    pub(super) errors: Fields,
}

/// Where a value is, and whether it may be shown.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    /// The name alone; elements of arrays go by it.
    pub(super) name: &'a str,
    pub(super) secret: bool,
    pub(super) depth: usize,
}

impl<'a> Place<'a> {
    pub(super) fn new(path: &'a str, name: &'a str) -> Self {
        Self {
            path,
            name,
            secret: SECRET.contains(&name),
            depth: 0,
        }
    }
}

impl Checker<'_> {
    /// Whether what else is wrong is not told any more.
    fn is_full(&self) -> bool {
        self.errors.len() >= MOST_ERRORS
    }

    /// A required value that is not there.
    pub(super) fn missing(&mut self, path: &str, name: &str) {
        if self.is_full() {
            return;
        }
        self.errors.insert(
            path.to_owned(),
            FieldError {
                message: format!("'{name}' is required"),
                value: None,
            },
        );
    }

    fn fail(&mut self, place: Place<'_>, message: impl Into<String>, value: &Value) {
        if self.is_full() {
            return;
        }
        let value = (!place.secret).then(|| value.clone());
        self.errors.insert(
            place.path.to_owned(),
            FieldError {
                message: message.into(),
                value,
            },
        );
    }

    pub(super) fn value(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
        if place.depth > DEEPEST {
            self.fail(place, "nested too deeply", &Value::Null);
            return value;
        }
        let place = Place {
            secret: place.secret || schema.get("writeOnly") == Some(&Value::Bool(true)),
            depth: place.depth + 1,
            ..place
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return match self.schemas.get(name) {
                Some(schema) => self.value(schema, value, place),
                None => value,
            };
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            return all
                .iter()
                .fold(value, |value, schema| self.value(schema, value, place));
        }
        if let Some(some) = schema
            .get("oneOf")
            .or_else(|| schema.get("anyOf"))
            .and_then(Value::as_array)
        {
            return self.union(some, value, place);
        }
        self.typed(schema, value, place)
    }

    fn union(&mut self, members: &[Value], value: Value, place: Place<'_>) -> Value {
        let (nulls, real): (Vec<_>, Vec<_>) = members
            .iter()
            .partition(|member| member.get("type") == Some(&json!("null")));
        if !nulls.is_empty() && (value.is_null() || value == "null") {
            return Value::Null;
        }
        if let [only] = real.as_slice() {
            return self.value(only, value, place);
        }
        // Where the value says which form it is meant to have, only that one is of interest.
        let named = value.get("type").and_then(Value::as_str);
        let meant = |member: &&Value| named.is_none_or(|named| self.may_be(member, named));
        let meant: Vec<_> = real.iter().copied().filter(meant).collect();
        let tried = if meant.is_empty() { real } else { meant };
        let mut reasons = Vec::new();
        for member in tried {
            let mut checker = Checker {
                schemas: self.schemas,
                errors: Fields::new(),
            };
            let coerced = checker.value(member, value.clone(), place);
            if checker.errors.is_empty() {
                return coerced;
            }
            let messages = checker
                .errors
                .into_iter()
                .take(MOST_REASONS)
                .map(|(path, field)| (path, json!({ "message": field.message })));
            reasons.push(Value::Object(messages.collect()));
        }
        // A member may hide a secret anywhere below, so the value of a union is never echoed.
        let place = Place {
            secret: true,
            ..place
        };
        self.fail(
            place,
            format!(
                "matches none of the accepted forms: {}",
                Value::Array(reasons)
            ),
            &value,
        );
        value
    }

    /// Whether a form of a union goes by this `type`: one that does not say which may.
    fn may_be(&self, member: &Value, named: &str) -> bool {
        if let Some(reference) = member.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let known = self.schemas.get(name);
            return known.is_none_or(|schema| self.may_be(schema, named));
        }
        let parts = member.get("allOf").and_then(Value::as_array);
        let parts = parts.into_iter().flatten();
        let tags = member.pointer("/properties/type/enum");
        let tags = tags.and_then(Value::as_array);
        tags.is_none_or(|tags| tags.iter().any(|tag| tag == named))
            && parts.into_iter().all(|part| self.may_be(part, named))
    }

    fn typed(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if value.is_null() && types.contains(&"null") {
            return value;
        }
        let Some(kind) = types.iter().find(|kind| **kind != "null") else {
            return self.plain(value, place);
        };
        match *kind {
            "boolean" => self.boolean(value, place),
            "integer" | "number" => self.number(*kind == "integer", schema, value, place),
            "array" => self.array(schema, value, place),
            "object" => self.object(schema, value, place),
            _ => self.string(schema, value, place),
        }
    }
}

#[cfg(test)]
mod tests;
