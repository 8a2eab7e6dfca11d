//! Values of one type: what they are coerced to, and what they have to keep to.

use serde_json::{Map, Value, json};

use super::{Checker, Place, SECRET};
use crate::{
    clock::Timestamp,
    domain::email::{self, EmailAddress},
};

impl Checker<'_> {
    /// Anything at all, except for text that no store keeps.
    pub(super) fn plain(&mut self, value: Value, place: Place<'_>) -> Value {
        if has_nul(&value) {
            self.fail(place, "invalid string value", &Value::Null);
        }
        value
    }

    pub(super) fn boolean(&mut self, value: Value, place: Place<'_>) -> Value {
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

    pub(super) fn number(
        &mut self,
        whole: bool,
        schema: &Value,
        value: Value,
        place: Place<'_>,
    ) -> Value {
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

    pub(super) fn string(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
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

    pub(super) fn array(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
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

    pub(super) fn object(&mut self, schema: &Value, value: Value, place: Place<'_>) -> Value {
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
