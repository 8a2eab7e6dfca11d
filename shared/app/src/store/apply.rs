//! The one way to write: one write alone, or several as a transaction.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValue,
        ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
    },
};

use super::{
    Item, Store, fault,
    write::{Action, Write},
};
use crate::{Error, Result};

/// How often a transaction that lost to another one is tried.
const TRANSACTION_TRIES: u32 = 8;

/// Whether the item that stood in the way was written by this very call: then an earlier try of it had succeeded, and
/// only its answer was lost.
fn is_ours(item: Option<&Item>, w: &str) -> bool {
    matches!(item.and_then(|item| item.get("w")), Some(AttributeValue::S(by)) if by == w)
}

/// What became of one write.
pub(super) enum One {
    /// It happened; an update's item as it is now.
    Done(Item),
    /// The condition did not hold; the item that stood in the way, if any.
    Lost(Option<Item>),
}

impl Store {
    /// Does one write, or several as one transaction: all of them or none.
    ///
    /// # Errors
    /// The meaning of the first condition that failed; `Unavailable` when the table cannot be reached or stays
    /// contended; `Invalid` for an item that is too large.
    pub(super) async fn apply(&self, writes: impl IntoIterator<Item = Write>) -> Result<()> {
        let w = self.random.uuid().simple().to_string();
        let mut writes: Vec<_> = writes.into_iter().collect();
        let jobs: Vec<_> = writes.iter().filter_map(|write| write.job).collect();
        match writes.as_mut_slice() {
            [] => {}
            [write] => match self.apply_one(write, &w).await? {
                One::Done(_) => {}
                One::Lost(_) => return Err(write.lost()),
            },
            _ => self.apply_all(writes, &w).await?,
        }
        for job in jobs {
            // Nobody hears it while the process stops; whoever starts next looks for what is open.
            let _ = self.watcher.as_ref().map(|watcher| watcher.send(job));
        }
        Ok(())
    }

    /// Does one write and tells what it found: of an update the new item, of a failed condition the old one.
    pub(super) async fn apply_telling(&self, mut write: Write) -> Result<One> {
        let w = self.random.uuid().simple().to_string();
        self.apply_one(&mut write, &w).await
    }

    async fn apply_one(&self, write: &mut Write, w: &str) -> Result<One> {
        let r = write.render(w)?;
        let old = match write.action {
            Action::Put => {
                let call = self
                    .client
                    .put_item()
                    .table_name(&*self.table)
                    .set_item(Some(r.item));
                let call = call
                    .set_condition_expression(r.condition)
                    .set_expression_attribute_names(r.names);
                let call = call.set_expression_attribute_values(r.values);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(_) => return Ok(One::Done(Item::new())),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("put an item", error)),
                    },
                }
            }
            Action::Update => {
                let call = self
                    .client
                    .update_item()
                    .table_name(&*self.table)
                    .set_key(Some(r.key));
                let call = call
                    .update_expression(r.update)
                    .set_condition_expression(r.condition);
                let call = call
                    .set_expression_attribute_names(r.names)
                    .set_expression_attribute_values(r.values);
                let call = call.return_values(ReturnValue::AllNew);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(output) => return Ok(One::Done(output.attributes.unwrap_or_default())),
                    Err(error) => match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("update an item", error)),
                    },
                }
            }
            Action::Delete => {
                let call = self
                    .client
                    .delete_item()
                    .table_name(&*self.table)
                    .set_key(Some(r.key));
                let call = call
                    .set_condition_expression(r.condition)
                    .set_expression_attribute_names(r.names);
                let call = call.set_expression_attribute_values(r.values);
                match call
                    .return_values_on_condition_check_failure(OnFailure::AllOld)
                    .send()
                    .await
                {
                    Ok(_) => return Ok(One::Done(Item::new())),
                    Err(error) => match error.as_service_error() {
                        Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                            failed.item.clone()
                        }
                        _ => return Err(fault("delete an item", error)),
                    },
                }
            }
            Action::Check => {
                return Err(Error::Internal(anyhow::anyhow!(
                    "a check alone writes nothing"
                )));
            }
        };
        match old {
            Some(item) if is_ours(Some(&item), w) => Ok(One::Done(item)),
            old => Ok(One::Lost(old)),
        }
    }

    async fn apply_all(&self, mut writes: Vec<Write>, w: &str) -> Result<()> {
        let items = writes
            .iter_mut()
            .map(|write| transact_item(write, w, &self.table))
            .collect::<Result<Vec<_>>>()?;
        for attempt in 0..TRANSACTION_TRIES {
            let token = self.random.uuid().to_string();
            let call = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()));
            let reasons = match call.client_request_token(token).send().await {
                Ok(_) => return Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                        canceled.cancellation_reasons().to_vec()
                    }
                    _ => return Err(fault("write a transaction", error)),
                },
            };
            let coded =
                |reason: &CancellationReason, code: &str| reason.code.as_deref() == Some(code);
            if reasons
                .iter()
                .any(|reason| is_ours(reason.item.as_ref(), w))
            {
                return Ok(());
            }
            if let Some(at) = reasons
                .iter()
                .position(|reason| coded(reason, "ConditionalCheckFailed"))
            {
                return Err(writes.get_mut(at).map_or_else(
                    || Error::Internal(anyhow::anyhow!("a reason too many")),
                    Write::lost,
                ));
            }
            let busy = [
                "TransactionConflict",
                "ThrottlingError",
                "ProvisionedThroughputExceeded",
            ];
            if !reasons
                .iter()
                .any(|reason| busy.iter().any(|code| coded(reason, code)))
            {
                let codes: Vec<_> = reasons
                    .iter()
                    .filter_map(|reason| reason.code.as_deref())
                    .collect();
                return Err(Error::Internal(anyhow::anyhow!(
                    "a transaction was cancelled: {}",
                    codes.join(", ")
                )));
            }
            let most = 10 << attempt.min(5);
            tokio::time::sleep(Duration::from_millis(u64::from(
                1 + self.random.below(most),
            )))
            .await;
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "a transaction lost to others {TRANSACTION_TRIES} times"
        )))
    }
}

fn transact_item(write: &mut Write, w: &str, table: &str) -> Result<TransactWriteItem> {
    let r = write.render(w)?;
    let built = match write.action {
        Action::Put => Put::builder()
            .table_name(table)
            .set_item(Some(r.item))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|put| TransactWriteItem::builder().put(put)),
        Action::Update => Update::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .update_expression(r.update)
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|update| TransactWriteItem::builder().update(update)),
        Action::Delete => Delete::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete)),
        Action::Check => ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(r.key))
            .set_condition_expression(r.condition)
            .set_expression_attribute_names(r.names)
            .set_expression_attribute_values(r.values)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check)),
    };
    built.map(|item| item.build()).map_err(|error| {
        Error::Internal(anyhow::Error::new(error).context("building a transaction"))
    })
}

#[cfg(test)]
mod tests;
