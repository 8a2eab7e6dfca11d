//! Names as people read them.

/// `order_id`, `orderId` and `ORDER_ID` are `Order id`: words are split at `_`, at whatever is neither letter nor digit, before
/// capitals, and before digits; only the first letter of the result is a capital. Letters are those of any script.
pub fn friendly(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        // ACRONYMS are one word.
        let shouted = !part.chars().any(char::is_lowercase);
        let mut before = None;
        for c in part.chars() {
            let starts = match before {
                None => true,
                Some(before) => starts_word(before, c, shouted),
            };
            if starts && !out.is_empty() {
                out.push(' ');
            }
            out.extend(c.to_lowercase());
            before = Some(c);
        }
    }
    if out.is_empty() && !name.chars().all(|c| c == '_') {
        return name.to_owned();
    }
    let mut chars = out.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => out,
    }
}

/// Digits belong to the letter behind them: `7d`, `dim 2022`, `id 1abc`.
fn starts_word(before: char, c: char, shouted: bool) -> bool {
    if c.is_numeric() {
        !before.is_numeric()
    } else {
        c.is_uppercase() && !before.is_numeric() && !shouted
    }
}

#[cfg(test)]
mod tests {
    use super::friendly;

    #[test]
    fn names_read_like_sentences() {
        for (name, wanted) in [
            ("order_id", "Order id"),
            ("orderId", "Order id"),
            ("ORDER_ID", "Order id"),
            ("customer_URL", "Customer url"),
            ("dim2022", "Dim 2022"),
            ("id1abc", "Id 1abc"),
            ("7d_retention", "7d retention"),
            ("a__b", "A b"),
            ("_x", "X"),
            ("", ""),
            ("__", ""),
            ("Weird Col", "Weird col"),
            ("über_x", "Über x"),
            ("売上_id", "売上 id"),
            ("№", "№"),
        ] {
            assert_eq!(friendly(name), wanted, "{name}");
        }
    }
}
