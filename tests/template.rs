//! The templates say what the code says: routes, table, privileges, settings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use app::{
    domain::{id::JobId, job::LEASE, query::LONGEST},
    lambda::{AT_ONCE, Work},
    store::{keys, schema},
};

use serde_json::{Value, json};

use crate::gateway::{
    routes::{self, FUNCTIONS, resources},
    yaml,
};

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn template() -> Value {
    yaml::read("template.yaml")
}

/// The functions of the template, by the names of their crates.
fn functions(template: &Value) -> BTreeMap<String, &Value> {
    let named = resources(template, "AWS::Serverless::Function").map(|(_, resource)| {
        let code = resource["Properties"]["CodeUri"].as_str().unwrap();
        let name = code.strip_prefix("functions/").expect("code of a function");
        (name.to_owned(), &resource["Properties"])
    });
    named.collect()
}

/// Every statement that a function's role has.
fn statements<'a>(template: &'a Value, function: &Value) -> Vec<&'a Value> {
    let role = function["Role"]["Fn::GetAtt"].as_str().expect("a role");
    let role = &template["Resources"][role.trim_end_matches(".Arn")]["Properties"];
    assert!(
        role["ManagedPolicyArns"].is_null() && function["Policies"].is_null(),
        "every privilege stands in the role itself"
    );
    let policies = role["Policies"].as_array().expect("policies");
    policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        .collect()
}

/// Every text in a value: CloudFormation takes one or a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn variables(function: &Value) -> BTreeMap<&str, &Value> {
    let own = function["Environment"]["Variables"].as_object();
    let pairs = own.into_iter().flatten();
    pairs.map(|(name, value)| (name.as_str(), value)).collect()
}

