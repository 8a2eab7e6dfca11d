//! Reading: one item, several at once, and partitions page by page. The only loops over pages and unprocessed keys.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, Select, WriteRequest},
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::{
    Item, Store, fault,
    keys::Key,
    write::{Write, key_item},
};
use crate::{Error, Result};

/// How often keys that the table did not get to are asked for again.
const BATCH_TRIES: u32 = 6;
/// How many requests of a large write are under way at once.
const AT_ONCE: usize = 4;
/// Items that are held at once of many large ones: at most 20 MB, as an item has at most 400 KB.
const FEW: usize = 50;
/// How many requests for a few of many are under way at once: while what one brought is looked at, the next one comes.
const AHEAD: usize = 2;

/// An item as the domain struct it was written from.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::from_item(item).map_err(|error| {
        Error::Internal(anyhow::Error::new(error).context("reading a stored item"))
    })
}

/// The key attributes of an item that was read.
fn key_of(item: &Item) -> Option<Key> {
    match (item.get("pk"), item.get("sk")) {
        (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) => Some(Key {
            pk: pk.clone(),
            sk: sk.clone(),
        }),
        _ => None,
    }
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

    /// Items of any partitions, a hundred in a request, read consistently; in the order of the keys. The table takes no key
    /// twice in a request, so what is asked for twice is read once.
    pub(super) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>> {
        let mut found: HashMap<Key, Item> = HashMap::new();
        let once: BTreeSet<&Key> = keys.iter().collect();
        let once: Vec<Key> = once.iter().map(|key| (*key).clone()).collect();
        for chunk in once.chunks(100) {
            self.get_chunk(chunk, &mut found).await?;
        }
        if once.len() == keys.len() {
            return Ok(keys.iter().map(|key| found.remove(key)).collect());
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// Items of any partitions, for those who look at many large ones: a few at a time, read consistently, in the order of the
    /// keys. What was looked at is to be dropped before the next ones are asked for.
    pub(super) fn get_few(
        &self,
        keys: &[Key],
    ) -> impl Stream<Item = Result<Vec<Option<Item>>>> + Unpin {
        let reading: Vec<_> = keys.chunks(FEW).map(|chunk| self.get_many(chunk)).collect();
        stream::iter(reading).buffered(AHEAD)
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
                if let Some(key) = key_of(&item) {
                    found.insert(key, item);
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

    /// What a partition has under a prefix, from the `skip`th on, at most `take`, in order, read consistently. The table
    /// has no way to a position but to count: what is skipped is read there, but not sent.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        pk: &str,
        prefix: &str,
        skip: usize,
        take: usize,
    ) -> Result<Vec<T>> {
        let query = || self.under(pk, prefix);
        let (mut left, mut start) = (skip, None);
        while left > 0 {
            let call = query()
                .select(Select::Count)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let output = call.send().await.map_err(|e| fault("count items", e))?;
            left = left.saturating_sub(usize::try_from(output.count()).unwrap_or(0));
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(Vec::new());
            }
        }
        let mut found = Vec::new();
        while found.len() < take {
            let call = query()
                .limit(i32::try_from(take - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let output = call.send().await.map_err(|e| fault("query items", e))?;
            for item in output.items.unwrap_or_default() {
                found.push(read(item)?);
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The last items of a partition, at most `most`, the last one first, read consistently.
    pub(super) async fn newest<T: DeserializeOwned>(
        &self,
        pk: &str,
        most: usize,
    ) -> Result<Vec<T>> {
        let limit = i32::try_from(most).unwrap_or(i32::MAX);
        let pages = self.under(pk, "").scan_index_forward(false).limit(limit);
        let mut items = pages.into_paginator().items().send();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(item) = items.next().await
        {
            found.push(read(item.map_err(|error| fault("query items", error))?)?);
        }
        Ok(found)
    }

    /// Hands over everything in a partition under a prefix, in order, read consistently, a page in memory at a time.
    pub(super) async fn each<T: DeserializeOwned>(
        &self,
        pk: &str,
        prefix: &str,
        mut visit: impl FnMut(T),
    ) -> Result<()> {
        let mut pages = self.under(pk, prefix).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            visit(read(item.map_err(|error| fault("query items", error))?)?);
        }
        Ok(())
    }

    /// The keys of at most `most` items in a partition under a prefix, read consistently.
    pub(super) async fn keys_under(&self, pk: &str, prefix: &str, most: i32) -> Result<Vec<Key>> {
        let call = self
            .under(pk, prefix)
            .projection_expression("pk, sk")
            .limit(most);
        let output = call.send().await.map_err(|e| fault("query keys", e))?;
        Ok(output
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(key_of)
            .collect())
    }

    /// The keys of at most `most` items in a partition of the index. It lags: for clean-up and look-ups that may be late.
    pub(super) async fn late_keys(&self, pk: &str, most: i32) -> Result<Vec<Key>> {
        let call = self.late(pk).limit(most);
        let output = call.send().await.map_err(|e| fault("query the index", e))?;
        Ok(output
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(key_of)
            .collect())
    }

    /// All keys in a partition of the index. It lags: for clean-up and look-ups that may be late.
    pub(super) async fn all_late_keys(&self, pk: &str) -> Result<Vec<Key>> {
        let mut pages = self.late(pk).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("query the index", error))?;
            found.extend(key_of(&item));
        }
        Ok(found)
    }

    fn late(&self, pk: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&*self.table)
            .index_name(super::schema::INDEX.0)
            .key_condition_expression("gsi1pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
    }

    /// Deletes items, 25 in a request, each by itself; one that is gone is fine.
    pub(super) async fn delete_all(&self, keys: &[Key]) -> Result<()> {
        let built = |error| Error::Internal(anyhow::Error::new(error));
        for chunk in keys.chunks(25) {
            let requests = chunk.iter().map(|key| {
                let delete = DeleteRequest::builder()
                    .set_key(Some(key_item(key)))
                    .build();
                delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
            });
            let requests: Vec<_> = requests.collect::<Result<_, _>>().map_err(built)?;
            self.write_chunk(requests).await?;
        }
        Ok(())
    }

    /// Writes whole items, 25 in a request and several requests at once, whatever is there already: for what has its content's
    /// hash for a name, and so may be written twice.
    ///
    /// # Errors
    /// `Invalid` for an item that is too large; `Unavailable` when the table does not take them.
    pub(super) async fn put_all(&self, writes: Vec<Write>) -> Result<()> {
        let w = self.random.uuid().simple().to_string();
        let built = |error| Error::Internal(anyhow::Error::new(error));
        let mut requests = Vec::with_capacity(writes.len());
        for mut write in writes {
            let put = PutRequest::builder().set_item(Some(write.render(&w)?.item));
            let put = put.build().map_err(built)?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        let mut requests = requests.into_iter();
        let chunks = std::iter::from_fn(|| {
            let chunk: Vec<_> = requests.by_ref().take(25).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        stream::iter(chunks.map(|chunk| self.write_chunk(chunk)))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn write_chunk(&self, requests: Vec<WriteRequest>) -> Result<()> {
        let mut asked = HashMap::from([(self.table.to_string(), requests)]);
        for attempt in 0..BATCH_TRIES {
            let call = self
                .client
                .batch_write_item()
                .set_request_items(Some(asked));
            let output = call.send().await.map_err(|e| fault("write items", e))?;
            asked = output.unprocessed_items.unwrap_or_default();
            if asked.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "writes stayed unprocessed"
        )))
    }

    /// An empty prefix is the whole partition.
    fn under(&self, pk: &str, prefix: &str) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&*self.table)
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .consistent_read(true);
        if prefix.is_empty() {
            return query.key_condition_expression("pk = :pk");
        }
        query
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    /// Everything in a partition whose sort key starts with the prefix, in order, read consistently.
    pub(super) async fn all<T: DeserializeOwned>(&self, pk: &str, prefix: &str) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.each(pk, prefix, |item| found.push(item)).await?;
        Ok(found)
    }
}
