//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod deletion;
mod groups;
mod members;
mod projects;
mod races;

use std::collections::{BTreeMap, BTreeSet};

use app::domain::group::Group;
use serde_json::Value;
use testing::TestApp;

const ANA: &str = "ana@example.com";
const BOB: &str = "bob@example.com";
const ZOE: &str = "zoe@example.com";

/// Ana, admin of Acme, with Bob and Zoe as viewers; another organisation may be made.
async fn acme() -> TestApp {
    let settings = [
        ("ZERODASH_ALLOW_MULTIPLE_ORGS", "true"),
        ("ZERODASH_LIMIT_FACTOR", "1000"),
    ];
    let app = TestApp::with(local::api(), &settings).await;
    app.admin(ANA, "Acme").await;
    app.viewer(BOB).await;
    app.viewer(ZOE).await;
    app
}

fn path(group: &Group) -> String {
    format!("/api/v1/groups/{}", group.id)
}

async fn id(app: &TestApp, email: &str) -> String {
    app.account(email).await.id.to_string()
}

/// What the table says of something, beside what ends by itself.
fn names(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let items = app.items().into_iter();
    items
        .filter(|((pk, sk), item)| {
            !pk.starts_with("IDEMPOTENCY#")
                && (pk.contains(id) || sk.contains(id) || item.to_string().contains(id))
        })
        .map(|(key, _)| key)
        .collect()
}

fn set(item: &Value) -> BTreeSet<String> {
    let texts = item["SS"].as_array().into_iter().flatten();
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

/// Membership stands in four places, which say the same.
fn assert_mirrors(app: &TestApp) {
    let (mut profiles, mut listed) = (BTreeSet::new(), BTreeSet::new());
    let (mut groups, mut counts, mut rows) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    for ((pk, sk), item) in app.items() {
        let pairs = |user: &str| {
            let user = user.to_owned();
            set(&item["groups"])
                .into_iter()
                .map(move |group| (group, user.clone()))
        };
        match item["kind"]["S"].as_str().unwrap() {
            "user" => profiles.extend(pairs(item["id"]["S"].as_str().unwrap())),
            "member" => listed.extend(pairs(item["user"]["S"].as_str().unwrap())),
            "group member" => {
                let group = pk.strip_prefix("GROUP#").unwrap().to_owned();
                *counts.entry(group.clone()).or_insert(0) += 1;
                groups.insert((group, sk.strip_prefix("MEMBER#").unwrap().to_owned()));
            }
            "group row" => {
                let count: i32 = item["members"]["N"].as_str().unwrap().parse().unwrap();
                rows.insert(item["id"]["S"].as_str().unwrap().to_owned(), count);
            }
            _ => {}
        }
    }
    rows.retain(|_, count| *count != 0);
    assert_eq!((&groups, &groups), (&profiles, &listed));
    assert_eq!(counts, rows);
}

/// Members of Ana's organisation, as many as are wanted: copies of Bob.
async fn crowd(app: &TestApp, many: usize) -> Vec<String> {
    let bob = id(app, BOB).await;
    let items = app.items();
    let of = |kind: &str| {
        let found = items
            .values()
            .find(|item| item["kind"]["S"] == kind && item["email"]["S"] == BOB);
        let mut item = found.unwrap().clone();
        item.as_object_mut().unwrap().remove("groups");
        item.to_string()
    };
    let (user, row) = (of("user"), of("member"));
    let ids = (0..many).map(|_| app.app.random.uuid().to_string());
    let ids: Vec<String> = ids.collect();
    for (at, id) in ids.iter().enumerate() {
        for item in [&user, &row] {
            let copy = item
                .replace(&bob, id)
                .replace(BOB, &format!("copy{at:05}@example.com"));
            app.put_item(&serde_json::from_str(&copy).unwrap());
        }
    }
    ids
}
