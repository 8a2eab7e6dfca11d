//! Explores, as the catalogue reads them.

use std::collections::BTreeMap;

use semantic::{
    Explore, UserAttributes,
    access::{Hidden, hidden},
    explore::Table,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::CatalogField;
use crate::{Error, Result};

/// Where a table is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CatalogPlace)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    pub sql_table: String,
}

/// Tables by name, in schemas by name, in databases by name.
pub type Places = BTreeMap<String, BTreeMap<String, BTreeMap<String, Place>>>;

fn read(text: &str) -> Result<Explore> {
    Explore::from_json(text).map_err(|error| {
        Error::Internal(anyhow::Error::new(error).context("reading a stored explore"))
    })
}

/// An explore that was deployed, and what of it the user's attributes hide; none where that is all of it.
fn seen(text: &str, attributes: &UserAttributes) -> Result<Option<(Explore, Hidden)>> {
    let explore = read(text)?;
    let hidden = hidden(&explore, attributes);
    Ok((!hidden.base).then_some((explore, hidden)))
}

/// The fields of a table that are not hidden from the user.
fn fields_of(key: &str, table: &Table, hidden: &Hidden) -> Vec<CatalogField> {
    let may = |name: &String| !hidden.fields.contains(&(key.to_owned(), name.clone()));
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.filter(|(name, one)| !one.hidden && may(name));
    let metrics = table.metrics.iter();
    let metrics = metrics.filter(|(name, one)| !one.hidden && may(name));
    dimensions
        .map(|(_, one)| CatalogField::dimension(table, one))
        .chain(metrics.map(|(_, one)| CatalogField::metric(table, one)))
        .collect()
}

/// The fields of all tables of an explore that the user may see.
///
/// # Errors
/// `Internal`: it was read when it was deployed.
pub fn all_fields(text: &str, attributes: &UserAttributes) -> Result<Vec<CatalogField>> {
    let Some((explore, hidden)) = seen(text, attributes)? else {
        return Ok(Vec::new());
    };
    let tables = explore.tables.iter();
    let tables = tables.filter(|(key, _)| !hidden.tables.contains(*key));
    Ok(tables
        .flat_map(|(key, table)| fields_of(key, table, &hidden))
        .collect())
}

/// The fields of the base table of an explore that the user may see. Dates that have intervals are there as these.
///
/// # Errors
/// `Internal`: it was read when it was deployed.
pub fn own_fields(text: &str, attributes: &UserAttributes) -> Result<Vec<CatalogField>> {
    let Some((mut explore, hidden)) = seen(text, attributes)? else {
        return Ok(Vec::new());
    };
    let key = explore.base_table.clone();
    let Some(table) = explore.tables.get_mut(&key) else {
        return Ok(Vec::new());
    };
    table.dimensions.retain(|_, one| !one.is_interval_base);
    let own = table.required_attributes.clone();
    let mut fields = fields_of(&key, table, &hidden);
    for field in &mut fields {
        if field.required_attributes.is_none() {
            field.required_attributes.clone_from(&own);
        }
    }
    Ok(fields)
}

/// Adds where the tables of an explore are that the user may see.
///
/// # Errors
/// `Internal`: it was read when it was deployed.
pub fn add_places(places: &mut Places, text: &str, attributes: &UserAttributes) -> Result<()> {
    let Some((explore, hidden)) = seen(text, attributes)? else {
        return Ok(());
    };
    for (key, table) in explore.tables {
        if !hidden.tables.contains(&key) {
            let place = Place {
                description: table.description,
                sql_table: table.sql_table,
            };
            let schemas = places.entry(table.database).or_default();
            let tables = schemas.entry(table.schema).or_default();
            tables.insert(table.name, place);
        }
    }
    Ok(())
}

/// Whether the base table of an explore has a metric that is not hidden.
///
/// # Errors
/// `Internal`: it was read when it was deployed.
pub fn has_metrics(text: &str) -> Result<bool> {
    let explore = read(text)?;
    let base = explore.tables.get(&explore.base_table);
    Ok(base.is_some_and(|base| base.metrics.values().any(|metric| !metric.hidden)))
}
