//! Numbers on the wire: a whole one has no point, as clients read it that know integers.

use serde::{Serialize, Serializer};

/// From here on not every whole number has a double of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes a whole number as an integer, and another one as it is; for `serialize_with`.
///
/// # Errors
/// Those of the serializer.
pub fn plain<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < EXACT {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// As [`plain`], of a number that may be absent.
///
/// # Errors
/// Those of the serializer.
pub fn plain_if_any<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    struct Plain(f64);

    impl Serialize for Plain {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            plain(&self.0, serializer)
        }
    }

    number.map(Plain).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Numbers {
        #[serde(serialize_with = "plain")]
        one: f64,
        #[serde(serialize_with = "plain_if_any")]
        other: Option<f64>,
    }

    #[test]
    fn whole_numbers_have_no_point() {
        for (one, other, text) in [
            (500.0, Some(3.0), r#"{"one":500,"other":3}"#),
            (-0.0, Some(-7.0), r#"{"one":0,"other":-7}"#),
            (4.5, None, r#"{"one":4.5,"other":null}"#),
            (
                9_007_199_254_740_991.0,
                Some(1e300),
                r#"{"one":9007199254740991,"other":1e+300}"#,
            ),
            (
                f64::NAN,
                Some(f64::INFINITY),
                r#"{"one":null,"other":null}"#,
            ),
        ] {
            let numbers = Numbers { one, other };
            // How large ones are written is the serializer's own.
            let written = serde_json::to_string(&numbers).unwrap();
            assert_eq!(written.replace("e+", "e"), text.replace("e+", "e"));
        }
    }
}
