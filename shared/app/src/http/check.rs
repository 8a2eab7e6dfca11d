//! Whether a request has the documented shape: walks the operation's own schema, coerces what older clients send as
//! text, and collects every error with its path (reference 00 §0.5).

use serde_json::{Map, Value, json};

use crate::{
    clock::Timestamp,
    domain::email::{self, EmailAddress},
    error::{FieldError, Fields},
};

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

    /// Anything at all, except for text that no store keeps.
    fn plain(&mut self, value: Value, place: Place<'_>) -> Value {
        if has_nul(&value) {
            self.fail(place, "invalid string value", &Value::Null);
        }
        value
    }

    fn boolean(&mut self, value: Value, place: Place<'_>) -> Value {
        match &value {
            Value::Bool(_) => value,
            Value::Null => Value::Bool(false),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ => {
                self.fail(place, "invalid boolean value", &value);
                value
            }
        }
    }

    fn number(&mut self, whole: bool, schema: &Value, value: Value, place: Place<'_>) -> Value {
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        if let Some(number) = number
            && (least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most))
        {
            let told = match (least, most) {
                (Some(least), _) if number < least => format!("min {least}"),
                (_, most) => format!("max {}", most.unwrap_or_default()),
            };
            self.fail(place, told, &value);
            return value;
        }
        match number.filter(|number| number.is_finite() && (!whole || number.fract() == 0.0)) {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            Some(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
                json!(number as i64)
            }
            Some(number) if !whole => json!(number),
            _ => {
                self.fail(
                    place,
                    if whole {
                        "invalid integer number"
                    } else {
                        "invalid float number"
                    },
                    &value,
                );
                value
            }
        }
    }

    fn string(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            let sent = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            if allowed.iter().any(|one| one.as_str() == Some(&sent)) {
                return Value::String(sent);
            }
            let list: Vec<_> = allowed
                .iter()
                .filter_map(Value::as_str)
                .map(|one| format!("'{one}'"))
                .collect();
            self.fail(
                place,
                format!("should be one of the following; [{}]", list.join(",")),
                &value,
            );
            return value;
        }
        let Value::String(text) = &value else {
            self.fail(place, "invalid string value", &value);
            return value;
        };
        if text.contains('\0') {
            self.fail(place, "invalid string value", &value);
        } else if schema.get("format") == Some(&json!("date-time"))
            && Timestamp::parse(text).is_none()
        {
            self.fail(
                place,
                "invalid ISO 8601 datetime format, i.e. YYYY-MM-DDTHH:mm:ssZ",
                &value,
            );
        } else if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !matches_pattern(pattern, text)
        {
            self.fail(place, format!("Not match in '{pattern}'"), &value);
        } else if let Some(most) = schema.get("maxLength").and_then(Value::as_u64)
            && text.chars().count() as u64 > most
        {
            self.fail(place, format!("maxLength {most}"), &value);
        }
        value
    }

    fn array(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
        let items = match value {
            Value::Array(items) => items,
            other => vec![other],
        };
        let Some(of) = schema.get("items") else {
            return Value::Array(items);
        };
        let checked = items.into_iter().enumerate().map(|(index, item)| {
            if self.is_full() {
                return item;
            }
            let path = format!("{}.${index}", place.name);
            self.value(
                of,
                item,
                Place {
                    path: &path,
                    ..place
                },
            )
        });
        Value::Array(checked.collect())
    }

    fn object(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
        let Value::Object(mut object) = value else {
            // What is in it, and whether that is secret, nobody knows.
            let place = Place {
                secret: place.secret || value.is_array(),
                ..place
            };
            self.fail(place, "invalid object", &value);
            return value;
        };
        let nothing = Map::new();
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&nothing);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, of) in properties {
            let path = format!("{}.{name}", place.path);
            match object.remove(name) {
                Some(value) => {
                    let secret = place.secret || SECRET.contains(&name.as_str());
                    let checked = self.value(
                        of,
                        value,
                        Place {
                            path: &path,
                            name,
                            secret,
                            ..place
                        },
                    );
                    object.insert(name.clone(), checked);
                }
                None if required.contains(&name.as_str()) => self.missing(&path, name),
                None => {}
            }
        }
        if let Some(of) = schema
            .get("additionalProperties")
            .filter(|of| of.is_object())
        {
            for (name, value) in object
                .iter_mut()
                .filter(|(name, _)| !properties.contains_key(*name))
            {
                if self.is_full() {
                    break;
                }
                let path = format!("{}.{name}", place.path);
                *value = self.value(
                    of,
                    value.take(),
                    Place {
                        path: &path,
                        name,
                        ..place
                    },
                );
            }
        }
        Value::Object(object)
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(object) => object
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn matches_pattern(pattern: &str, text: &str) -> bool {
    if pattern == email::PATTERN {
        return EmailAddress::parse(text).is_some();
    }
    regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: Value, value: Value) -> (Value, Value) {
        let mut checker = Checker {
            schemas: &Map::new(),
            errors: Fields::new(),
        };
        let value = checker.value(&schema, value, Place::new("body", "body"));
        let errors = checker.errors.into_iter().map(|(path, field)| {
            (
                path,
                json!([field.message, field.value.unwrap_or(json!("(not shown)"))]),
            )
        });
        (value, Value::Object(errors.collect()))
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["name", "count", "open"],
            "properties": {
                "name": { "type": "string", "maxLength": 5 },
                "count": { "type": "integer" },
                "open": { "type": "boolean" },
                "until": { "type": ["string", "null"], "format": "date-time" },
                "role": { "type": "string", "enum": ["viewer", "admin"] },
                "names": { "type": "array", "items": { "type": "string" } },
                "password": { "type": "string" },
                "login": { "oneOf": [{ "type": "null" }, { "type": "object", "properties": { "pin": { "type": "string", "writeOnly": true } } }] },
                "either": { "anyOf": [{ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } }, { "type": "object", "required": ["b"], "properties": { "b": { "type": "string" } } }] },
            },
        })
    }

    #[test]
    fn what_older_clients_send_as_text_is_coerced() {
        let sent = json!({ "name": "Ana", "count": "1e1", "open": "TRUE", "until": null, "names": "one", "more": { "is": "kept" } });
        let (value, errors) = check(schema(), sent);
        assert_eq!(errors, json!({}));
        assert_eq!(
            value,
            json!({ "name": "Ana", "count": 10, "open": true, "until": null, "names": ["one"], "more": { "is": "kept" } })
        );
        assert_eq!(
            check(schema(), json!({ "name": "", "count": 2.0, "open": null })).0["open"],
            json!(false)
        );
    }

    #[test]
    fn a_thousand_errors_are_not_all_told() {
        let schema = json!({ "type": "object", "properties": { "names": { "type": "array", "items": { "type": "string" } } } });
        let (_, errors) = check(schema, json!({ "names": vec![1; 5000] }));
        assert_eq!(errors.as_object().unwrap().len(), MOST_ERRORS);
    }

    #[test]
    fn only_the_form_that_a_value_says_it_has_is_of_interest() {
        let form = |name: &str| {
            json!({ "allOf": [
                { "type": "object", "required": ["list"], "properties": { "list": { "type": "array", "items": { "type": "string" } } } },
                { "type": "object", "required": ["type"], "properties": { "type": { "type": "string", "enum": [name] } } },
            ] })
        };
        let schema = json!({ "oneOf": [form("one"), form("two")] });
        let (_, errors) = check(
            schema.clone(),
            json!({ "type": "two", "list": vec![1; 5000] }),
        );
        let message = errors["body"][0].as_str().unwrap();
        assert_eq!(
            message.matches("invalid string value").count(),
            MOST_REASONS
        );
        let (_, errors) = check(schema.clone(), json!({ "type": "two", "list": ["a"] }));
        assert_eq!(errors, json!({}));
        let (_, errors) = check(schema, json!({ "type": "three", "list": [] }));
        assert_eq!(
            errors["body"][0]
                .as_str()
                .unwrap()
                .matches("should be one of")
                .count(),
            2
        );
    }

    #[test]
    fn numbers_keep_to_their_bounds() {
        let schema = json!({ "type": "integer", "minimum": 0, "maximum": 10 });
        for (sent, told) in [(-1, "min 0"), (11, "max 10")] {
            assert_eq!(check(schema.clone(), json!(sent)).1["body"][0], told);
        }
        assert_eq!(check(schema, json!(10)), (json!(10), json!({})));
    }

    #[test]
    fn every_error_is_told_with_its_path_and_no_secret_with_its_value() {
        let sent = json!({
            "name": "too long", "count": 1.5, "until": "yesterday", "role": "king", "names": ["a", 1, "b\u{0}"],
            "password": 12345678, "login": { "pin": 1234 }, "either": { "c": "x" },
        });
        let (_, errors) = check(schema(), sent);
        assert_eq!(
            errors,
            json!({
                "body.name": ["maxLength 5", "too long"],
                "body.count": ["invalid integer number", 1.5],
                "body.open": ["'open' is required", "(not shown)"],
                "body.until": ["invalid ISO 8601 datetime format, i.e. YYYY-MM-DDTHH:mm:ssZ", "yesterday"],
                "body.role": ["should be one of the following; ['viewer','admin']", "king"],
                "names.$1": ["invalid string value", 1],
                "names.$2": ["invalid string value", "b\u{0}"],
                "body.password": ["invalid string value", "(not shown)"],
                "body.login.pin": ["invalid string value", "(not shown)"],
                "body.either": [
                    "matches none of the accepted forms: [{\"body.either.a\":{\"message\":\"'a' is required\"}},{\"body.either.b\":{\"message\":\"'b' is required\"}}]",
                    "(not shown)",
                ],
            })
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_told_as_the_body() {
        assert_eq!(
            check(schema(), json!([1])).1,
            json!({ "body": ["invalid object", "(not shown)"] })
        );
        assert_eq!(
            check(schema(), json!(1)).1,
            json!({ "body": ["invalid object", 1] })
        );
    }
}
