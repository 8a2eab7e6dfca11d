//! Fields in the options of a chart that Vega draws: those of `datum` in expressions, and those that are sorted by downwards.

fn is_part(one: char) -> bool {
    one.is_alphanumeric() || one == '_' || one == '$'
}

/// An option with its fields renamed; none where nothing is. `key` is what the option is called. Fields are `datum.id`,
/// `datum['id']` and `datum["id"]`, and `-id` of a sort.
pub(super) fn rename(
    key: &str,
    text: &str,
    new_id: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    if key == "sort"
        && let Some(new) = text.strip_prefix('-').and_then(&new_id)
    {
        return Some(format!("-{new}"));
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut changed = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("datum") {
        out.push_str(before);
        // The end of a longer word is another one.
        let is_word = !out.ends_with(is_part);
        out.push_str("datum");
        rest = after;
        if is_word
            && let Some((open, id, then)) = field(after)
            && let Some(new) = new_id(id)
        {
            out.push_str(open);
            out.push_str(&new);
            rest = then;
            changed = true;
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// What follows `datum`: how the field is opened, the field, and the rest.
fn field(after: &str) -> Option<(&'static str, &str, &str)> {
    if let Some(named) = after.strip_prefix('.') {
        let end = named.find(|one| !is_part(one)).unwrap_or(named.len());
        let (id, rest) = named.split_at_checked(end)?;
        return Some((".", id, rest));
    }
    let quoted = [("['", "']"), ("[\"", "\"]")];
    quoted.into_iter().find_map(|(open, close)| {
        let inside = after.strip_prefix(open)?;
        let (id, rest) = inside.split_at_checked(inside.find(close)?)?;
        Some((open, id, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(key: &str, text: &str) -> Option<String> {
        rename(key, text, |id| (id == "a_b").then(|| "c_d".to_owned()))
    }

    #[test]
    fn fields_of_datum_are_renamed_where_they_are_named_whole() {
        for (text, new) in [
            ("datum.a_b", "datum.c_d"),
            (
                "datum.a_b / 2 + datum['a_b']+datum[\"a_b\"]",
                "datum.c_d / 2 + datum['c_d']+datum[\"c_d\"]",
            ),
            (
                "(datum.a_b)*datum.a_b_c - item.datum.a_b.x",
                "(datum.c_d)*datum.a_b_c - item.datum.c_d.x",
            ),
            (
                "datum['x' + datum.a_b + 'y']",
                "datum['x' + datum.c_d + 'y']",
            ),
            ("'a_b' + datum.x + datum.a_b", "'a_b' + datum.x + datum.c_d"),
        ] {
            assert_eq!(renamed("calculate", text).as_deref(), Some(new));
        }
        for same in [
            "a_b",
            "datum",
            "datum.",
            "datum['",
            "datum['a_b",
            "datum['a_b\"]",
            "datum .a_b",
            "xdatum.a_b",
            "datumdatum.a_b",
            "data.a_b",
            "datum.a_bé",
            "datum.a_b$",
            "datum[a_b]",
            "-a_b",
            "",
        ] {
            assert_eq!(renamed("calculate", same), None, "{same}");
        }
    }

    #[test]
    fn a_sort_downwards_is_by_a_field() {
        assert_eq!(renamed("sort", "-a_b").as_deref(), Some("-c_d"));
        for same in ["-a_b_c", "-y", "--a_b", "-", ""] {
            assert_eq!(renamed("sort", same), None, "{same}");
        }
    }
}
