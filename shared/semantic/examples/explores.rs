//! Compiles a dbt project to explores, without dbt and without a warehouse:
//!
//! ```text
//! cargo run -p semantic --example explores -- target/manifest.json [--catalog target/catalog.json] [--config config.json]
//!     [--adapter postgres] [--week-start 0..6] [--now 2025-01-31T00:00:00Z] > explores.json
//! ```
//!
//! The array on the standard output is what `PUT /api/v1/projects/{uuid}/explores` takes. Errors and warnings are told on the
//! standard error. `now` is when the manifest was written, unless it is given.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stderr, stdout};

use semantic::model::{Catalog, Project, ProjectSettings, SpotlightSettings};
use semantic::{Dialect, ExploreOrError};

#[derive(serde::Deserialize)]
struct Config {
    #[serde(default)]
    spotlight: SpotlightSettings,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let mut pairs = arguments.windows(2);
        pairs.find_map(|pair| match pair {
            [key, value] if key == name => Some(value.as_str()),
            _ => None,
        })
    };
    let open = |path: &str| File::open(path).map(BufReader::new);
    let manifest = arguments
        .first()
        .ok_or("The path of a manifest.json is missing")?;
    let project = Project::from_reader(open(manifest)?)?;
    let catalog: Option<Catalog> = match option("--catalog") {
        Some(path) => Some(serde_json::from_reader(open(path)?)?),
        None => None,
    };
    let spotlight = match option("--config") {
        Some(path) => serde_json::from_reader::<_, Config>(open(path)?)?.spotlight,
        None => SpotlightSettings::default(),
    };
    let dialect = match option("--adapter") {
        Some(name) => Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name),
        None => project.dialect(),
    };
    let now = match option("--now") {
        Some(now) => Some(now.parse()?),
        None => project.generated_at(),
    };
    let settings = ProjectSettings {
        dialect: dialect.ok_or("The adapter is none that SQL can be written for")?,
        start_of_week: option("--week-start").map(str::parse).transpose()?,
        spotlight,
        now: now.ok_or("The manifest does not say when it was written; say --now")?,
    };

    let (mut out, mut log) = (BufWriter::new(stdout().lock()), stderr().lock());
    let mut separator = "[";
    for outcome in project.explores(catalog.as_ref(), &settings) {
        out.write_all(separator.as_bytes())?;
        separator = ",\n";
        let name = outcome.explore.name();
        for warning in &outcome.warnings {
            writeln!(log, "{name}: warning: {warning}")?;
        }
        if let ExploreOrError::Error(error) = &outcome.explore {
            for error in &error.errors {
                writeln!(log, "{name}: error: {}", error.message)?;
            }
        }
        serde_json::to_writer(&mut out, &outcome.explore)?;
    }
    out.write_all(if separator == "[" { b"[]\n" } else { b"]\n" })?;
    Ok(())
}