/// The features of `app` that a function's manifest turns on.
fn features(function: &str) -> BTreeSet<String> {
    let path = root().join("functions").join(function).join("Cargo.toml");
    let manifest = fs::read_to_string(path).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let line = dependencies
        .lines()
        .find(|line| line.starts_with("app"))
        .expect("app is a dependency");
    let list = line
        .split_once("features = [")
        .and_then(|(_, rest)| rest.split_once(']'));
    let names = list.map_or("", |(names, _)| names).split(',');
    names
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_operation_is_routed_to_the_function_that_has_it() {
    let routes = routes::of_template(&template());
    let mut owners = BTreeMap::new();
    for (function, router) in FUNCTIONS {
        for path in router().document()["paths"].as_object().unwrap().keys() {
            // One function per path: otherwise its 404 could not say which methods there are.
            let taken = owners.insert(path.clone(), function);
            assert_eq!(taken, None, "{path} is in two functions");
        }
    }
    let document = local::api().document();
    let documented = document["paths"].as_object().unwrap();
    assert_eq!(
        documented.keys().collect::<Vec<_>>(),
        owners.keys().collect::<Vec<_>>()
    );
    for path in documented.keys() {
        let segments = path.split('/').map(|segment| {
            if segment.starts_with('{') {
                "5a1f3a0e-6f5b-4b8e-9f43-0a4a1b2c3d4e"
            } else {
                segment
            }
        });
        let real = segments.collect::<Vec<_>>().join("/");
        for method in METHODS {
            let route = routes::choose(&routes, method, &real).expect("a route");
            assert_eq!(
                route.function,
                owners[path],
                "{method} {path} takes the route {}",
                route.key()
            );
        }
    }
}

#[test]
fn everything_else_reaches_auth() {
    let routes = routes::of_template(&template());
    for path in ["/", "/api/v1/nothing", "/favicon.ico", "/api/v1/orgs"] {
        let route = routes::choose(&routes, "GET", path).expect("a default");
        assert_eq!(
            (route.key().as_str(), route.function.as_str()),
            ("$default", "auth")
        );
    }
}

/// The paths of the API make the routes, the events make the permissions.
#[test]
fn the_paths_of_the_api_are_the_events_of_the_functions() {
    let template = template();
    let body = &template["Resources"]["Api"]["Properties"]["DefinitionBody"];
    let names: BTreeMap<_, _> = functions(&template)
        .into_iter()
        .map(|(name, function)| (function["FunctionName"]["Fn::Sub"].as_str().unwrap(), name))
        .collect();
    let mut paths = Vec::new();
    for (path, item) in body["paths"].as_object().expect("paths") {
        for (method, described) in item.as_object().unwrap() {
            let reference = described["x-amazon-apigateway-integration"]["$ref"]
                .as_str()
                .expect("an integration");
            let integration = body.pointer(reference.trim_start_matches('#')).unwrap();
            assert_eq!(integration["payloadFormatVersion"], "2.0");
            let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
            let (_, name) = uri.split_once(":function:").expect("a function");
            paths.push(routes::Route {
                method: match method.as_str() {
                    "x-amazon-apigateway-any-method" => "ANY".to_owned(),
                    one => one.to_uppercase(),
                },
                path: path.clone(),
                function: names[name.trim_end_matches("/invocations")].clone(),
            });
        }
    }
    let mut events = routes::of_template(&template);
    events.sort();
    paths.sort();
    assert_eq!(paths, events);
}

#[test]
fn the_table_is_the_one_that_the_code_knows() {
    let data = yaml::read("infra/data.yaml");
    let tables: Vec<_> = resources(&data, "AWS::DynamoDB::Table").collect();
    assert_eq!(tables.len(), 1);
    let table = &tables[0].1["Properties"];

    let keys = |[hash, range]: [&str; 2]| {
        json!([
            { "AttributeName": hash, "KeyType": "HASH" },
            { "AttributeName": range, "KeyType": "RANGE" },
        ])
    };
    let attributes: Vec<_> = schema::KEYS
        .iter()
        .chain(&schema::INDEX.1)
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    assert_eq!(table["AttributeDefinitions"], Value::from(attributes));
    assert_eq!(table["KeySchema"], keys(schema::KEYS));
    assert_eq!(
        table["GlobalSecondaryIndexes"],
        json!([{
            "IndexName": schema::INDEX.0,
            "KeySchema": keys(schema::INDEX.1),
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }])
    );
    assert_eq!(
        table["TimeToLiveSpecification"],
        json!({ "AttributeName": schema::TTL, "Enabled": true })
    );

    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert!(table["StreamSpecification"]["StreamViewType"].is_string());
    let recovery = &table["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(tables[0].1["DeletionPolicy"], "Retain");
}

#[test]
fn every_function_is_deployed() {
    let crates = fs::read_dir(root().join("functions")).unwrap();
    let crates: BTreeSet<_> = crates
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let template = template();
    let functions = functions(&template);
    assert_eq!(crates, functions.keys().cloned().collect());
    let mut known: BTreeSet<_> = FUNCTIONS.map(|(name, _)| name.to_owned()).into();
    known.insert("worker".to_owned());
    assert_eq!(crates, known);
    for (name, function) in functions {
        let code = root().join(function["CodeUri"].as_str().unwrap());
        assert!(code.join("src/main.rs").exists(), "{name} has no program");
        let expected = format!("${{AWS::StackName}}-{name}");
        assert_eq!(function["FunctionName"]["Fn::Sub"], expected.as_str());
    }
}

#[test]
fn a_functions_policy_is_what_its_manifest_turns_on() {
    let template = template();
    for (name, function) in functions(&template) {
        let statements = statements(&template, function);
        let actions: BTreeSet<_> = statements
            .iter()
            .flat_map(|statement| texts(&statement["Action"]))
            .collect();
        let allows = |service: &str| actions.iter().any(|action| action.starts_with(service));
        let features = features(&name);
        for (feature, service, variable) in [
            ("mail", "ses:", "ZERODASH_MAIL_FROM"),
            ("seal", "kms:", "ZERODASH_KMS_KEY"),
            ("jobs", "scheduler:", "ZERODASH_WORKER"),
            ("files", "s3:", "ZERODASH_BUCKET"),
        ] {
            let on = features.contains(feature);
            assert_eq!(allows(service), on, "{name}: {feature} and {service}");
            let told = variables(function).contains_key(variable);
            assert_eq!(told, on, "{name}: {feature} and {variable}");
        }
        assert!(allows("dynamodb:"), "{name} reads the table");
        let mut services = vec!["dynamodb:", "ses:", "kms:", "s3:", "logs:"];
        if features.contains("jobs") {
            services.extend(["scheduler:", "iam:PassRole", "sqs:SendMessage"]);
        }
        let other = actions
            .iter()
            .find(|action| !services.iter().any(|service| action.starts_with(service)));
        assert_eq!(
            other, None,
            "{name} has a privilege that no feature asks for"
        );
        let unknown: Vec<_> = features
            .iter()
            .filter(|feature| {
                !["mail", "seal", "jobs", "files", "warehouse"].contains(&feature.as_str())
            })
            .collect();
        assert!(
            unknown.is_empty(),
            "{name}: which privilege is {unknown:?}?"
        );
    }
}

#[test]
fn no_privilege_is_open() {
    let template = template();
    for (name, function) in functions(&template) {
        for statement in statements(&template, function) {
            assert_eq!(statement["Effect"], "Allow");
            assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
            let actions = texts(&statement["Action"]);
            let resources = texts(&statement["Resource"]);
            assert!(!actions.is_empty() && !resources.is_empty());
            for text in actions.iter().chain(&resources) {
                assert!(!text.contains('*'), "{name} is allowed {text}");
            }
            let scan = actions
                .iter()
                .any(|a| a.eq_ignore_ascii_case("dynamodb:Scan"));
            assert!(!scan, "{name} may read the whole table");
        }
    }
}

#[test]
fn functions_are_told_only_what_they_read() {
    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut read = String::new();
    sources(&root().join("shared/app/src"), &mut read);
    let template = template();
    let globals = &template["Globals"]["Function"];
    let all = functions(&template).into_values().chain([globals]);
    let told: BTreeSet<_> = all.flat_map(|part| variables(part).into_keys()).collect();
    assert!(told.contains("ZERODASH_TABLE"));
    for name in told {
        assert!(read.contains(&format!("{name:?}")), "nothing reads {name}");
    }
}

/// What starts the worker is what [`app::lambda::Work`] reads: new jobs in the table's stream.
#[test]
fn the_worker_hears_of_new_jobs() {
    let template = template();
    let worker = functions(&template)["worker"];
    let event = &worker["Events"]["Jobs"]["Properties"];
    let pattern = event["FilterCriteria"]["Filters"][0]["Pattern"].as_str();
    let pattern: Value = serde_json::from_str(pattern.expect("a filter")).unwrap();
    let job = JobId::parse("5a1f3a0e-6f5b-4b8e-9f43-0a4a1b2c3d4e").unwrap();
    let key = keys::job(job);
    let wanted =
        json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "sk": { "S": [key.sk] } } } });
    assert_eq!(pattern, wanted);

    let record = json!({ "eventName": "INSERT", "dynamodb": { "Keys": { "pk": { "S": key.pk }, "sk": { "S": key.sk } } } });
    let heard: Work = serde_json::from_value(json!({ "Records": [record] })).unwrap();
    let called: Work = serde_json::from_value(json!({ "job": job })).unwrap();
    assert_eq!((heard.jobs(), called.jobs()), (vec![job], vec![job]));
}

