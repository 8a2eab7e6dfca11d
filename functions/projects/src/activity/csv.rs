//! What people did in a project, as a CSV file.

use std::collections::BTreeMap;

use app::domain::{id::UserId, organization::Member};

use super::usage::Usage;

/// A cell of a CSV file. What a spreadsheet would take for a formula is text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// What was noted as CSV: a line for each person and week.
pub(super) fn text(usage: &Usage) -> String {
    let mut lines: BTreeMap<(&str, UserId), [u64; 3]> = BTreeMap::new();
    for one in &usage.did {
        let [queries, charts, dashboards] = lines.entry((one.week.as_str(), one.user)).or_default();
        *queries += one.queries;
        *charts += one.chart_views;
        *dashboards += one.dashboard_views;
    }
    let mut text =
        "week,user_uuid,first_name,last_name,queries,chart_views,dashboard_views\n".to_owned();
    for ((week, user), [queries, charts, dashboards]) in lines {
        let known = usage.people.get(&user);
        let name = |of: fn(&Member) -> &str| cell(known.map_or("", |(member, _)| of(member)));
        let (first, last) = (
            name(|member| member.first_name.as_str()),
            name(|member| member.last_name.as_str()),
        );
        let line = format!("{week},{user},{first},{last},{queries},{charts},{dashboards}\n");
        text.push_str(&line);
    }
    text
}
