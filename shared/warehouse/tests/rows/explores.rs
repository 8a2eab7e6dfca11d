//! The explores of the cases, in the shape that clients deploy: every field's SQL is compiled already, as clients do it.

use semantic::Dialect;
use semantic::explore::{DimensionType, MetricType};
use semantic::interval::TimeInterval;
use serde_json::{Map, Value, json};

use crate::data::SCHEMA;

/// Orders with what belongs to them. `payments`, `items`, `order_tags` and `refunds` are one-to-many of an order, `shipments`
/// of an item; `customers` and `tags` are many-to-one.
pub(crate) fn orders() -> Value {
    explore(
        "orders",
        vec![
            orders_table(),
            customers(),
            payments(),
            items(),
            shipments(),
            order_tags(),
            tags(),
            refunds(),
        ],
    )
    .join(
        "customers",
        "left",
        "many-to-one",
        "orders.customer_id = customers.customer_id",
    )
    .join(
        "payments",
        "left",
        "one-to-many",
        "payments.order_id = orders.order_id",
    )
    .join(
        "items",
        "left",
        "one-to-many",
        "items.order_id = orders.order_id",
    )
    .join(
        "shipments",
        "left",
        "one-to-many",
        "shipments.item_id = items.item_id",
    )
    .join(
        "order_tags",
        "left",
        "one-to-many",
        "order_tags.order_id = orders.order_id",
    )
    .join(
        "tags",
        "left",
        "many-to-one",
        "order_tags.tag_id = tags.tag_id",
    )
    .join(
        "refunds",
        "left",
        "one-to-many",
        "refunds.order_id = orders.order_id",
    )
    .json()
}

/// The same the other way round: customers, their orders, the payments of those.
pub(crate) fn customers_first() -> Value {
    explore(
        "customers",
        vec![customers(), orders_table(), payments(), items()],
    )
    .join(
        "orders",
        "left",
        "one-to-many",
        "customers.customer_id = orders.customer_id",
    )
    .join(
        "payments",
        "left",
        "one-to-many",
        "orders.order_id = payments.order_id",
    )
    .join(
        "items",
        "left",
        "one-to-many",
        "orders.order_id = items.order_id",
    )
    .json()
}

/// Orders and payments in a join of this type.
pub(crate) fn orders_and_payments(join: &str) -> Value {
    explore("orders", vec![orders_table(), payments()])
        .join(
            "payments",
            join,
            "one-to-many",
            "payments.order_id = orders.order_id",
        )
        .json()
}

/// What happened when; weeks start on this day.
pub(crate) fn events(week: Option<u8>) -> Value {
    let mut table = Table::new("events", "event_id", week);
    table
        .dimension("event_id", "number")
        .dimension("kind", "string")
        .dimension("at", "timestamp");
    table.dimension("day", "date").dimension("value", "number");
    table
        .metric("total", "sum", "value")
        .metric("count", "count", "event_id");
    explore("events", vec![table]).json()
}

/// A table without rows, with one that has some.
pub(crate) fn refunds_first() -> Value {
    explore("refunds", vec![refunds(), orders_table()])
        .join(
            "orders",
            "left",
            "many-to-one",
            "refunds.order_id = orders.order_id",
        )
        .json()
}

/// A metric more in a table, as a client deploys it.
pub(crate) fn with_metric(
    explore: Value,
    table: &str,
    name: &str,
    r#type: &str,
    sql: [&str; 2],
    more: Value,
) -> Value {
    let mut metric = json!({
        "fieldType": "metric", "type": r#type, "name": name, "label": name, "table": table, "tableLabel": table,
        "sql": sql[0], "compiledSql": sql[1], "hidden": false, "groups": [], "filters": [], "tablesReferences": [table],
    });
    metric
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    with(explore, &format!("/tables/{table}/metrics/{name}"), metric)
}

/// The same explore, whose joins say nothing of their relationships.
pub(crate) fn undeclared(mut explore: Value) -> Value {
    for join in explore["joinedTables"].as_array_mut().unwrap() {
        join.as_object_mut().unwrap().remove("relationship");
    }
    explore
}

/// Changes one thing of an explore.
pub(crate) fn with(mut explore: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    explore
        .pointer_mut(parent)
        .expect("the pointer leads somewhere")[key] = value;
    explore
}

