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
