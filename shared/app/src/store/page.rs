//! Reading: one item, several at once, and partitions page by page. The only loops over pages and unprocessed keys.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::de::DeserializeOwned;

use super::{Item, Store, fault, keys::Key, write::key_item};
use crate::{Error, Result};

/// How often keys that the table did not get to are asked for again.
const BATCH_TRIES: u32 = 6;

/// An item as the domain struct it was written from.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::from_item(item).map_err(|error| {
        Error::Internal(anyhow::Error::new(error).context("reading a stored item"))
    })
}

impl Store {
    /// One item, read consistently.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        let call = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key_item(key)))
            .consistent_read(true);
        let output = call
            .send()
            .await
            .map_err(|error| fault("get an item", error))?;
        output.item.map(read).transpose()
    }

    /// Items of any partitions, a hundred in a request, read consistently; in the order of the keys.
    pub(super) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>> {
        let mut found: HashMap<Key, Item> = HashMap::new();
        for chunk in keys.chunks(100) {
            self.get_chunk(chunk, &mut found).await?;
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    async fn get_chunk(&self, keys: &[Key], found: &mut HashMap<Key, Item>) -> Result<()> {
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.iter().map(key_item).collect()));
        let wanted = wanted
            .build()
            .map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
        let mut asked = HashMap::from([(self.table.to_string(), wanted)]);
        for attempt in 0..BATCH_TRIES {
            let call = self.client.batch_get_item().set_request_items(Some(asked));
            let output = call
                .send()
                .await
                .map_err(|error| fault("get items", error))?;
            for item in output.responses.unwrap_or_default().into_values().flatten() {
                if let (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) =
                    (item.get("pk"), item.get("sk"))
                {
                    found.insert(
                        Key {
                            pk: pk.clone(),
                            sk: sk.clone(),
                        },
                        item,
                    );
                }
            }
            asked = output.unprocessed_keys.unwrap_or_default();
            if asked.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "keys stayed unprocessed"
        )))
    }

    /// Everything in a partition whose sort key starts with the prefix, in order, read consistently.
    pub(super) async fn all<T: DeserializeOwned>(&self, pk: &str, prefix: &str) -> Result<Vec<T>> {
        let mut pages = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            found.push(read(item.map_err(|error| fault("query items", error))?)?);
        }
        Ok(found)
    }
}