fn orders_table() -> Table {
    let mut table = Table::new("orders", "order_id", None);
    table
        .dimension("order_id", "number")
        .dimension("customer_id", "number")
        .dimension("status", "string");
    table
        .dimension("amount", "number")
        .dimension("weight", "number")
        .dimension("is_gift", "boolean");
    table
        .dimension("order_date", "date")
        .dimension("ordered_at", "timestamp");
    table
        .metric("total", "sum", "amount")
        .metric("count", "count", "order_id")
        .metric("average", "average", "amount");
    table
        .metric("median", "median", "amount")
        .metric("smallest", "min", "amount")
        .metric("largest", "max", "amount");
    table
        .metric("customers", "count_distinct", "customer_id")
        .metric("total_weight", "sum", "weight");
    table.percentile("p90", 90.0, "weight");
    table.metric("last_date", "max", "order_date");
    table.filtered("completed_total", "sum", "amount", "status", "IN ('completed')", json!({
        "id": "f", "target": {"fieldRef": "orders.status"}, "operator": "equals", "values": ["completed"]
    }));
    table.expression(
        "per_order",
        "number",
        "${total} / NULLIF(${count}, 0)",
        "(SUM(\"orders\".amount)) / NULLIF((COUNT(\"orders\".order_id)), 0)",
        &["orders"],
    );
    table
}

fn customers() -> Table {
    let mut table = Table::new("customers", "customer_id", None);
    table
        .dimension("customer_id", "number")
        .dimension("name", "string")
        .dimension("region", "string");
    table.dimension("tier", "number");
    table
        .metric("count", "count", "customer_id")
        .metric("tiers", "sum", "tier")
        .metric("average_tier", "average", "tier");
    table.metric("regions", "count_distinct", "region");
    table
}

fn payments() -> Table {
    let mut table = Table::new("payments", "payment_id", None);
    table
        .dimension("payment_id", "number")
        .dimension("order_id", "number")
        .dimension("method", "string");
    table.dimension("amount", "number");
    table
        .metric("total", "sum", "amount")
        .metric("count", "count", "payment_id")
        .metric("average", "average", "amount");
    table.metric("median", "median", "amount");
    table.expression(
        "share_of_orders",
        "number",
        "${payments.total} / NULLIF(${orders.total}, 0)",
        "(SUM(\"payments\".amount)) / NULLIF((SUM(\"orders\".amount)), 0)",
        &["payments", "orders"],
    );
    table
}

fn items() -> Table {
    let mut table = Table::new("items", "item_id", None);
    table
        .dimension("item_id", "number")
        .dimension("order_id", "number")
        .dimension("sku", "string");
    table
        .dimension("quantity", "number")
        .dimension("price", "number");
    table
        .metric("count", "count", "item_id")
        .metric("quantities", "sum", "quantity")
        .metric("prices", "sum", "price");
    table
}

fn shipments() -> Table {
    let mut table = Table::new("shipments", "shipment_id", None);
    table
        .dimension("shipment_id", "number")
        .dimension("item_id", "number")
        .dimension("carrier", "string");
    table.dimension("grams", "number");
    table
        .metric("count", "count", "shipment_id")
        .metric("weight", "sum", "grams");
    table
}

fn order_tags() -> Table {
    let mut table = Table::new("order_tags", "order_id", None);
    table.value["primaryKey"] = json!(["order_id", "tag_id"]);
    table
        .dimension("order_id", "number")
        .dimension("tag_id", "number");
    table
}

fn tags() -> Table {
    let mut table = Table::new("tags", "tag_id", None);
    table
        .dimension("tag_id", "number")
        .dimension("name", "string")
        .dimension("weight", "number");
    table
        .metric("count", "count", "tag_id")
        .metric("weights", "sum", "weight");
    table
}

fn refunds() -> Table {
    let mut table = Table::new("refunds", "refund_id", None);
    table
        .dimension("refund_id", "number")
        .dimension("order_id", "number")
        .dimension("reason", "string");
    table.dimension("amount", "number");
    table
        .metric("total", "sum", "amount")
        .metric("count", "count", "refund_id")
        .metric("average", "average", "amount");
    table
        .metric("median", "median", "amount")
        .metric("reasons", "count_distinct", "reason");
    table
}

struct Builder(Value);

fn explore(base: &str, tables: Vec<Table>) -> Builder {
    let tables: Map<String, Value> = tables
        .into_iter()
        .map(|table| (table.alias, table.value))
        .collect();
    Builder(json!({
        "name": base, "label": base, "tags": [], "baseTable": base, "joinedTables": [], "tables": tables,
        "targetDatabase": "postgres",
    }))
}

impl Builder {
    /// The condition is `table.column = table.column`.
    fn join(mut self, table: &str, r#type: &str, relationship: &str, on: &str) -> Self {
        let sides: Vec<_> = on
            .split(" = ")
            .map(|side| side.split_once('.').expect("table.column"))
            .collect();
        let [one, other] = sides[..] else {
            panic!("{on} has two sides")
        };
        self.0["joinedTables"].as_array_mut().unwrap().push(json!({
            "table": table, "type": r#type, "relationship": relationship,
            "sqlOn": format!("${{{}.{}}} = ${{{}.{}}}", one.0, one.1, other.0, other.1),
            "compiledSqlOn": format!("(\"{}\".{}) = (\"{}\".{})", one.0, one.1, other.0, other.1),
            "tablesReferences": [one.0, other.0],
        }));
        self
    }

