//! What SQL of a query itself may not be: several statements, a comment that swallows what follows, a closing parenthesis that
//! ends the expression it stands in; and, without the right to write any SQL, a subquery.

/// Checks an expression that a client sent; the error is a sentence.
pub(crate) fn expression(sql: &str, may_query: bool) -> Result<(), String> {
    let mut depth = 0_u32;
    let bytes = sql.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match (byte, next) {
            (b'\'' | b'"' | b'`', _) => {
                at = closing(bytes, at).ok_or("A quote is not closed")?;
            }
            (b'-', Some(b'-')) | (b'/', Some(b'*')) | (b'#', _) => {
                return Err("Comments are not allowed here".to_owned());
            }
            (b';', _) => return Err("Only one expression is allowed here".to_owned()),
            // A reference.
            (b'$', Some(b'{')) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|b| *b == b'}');
                at += length.ok_or("A reference is not closed")?;
            }
            // Dollar quoting would hide anything from this check.
            (b'$', _) => return Err("\"$\" is only allowed in references".to_owned()),
            (b'(' | b'[', _) => depth += 1,
            (b')' | b']', _) => {
                depth = depth.checked_sub(1).ok_or("A parenthesis is not opened")?;
            }
            (b'\0', _) => return Err("NUL is not allowed here".to_owned()),
            _ if is_word(byte) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|b| is_word(**b)).count();
                let word = rest.get(..length).unwrap_or_default();
                if !may_query && FORBIDDEN.iter().any(|one| word.eq_ignore_ascii_case(one)) {
                    return Err(format!(
                        "\"{}\" needs the right to write custom SQL",
                        String::from_utf8_lossy(word).to_uppercase()
                    ));
                }
                at += length;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    match depth {
        0 => Ok(()),
        _ => Err("A parenthesis is not closed".to_owned()),
    }
}

/// What begins a statement or a subquery. `FROM` is part of `EXTRACT(… FROM …)` and needs a `SELECT` to be more.
const FORBIDDEN: [&[u8]; 10] = [
    b"select", b"insert", b"update", b"delete", b"merge", b"drop", b"alter", b"create", b"union",
    b"with",
];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where a quoted text ends. A backslash before a quote could be an escape or not, by warehouse and setting: it is refused by
/// reading both ways, since a text that ends differently in the two is not closed in one of them.
fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start).copied()?;
    let mut at = start + 1;
    loop {
        let byte = bytes.get(at).copied()?;
        match byte {
            b'\\' if bytes.get(at + 1).copied() == Some(quote) => return None,
            b'\\' if bytes.get(at + 1).copied() == Some(b'\\') => at += 1,
            _ if byte == quote && bytes.get(at + 1).copied() == Some(quote) => at += 1,
            _ if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::expression;

    #[test]
    fn what_is_one_expression_passes() {
        for sql in [
            "SUM(${orders.amount}) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
            "CASE WHEN a = 'it''s; -- (' THEN 1 END",
            "EXTRACT(YEAR FROM a)",
            "a - -b",
            "selection + updated_at + ${orders.update}",
            "\"a;b\"[1]",
        ] {
            assert_eq!(expression(sql, false), Ok(()), "{sql}");
        }
    }

    #[test]
    fn what_ends_or_leaves_the_expression_does_not() {
        for sql in [
            "1; DROP TABLE a",
            "1) FROM b --",
            "1 -- x",
            "1 /* x */",
            "(SELECT 1)",
            "'a",
            "(1",
            "1 # x",
            "'\\' OR 1=1 -- '",
            "$$a$$",
            "$a$'$a$; DROP TABLE x; --'",
            "${a",
            "1 UNION SeLeCt 2",
            "a)+(b",
        ] {
            assert!(expression(sql, false).is_err(), "{sql}");
        }
        assert_eq!(expression("(SELECT 1)", true), Ok(()));
        assert!(expression("1) FROM b --", true).is_err());
        assert!(expression("1; 2", true).is_err());
    }
}
