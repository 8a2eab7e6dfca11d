//! Formats as number formats of spreadsheets.

use super::custom::{Custom, Style};
use super::number::{Precision, Separator};

impl Custom {
    /// The closest number format of a spreadsheet: it has the separators of the document's language, and no optional decimals.
    pub(super) fn expression(&self) -> Option<String> {
        let (before, decimals, after) = match &self.style {
            Style::Percent => (String::new(), 2, "%".to_owned()),
            Style::Currency(currency) => {
                let symbol = format!("[${}]", currency.before);
                (symbol, currency.decimals, String::new())
            }
            Style::Number { prefix, suffix } => (quote(prefix), 3, quote(suffix)),
            Style::Bytes => (String::new(), 2, String::new()),
            Style::Expression(expression) => {
                return expression.as_ref().map(|it| it.source().to_owned());
            }
            Style::Default | Style::Id | Style::Date(_) | Style::Timestamp(_) => return None,
        };
        let mut out = before;
        out.push_str(match self.separator {
            Separator::NoSeparatorPeriod => "0",
            _ => "#,##0",
        });
        push_decimals(self.round.map_or(decimals, shown_decimals), &mut out);
        self.push_unit(&mut out);
        out.push_str(&after);
        Some(out)
    }

    fn push_unit(&self, out: &mut String) {
        let unit = self.compact.filter(|_| self.style != Style::Percent);
        let Some(unit) = unit else {
            return;
        };
        if !unit.binary {
            (0..unit.power).for_each(|_| out.push(','));
        }
        out.push_str(&quote(unit.suffix));
    }
}

fn shown_decimals(round: i64) -> i64 {
    match Precision::of_round(round) {
        Precision::Exactly(decimals) => decimals,
        Precision::AtMost(_) | Precision::Without(_) => 0,
    }
}

fn push_decimals(decimals: i64, out: &mut String) {
    if decimals > 0 {
        out.push('.');
        (0..decimals).for_each(|_| out.push('0'));
    }
}

/// Text as it is. There is no quote within quotes: it stands between them, escaped.
fn quote(text: &str) -> String {
    let pieces = text.split('"').map(|piece| match piece {
        "" => String::new(),
        piece => format!("\"{piece}\""),
    });
    pieces.collect::<Vec<_>>().join("\\\"")
}
