//! Units that large numbers are shown in.

use super::numeric::Numeric;

/// What a number is divided by, and what is written behind it then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compact {
    /// Singular and plural: `thousand`.
    name: &'static str,
    pub(super) suffix: &'static str,
    /// The power of a thousand, or of 1024.
    pub(super) power: u32,
    pub(super) binary: bool,
}

const fn unit(name: &'static str, suffix: &'static str, power: u32) -> Compact {
    Compact {
        name,
        suffix,
        power,
        binary: false,
    }
}

const fn binary(name: &'static str, suffix: &'static str, power: u32) -> Compact {
    Compact {
        name,
        suffix,
        power,
        binary: true,
    }
}

static ALL: [Compact; 14] = [
    unit("thousand", "K", 1),
    unit("million", "M", 2),
    unit("billion", "B", 3),
    unit("trillion", "T", 4),
    unit("kilobyte", "KB", 1),
    unit("megabyte", "MB", 2),
    unit("gigabyte", "GB", 3),
    unit("terabyte", "TB", 4),
    unit("petabyte", "PB", 5),
    binary("kibibyte", "KiB", 1),
    binary("mebibyte", "MiB", 2),
    binary("gibibyte", "GiB", 3),
    binary("tebibyte", "TiB", 4),
    binary("pebibyte", "PiB", 5),
];

impl Compact {
    /// `thousands`, `thousand` or `K`.
    pub(super) fn find(key: &str) -> Option<&'static Self> {
        let name = key.strip_suffix('s').unwrap_or(key);
        ALL.iter()
            .find(|unit| unit.suffix == key || unit.name == name)
    }

    /// The power of 1024 that a unit like `KiB` means.
    pub(super) fn binary_power(suffix: &str) -> Option<u32> {
        let unit = ALL.iter().find(|unit| unit.suffix == suffix)?;
        unit.binary.then_some(unit.power)
    }

    pub(super) fn apply(&self, number: &mut Numeric) {
        let Numeric::Finite(number) = number else {
            return;
        };
        if self.binary {
            number.divide_by_1024(self.power);
        } else {
            number.scale(-3 * i64::from(self.power));
        }
    }
}
