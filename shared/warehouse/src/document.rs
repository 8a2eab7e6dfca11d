//! Documents that come as text.

use serde_json::Value;

/// Lists and objects within each other. A reader of an answer takes 127 of them, and rows and lists of rows are some.
const DEEPEST: usize = 100;

/// A document from its text; nothing for what is none, or too deep to be read again as part of an answer.
pub(crate) fn json(text: &str) -> Option<Value> {
    if is_deep(text) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn is_deep(text: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn what_is_too_deep_is_no_document() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(json(&nested(DEEPEST)).is_some());
        assert!(json(&nested(DEEPEST + 1)).is_none());
        assert!(json(&nested(1_000_000)).is_none());
        assert!(json(&"{\"a\":".repeat(1_000_000)).is_none());
        assert!(json("no").is_none());
    }

    #[test]
    fn doubles_and_integers_are_what_they_were() {
        for text in [
            "0.45110218428522253",
            "0.48455628948305507",
            "-524070745.81621724",
            "0.9424502837770503",
            "-9223372036854775808",
            "18446744073709551615",
        ] {
            assert_eq!(
                json(text).map(|value| value.to_string()),
                Some(text.to_owned())
            );
        }
    }

    #[test]
    fn brackets_in_texts_are_not_counted() {
        let brackets = "[".repeat(200) + "\\\"" + &"{".repeat(200);
        assert_eq!(
            json(&format!("[\"{brackets}\", {{}}]")),
            Some(value!(["[".repeat(200) + "\"" + &"{".repeat(200), {}]))
        );
        let side_by_side = format!("[{}[]]", "[],".repeat(200));
        assert!(json(&side_by_side).is_some());
    }
}
