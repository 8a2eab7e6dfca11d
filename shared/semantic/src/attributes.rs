//! The user's attributes in SQL.

use crate::error::{Reason, Refused};
use crate::literal;
use crate::reference::{Piece, pieces};
use crate::scope::Scope;

/// How a value stands in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As string literals, separated by commas.
    Quoted,
    /// As it is, for names of tables: only letters, digits, `_`, `.` and single `-`.
    Raw,
}

/// Puts the user's values for the placeholders of a text; true, if there were any.
pub(crate) fn substitute(
    scope: &Scope<'_>,
    sql: &str,
    mode: Mode,
) -> Result<(String, bool), Refused> {
    if !sql.contains("${") {
        return Ok((sql.to_owned(), false));
    }
    let mut out = String::with_capacity(sql.len() + 16);
    let mut replaced = false;
    for piece in pieces(sql) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Attribute { name, .. } => {
                let values = scope.options.attributes.values.get(name);
                let values = values.filter(|values| !values.is_empty()).ok_or_else(|| {
                    missing(format!("You lack a value of the user attribute \"{name}\""))
                })?;
                push(scope, &mut out, values, mode)?;
                replaced = true;
            }
            Piece::Email { .. } => {
                let email = scope.options.attributes.email.as_ref().ok_or_else(|| {
                    missing("Your e-mail address has to be verified first".to_owned())
                })?;
                push(scope, &mut out, std::slice::from_ref(email), mode)?;
                replaced = true;
            }
            Piece::Table | Piece::Field { .. } | Piece::Bad(_) => {
                return Err("A reference was left in SQL that should have none".into());
            }
        }
    }
    Ok((out, replaced))
}

fn push(scope: &Scope<'_>, out: &mut String, values: &[String], mode: Mode) -> Result<(), Refused> {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match mode {
            Mode::Quoted => out.push_str(&literal::string(scope.dialect, value)),
            Mode::Raw => {
                let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
                if value.is_empty() || !value.chars().all(safe) || value.contains("--") {
                    return Err(missing(
                        "A user attribute has a value that cannot be part of a table's name"
                            .to_owned(),
                    ));
                }
                out.push_str(value);
            }
        }
    }
    Ok(())
}

fn missing(message: String) -> Refused {
    Refused {
        reason: Reason::Forbidden,
        message,
    }
}
