//! Samples, and how they are written down.

use std::{fs, time::Duration};

use anyhow::Result;

/// Measured values of one thing, sorted.
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn of_times(times: &[Duration]) -> Self {
        Self::new(times.iter().map(|time| milliseconds(*time)).collect())
    }

    /// The value that this share of the samples does not exceed (nearest rank).
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        let at = rank.max(1).min(self.0.len().max(1)) - 1;
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    pub(crate) fn max(&self) -> f64 {
        self.quantile(1.0)
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Bytes as megabytes of a million.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Rows of a Markdown table; the first one is its head.
pub(crate) fn table(title: &str, rows: &[Vec<String>]) -> String {
    let mut text = format!("## {title}\n\n");
    for (at, row) in rows.iter().enumerate() {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
        if at == 0 {
            let line = row.iter().enumerate();
            let line: String = line
                .map(|(at, _)| if at == 0 { "|---|" } else { "---:|" })
                .collect();
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

/// A row from texts of any kind.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// What all this was measured on.
pub(crate) fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, name)| name.trim());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    Ok(format!(
        "Measured on {cores} cores ({model}), load {load} at the start; functions: {}; the local stack and this program: {}.",
        profile("[profile.release]").join(", "),
        profile("[profile.local]").join(", "),
    ))
}

/// The settings of a profile, as the workspace has them.
fn profile(head: &str) -> Vec<&'static str> {
    include_str!("../../../Cargo.toml")
        .split(head)
        .nth(1)
        .unwrap_or_default()
        .lines()
        .skip(1)
        .take_while(|line| line.contains('='))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let samples = Samples::new((1..=100).rev().map(f64::from).collect());
        assert_eq!(
            (samples.p50(), samples.quantile(0.99), samples.max()),
            (50.0, 99.0, 100.0)
        );
        assert!(Samples::new(vec![]).p50().is_nan());
        assert_eq!(Samples::new(vec![7.0]).quantile(0.01), 7.0);
    }

    #[test]
    fn the_profile_is_found() {
        for head in ["[profile.release]", "[profile.local]"] {
            let lines = profile(head);
            assert!(lines.iter().any(|line| line.starts_with("opt-level")));
        }
    }

    #[test]
    fn a_table_is_markdown() {
        let rows = [row(["a", "b"]), row(["1", "2"])];
        assert_eq!(
            table("T", &rows),
            "## T\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n"
        );
    }
}