/// The time of a function begins with its event: every job of it has to be begun at once, and to be over, with the wait for its
/// turn, before the function is ended and before somebody else may take it.
#[test]
fn no_job_is_ended_by_the_time_of_the_worker() {
    let template = template();
    let worker = functions(&template)["worker"];
    let event = &worker["Events"]["Jobs"]["Properties"];
    assert_eq!(event["BatchSize"], AT_ONCE);
    assert_eq!(
        event["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
    let time = Duration::from_secs(worker["Timeout"].as_u64().unwrap());
    assert!(worker::PATIENCE + worker::ONE_TRY < time);
    assert!(LONGEST < worker::ONE_TRY && worker::ONE_TRY < LEASE);
}

/// Ten metrics under alarm are free in an account.
#[test]
fn alarms_stay_free() {
    let alarms = yaml::read("infra/alarms.yaml");
    let metrics = resources(&alarms, "AWS::CloudWatch::Alarm").map(|(_, alarm)| {
        let metrics = alarm["Properties"]["Metrics"].as_array();
        let paid = |metric: &&Value| !metric["MetricStat"].is_null();
        metrics.map_or(1, |metrics| metrics.iter().filter(paid).count())
    });
    let metrics: usize = metrics.sum();
    assert!((1..=10).contains(&metrics), "{metrics} metrics");
    assert_eq!(
        resources(&alarms, "AWS::CloudWatch::CompositeAlarm").count(),
        0
    );
}