    fn json(self) -> Value {
        self.0
    }
}

struct Table {
    alias: String,
    value: Value,
    week: Option<u8>,
}

impl Table {
    fn new(alias: &str, key: &str, week: Option<u8>) -> Self {
        let value = json!({
            "name": alias, "label": alias, "database": "postgres", "schema": SCHEMA, "primaryKey": [key],
            "sqlTable": format!("\"postgres\".\"{SCHEMA}\".\"{alias}\""), "dimensions": {}, "metrics": {}, "lineageGraph": {},
        });
        Self {
            alias: alias.to_owned(),
            value,
            week,
        }
    }

    fn column(&self, name: &str) -> String {
        format!("\"{}\".{name}", self.alias)
    }

    /// A column; dates and timestamps with every interval.
    fn dimension(&mut self, name: &str, r#type: &str) -> &mut Self {
        let kind: DimensionType = serde_json::from_value(json!(r#type)).expect("a type");
        let is_time = matches!(kind, DimensionType::Date | DimensionType::Timestamp);
        self.put_dimension(
            name,
            r#type,
            &self.column(name),
            json!({"isIntervalBase": is_time}),
        );
        for interval in TimeInterval::ALL.into_iter().filter(|_| is_time) {
            let sql = Dialect::Postgres.interval(&self.column(name), interval, kind, self.week);
            let child = json!({
                "isIntervalBase": false, "timeInterval": interval.wire(), "timeIntervalBaseDimensionName": name,
            });
            let r#type = serde_json::to_value(interval.result_type(kind)).expect("a type");
            let id = format!("{name}_{}", interval.wire().to_lowercase());
            self.put_dimension(&id, r#type.as_str().expect("a type"), &sql, child);
        }
        self
    }

    fn put_dimension(&mut self, name: &str, r#type: &str, sql: &str, more: Value) {
        let mut dimension = json!({
            "fieldType": "dimension", "type": r#type, "name": name, "label": name, "table": self.alias,
            "tableLabel": self.alias, "sql": sql.replace(&format!("\"{}\"", self.alias), "${TABLE}"), "compiledSql": sql,
            "hidden": false, "groups": [], "tablesReferences": [self.alias],
        });
        dimension
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.value["dimensions"][name] = dimension;
    }

    /// An aggregate of a column.
    fn metric(&mut self, name: &str, r#type: &str, column: &str) -> &mut Self {
        self.aggregate(
            name,
            r#type,
            &self.column(column),
            &format!("${{TABLE}}.{column}"),
            None,
            json!({}),
        )
    }

    fn percentile(&mut self, name: &str, percentile: f64, column: &str) {
        let sql = (self.column(column), format!("${{TABLE}}.{column}"));
        self.aggregate(
            name,
            "percentile",
            &sql.0,
            &sql.1,
            Some(percentile),
            json!({"percentile": percentile}),
        );
    }

    /// An aggregate of a column over the rows where another column fits.
    fn filtered(
        &mut self,
        name: &str,
        r#type: &str,
        column: &str,
        other: &str,
        condition: &str,
        filter: Value,
    ) {
        let (column_sql, other) = (self.column(column), self.column(other));
        let sql = format!("CASE WHEN (({other}) {condition}) THEN ({column_sql}) ELSE NULL END");
        self.aggregate(
            name,
            r#type,
            &sql,
            &format!("${{TABLE}}.{column}"),
            None,
            json!({"filters": [filter]}),
        );
    }

    fn aggregate(
        &mut self,
        name: &str,
        r#type: &str,
        compiled: &str,
        sql: &str,
        percentile: Option<f64>,
        more: Value,
    ) -> &mut Self {
        let kind: MetricType = serde_json::from_value(json!(r#type)).expect("a type");
        let compiled = Dialect::Postgres.aggregate(kind, compiled, percentile);
        let references = [self.alias.clone()];
        self.put_metric(
            name,
            r#type,
            sql,
            &compiled,
            &references.each_ref().map(String::as_str),
            more,
        );
        self
    }

    /// An expression over other metrics.
    fn expression(&mut self, name: &str, r#type: &str, sql: &str, compiled: &str, tables: &[&str]) {
        self.put_metric(name, r#type, sql, compiled, tables, json!({}));
    }

    fn put_metric(
        &mut self,
        name: &str,
        r#type: &str,
        sql: &str,
        compiled: &str,
        tables: &[&str],
        more: Value,
    ) {
        let mut metric = json!({
            "fieldType": "metric", "type": r#type, "name": name, "label": name, "table": self.alias,
            "tableLabel": self.alias, "sql": sql, "compiledSql": compiled, "hidden": false, "groups": [], "filters": [],
            "tablesReferences": tables,
        });
        metric
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.value["metrics"][name] = metric;
    }
}
