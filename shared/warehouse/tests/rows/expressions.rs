//! Expressions that the embedded engine and PostgreSQL must evaluate to the same. What the compiler emits is here, and what
//! people write into the SQL of a field.

use std::fmt::Write;

use crate::check::{both, engine, is_number, same};

/// Each is one column of one row; those with an aggregate have their FROM.
async fn agree(expressions: &[&str]) {
    let mut wrong = String::new();
    for expression in expressions {
        let (embedded, postgres) = both(&format!("SELECT {expression}")).await;
        let agrees = match (&embedded, &postgres) {
            (Ok(embedded), Ok(postgres)) => {
                let (one, other) = (embedded.columns[0].r#type, postgres.columns[0].r#type);
                let number = is_number(one) && is_number(other);
                (one == other || number)
                    && embedded.rows.len() == postgres.rows.len()
                    && embedded
                        .rows
                        .iter()
                        .zip(&postgres.rows)
                        .all(|(one, other)| same(&one[0], &other[0], number))
            }
            _ => false,
        };
        if !agrees {
            let shown = |rows: &Result<warehouse::Rows, String>| match rows {
                Ok(rows) => {
                    let values: Vec<_> = rows.rows.iter().map(|row| row[0].to_string()).collect();
                    format!("{} ({:?})", values.join(", "), rows.columns[0].r#type)
                }
                Err(error) => format!("error: {error}"),
            };
            write!(
                wrong,
                "\n{expression}\n  embedded {}\n  postgres {}",
                shown(&embedded),
                shown(&postgres)
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Both refuse.
async fn both_refuse(expressions: &[&str]) {
    for expression in expressions {
        let (embedded, postgres) = both(&format!("SELECT {expression}")).await;
        assert!(
            embedded.is_err() && postgres.is_err(),
            "{expression}: {embedded:?}, {postgres:?}"
        );
    }
}

#[tokio::test]
async fn truncated_times_agree() {
    agree(&[
        "DATE_TRUNC('MILLISECOND', TIMESTAMP '2024-02-29 13:14:15.678912')",
        "DATE_TRUNC('second', TIMESTAMP '2024-02-29 13:14:15.678')",
        "DATE_TRUNC('Minute', TIMESTAMP '2024-02-29 13:14:15.678')",
        "DATE_TRUNC('HOUR', TIMESTAMP '2024-02-29 13:14:15.678')",
        "DATE_TRUNC('DAY', TIMESTAMP '2024-02-29 13:14:15.678')",
        "DATE_TRUNC('WEEK', TIMESTAMP '2024-02-29 13:14:15')",
        "DATE_TRUNC('WEEK', TIMESTAMP '2025-01-01 00:00:00')",
        "DATE_TRUNC('MONTH', TIMESTAMP '2024-02-29 13:14:15')",
        "DATE_TRUNC('QUARTER', TIMESTAMP '2024-02-29 13:14:15')",
        "DATE_TRUNC('YEAR', TIMESTAMP '2024-02-29 13:14:15')",
        "DATE_TRUNC('decade', TIMESTAMP '2024-02-29 13:14:15')",
        "DATE_TRUNC('century', TIMESTAMP '2000-02-29 13:14:15')",
        "DATE_TRUNC('MONTH', DATE '2024-02-29')",
        "DATE_TRUNC('WEEK', DATE '1969-12-31')",
        "DATE_TRUNC('HOUR', TIMESTAMP '1969-12-31 23:59:59.5')",
        "DATE_TRUNC('DAY', TIMESTAMPTZ '2024-03-10 06:59:59+00', 'America/New_York')",
        "DATE_TRUNC('DAY', TIMESTAMPTZ '2024-11-04 04:59:59+00', 'America/New_York')",
        "DATE_TRUNC('WEEK', TIMESTAMPTZ '2024-04-01 00:30:00+02', 'Europe/Berlin')",
        "DATE_TRUNC('MONTH', CAST(NULL AS TIMESTAMP))",
        "DATE_TRUNC('YEAR', TIMESTAMP '9999-12-31 23:59:59')",
        "DATE_TRUNC('YEAR', TIMESTAMP '0001-06-01 00:00:00')",
        "(DATE_TRUNC('WEEK', (TIMESTAMP '2024-02-29 13:14:15' - interval '0 days')) + interval '0 days')",
        "(DATE_TRUNC('WEEK', (TIMESTAMP '2024-02-29 13:14:15' - interval '2 days')) + interval '2 days')",
        "(DATE_TRUNC('WEEK', (TIMESTAMP '2024-03-03 13:14:15' - interval '6 days')) + interval '6 days')",
        "(DATE_TRUNC('WEEK', (DATE '2024-03-03' - interval '6 days')) + interval '6 days')",
        "(DATE_TRUNC('WEEK', (DATE '2024-03-02' - interval '5 days')) + interval '5 days')",
    ])
    .await;
}

#[tokio::test]
async fn parts_of_times_agree() {
    agree(&[
        "DATE_PART('DOW', TIMESTAMP '2024-03-03 00:00:00')",
        "DATE_PART('DOW', DATE '2024-03-02')",
        "DATE_PART('isodow', DATE '2024-03-03')",
        "DATE_PART('DAY', DATE '2024-02-29')",
        "DATE_PART('DOY', DATE '2024-12-31')",
        "DATE_PART('WEEK', DATE '2024-12-30')",
        "DATE_PART('WEEK', DATE '2023-01-01')",
        "DATE_PART('WEEK', DATE '2020-12-31')",
        "DATE_PART('isoyear', DATE '2024-12-30')",
        "DATE_PART('WEEK', (DATE '2024-12-30' - interval '3 days'))",
        "DATE_PART('MONTH', DATE '2024-02-29')",
        "DATE_PART('QUARTER', DATE '2024-12-30')",
        "DATE_PART('YEAR', TIMESTAMP '2024-12-31 23:59:59.999')",
        "DATE_PART('HOUR', TIMESTAMP '2024-12-31 23:59:59.999')",
        "DATE_PART('MINUTE', TIMESTAMP '2024-12-31 23:59:59.999')",
        "DATE_PART('SECOND', TIMESTAMP '2024-12-31 23:59:59.999')",
        "DATE_PART('milliseconds', TIMESTAMP '2024-12-31 23:59:59.999')",
        "DATE_PART('epoch', TIMESTAMP '1969-12-31 23:59:59.5')",
        "DATE_PART('century', DATE '2000-12-31')",
        "DATE_PART('year', CAST(NULL AS DATE))",
        "EXTRACT(DOW FROM TIMESTAMP '2024-03-03 00:00:00')",
        "EXTRACT(EPOCH FROM (TIMESTAMP '2024-03-01' - TIMESTAMP '2024-02-28 12:00'))",
        "EXTRACT(DAY FROM (TIMESTAMP '2024-03-01' - TIMESTAMP '2024-02-28 12:00'))",
        "EXTRACT(HOUR FROM (TIMESTAMP '2024-03-01' - TIMESTAMP '2024-02-28 12:30'))",
        "DATE_PART('day', interval '40 days 30 hours')",
        "DATE_PART('month', interval '14 months')",
        "DATE_PART('epoch', interval '1 year 2 months 3 days 04:05:06.5')",
    ])
    .await;
}

#[tokio::test]
async fn intervals_agree() {
    agree(&[
        "DATE '2024-02-29' + interval '1 day'",
        "DATE '2024-02-29' - interval '1 year'",
        "DATE '2024-02-29' + interval '1 year'",
        "DATE '2024-03-31' - interval '1 month'",
        "DATE '2024-01-31' + interval '1 month'",
        "interval '2 hours' + DATE '2024-02-29'",
        "TIMESTAMP '2024-02-28 23:59:59.5' + interval '1 second'",
        "TIMESTAMP '2024-03-01 00:00:00' - interval '36 hours'",
        "TIMESTAMP '2024-05-31 12:00:00' - interval '3 months'",
        "TIMESTAMP '2024-05-31 12:00:00' + interval '1 week'",
        "TIMESTAMP '2024-05-31 12:00:00' - interval '1 year 2 months 3 days 4 hours 5 minutes 6 seconds'",
        "TIMESTAMPTZ '2024-03-10 00:00:00+00' + interval '1 day'",
        "DATE '2024-03-01' - DATE '2024-02-01'",
        "DATE '2024-02-28' + 2",
        "DATE '2024-03-01' - 1",
        "(TIMESTAMP '2024-03-01 01:00' - TIMESTAMP '2024-02-28 12:00')::text",
        "(TIMESTAMP '2024-02-28 12:00' - TIMESTAMP '2024-03-01 01:00')::text",
        "(interval '1 year 2 months 3 days 04:05:06.5')::text",
        "TIMESTAMP '2024-02-29 12:00:00' > DATE '2024-02-29'",
        "DATE '2024-02-29' = TIMESTAMP '2024-02-29 00:00:00'",
        "TIMESTAMP '2024-02-29 12:00:00' BETWEEN '2024-02-29' AND '2024-02-29 12:00:00'",
        "TIMESTAMP '2024-02-29 12:00:00' < '9999-12-31 00:00:00'",
        "DATE '2024-02-29' IN ('2024-02-28', '2024-02-29')",
        "CAST(TIMESTAMP '1969-12-31 23:59:59.5' AS DATE)",
        "'2024-02-29 12:00:00'::timestamp",
        "'2024-02-29'::date + interval '12 hours'",
        "DATE '2024-02-29'::timestamp",
    ])
    .await;
}

#[tokio::test]
async fn zones_agree() {
    agree(&[
        "TIMESTAMP '2024-03-10 06:59:59' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York'",
        "TIMESTAMP '2024-03-10 07:00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York'",
        "TIMESTAMP '2024-11-03 05:30:00' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York'",
        "TIMESTAMP '2024-11-03 06:30:00' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York'",
        // The hour that there is not, and the one that there are two of.
        "TIMESTAMP '2024-03-10 02:30:00' AT TIME ZONE 'America/New_York'",
        "TIMESTAMP '2024-11-03 01:30:00' AT TIME ZONE 'America/New_York'",
        "TIMESTAMP '2024-03-31 02:30:00' AT TIME ZONE 'Europe/Berlin'",
        "TIMESTAMP '2024-10-27 02:30:00' AT TIME ZONE 'Europe/Berlin'",
        "TIMESTAMPTZ '2024-03-31 00:59:59+00' AT TIME ZONE 'Europe/Berlin'",
        "TIMESTAMPTZ '2024-03-31 01:00:00+00' AT TIME ZONE 'europe/berlin'",
        "TIMESTAMP '2024-01-01 00:00:00' AT TIME ZONE 'Asia/Kathmandu'",
        "TIMESTAMP '2024-01-01 00:00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Pacific/Apia'",
        "TIMESTAMP '2024-07-01 00:00:00' AT TIME ZONE 'CET'",
        "timezone('Asia/Tokyo', TIMESTAMPTZ '2024-02-29 15:00:00+00')",
        "DATE '2024-07-01' AT TIME ZONE 'America/New_York'",
        "TIMESTAMPTZ '2024-02-29 12:00:00+02'",
        "CAST(TIMESTAMPTZ '2024-02-29 23:30:00-02' AS DATE)",
        "TIMESTAMPTZ '2024-02-29 12:00:00+00' = TIMESTAMP '2024-02-29 12:00:00'",
        "DATE_TRUNC('DAY', TIMESTAMP '2024-03-11 03:59:59.5' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York')",
        "DATE_TRUNC('DAY', TIMESTAMP '2024-11-04 04:59:59' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York')",
        "DATE_PART('HOUR', TIMESTAMP '2024-03-10 07:00:00' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York')",
        "TO_CHAR(TIMESTAMP '2024-03-10 04:59:59' AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York', 'FMDay HH24:MI')",
    ])
    .await;
    both_refuse(&["TIMESTAMP '2024-01-01' AT TIME ZONE 'Mars/Olympus'"]).await;
}

#[tokio::test]
async fn written_zones_and_ends_of_days_agree() {
    agree(&[
        "'2024-01-01 10:00:00+05'::timestamp",
        "'2024-01-01T10:00:00.5-03:30'::timestamp",
        "TIMESTAMP '2024-01-01 10:00 +05:30'",
        "TIMESTAMP '2024-01-01 10:00:00Z'",
        "TIMESTAMPTZ '2024-03-10 12:30+00'",
        "TIMESTAMPTZ '2024-03-10 12:30+02'",
        "'2024-03-10 12:30-03:30'::timestamptz",
        "TIMESTAMPTZ '2024-03-10 12:30'",
        "TIMESTAMP '2024-01-01 24:00:00'",
        "TIMESTAMP '2024-02-28 24:00'",
        "TIMESTAMPTZ '2024-12-31 24:00:00.000+02'",
        "TIMESTAMP '2024-01-01 00:00:00'",
    ])
    .await;
    both_refuse(&[
        "TIMESTAMP '2024-01-01 24:00:01'",
        "TIMESTAMP '2024-01-01 25:00:00+05'",
        "TIMESTAMP '2024-01-01 10:00:00 Mars'",
    ])
    .await;
}

#[tokio::test]
async fn texts_of_times_that_are_compared_agree() {
    let moments = "(SELECT TIMESTAMP '2024-03-31 04:34:07' AS ts, TIMESTAMPTZ '2024-03-31 04:34:07+00' AS zoned) AS q";
    let compared: Vec<_> = [
        "ts = '2024-03-31 04:34:07+02'",
        "'2024-03-31T04:34:07Z' >= ts",
        "ts >= '2024-03-31 04:34'",
        "ts < '2024-03-30 24:00'",
        "ts = '2024-03-31 4:34:07'",
        "ts <> '2024-03-31 4:34'",
        "zoned = '2024-03-31 06:34:07+02'",
        "zoned > '2024-03-31 4:34'",
        "ts BETWEEN '2024-03-31 04:34:07+02' AND '2024-03-31 4:35'",
        "ts NOT BETWEEN '2024-03-31 4:34' AND '2024-03-31 24:00'",
        "zoned BETWEEN '2024-03-31 06:34:07+02' AND '2024-03-31 24:00'",
        "ts IN ('2024-03-31', '2024-03-31 04:34:07+02')",
        "ts NOT IN ('2024-03-31 4:34:07', '2024-03-31 04:34')",
        "ts NOT IN ('2024-03-31 4:34', NULL)",
        // Texts beside a text stay what they are.
        "ts::text IN ('2024-03-31 4:34:07', '2024-03-31 04:34:07+02')",
        "ts::text BETWEEN '2024-03-31 04:34' AND '2024-03-31 04:35'",
    ]
    .iter()
    .map(|condition| format!("{condition} FROM {moments}"))
    .collect();
    let compared: Vec<_> = compared.iter().map(String::as_str).collect();
    agree(&compared).await;
}

#[tokio::test]
async fn written_times_agree() {
    agree(&[
        "TO_CHAR(TIMESTAMP '2024-02-29 13:14:15', 'FMDay')",
        "TO_CHAR(DATE '2024-02-29', 'FMMonth')",
        "TO_CHAR(DATE '2024-05-29', 'FM\"Q\"Q')",
        "TO_CHAR(DATE '2024-02-29', 'Day') || '|'",
        "TO_CHAR(DATE '2024-05-01', 'Month') || '|'",
        "TO_CHAR(DATE '2024-05-01', 'MONTH Mon MON mon DY dy Dy DAY day')",
        "TO_CHAR(TIMESTAMP '2024-02-29 03:04:05.006007', 'YYYY-MM-DD HH24:MI:SS.MS US')",
        "TO_CHAR(TIMESTAMP '2024-02-29 00:04:05', 'HH12:MI AM hh:mi p.m.')",
        "TO_CHAR(TIMESTAMP '2024-02-09 15:04:05', 'FMDD FMMM FMHH12 FMHH24 FMMI')",
        "TO_CHAR(DATE '2024-12-30', 'IYYY-\"W\"IW-ID')",
        "TO_CHAR(DATE '2024-12-30', 'YYYY YYY YY Y Y,YYY Q WW W DDD D IDDD CC J')",
        "TO_CHAR(DATE '2024-01-01', 'FMDDth FMDDTH FMDDD')",
        "TO_CHAR(TIMESTAMP '2024-01-22 11:12:13', 'DDth HHth SSTH')",
        "TO_CHAR(TIMESTAMP '2024-01-01 01:02:03', 'SSSS')",
        "TO_CHAR(DATE '2024-01-01', 'yyyy-mm')",
        "TO_CHAR(DATE '2024-01-01', '\"it\\\"s\" YYYY; x/y')",
        "TO_CHAR(CAST(NULL AS DATE), 'YYYY')",
        "TO_CHAR(TIMESTAMPTZ '2024-01-01 00:30:00+02', 'YYYY-MM-DD HH24:MI')",
        "TIMESTAMP '2024-01-01 00:30:00.120' || ''",
        "DATE '2024-01-01' || ''",
        "TIMESTAMPTZ '2024-01-01 00:30:00+02' || ''",
        "(TIMESTAMP '2024-01-01 00:30:00')::text",
    ])
    .await;
}

#[tokio::test]
async fn percentiles_and_other_aggregates_agree() {
    agree(&[
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM jaffle.orders",
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY amount) FROM jaffle.orders",
        "PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY weight) FROM jaffle.orders",
        "PERCENTILE_CONT(0.333) WITHIN GROUP (ORDER BY weight DESC) FROM jaffle.orders",
        "PERCENTILE_CONT(0) WITHIN GROUP (ORDER BY weight) FROM jaffle.orders",
        "PERCENTILE_CONT(1) WITHIN GROUP (ORDER BY order_id) FROM jaffle.orders",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM jaffle.refunds",
        "PERCENTILE_CONT(0.07) WITHIN GROUP (ORDER BY value) FROM jaffle.events",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CASE WHEN is_gift THEN amount END) FROM jaffle.orders",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM jaffle.orders GROUP BY status ORDER BY status",
        "SUM(amount) FROM jaffle.orders",
        "SUM(order_id) / 7 FROM jaffle.orders",
        "SUM(value::bigint) / 7 FROM jaffle.events",
        "SUM(CASE WHEN is_gift THEN 1 ELSE 0 END) / COUNT(*) FROM jaffle.orders",
        "SUM(1) / 5 FROM jaffle.orders",
        "SUM(order_id * 2 + 1) / 5 FROM jaffle.orders",
        "SUM(COALESCE(customer_id, 0)) / 5 FROM jaffle.orders",
        "SUM(one) / 5 FROM (SELECT 1 AS one FROM jaffle.orders) AS q",
        "AVG(1) FROM jaffle.orders",
        "SUM(order_id::smallint) / 7 FROM jaffle.orders GROUP BY status ORDER BY status",
        "SUM(order_id) * 1.0 / COUNT(*) FROM jaffle.orders GROUP BY status ORDER BY status",
        "SUM(DISTINCT customer_id) FROM jaffle.orders",
        "AVG(DISTINCT amount) FROM jaffle.orders",
        "SUM(order_id) FILTER (WHERE is_gift) FROM jaffle.orders",
        "SUM(9223372036854775807) FROM jaffle.orders",
        "SUM(weight) FROM jaffle.refunds, jaffle.orders",
        "AVG(amount) FROM jaffle.orders",
        "AVG(amount::DOUBLE PRECISION) FROM jaffle.orders",
        "AVG(order_id) FROM jaffle.orders",
        "AVG(CAST(amount AS FLOAT)) FROM jaffle.orders",
        "COUNT(DISTINCT amount) FROM jaffle.orders",
        "COUNT(*) FROM jaffle.refunds",
        "MIN(ordered_at) FROM jaffle.orders",
        "MAX(status) FROM jaffle.orders",
        "MAX(order_date) FROM jaffle.orders",
        "BOOL_OR(is_gift) FROM jaffle.orders",
        "(ARRAY_AGG(status))[1] FROM jaffle.orders",
        "COUNT(*) FILTER (WHERE is_gift) FROM jaffle.orders",
        "SUM(CASE WHEN is_gift THEN 1 ELSE 0 END) * 1.0 / COUNT(*) FROM jaffle.orders",
        "SUM(amount) / NULLIF(COUNT(DISTINCT customer_id), 0) FROM jaffle.orders",
        "100.0 * SUM(amount) / NULLIF(SUM(weight), 0) FROM jaffle.orders",
        "(SUM(amount) / COUNT(*)) * (SUM(amount) / COUNT(order_date)) FROM jaffle.orders",
        "STDDEV(amount) FROM jaffle.orders",
        "VARIANCE(amount) FROM jaffle.orders",
    ])
    .await;
}

#[tokio::test]
async fn numbers_agree() {
    agree(&[
        "7 / 2",
        "-7 / 2",
        "7 % 3",
        "7 / 2.0",
        "1 / 3.0",
        "2.0 / 3",
        "1.0 / 3.0 * 3.0",
        "5.35 / 2",
        "ROUND(5.35 / 2, 2)",
        "ROUND(2.5)",
        "ROUND(-2.5)",
        "ROUND(2.5::DOUBLE PRECISION)",
        "ROUND(3.5::DOUBLE PRECISION)",
        "ROUND(1234.5678, 2)",
        "ROUND(1234.5678, -2)",
        "ROUND(7)",
        "FLOOR(12.50 / 10) * 10",
        "FLOOR(-12.50 / 10) * 10",
        "FLOOR(-0.5::DOUBLE PRECISION)",
        "CEIL(12.01)",
        "CEILING(-12.99)",
        "TRUNC(-12.99)",
        "TRUNC(12.987, 2)",
        "ABS(-12.5)",
        "CAST(2.5 AS INT)",
        "CAST(-2.5 AS INT)",
        "CAST(2.5::DOUBLE PRECISION AS INT)",
        "CAST(3.5::DOUBLE PRECISION AS BIGINT)",
        "CAST('12' AS INTEGER)",
        "CAST(7 AS NUMERIC) / 2",
        "CAST(1.005 AS NUMERIC(10,2))",
        "0.1 + 0.2",
        "0.1::float8 + 0.2::float8",
        "1e3 * 2",
        "POWER(2, 10)",
        "SQRT(2)",
        "SIGN(-8.4)",
        "SIGN(0.00)",
        "SIGN(12)",
        "SIGN(-0.5::float8)",
        "DIV(9, 4)",
        "DIV(-7.5, 2)",
        "DIV(100, 0.3)",
        "EXP(1.5::float8)",
        "LN(2.5::float8)",
        "1e15 || '|' || 1.5e-3 || '|' || 25E-1 || '|' || 1e3",
        "1e15::float8 || '|' || -2.5e10::float8",
        "MOD(-7, 3) * 2",
        "MOD(7.5, 2)",
        "MOD(10, 3)",
        "GREATEST(1, NULL, 3)",
        "LEAST(2.5, 1)",
        "COALESCE(NULL, 2.5, 1)",
        "NULLIF(5, 5)",
        "CAST(NULL AS NUMERIC) / 0",
        "12345678901234567890.12 * 1",
    ])
    .await;
    both_refuse(&[
        "1 / 0",
        "1.5 / 0",
        "1.5::float8 / 0",
        "ROUND('x')",
        "EXP(1000)",
        "LN(0)",
        "LN(-1.5)",
        "SQRT(-1)",
        "DIV(1, 0)",
        "9223372036854775807 + 1",
        "SUM(value) FROM (SELECT value * 2000 AS value FROM jaffle.events) AS q",
        "SUM(status) FROM jaffle.orders",
        "AVG(status) FROM jaffle.orders",
        "ROUND(status) FROM jaffle.orders",
        "status + 1 FROM jaffle.orders",
        "100000 * 100000",
        "1 / (SELECT 0)",
    ])
    .await;
}

#[tokio::test]
async fn zeros_with_a_sign_agree() {
    const ZEROS: &str = "(SELECT order_id AS n, -((order_id * 0)::float8) AS z, order_id * -1.0::float8 AS m FROM jaffle.orders) AS q";
    let expressions = [
        "COUNT(*) FROM {zeros} WHERE z IN (0, 1)",
        "COUNT(*) FROM {zeros} WHERE z IN (0, 1, 2, 3, 4, 5)",
        "COUNT(*) FROM {zeros} WHERE z NOT IN (0, 1)",
        "COUNT(*) FROM {zeros} WHERE 0::float8 IN (z, 1)",
        "COUNT(*) FROM {zeros} WHERE z IN (0.0::float8, m)",
        "COUNT(*) FROM {zeros} WHERE z::real IN (0::real, 1::real)",
        "COUNT(*) FROM {zeros} WHERE z = ANY(ARRAY[0::float8, 1::float8])",
        "COUNT(*) FROM {zeros} WHERE 0::float8 = ANY(ARRAY[z, m])",
        "SUM(CASE z WHEN 0 THEN 1 ELSE 0 END) FROM {zeros}",
        "SUM(CASE z WHEN 0.0 THEN 1 WHEN 1.5 THEN 2 ELSE 0 END) FROM {zeros}",
        "SUM(CASE 0::float8 WHEN z THEN 1 ELSE 0 END) FROM {zeros}",
        "n / NULLIF(z, 0) FROM {zeros} ORDER BY n",
        "NULLIF(0::float8, z) FROM {zeros}",
        "NULLIF(m, 0) FROM {zeros} ORDER BY n",
        "COUNT(DISTINCT a) FROM (SELECT z AS a FROM {zeros} UNION ALL SELECT 0::float8) AS two",
        "COUNT(DISTINCT a::real) FROM (SELECT z AS a FROM {zeros} UNION ALL SELECT 0::float8) AS two",
        "COUNT(DISTINCT m) FROM {zeros}",
        "SUM(DISTINCT m) FROM {zeros}",
    ];
    let expressions = expressions.map(|expression| expression.replace("{zeros}", ZEROS));
    agree(&expressions.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn reals_beside_other_numbers_agree() {
    agree(&[
        "0.1::real",
        "n FROM (SELECT 0.1::real AS n UNION ALL SELECT 0.7::real) AS q ORDER BY n",
        "16777217::bigint + 0.0::real",
        "16777217 - 0::real",
        "0.1::real * 3",
        "1.5 - 0.1::real",
        "0.1::real + 0.2::real",
        "16777216::real = 16777217",
        "16777217::bigint > 16777216::real",
        "0.1::real < 0.1",
        "0.1::real = 0.1::float8",
        "16777216::real BETWEEN 16777217 AND 16777218",
        "0.1::real IN (0.1)",
        "0.1::real IN (0.1, 0.2)",
        "0.1::real IN (0.1, 0.2::float8)",
        "0.1::real NOT IN (0.1, 2)",
        "CASE 16777216::real WHEN 16777217 THEN 'same' ELSE 'other' END",
        "NULLIF(0.1::real, 0)",
        "NULLIF(0.1::real, 0.1)",
        "NULLIF(0.1::real, 0.1::real)",
        "COALESCE(NULL::real, 0.1)",
        "order_id FROM jaffle.orders WHERE weight::real IN (0.5, 2.25) ORDER BY order_id",
        "SUM(weight::real * amount) FROM jaffle.orders",
        "COUNT(*) FROM jaffle.orders AS o JOIN jaffle.orders AS p ON o.weight::real = p.order_id",
        "order_id FROM jaffle.orders WHERE weight::real IN (SELECT order_id FROM jaffle.orders) ORDER BY order_id",
    ])
    .await;
}

#[tokio::test]
async fn doubles_beside_decimals_agree() {
    agree(&[
        "0.1::float8 + 0.2::float8 = 0.3",
        "0.1::float8 + 0.2::float8 > 0.3",
        "0.3 < 0.1::float8 + 0.2::float8",
        "0.1::float8 = 0.1",
        "0.1::real = 0.1",
        "0.1::float8 + 0.2::float8 IS DISTINCT FROM 0.3",
        "0.1::float8 + 0.2::float8 IN (0.3, 0.5)",
        "0.3 IN (0.1::float8 + 0.2::float8, 0.5)",
        "0.1::float8 + 0.2::float8 BETWEEN 0.1 AND 0.3",
        "CASE 0.1::float8 + 0.2::float8 WHEN 0.3 THEN 'same' ELSE 'other' END",
        "1e-17::float8 > 0.0",
        "2e20::float8 > 1.5",
        "2e20::float8 > CASE WHEN true THEN 1 ELSE 0.5 END",
        "COALESCE(1e-17::float8, 0.5) * 1e17::float8",
        "CASE WHEN true THEN 1e-17::float8 ELSE 0.5 END * 1e17::float8",
        "CASE WHEN false THEN 0.5 ELSE 2e20::float8 END",
        "GREATEST(2e20::float8, 0.5)",
        "LEAST(0.5, 2e20::float8)",
        "NULLIF(2e20::float8, 0.5)",
        "NULLIF(0.1::float8 + 0.2::float8, 0.3)",
        "n FROM (SELECT 2e20::float8 AS n UNION ALL SELECT 0.5 UNION ALL SELECT NULL) AS q ORDER BY n",
        "n FROM (SELECT 0.5 AS n UNION SELECT 2e20::float8) AS q ORDER BY n",
        "order_id FROM jaffle.orders WHERE weight * 1e16::float8 > 20000000000000000.5 ORDER BY order_id",
        "order_id FROM jaffle.orders WHERE weight IN (0.5, 2.25) ORDER BY order_id",
        "status FROM jaffle.orders GROUP BY status HAVING SUM(weight) * 1e16::float8 > 20.5 ORDER BY status",
        "COUNT(*) FROM jaffle.orders AS o JOIN jaffle.orders AS p ON o.weight * 1e16::float8 = p.amount",
        "COUNT(*) FROM jaffle.orders AS o JOIN jaffle.orders AS p ON o.amount = p.weight",
        "COUNT(*) FROM (SELECT weight * 1e16::float8 AS n FROM jaffle.orders) AS o JOIN (SELECT amount AS n FROM jaffle.orders) AS p USING (n)",
        "COUNT(*) FROM jaffle.orders WHERE weight * 1e16::float8 > (SELECT MAX(amount) FROM jaffle.orders)",
        "order_id FROM jaffle.orders WHERE weight IN (SELECT amount FROM jaffle.orders) ORDER BY order_id",
        "order_id FROM jaffle.orders WHERE weight * 1e16::float8 IN (SELECT amount FROM jaffle.orders) ORDER BY order_id",
        "order_id FROM jaffle.orders WHERE amount IN (SELECT weight FROM jaffle.orders) ORDER BY order_id",
        // Integers beside decimals are decimals.
        "9007199254740993 = 9007199254740992.0",
        "9007199254740993 IN (9007199254740992.0)",
        "COALESCE(order_id, 0.5) / 3 FROM jaffle.orders ORDER BY order_id",
    ])
    .await;
}

#[tokio::test]
async fn signs_before_powers_agree() {
    agree(&[
        "-2 ^ 2",
        "+2 ^ 2",
        "-(2 ^ 2)",
        "(-2) ^ 2",
        "- -2 ^ 3",
        "2 ^ 3 ^ 2",
        "-2 ^ 3 ^ 2",
        "2 ^ -2 ^ 2",
        "2 ^ -2 ^ 2 ^ 3",
        "2 ^ - -2 ^ 2",
        "2 ^ (-2 ^ 2)",
        "2 ^ -1 * 4",
        "10 - -2 ^ 2",
        "3 * -2 ^ 2 + 1",
        "-order_id ^ 2 FROM jaffle.orders ORDER BY order_id",
        "-weight ^ 2 FROM jaffle.orders ORDER BY order_id",
    ])
    .await;
}

#[tokio::test]
async fn averages_of_long_numbers_agree() {
    agree(&[
        "ROUND(AVG(x), 2)::text FROM (SELECT 123456789012345678901234567890.12::numeric(38,2) AS x) AS t",
        "ROUND(AVG(x), 2)::text FROM (SELECT 123456789012345678901234567890.12::numeric(37,2) AS x) AS t",
        "ROUND(AVG(x), 2)::text FROM (SELECT 1234567890123456789012345.12::numeric(27,2) AS x) AS t",
        "AVG(x) FROM (SELECT 1234567890123456789012345.12::numeric(27,2) AS x UNION ALL SELECT 1) AS t",
        "ROUND(AVG(ROUND(weight::numeric, 1)), 6) FROM jaffle.orders",
        "AVG(FLOOR(amount)) FROM jaffle.orders",
    ])
    .await;
    // There is no room for what an average has behind the point.
    let error = engine()
        .query("SELECT AVG(x) FROM (SELECT 123456789012345678901234567890123456.12::numeric(38,2) AS x) AS t")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("Overflow"), "{error}");
}

#[tokio::test]
async fn doubles_become_the_decimals_that_are_written() {
    agree(&[
        "ROUND(123456789.125::float8::numeric, 2)::text",
        "ROUND(-123456789.125::float8::numeric, 2)::text",
        "1e15::float8::numeric = 1000000000000000",
        "(0.1::float8 + 0.2::float8)::numeric = 0.3",
        "0.2::real::numeric = 0.2",
        "123456.789::real::numeric",
        "(2.675::float8::numeric(10,2))::text",
        "(-2.675::float8::numeric(10,2))::text",
        "CAST(CAST(NULL AS float8) AS numeric(10,2))",
        "weight::numeric(10,1) FROM jaffle.orders ORDER BY order_id",
        "SUM((weight * 0.1::float8)::numeric(10,3)) FROM jaffle.orders",
    ])
    .await;
    both_refuse(&[
        "1e30::float8::numeric(10,2)",
        "99999999.995::float8::numeric(10,2)",
    ])
    .await;
}

#[tokio::test]
async fn decimals_become_the_nearest_doubles() {
    agree(&[
        "(258278578429.96414::float8)::text",
        "(-258278578429.96414::float8)::text",
        "(CAST(12345678901234567890.12 AS DOUBLE PRECISION))::text",
        "(0.1::float8)::text || (123456.789::float8)::text || (0.30000000000000004::float8)::text",
        "(x::float8)::text FROM (SELECT 258278578429.96414::numeric(20,5) AS x) AS t",
        "(SUM(amount)::float8 * 0.1::float8)::text FROM jaffle.orders",
        "(amount::float8 / 3)::text FROM jaffle.orders ORDER BY order_id",
        "amount::float8 FROM jaffle.orders GROUP BY amount::float8 ORDER BY 1",
        "COUNT(*) FROM jaffle.orders o JOIN jaffle.payments p ON o.amount::float8 = p.amount::float8",
        "COUNT(*) FROM jaffle.orders WHERE amount::float8 IN (SELECT amount::float8 FROM jaffle.payments)",
        "SUM(amount::float8) OVER (PARTITION BY amount::float8) FROM jaffle.orders ORDER BY order_id",
    ])
    .await;
}

#[tokio::test]
async fn texts_agree() {
    agree(&[
        "1 || ' - ' || 2",
        "12.50 || '|'",
        "'a' || 1.5",
        "FLOOR(12.50 / 10) * 10 || ' - ' || (FLOOR(12.50 / 10) + 1) * 10 - 1 || ''",
        "(FLOOR(12.50 / 10) * 10)::text || ' - ' || ((FLOOR(12.50 / 10) + 1) * 10 - 1)::text",
        "(FLOOR(12.5::float8 / 10) * 10) || '|'",
        "FLOOR(7 / 10) * 10 || '|'",
        "0.1::float8 || '|' || 1e20::float8 || '|' || 1e-7::float8 || '|' || 123456789012345::float8",
        "(1e15::float8)::text || (0.0001::float8)::text || (1234567.891::float8)::text",
        "'NaN'::float8",
        "ROUND(2.0 / 3, 2) || '%'",
        "true || '|'",
        "false::text",
        "CONCAT('a', NULL, 1, 2.50, true, DATE '2024-02-29')",
        "CONCAT(1.5::float8, '-', 10::float8)",
        "NULL || 'a'",
        "CAST(12 AS VARCHAR) || 'x'",
        "'100%' LIKE '100!%' ESCAPE '!'",
        "'1000' LIKE '100!%' ESCAPE '!'",
        "'a\\b' LIKE 'a!\\b' ESCAPE '!'",
        "'a\\b' LIKE 'a\\\\b'",
        "'100%' LIKE '100\\%'",
        "'100%' LIKE '100\\%' ESCAPE '\\'",
        "'a_b' NOT LIKE 'a^_b' ESCAPE '^'",
        "LOWER('ÀB') LIKE LOWER('%àb%')",
        "'Ab' ILIKE 'aB'",
        "UPPER('çelik')",
        "LENGTH('çelik')",
        "array_length(ARRAY[1, 2, 3], 1) / 2",
        "cardinality(ARRAY[1, 2, 3]) / 2",
        "array_position(ARRAY[5, 6, 7], 7) / 2",
        "SUBSTRING('abcdef' FROM 2 FOR 3)",
        "POSITION('c' IN 'abc')",
        "REPLACE('aXbX', 'X', '-')",
        "TRIM('  a ')",
        "SPLIT_PART('a-b-c', '-', 2)",
        "LEFT('abc', 2)",
        "'it''s'",
        "E'it\\'s'",
        "'back\\slash'",
        "'a' < 'B'",
        "CASE WHEN NULL THEN 'a' ELSE 'b' END",
        "'x' IS NOT DISTINCT FROM NULL",
        "NULL IS NOT DISTINCT FROM NULL",
        "1 IS NOT DISTINCT FROM 1 AND 2 IS DISTINCT FROM 3 AND NULL IS NOT DISTINCT FROM 'a'",
        "'Ab' !~~* 'aB' OR 'a' IS DISTINCT FROM 'b'",
        "1 = 2 AND 1 IS NOT DISTINCT FROM 2 OR true",
        "NOT 'a' || 'b' is not\n distinct  from 'ab'",
        "COALESCE(NULL, 'a')",
        "'1' = 1::text",
        "(NULL = 1) IS NULL",
        "1 NOT IN (2, NULL)",
    ])
    .await;
}

#[tokio::test]
async fn orders_of_rows_and_windows_agree() {
    agree(&[
        "status FROM jaffle.orders ORDER BY status, order_id",
        "amount FROM jaffle.orders ORDER BY amount DESC, order_id",
        "amount FROM jaffle.orders ORDER BY amount DESC NULLS LAST, order_id",
        "amount FROM jaffle.orders ORDER BY amount NULLS FIRST, order_id",
        "RANK() OVER (ORDER BY amount) FROM jaffle.orders ORDER BY order_id",
        "RANK() OVER (ORDER BY amount DESC) FROM jaffle.orders ORDER BY order_id",
        "SUM(amount) OVER (ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM jaffle.orders ORDER BY order_id",
        "SUM(amount) OVER (ORDER BY amount) FROM jaffle.orders ORDER BY order_id",
        "SUM(order_id) OVER (PARTITION BY status) FROM jaffle.orders ORDER BY order_id",
        "amount / SUM(amount) OVER () FROM jaffle.orders ORDER BY order_id",
        "AVG(amount) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM jaffle.orders ORDER BY order_id",
        "(CAST(amount AS FLOAT) / CAST(NULLIF(LAG(amount) OVER (ORDER BY order_id), 0) AS FLOAT)) - 1 FROM jaffle.orders ORDER BY order_id",
        "ROW_NUMBER() OVER (PARTITION BY status ORDER BY order_id DESC) FROM jaffle.orders ORDER BY order_id",
        "DENSE_RANK() OVER (ORDER BY status) FROM jaffle.orders ORDER BY order_id",
        // Places are integers.
        "RANK() OVER (ORDER BY amount) / 2 FROM jaffle.orders ORDER BY order_id",
        "RANK() OVER w / 2 FROM jaffle.orders WINDOW w AS (ORDER BY amount) ORDER BY order_id",
        "NTILE(3) OVER (ORDER BY order_id) / 2 FROM jaffle.orders ORDER BY order_id",
        "CASE WHEN is_gift THEN ROW_NUMBER() OVER (ORDER BY order_id) ELSE 0 END / 2 FROM jaffle.orders ORDER BY order_id",
        "place / 2 FROM (SELECT order_id, DENSE_RANK() OVER (ORDER BY status) AS place FROM jaffle.orders) AS q ORDER BY order_id",
        "place / 2 FROM (SELECT 1 AS place UNION ALL SELECT ROW_NUMBER() OVER (ORDER BY order_id) FROM jaffle.orders) AS q ORDER BY 1",
        "FIRST_VALUE(amount) OVER (PARTITION BY status ORDER BY order_id) FROM jaffle.orders ORDER BY order_id",
        "o.order_id FROM \"postgres\".\"jaffle\".\"orders\" AS \"o\" LEFT OUTER JOIN jaffle.payments AS p ON (o.status) IS NOT DISTINCT FROM (p.method) WHERE p.payment_id IS NOT NULL ORDER BY 1",
        "COUNT(*) FROM jaffle.orders o FULL OUTER JOIN jaffle.payments p ON o.order_id = p.order_id",
        "COUNT(*) FROM jaffle.orders o RIGHT OUTER JOIN jaffle.payments p ON (o.order_id) = (p.order_id)",
        "COUNT(*) FROM jaffle.orders o INNER JOIN jaffle.payments p ON o.order_id = p.order_id",
        "COUNT(*) FROM jaffle.orders WHERE amount NOT IN (10, 20.50)",
        "DISTINCT status FROM jaffle.orders ORDER BY status",
        "status FROM jaffle.orders GROUP BY 1 ORDER BY 1 LIMIT 2",
        "status FROM jaffle.orders GROUP BY 1 ORDER BY 1 LIMIT 0",
    ])
    .await;
}
