//! The table itself: `infra/data.yaml` says the same for the cloud, and a test compares the two.

use aws_sdk_dynamodb::{
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
    },
};

use super::{Store, fault};
use crate::{Error, Result};

/// Key attributes of the table: partition, sort.
pub const KEYS: [&str; 2] = ["pk", "sk"];
/// The one index and its key attributes. It lags, so it serves clean-up only.
pub const INDEX: (&str, [&str; 2]) = ("gsi1", ["gsi1pk", "gsi1sk"]);
/// Epoch seconds after which the table may remove an item.
pub const TTL: &str = "ttl";

impl Store {
    /// Creates the table where it does not exist yet; for the local stack and tests only.
    ///
    /// # Errors
    /// `Unavailable` or `Internal`, as the table answers.
    pub async fn create_table(&self) -> Result<()> {
        let built =
            |error| Error::Internal(anyhow::Error::new(error).context("building the table"));
        let schema = |names: [&str; 2]| {
            let [hash, range] = names;
            [(hash, KeyType::Hash), (range, KeyType::Range)].map(|(name, kind)| {
                KeySchemaElement::builder()
                    .attribute_name(name)
                    .key_type(kind)
                    .build()
            })
        };
        let mut call = self
            .client
            .create_table()
            .table_name(&*self.table)
            .billing_mode(BillingMode::PayPerRequest);
        for name in KEYS.iter().chain(&INDEX.1) {
            let definition = AttributeDefinition::builder()
                .attribute_name(*name)
                .attribute_type(ScalarAttributeType::S);
            call = call.attribute_definitions(definition.build().map_err(built)?);
        }
        for element in schema(KEYS) {
            call = call.key_schema(element.map_err(built)?);
        }
        let mut index = GlobalSecondaryIndex::builder()
            .index_name(INDEX.0)
            .projection(
                Projection::builder()
                    .projection_type(ProjectionType::KeysOnly)
                    .build(),
            );
        for element in schema(INDEX.1) {
            index = index.key_schema(element.map_err(built)?);
        }
        call = call.global_secondary_indexes(index.build().map_err(built)?);
        match call.send().await {
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(CreateTableError::ResourceInUseException(_))
                ) =>
            {
                return Ok(());
            }
            Err(error) => return Err(fault("create the table", error)),
        }
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name(TTL)
            .enabled(true)
            .build()
            .map_err(built)?;
        let call = self
            .client
            .update_time_to_live()
            .table_name(&*self.table)
            .time_to_live_specification(ttl);
        call.send()
            .await
            .map(|_| ())
            .map_err(|error| fault("set the table's time to live", error))
    }
}
