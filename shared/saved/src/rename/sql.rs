//! References in SQL: taken apart, never searched for as text.

use semantic::reference::{Piece, pieces};

use super::names::Names;

/// SQL with its references renamed; none where nothing is. A reference without a table is of `own`.
pub(super) fn rename(sql: &str, own: Option<&str>, names: &Names) -> Option<String> {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut changed = false;
    for piece in pieces(sql) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Table => out.push_str("${TABLE}"),
            Piece::Attribute { whole, .. } | Piece::Email { whole } => out.push_str(whole),
            Piece::Bad(inside) => push(&mut out, inside),
            Piece::Field { table, field } => {
                let new = new_reference(table, field, own, names);
                changed |= new.is_some();
                let same = || match table {
                    Some(table) => format!("{table}.{field}"),
                    None => field.to_owned(),
                };
                push(&mut out, &new.unwrap_or_else(same));
            }
        }
    }
    changed.then_some(out)
}

fn push(out: &mut String, inside: &str) {
    out.push_str("${");
    out.push_str(inside);
    out.push('}');
}

fn new_reference(
    table: Option<&str>,
    field: &str,
    own: Option<&str>,
    names: &Names,
) -> Option<String> {
    if let Some(table) = table {
        let (table, field) = names.reference(table, field)?;
        return Some(format!("{table}.{field}"));
    }
    let (table, new) = names.reference(own?, field)?;
    let stays = names.table(own?).unwrap_or(own?) == table;
    match (stays, new == field) {
        (true, true) => None,
        (true, false) => Some(new.to_owned()),
        (false, _) => Some(format!("{table}.{new}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_renamed_where_it_is_named_whole() {
        let names = Names::of_field("payment", "payment", "id", "uid");
        let sql = "${payment.id} + ${payment.id_x} + ${payments.id} + 'payment.id' + ${payment.id}${TABLE}.id ${ld.attr.id} ${a.b.c}";
        assert_eq!(
            rename(sql, None, &names).unwrap(),
            "${payment.uid} + ${payment.id_x} + ${payments.id} + 'payment.id' + ${payment.uid}${TABLE}.id ${ld.attr.id} ${a.b.c}"
        );
        assert_eq!(
            rename("${id} + ${id_x}", Some("payment"), &names).unwrap(),
            "${uid} + ${id_x}"
        );
        for same in [
            "${id}",
            "payment.id",
            "${payment.id_x}",
            "${ payment.id }",
            "",
        ] {
            assert_eq!(rename(same, None, &names), None);
        }
    }

    #[test]
    fn a_model_is_renamed_where_it_is_the_table() {
        let names = Names::of_model("payment", "pay", ["id", "id_x"]);
        let sql = "${payment.id} + ${payments.id} + ${payment.anything} + ${payment_id.x}";
        assert_eq!(
            rename(sql, None, &names).unwrap(),
            "${pay.id} + ${payments.id} + ${pay.anything} + ${payment_id.x}"
        );
        assert_eq!(rename("${id}", Some("payment"), &names), None);
    }
}
