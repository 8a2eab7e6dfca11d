//! `${…}` in SQL: references to fields, to the table itself, and to the user's attributes.

/// A piece of a SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// `${TABLE}`
    Table,
    /// `${field}`, `${table.field}`
    Field {
        table: Option<&'a str>,
        field: &'a str,
    },
    /// `${lightdash.attributes.region}`
    Attribute { name: &'a str, whole: &'a str },
    /// `${lightdash.user.email}`
    Email { whole: &'a str },
    /// Looks like a reference and cannot be one: `${a.b.c}`.
    Bad(&'a str),
}

/// Splits a text into its pieces. What stands between `${` and `}` is a reference if it consists of letters, digits, `_` and
/// `.`; anything else stays text.
pub fn pieces(sql: &str) -> Pieces<'_> {
    Pieces { rest: sql }
}

/// The pieces of a text, in order.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(at) = self.rest.get(from..).and_then(|rest| rest.find("${")) {
            let start = from + at;
            let body = self.rest.get(start + 2..).unwrap_or_default();
            // What a reference may have is all that is looked at: text without end is not looked through again and again.
            let end = body.bytes().position(|byte| !is_plain(byte));
            let Some(end) = end.filter(|end| body.as_bytes().get(*end) == Some(&b'}')) else {
                from = start + 2;
                continue;
            };
            let (inside, whole) = (
                body.get(..end).unwrap_or_default(),
                self.rest.get(start..start + end + 3).unwrap_or_default(),
            );
            match reference(inside, whole) {
                None => from = start + 2,
                Some(piece) if start == 0 => {
                    self.rest = self.rest.get(whole.len()..).unwrap_or_default();
                    return Some(piece);
                }
                Some(_) => {
                    let (text, rest) = self.rest.split_at(start);
                    self.rest = rest;
                    return Some(Piece::Text(text));
                }
            }
        }
        Some(Piece::Text(std::mem::take(&mut self.rest)))
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// What stands between the braces.
fn reference<'a>(inside: &'a str, whole: &'a str) -> Option<Piece<'a>> {
    if inside.is_empty() {
        return None;
    }
    if inside == "TABLE" {
        return Some(Piece::Table);
    }
    let mut parts = inside.split('.');
    let (first, second, third, more) = (
        parts.next().unwrap_or_default(),
        parts.next(),
        parts.next(),
        parts.next(),
    );
    if second.is_some() && matches!(first, "lightdash" | "ld") {
        return match (second, third, more) {
            (Some("attribute" | "attributes" | "attr"), Some(name), None) if !name.is_empty() => {
                Some(Piece::Attribute { name, whole })
            }
            (Some("user"), Some("email"), None) => Some(Piece::Email { whole }),
            _ => None,
        };
    }
    Some(match (first, second, third) {
        ("", _, _) | (_, Some(""), _) | (_, _, Some(_)) => Piece::Bad(inside),
        (field, None, None) => Piece::Field { table: None, field },
        (table, Some(field), None) => Piece::Field {
            table: Some(table),
            field,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_splits_into_what_it_is_and_what_it_names() {
        let found: Vec<_> =
            pieces("a ${TABLE}.x + ${b} / ${c.d} ${ no } ${ld.attr.e}${lightdash.user.email}$")
                .collect();
        assert_eq!(
            found,
            [
                Piece::Text("a "),
                Piece::Table,
                Piece::Text(".x + "),
                Piece::Field {
                    table: None,
                    field: "b"
                },
                Piece::Text(" / "),
                Piece::Field {
                    table: Some("c"),
                    field: "d"
                },
                Piece::Text(" ${ no } "),
                Piece::Attribute {
                    name: "e",
                    whole: "${ld.attr.e}"
                },
                Piece::Email {
                    whole: "${lightdash.user.email}"
                },
                Piece::Text("$"),
            ]
        );
        assert_eq!(pieces("${a.b.c}").next(), Some(Piece::Bad("a.b.c")));
        assert_eq!(pieces("${a").collect::<Vec<_>>(), [Piece::Text("${a")]);
        assert_eq!(pieces("").next(), None);
    }
}
