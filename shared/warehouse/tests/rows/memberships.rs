//! What is not in a subquery, in which there are nulls; and rows that are counted.

use crate::check::{both, engine};

/// Both databases find the same orders.
async fn alike(conditions: &[&str]) {
    let mut wrong = Vec::new();
    for condition in conditions {
        let sql = format!("SELECT o.order_id FROM jaffle.orders AS o WHERE {condition} ORDER BY 1");
        let (embedded, postgres) = both(&sql).await;
        let embedded = embedded.map(|answer| answer.rows);
        let postgres = postgres.map(|answer| answer.rows);
        if embedded.is_err() || embedded != postgres {
            wrong.push(format!("{condition}: {embedded:?}, not {postgres:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_is_not_among_nulls() {
    // Payments without an order are there.
    alike(&[
        "99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p)",
        "NOT (99 IN (SELECT p.order_id FROM jaffle.payments AS p))",
        "NOT (99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p))",
        "o.order_id > 2 AND 99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p)",
        "o.order_id > 2 OR 99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p)",
        "NOT (o.order_id > 2 AND 99 IN (SELECT p.order_id FROM jaffle.payments AS p))",
        "99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.order_id IS NOT NULL)",
        "99 NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.order_id IS NOT NULL ORDER BY 1 LIMIT 2)",
        "1 NOT IN (SELECT NULL::int)",
        "NULL::int NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.order_id IS NOT NULL)",
        "NULL::int NOT IN (SELECT order_id FROM jaffle.refunds)",
        "99 NOT IN (SELECT order_id FROM jaffle.refunds)",
        "o.customer_id NOT IN (SELECT p.order_id FROM jaffle.payments AS p)",
        "o.customer_id NOT IN (SELECT i.order_id FROM jaffle.items AS i)",
        "customer_id NOT IN (SELECT order_id FROM jaffle.refunds)",
        "o.order_id < 3 OR customer_id NOT IN (SELECT order_id FROM jaffle.payments)",
        "o.order_id < 3 OR customer_id NOT IN (SELECT order_id FROM jaffle.items)",
        "NOT (o.order_id > 2 AND customer_id IN (SELECT order_id FROM jaffle.payments))",
    ])
    .await;
}

#[tokio::test]
async fn nothing_is_not_among_the_nulls_of_its_own_row() {
    alike(&[
        "3 NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.payment_id = o.order_id)",
        "o.customer_id NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.payment_id > o.order_id)",
        "NOT (o.customer_id IN (SELECT i.quantity FROM jaffle.items AS i WHERE i.order_id = o.order_id))",
        "o.order_id = 1 OR o.customer_id NOT IN \
         (SELECT DISTINCT i.quantity FROM jaffle.items AS i WHERE i.order_id = o.order_id ORDER BY 1)",
    ])
    .await;
    for condition in [
        // Which table it is of is not said.
        "customer_id NOT IN (SELECT p.order_id FROM jaffle.payments AS p WHERE p.payment_id > o.order_id)",
        "o.customer_id NOT IN (SELECT MAX(p.order_id) FROM jaffle.payments AS p WHERE p.payment_id < o.order_id)",
    ] {
        let sql = format!("SELECT COUNT(*) FROM jaffle.orders AS o WHERE {condition}");
        let error = engine().query(&sql).await.unwrap_err().to_string();
        assert_eq!(
            error, "a NOT IN of this kind is not run by the embedded engine: write NOT EXISTS",
            "{condition}"
        );
    }
}

#[tokio::test]
async fn what_counts_rows_between_queries_is_refused() {
    let between = |operator: &str| {
        format!(
            "SELECT COUNT(*) FROM (SELECT order_id FROM jaffle.orders {operator} SELECT order_id FROM jaffle.items) AS q"
        )
    };
    for (operator, error) in [
        (
            "INTERSECT ALL",
            "INTERSECT ALL is not run by the embedded engine",
        ),
        ("EXCEPT ALL", "EXCEPT ALL is not run by the embedded engine"),
        (
            "EXCEPT ALL SELECT 1 UNION",
            "EXCEPT ALL is not run by the embedded engine",
        ),
    ] {
        let answer = engine().query(&between(operator)).await;
        assert_eq!(answer.unwrap_err().to_string(), error);
    }
    for operator in ["INTERSECT", "EXCEPT", "UNION ALL"] {
        let (embedded, postgres) = both(&between(operator)).await;
        assert_eq!(embedded.unwrap().rows, postgres.unwrap().rows, "{operator}");
    }
}
