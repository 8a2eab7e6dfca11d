//! A worker that is killed over and over, whatever it is doing just then.

use std::{fmt::Write as _, fs, thread, time::Duration};

use serde_json::{Value, json};

use crate::program::{ANA, Browser, Server, passcode, sign_up, text, verify};

const QUERIES: u64 = 5;

/// A statement that takes longer than a request tries, with a sum that only this one has.
fn statement(number: u64) -> String {
    format!(
        "SELECT a.n % 3 AS rest, SUM(CASE WHEN a.word < b.word THEN 1 ELSE 0 END) + {number} AS less \
         FROM jaffle.words AS a CROSS JOIN jaffle.words AS b GROUP BY 1 ORDER BY 1"
    )
}

fn word(n: u64) -> String {
    format!("w{:07}", n * 7_919 % 1_000_003)
}

/// What a statement answers of that many words, counted here.
fn expected(number: u64, rows: u64) -> Vec<(u64, u64)> {
    let words: Vec<String> = (0..rows).map(word).collect();
    let mut sorted = words.clone();
    sorted.sort();
    let mut sums = [number; 3];
    for (n, word) in (0..rows).zip(&words) {
        let not_less = sorted.partition_point(|other| other <= word);
        sums[(n % 3) as usize] += rows - not_less as u64;
    }
    (0..3).zip(sums).collect()
}

#[test]
fn a_worker_that_is_killed_in_a_loop_loses_and_doubles_nothing() {
    // A quick machine is done before it is killed often enough; then it gets more to do.
    let often = [6_000, 12_000, 24_000]
        .into_iter()
        .any(|rows| kills(rows) > 2);
    assert!(often, "it was done before it was killed");
}

/// How often it was killed until it had answered everything of that many words.
fn kills(rows: u64) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let mut ana = Browser::new(server.address);
    sign_up(&mut ana, ANA);
    verify(&mut ana, &passcode(folder.path()));
    ana.json("PUT", "/api/v1/org", &json!({ "name": "Acme" }));
    let project = json!({
        "name": "Words", "type": "DEFAULT", "dbtVersion": "v1.9", "dbtConnection": { "type": "none" },
        "warehouseConnection": { "type": "postgres", "host": "embedded", "port": 5432, "user": "", "password": "",
                                 "dbname": "postgres", "schema": "jaffle" },
    });
    let made = ana.json("POST", "/api/v1/org/projects", &project).body;
    let project = text(&made["results"]["project"]["projectUuid"]);
    let tables = folder.path().join("warehouse").join(&project);
    let mut words = "n,word\n".to_owned();
    for n in 0..rows {
        writeln!(words, "{n},{}", word(n)).unwrap();
    }
    fs::create_dir_all(&tables).unwrap();
    fs::write(tables.join("words.csv"), words).unwrap();

    let path = format!("/api/v2/projects/{project}/query");
    let asked: Vec<String> = (0..QUERIES)
        .map(|number| {
            let body = json!({ "sql": statement(number), "limit": 100 });
            let answer = ana.json("POST", &format!("{path}/sql"), &body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            text(&answer.body["results"]["queryUuid"])
        })
        .collect();
    let mut kills = 0;
    let pages = loop {
        let pages: Vec<Value> = asked
            .iter()
            .map(|id| ana.get(&format!("{path}/{id}")).body["results"].clone())
            .collect();
        if pages.iter().all(|page| page["status"] == "ready") {
            break pages;
        }
        let odd = pages.iter().find(|page| page["status"] == "error");
        assert_eq!(odd, None);
        assert!(kills < 8, "it does not end: {pages:?}");
        // Sooner at first, so that it dies in different places; later, so that it gets further.
        thread::sleep(Duration::from_millis(20 * 3_u64.pow(kills)));
        kills += 1;
        server.kill();
        server = Server::start(folder.path());
        ana.address = server.address;
    };
    for (number, page) in (0..QUERIES).zip(&pages) {
        let cell = |row: &Value, name: &str| row[name]["value"]["raw"].as_u64().unwrap();
        let answered: Vec<_> = page["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (cell(row, "rest"), cell(row, "less")))
            .collect();
        assert_eq!(answered, expected(number, rows));
        assert_eq!(page["totalResults"], 3);
    }
    // What is answered stays as it is when it is over.
    server.kill();
    let server = Server::start(folder.path());
    ana.address = server.address;
    thread::sleep(Duration::from_secs(2));
    for (id, page) in asked.iter().zip(&pages) {
        let again = ana.get(&format!("{path}/{id}")).body["results"].clone();
        assert_eq!(
            (&again["rows"], &again["totalResults"]),
            (&page["rows"], &page["totalResults"])
        );
    }
    kills
}
