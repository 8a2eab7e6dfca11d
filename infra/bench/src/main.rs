//! `cargo run --profile local -p bench`: how fast and how small the product is, as Markdown tables.
//!
//! Times are measured from outside: the functions, built as they are deployed, against an emulator of Lambda's runtime
//! interface, the local stack over real connections. All traffic stays on 127.0.0.1. What lists and
//! rights read of the table is counted in this process (`organization.rs`).

mod cold;
mod content;
mod explores;
mod figures;
mod http;
mod organization;
mod process;
mod rows;
mod runtime_api;
mod stack;
#[expect(dead_code, reason = "the benchmark of the compiler uses the rest")]
#[path = "../../../shared/semantic/benches/synthetic/mod.rs"]
mod synthetic;
mod warm;

use std::process::ExitCode;

use anyhow::{Result, bail};

use process::Binaries;

/// What `--help` says.
const HELP: &str = "\
bench: how fast and how small the product is

usage: bench [options]

  --no-build                 measure the optimized binaries that are there
  --only cold|stack|warm|explores|content|organization|rows
                             only this table (may come more than once)
  --models NUMBER            how many explores there are (10000)
  --unoptimized              measure debug binaries that are there: to try a table out
  --help                     this
";

const TABLES: [&str; 7] = [
    "cold",
    "stack",
    "warm",
    "explores",
    "content",
    "organization",
    "rows",
];

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    build: bool,
    optimized: bool,
    models: usize,
    only: Vec<String>,
}

impl Options {
    /// Reads the command line; `None` asks for help.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self {
            build: true,
            optimized: true,
            models: explores::MODELS,
            only: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--no-build" => options.build = false,
                "--unoptimized" => (options.build, options.optimized) = (false, false),
                "--models" => match arguments.next().and_then(|number| number.parse().ok()) {
                    Some(models) if models >= explores::FEWEST => options.models = models,
                    _ => bail!("--models takes a number from {}", explores::FEWEST),
                },
                "--only" => match arguments.next() {
                    Some(name) if TABLES.contains(&name.as_str()) => options.only.push(name),
                    _ => bail!("--only takes one of {}", TABLES.join(", ")),
                },
                "--help" | "-h" => return Ok(None),
                other => bail!("unknown option {other}; --help lists them"),
            }
        }
        Ok(Some(options))
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the tables are what this is for")]
fn run() -> Result<()> {
    let Some(options) = Options::read(std::env::args().skip(1))? else {
        print!("{HELP}");
        return Ok(());
    };
    if cfg!(debug_assertions) && options.optimized {
        bail!("run it with --profile local: it hashes passwords itself, and asks a lot");
    }
    let binaries = Binaries::find(options.optimized)?;
    if options.build {
        binaries.build()?;
    }
    println!("{}\n", figures::machine()?);
    if options.wants("cold") {
        println!("{}", cold::table(&binaries)?);
    }
    if options.wants("stack") {
        println!("{}", stack::table(&binaries)?);
    }
    if options.wants("warm") {
        println!("{}", warm::table(&binaries)?);
    }
    if options.wants("explores") {
        println!("{}", explores::tables(&binaries, options.models)?);
    }
    if options.wants("content") {
        println!("{}", content::tables(&binaries)?);
    }
    if options.wants("rows") {
        println!("{}", rows::tables(&binaries)?);
    }
    if options.wants("organization") {
        println!("{}", organization::table()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Option<Options>> {
        Options::read(arguments.iter().map(|text| (*text).to_owned()))
    }

    #[test]
    fn without_options_everything_is_built_and_measured() {
        let options = read(&[]).unwrap().unwrap();
        assert!(options.build && options.wants("cold") && options.wants("warm"));
        let options = read(&["--no-build", "--only", "warm"]).unwrap().unwrap();
        assert!(!options.build && options.wants("warm") && !options.wants("cold"));
        assert!(read(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for wrong in [
            &["--only"][..],
            &["--only", "hot"],
            &["--fast"],
            &["--models", "7"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
