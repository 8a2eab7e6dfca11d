//! The command line; every option is a variable, too.

use std::{net::SocketAddr, path::PathBuf};

/// What `--help` says.
pub const HELP: &str = "\
zerodash: the whole product in one process

usage: zerodash [options]

  --listen ADDRESS        where to listen (127.0.0.1:8080)            ZERODASH_LISTEN
  --data-dir FOLDER       where everything is kept (.zerodash)        ZERODASH_DATA_DIR
  --table-listen ADDRESS  serve the table as DynamoDB there, too      ZERODASH_TABLE_LISTEN
  --demo                  with a small shop to try things with        ZERODASH_DEMO=true
  --warehouse PLACE       where the tables of projects are, like      ZERODASH_WAREHOUSE
                          s3://bucket/prefix (the data folder)
  --warehouse-endpoint URL
                          of an S3 that is not AWS's                  ZERODASH_WAREHOUSE_ENDPOINT
  --help                  this

More settings, by environment, are in the README.
";

/// How the local stack is started.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub table_listen: Option<SocketAddr>,
    /// Whether the public address was set, and is not simply where we listen.
    pub site_url: bool,
    /// Whether there shall be a shop to try things with.
    pub demo: bool,
    /// Where in S3 the tables of projects are, `s3://bucket/prefix`; else they are below the data folder.
    pub warehouse: Option<String>,
    /// Of an S3 that is not AWS's.
    pub warehouse_endpoint: Option<String>,
}

impl Options {
    /// Reads arguments, then variables, then defaults; `None` asks for help.
    ///
    /// # Errors
    /// A sentence for whoever started it.
    pub fn read(
        mut arguments: impl Iterator<Item = String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, String> {
        let mut listen = variable("ZERODASH_LISTEN");
        let mut data_dir = variable("ZERODASH_DATA_DIR");
        let mut table_listen = variable("ZERODASH_TABLE_LISTEN");
        let mut warehouse = variable("ZERODASH_WAREHOUSE");
        let mut warehouse_endpoint = variable("ZERODASH_WAREHOUSE_ENDPOINT");
        let mut demo = variable("ZERODASH_DEMO").is_some_and(|value| value == "true");
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let slot = match name.as_str() {
                "--help" | "-h" => return Ok(None),
                "--demo" if value.is_none() => {
                    demo = true;
                    continue;
                }
                "--listen" => &mut listen,
                "--data-dir" => &mut data_dir,
                "--table-listen" => &mut table_listen,
                "--warehouse" => &mut warehouse,
                "--warehouse-endpoint" => &mut warehouse_endpoint,
                _ => return Err(format!("unknown option {name}; --help lists them")),
            };
            *slot = Some(
                value
                    .or_else(|| arguments.next())
                    .ok_or_else(|| format!("{name} needs a value"))?,
            );
        }
        if demo && warehouse.is_some() {
            return Err(
                "the demo's tables are in the data folder, so it has no --warehouse".into(),
            );
        }
        let address = |text: &str| {
            text.parse()
                .map_err(|_| format!("{text} is no address like 127.0.0.1:8080"))
        };
        Ok(Some(Self {
            listen: address(listen.as_deref().unwrap_or("127.0.0.1:8080"))?,
            data_dir: data_dir.unwrap_or_else(|| ".zerodash".into()).into(),
            table_listen: table_listen.as_deref().map(address).transpose()?,
            site_url: variable("ZERODASH_SITE_URL").is_some(),
            demo,
            warehouse,
            warehouse_endpoint,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], pairs: &[(&str, &str)]) -> Result<Option<Options>, String> {
        let variable = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Options::read(arguments.iter().map(|text| (*text).to_owned()), variable)
    }

    #[test]
    fn arguments_go_before_variables_and_variables_before_defaults() {
        let options = read(&[], &[]).unwrap().unwrap();
        assert_eq!(
            (options.listen.to_string(), options.data_dir.to_str()),
            ("127.0.0.1:8080".into(), Some(".zerodash"))
        );
        let pairs = [
            ("ZERODASH_LISTEN", "127.0.0.1:1"),
            ("ZERODASH_DATA_DIR", "a"),
        ];
        let options = read(
            &["--listen", "127.0.0.1:2", "--table-listen=127.0.0.1:3"],
            &pairs,
        )
        .unwrap()
        .unwrap();
        assert_eq!(
            (options.listen.port(), options.data_dir.to_str()),
            (2, Some("a"))
        );
        assert_eq!(options.table_listen.map(|at| at.port()), Some(3));
        assert!(!options.demo);
        assert_eq!(options.warehouse, None);
        let pairs = [("ZERODASH_WAREHOUSE_ENDPOINT", "http://127.0.0.1:9000")];
        let options = read(&["--warehouse", "s3://lake/shop"], &pairs);
        let options = options.unwrap().unwrap();
        assert_eq!(options.warehouse.as_deref(), Some("s3://lake/shop"));
        assert_eq!(
            options.warehouse_endpoint.as_deref(),
            Some("http://127.0.0.1:9000")
        );
        assert!(read(&["--demo"], &[]).unwrap().unwrap().demo);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(read(&["--help"], &[]), Ok(None));
        assert!(
            read(&["--lisen", "x"], &[])
                .unwrap_err()
                .contains("--lisen")
        );
        assert!(
            read(&["--demo", "--warehouse=s3://lake/shop"], &[])
                .unwrap_err()
                .contains("--warehouse")
        );
        assert!(
            read(&["--listen"], &[])
                .unwrap_err()
                .contains("needs a value")
        );
        assert!(
            read(&["--listen", "8080"], &[])
                .unwrap_err()
                .contains("8080")
        );
    }
}
