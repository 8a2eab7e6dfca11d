//! Who gets what answer: every operation × every kind of caller, as one table.
//!
//! To add an operation, add its line to its area's file in `authorization/`: a request with nothing wrong about it but,
//! maybe, the caller. An operation without a line fails, and so does a line without an operation. Every cell has an
//! installation of its own, forked from one in which everything is there.

mod accounts;
mod callers;
mod catalog;
mod chart_rows;
mod charts;
mod code;
mod content;
mod dashboards;
mod explores;
mod files;
mod groups;
mod metrics;
mod organizations;
mod previews;
mod projects;
mod rows;
mod settings;
mod small;
mod spaces;
mod sql_charts;
mod validation;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use insta::assert_snapshot;
use testing::{Actor, Answer, Call};
use tokio::{sync::Semaphore, task::JoinSet};

use callers::{
    CALLERS,
    Caller::{OtherAdmin, Unverified},
    World,
};
use rows::{Named, Request, Row};

/// The requests of every operation; a second one of the same operation says what is special about it.
fn requests() -> Vec<Row> {
    [
        accounts::rows(),
        organizations::rows(),
        settings::rows(),
        projects::rows(),
        previews::rows(),
        catalog::rows(),
        spaces::rows(),
        sql_charts::rows(),
        content::rows(),
        dashboards::rows(),
        explores::rows(),
        explores::asking(),
        chart_rows::rows(),
        files::rows(),
        metrics::rows(),
        charts::rows(),
        groups::rows(),
        small::rows(),
        code::rows(),
        validation::rows(),
    ]
    .concat()
}

/// Every operation of the document: its method and path by its id.
fn operations() -> BTreeMap<String, (String, String)> {
    let document = local::api().document();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let route = (method.to_uppercase(), path.clone());
            let id = operation["operationId"].as_str().unwrap();
            found.insert(id.to_owned(), route);
        }
    }
    found
}

fn call<'a>(actor: &'a Actor<'_>, (method, path, body): &Request) -> Call<'a> {
    let call = actor.call(method.clone(), path);
    match body {
        Some(body) => call.json(body),
        None => call,
    }
}

#[test]
fn every_operation_has_a_request_and_it_goes_there() {
    let known = operations();
    let tried: BTreeSet<_> = requests().iter().map(|(id, ..)| (*id).to_owned()).collect();
    assert_eq!(known.keys().cloned().collect::<BTreeSet<_>>(), tried);
    for (id, _, request) in requests() {
        let (method, path, _) = request(&Named::nobodys());
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let (known_method, template) = &known[id];
        let same = |(known, sent): (&str, &str)| known.starts_with('{') || known == sent;
        assert_eq!(method.as_str(), known_method, "{id}");
        assert!(
            template.split('/').count() == path.split('/').count()
                && template.split('/').zip(path.split('/')).all(same),
            "{id} is at {template}, not at {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_they_may() {
    let world = Arc::new(World::new().await);
    let mut cells = JoinSet::new();
    // An installation takes memory while it lives.
    let places = Arc::new(Semaphore::new(8));
    for (row, (id, case, request)) in requests().into_iter().enumerate() {
        for (column, (caller, _)) in CALLERS.into_iter().enumerate() {
            let (world, places) = (world.clone(), places.clone());
            cells.spawn(async move {
                let _place = places.acquire().await.unwrap();
                let (app, cookie, named) = world.as_seen_by(caller).await;
                let answer = call(&cookie.actor(&app), &request(&named)).await;
                // What an installation is not set up for is refused with a 422 of its own.
                let refused = answer.status.as_u16() == 422;
                assert!(
                    !refused || answer.refusal() == "422 MissingConfigError",
                    "{id} {case}: no valid request: {answer}"
                );
                assert!(answer.status.as_u16() < 500, "{id} {case}: {answer}");
                (row, column, shown(&answer))
            });
        }
    }
    let mut table = BTreeMap::new();
    while let Some(done) = cells.join_next().await {
        let (row, column, shown) = done.unwrap();
        table.insert((row, column), shown);
    }
    let mut lines = String::new();
    for (caller, name) in CALLERS {
        writeln!(lines, "{name}  {}", caller.described()).unwrap();
    }
    write!(lines, "\n{:54}", "").unwrap();
    for (_, name) in CALLERS {
        write!(lines, "{name:5}").unwrap();
    }
    for (row, (id, case, _)) in requests().into_iter().enumerate() {
        lines = lines.trim_end().to_owned();
        write!(lines, "\n{:54}", format!("{id} {case}").trim_end()).unwrap();
        for column in 0..CALLERS.len() {
            write!(lines, "{:5}", table[&(row, column)]).unwrap();
        }
    }
    assert_snapshot!(lines.trim_end());
}

/// The status, and which kind of refusal it is where one status has several: `n` for `NotExistsError`, `o` for a
/// deactivated account, `g` for a user who is gone.
fn shown(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    // Files and lines are no JSON.
    let body: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let name = body["error"]["name"].as_str().map(str::to_owned);
    match name.as_deref() {
        Some("DeactivatedAccountError") => format!("{status}o"),
        Some("NotExistsError") => format!("{status}n"),
        Some("InvalidUser") => format!("{status}g"),
        _ => status.to_string(),
    }
}

/// What names a thing of another organisation is answered as if it were not there, and changes nothing: for its admin,
/// who could do everything at home, also when the path begins with a project of theirs.
#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organization_is_not_there() {
    let operations = operations();
    let world = Arc::new(World::new().await);
    let mut told = BTreeMap::new();
    for (id, case, request) in requests() {
        let (_, template) = &operations[id];
        // Whoever has a mailed code may use it, wherever they come from.
        let open = ["{code}", "{featureFlagId}"];
        if !template.contains('{') || open.iter().any(|one| template.contains(one)) {
            continue;
        }
        for (stranger, mixed) in [(OtherAdmin, false), (OtherAdmin, true), (Unverified, false)] {
            // What is named by a slug is named anew in every project.
            let named = template.replace("{slug}", "");
            if mixed && !(named.contains("{projectUuid}") && named.matches('{').count() > 1) {
                continue;
            }
            let (app, cookie, own) = world.as_seen_by(stranger).await;
            let actor = cookie.actor(&app);
            let mut theirs = world.named.clone();
            // What only its owner can have is somebody else's here.
            theirs.notification.clone_from(&world.notification_of_ana);
            let mut nobodys = Named::nobodys();
            if mixed {
                theirs.project.clone_from(&own.project);
                nobodys.project.clone_from(&own.project);
            }

            let before = app.items();
            let answer = call(&actor, &request(&theirs)).await;
            let about = format!("{id} {case} by {stranger:?}, mixed {mixed}: {answer}");
            assert_eq!(before, app.items(), "{about}");
            let same = call(&actor, &request(&nobodys)).await;
            assert_eq!(
                answer.text, same.text,
                "{about}: the answer tells that it is there"
            );
            told.insert(
                format!("{id} {case}").trim_end().to_owned()
                    + if mixed {
                        ", in a project of theirs"
                    } else {
                        ""
                    }
                    + if stranger == Unverified {
                        ", without an organization"
                    } else {
                        ""
                    },
                answer.refusal(),
            );
        }
    }
    let lines: Vec<_> = told
        .iter()
        .filter(|(_, refusal)| !refusal.starts_with("404 "))
        .map(|(about, refusal)| format!("{about}: {refusal}"))
        .collect();
    // Everything that is not a 404, to be read one by one.
    assert_snapshot!(lines.join("\n"));
}
