use proptest::prelude::*;
use sqlparser::ast::{SetExpr, Statement};
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, DuckDbDialect, GenericDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::functions::*;
use super::{Trust, expression};
use crate::dialect::Dialect::{self, *};
use crate::error::Reason;
use crate::reference::{Piece, pieces};

fn columns(dialect: Dialect, sql: &str) -> Result<(), String> {
    expression(dialect, sql, Trust::Columns).map_err(|refused| refused.message)
}

fn references(dialect: Dialect, sql: &str) -> Result<(), String> {
    let is_column = |text: &str| text == "${TABLE}.amount" || text == "${TABLE}.\"net amount\"";
    expression(dialect, sql, Trust::References(&is_column)).map_err(|refused| refused.message)
}

#[test]
fn what_is_one_expression_passes_everywhere() {
    for sql in [
        "SUM(${orders.amount}) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
        "(CAST(${t.m} AS FLOAT) / CAST(NULLIF(LAG(${t.m}) OVER(ORDER BY ${t.d} DESC), 0) AS FLOAT)) - 1",
        "${t.m} / SUM(${t.m}) OVER ()",
        "RANK() OVER(ORDER BY ${t.m} ASC)",
        "CASE WHEN ${t.a} = 'x; -- (' THEN 1 WHEN ${t.a} IN ('a', 'b') THEN 2 ELSE NULL END",
        "EXTRACT(YEAR FROM ${t.d})",
        "EXTRACT(YEAR FROM (${t.d}))",
        "TRIM(BOTH ' ' FROM ${t.a})",
        "SUBSTRING(${t.a} FROM 1 FOR 2)",
        "${t.a} IS NOT DISTINCT FROM ${t.b}",
        "a - -b",
        "selection + updated_at + from_date + ${orders.update}",
        "COUNT(*) FILTER (WHERE (${t.a} > 1)) OVER (PARTITION BY ${t.b})",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY ${t.m})",
        "COALESCE(ROUND(${t.m} * 1.5e-3, 2), 0)",
        "CONCAT(LOWER(${t.a}), ' % ', UPPER(${t.b}))",
        "DATE_TRUNC('month', ${t.d}) + INTERVAL '1 day'",
        "DATE '2024-01-31' < ${t.d} AND NOT (${t.a} LIKE '%é%' OR ${t.b} BETWEEN 1 AND 2)",
        "CAST(${t.m} AS DECIMAL(10, 2))",
        "CAST(${t.d} AS TIMESTAMP WITH TIME ZONE)",
        "REPLACE(LEFT(${t.a}, 3), 'a', 'b')",
        "FIRST_VALUE(${t.a}) OVER (PARTITION BY ${t.b} ORDER BY ${t.c} ROWS 1 PRECEDING)",
    ] {
        for dialect in Dialect::ALL {
            assert_eq!(columns(dialect, sql), Ok(()), "{sql}");
        }
    }
}

#[test]
fn each_warehouse_has_words_of_its_own() {
    for (dialect, sql) in [
        (Postgres, "\"a;b\"[1] || 'it''s' #>> '{a,b}'"),
        (Postgres, "${t.a}::numeric(10, 2)::text ->> 'x'"),
        (Redshift, "DATEADD(day, 1, ${t.d})"),
        (Bigquery, "SAFE.SUBSTR(${t.a}, 1) || 'it\\'s' || \"x\""),
        (
            Bigquery,
            "ARRAY_AGG(${t.a} ORDER BY ${t.b} LIMIT 1)[OFFSET(0)]",
        ),
        (Bigquery, "SAFE_DIVIDE(${t.a}, `t_b`) IN UNNEST([1, 2])"),
        (Bigquery, "r'\\d+' || ''"),
        (Snowflake, "${t.a}:b.c::string || 'it\\'s'"),
        (Snowflake, "IFF(${t.a} > 1, ZEROIFNULL(${t.b}), DIV0(1, 2))"),
        (Databricks, "transform(array(1, 2), x -> x + 1) || `a``b`"),
        (Trino, "reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s)"),
        (Duckdb, "${t.a} // 2 + list_sum([1, 2])"),
        (Athena, "approx_percentile(${t.a}, 0.5)"),
        (
            Clickhouse,
            "quantile(0.9)(${t.a}) + toYear(${t.d}) + sumIf(a, b IN (1, 2))",
        ),
    ] {
        assert_eq!(columns(dialect, sql), Ok(()), "{sql} on {}", dialect.name());
    }
}

/// What analysts write, by warehouse: windows, dates, texts, JSON, arrays, expressions for texts, hashes, bits, places.
#[test]
fn ordinary_calculations_pass() {
    for (dialect, all) in [
        (
            Postgres,
            "date_part('year', ${t.d}) | make_date(2024, 1, 31) | age(${t.d}) | to_char(${t.d}, 'YYYY-MM') | ${t.a} ~* '^a' | ${t.a} -> 'b' ->> 'c' | jsonb_build_object('a', ${t.a}) | jsonb_path_query_first(${t.a}, '$.a') | array_length(string_to_array(${t.a}, ','), 1) | regexp_replace(${t.a}, 'a', 'b', 'g') | percentile_disc(0.9) within group (order by ${t.m}) | mode() within group (order by ${t.m}) | md5(${t.a}) | encode(sha256(${t.a}::bytea), 'hex') | ${t.m} & 1 | ${t.m} # 1 | st_distance(st_makepoint(1, 2), st_point(3, 4)) | ${t.d} at time zone 'UTC' | lag(${t.m}) over w | sum(${t.m}) over (partition by ${t.a} order by ${t.b} rows between 6 preceding and current row) | similarity(${t.a}, 'x') | width_bucket(${t.m}, 0, 10, 5) | ${t.a} similar to 'a%' | row(1, 2) is null | (1, 2) overlaps (3, 4) | (date '2024-01-01', date '2024-02-01') overlaps (${t.d}, ${t.e}) | array[1, 2] @> array[1]",
        ),
        (
            Redshift,
            "nvl(${t.a}, ${t.b}) | datediff(day, ${t.d}, getdate()) | json_extract_path_text(${t.a}, 'b') | listagg(${t.a}, ',') within group (order by ${t.b}) | median(${t.m}) over (partition by ${t.a}) | approximate count(distinct ${t.a}) | convert_timezone('UTC', 'CET', ${t.d}) | ratio_to_report(${t.m}) over () | func_sha1(${t.a}) | decode(${t.a}, 'x', 1, 0) | strtol('1f', 16) | is_valid_json(${t.a}) | split_to_array(${t.a}, ',') | regexp_substr(${t.a}, 'a+') | convert(integer, ${t.m})",
        ),
        (
            Bigquery,
            "safe_cast(${t.a} as int64) | format_date('%Y', ${t.d}) | date_diff(${t.d}, date '2024-01-01', week(monday)) | extract(isoweek from ${t.d}) | json_value(${t.a}, '$.b') | ${t.a}.b[offset(0)] | array_length(split(${t.a}, ',')) | regexp_extract(${t.a}, r'a+') | percentile_cont(${t.m}, 0.5) over (partition by ${t.a}) | approx_quantiles(${t.m}, 100)[offset(50)] | farm_fingerprint(${t.a}) | to_hex(md5(${t.a})) | st_geogpoint(1, 2) | net.host(${t.a}) | struct(1 as a, 2 as b) | array<int64>[1, 2] | bit_count(5) | parse_timestamp('%F', ${t.a}) | timestamp_bucket(${t.d}, interval 1 day) | edit_distance(${t.a}, 'b') | range_contains(${t.a}, ${t.b}) | if(${t.m} > 1, 'a', 'b') | last_value(${t.m} ignore nulls) over (order by ${t.d}) | ifnull(${t.a}, 0)",
        ),
        (
            Snowflake,
            "iff(${t.m} > 1, 'a', 'b') | dateadd('day', 1, ${t.d}) | to_varchar(${t.d}, 'YYYY') | get_path(${t.a}, 'b') | parse_json(${t.a}):b[0].c::number | array_contains('a'::variant, ${t.a}) | object_construct('a', 1) | regexp_substr(${t.a}, 'a+', 1, 1, 'e') | listagg(distinct ${t.a}, ',') within group (order by ${t.a}) | hash(${t.a}) | bitand(1, 2) | st_distance(st_makepoint(1, 2), st_makepoint(3, 4)) | haversine(1, 2, 3, 4) | greatest_ignore_nulls(1, null) | timeadd(hour, 1, ${t.d}) | try_to_number(${t.a}, 10, 2) | conditional_true_event(${t.m} > 1) over (order by ${t.d}) | array_sort(${t.a}) | get(${t.a}, 0) | to_geography(${t.a}) | dayname(${t.d}) | ${t.a} like any ('a', 'b') | min_by(${t.a}, ${t.m}) | skew(${t.m})",
        ),
        (
            Databricks,
            "date_format(${t.d}, 'yyyy') | months_between(${t.d}, ${t.e}) | get_json_object(${t.a}, '$.b') | ${t.a}:b::int | filter(array(1, 2), x -> x > 1) | aggregate(array(1, 2), 0, (a, x) -> a + x) | percentile_approx(${t.m}, 0.5) | regexp_extract(${t.a}, 'a', 0) | xxhash64(${t.a}) | shiftleft(1, 2) | h3_longlatash3(1, 2, 3) | named_struct('a', 1) | try_divide(1, 0) | from_json(${t.a}, 'a INT') | format_string('%d', 1) | array_size(${t.a}) | rint(1.5) | collect_list(${t.a}) | date_diff(day, ${t.d}, ${t.e}) | make_timestamp(2024, 1, 2, 3, 4, 5) | exists(array(1), x -> x = 1) | median(${t.m}) | ${t.a} rlike 'a' | conv('1f', 16, 10)",
        ),
        (
            Trino,
            "date_diff('day', ${t.d}, ${t.e}) | format_datetime(${t.d}, 'YYYY') | json_extract_scalar(${t.a}, '$.b') | cardinality(filter(array[1], x -> x > 0)) | element_at(map(array['a'], array[1]), 'a') | approx_percentile(${t.m}, array[0.5, 0.9]) | regexp_extract(${t.a}, '(a)', 1) | to_hex(sha256(to_utf8(${t.a}))) | bitwise_and(1, 2) | great_circle_distance(1, 2, 3, 4) | try(cast(${t.a} as integer)) | from_unixtime(${t.m}) | at_timezone(${t.d}, 'UTC') | arrays_overlap(array[1], array[2]) | cosine_similarity(${t.a}, ${t.b}) | st_contains(${t.a}, ${t.b}) | max_by(${t.a}, ${t.m}, 3) | split_to_map(${t.a}, ',', '=') | dow(${t.d}) | listagg(${t.a}, ',') within group (order by ${t.a}) | array_histogram(${t.a}) | if(true, 1, 2) | nth_value(${t.m}, 2) over (order by ${t.d}) | hmac_sha256(${t.a}, ${t.b})",
        ),
        (
            Athena,
            "date_trunc('week', ${t.d}) | date_parse(${t.a}, '%Y') | json_extract(${t.a}, '$.b') | reduce(array[1], 0, (s, x) -> s + x, s -> s) | url_extract_host(${t.a}) | try_cast(${t.a} as double) | approx_distinct(${t.a}) | date_add('day', 1, ${t.d}) | transform(array[1], x -> x * 2)",
        ),
        (
            Duckdb,
            "datediff('day', ${t.d}, ${t.e}) | strftime(${t.d}, '%Y') | ${t.a} ->> '$.b' | json_extract_string(${t.a}, '$.b') | list_transform([1, 2], x -> x + 1) | list_aggregate([1, 2], 'sum') | struct_pack(a := 1) | regexp_extract(${t.a}, 'a', 0) | quantile_cont(${t.m}, 0.5) | hash(${t.a}) | 5 & 3 | arg_max(${t.a}, ${t.m}) | ${t.a}[1:3] | try_cast(${t.a} as integer) | date_part('isodow', ${t.d}) | epoch_us(${t.d}) | to_years(1) | list_has_any([1], [2]) | st_point(1, 2) | jaro_similarity(${t.a}, 'x') | len([1]) | map([1], ['a']) | date_trunc('month', ${t.d})",
        ),
        (
            Clickhouse,
            "toStartOfMonth(${t.d}) | dateDiff('day', ${t.d}, ${t.e}) | formatDateTime(${t.d}, '%Y') | JSONExtractString(${t.a}, 'b') | arrayMap(x -> x + 1, [1, 2]) | quantileTDigest(0.9)(${t.m}) | quantileTimingIf(0.9)(${t.m}, ${t.b} > 1) | replaceRegexpAll(${t.a}, 'a', 'b') | cityHash64(${t.a}) | bitAnd(1, 2) | geoDistance(1, 2, 3, 4) | multiIf(${t.m} > 1, 'a', 'b') | countIf(${t.m} > 1) | sumOrNullIf(${t.m}, 1) | toInt32OrNull(${t.a}) | uniqExactIf(${t.a}, 1) | avgOrDefault(${t.m}) | toDateTime64(${t.a}, 3, 'UTC') | argMaxIf(${t.a}, ${t.m}, 1) | groupArraySorted(3)(${t.m}) | windowFunnel(10)(${t.d}, 1, 2) | lagInFrame(${t.m}) over (order by ${t.d}) | pointInPolygon((1, 2), [(1, 2)]) | splitByChar(',', ${t.a})[1] | tuple(1, 2).1 | toUUIDOrNull(${t.a})",
        ),
    ] {
        let refused = |sql: &&str| columns(dialect, sql).is_err();
        let refused: Vec<&str> = all.split(" | ").filter(refused).collect();
        assert!(refused.is_empty(), "{refused:#?} on {}", dialect.name());
    }
}

#[test]
fn a_list_is_one_on_clickhouse_too() {
    for sql in [
        "a IN (1, 2)",
        "a NOT IN ('x')",
        "a GLOBAL IN (1)",
        "(a) IN (-1)",
        "sumIf(a, b IN (1))",
    ] {
        assert_eq!(columns(Clickhouse, sql), Ok(()), "{sql}");
    }
}

#[test]
fn combined_names_are_known_on_clickhouse_only() {
    for sql in [
        "sumIf(a, b)",
        "sumOrNullIf(a, b)",
        "toInt64OrZero(a)",
        "avgDistinct(a)",
    ] {
        assert_eq!(columns(Clickhouse, sql), Ok(()), "{sql}");
    }
    for sql in ["if_if(a)", "dictGetOrNull(a)", "fileIf(a)", "urlOrNull(a)"] {
        assert!(columns(Clickhouse, sql).is_err(), "{sql}");
    }
    assert!(columns(Postgres, "avgDistinctIf(a, b)").is_err());
}

#[test]
fn what_ends_or_leaves_the_expression_does_not_pass_for_anybody() {
    for sql in [
        "",
        " ",
        "1; DROP TABLE a",
        "1) FROM b --",
        "1 -- x",
        "1 /* x */",
        "1 /* /* */ */",
        "'a",
        "(1",
        "(1]",
        "1 \\ 2",
        "a)+(b",
        "$$a$$",
        "$a$'$a$; DROP TABLE x; --'",
        "$1",
        "${a",
        "${a b}",
        "${a.b.c}",
        "${ a }",
        "${ld.attr.a}",
        "'${t.a}'",
        "\"${t.a}\"",
        "'${ '",
        "1, 2",
        "‘a’",
        "“a”",
        "a\u{a0}b",
        "1 − 2",
        "1\u{0}",
        "'\u{0}'",
        "1\u{b}2",
    ] {
        for dialect in Dialect::ALL {
            let found = expression(dialect, sql, Trust::Any);
            assert!(found.is_err(), "{sql} on {}", dialect.name());
        }
    }
    let deep = "(".repeat(10_000) + &")".repeat(10_000);
    assert!(expression(Postgres, &deep, Trust::Any).is_err());
    assert!(expression(Postgres, &"1+".repeat(1_000_000), Trust::Any).is_err());
    for sql in [
        "(SELECT 1)",
        "größe + 1",
        "pg_read_file('x')",
        "a::regclass",
    ] {
        assert_eq!(expression(Postgres, sql, Trust::Any), Ok(()), "{sql}");
    }
}

#[test]
fn quotes_and_comments_are_those_of_the_warehouse() {
    for (dialect, sql) in [
        (Snowflake, "1 // x"),
        (Bigquery, "1 # x"),
        (Clickhouse, "1 # x"),
        (Bigquery, "'''a'''"),
        (Bigquery, "'a'''' ; --'"),
        (Bigquery, "\"\"\"a' || \"\"\""),
        (Bigquery, "'it''s'"),
        (Bigquery, "r'a\\' || '"),
        (Databricks, "r'\\' || (SELECT 1) || '"),
        (Databricks, "\"a\\\" + \""),
        (Postgres, "'\\' OR 1=1 || '"),
        (Postgres, "E'\\' OR 1=1 || '"),
        (Postgres, "`a`"),
        (Snowflake, "`a`"),
        (Athena, "`a`"),
        (Trino, "`a`"),
        (Redshift, "'\\' || '"),
        (Snowflake, "x'\\' || '"),
    ] {
        let found = expression(dialect, sql, Trust::Any);
        assert!(found.is_err(), "{sql} on {}", dialect.name());
    }
    assert_eq!(columns(Clickhouse, "'it\\'s' || 'a''b' || `a\\`b`"), Ok(()));
    assert_eq!(columns(Postgres, "E'a\\nb' || '\\\\' || 'a'"), Ok(()));
    let long = "'".repeat(100_000);
    assert_eq!(columns(Postgres, &long), Ok(()));
}

#[test]
fn without_the_right_nothing_reads_what_is_not_given() {
    let everywhere = [
        "(SELECT 1)",
        "(sElEcT 1)",
        "1 UNION SeLeCt 2",
        "(TABLE \"x\")",
        "(VALUES (1))",
        "(FROM t)",
        "(FROM t |> SELECT a)",
        "[FROM t]",
        "FROM t",
        "1 FROM t",
        "COUNT(a FROM t)",
        "EXTRACT(FROM t)",
        "EXTRACT(YEAR FROM a FROM b)",
        "(DISTINCT FROM t)",
        "a DISTINCT FROM t",
        "(WITH a AS (x) y)",
        "EXISTS (TABLE x)",
        "query_to_xml('SELECT 1', true, true, '')",
        "pg_read_file('/etc/passwd')",
        "dblink('x', 'SELECT 1')",
        "lo_import('/etc/passwd')",
        "file('/etc/passwd')",
        "dictGet('a', 'b', 1)",
        "joinGet('a', 'b', 1)",
        "url('http://x')",
        "s3('x')",
        "read_csv('x')",
        "getenv('HOME')",
        "current_setting('x')",
        "set_config('a', 'b', false)",
        "pg_sleep(10)",
        "sleep(3)",
        "nextval('x')",
        "load_extension('x')",
        "SYSTEM$WAIT(1)",
        "EXECUTE x",
        "CALL x()",
        "1 INTO x",
        "(SHOW TABLES)",
        "(DESCRIBE x)",
        "(SUMMARIZE x)",
        "(PIVOT x)",
        "1 INTERSECT 2",
        "1 EXCEPT 2",
        "1 MINUS 2",
        "current_user",
        "session_user",
        "user",
        "reflect('java.lang.System', 'getenv')",
        "java_method('a', 'b')",
        "TRANSFORM(a) USING 'sh'",
        "ai_query('x', 'y')",
        "EXTERNAL_QUERY('a', 'b')",
        "ML.PREDICT(MODEL a, b)",
        "IDENTIFIER('x')",
        "RESULT_SCAN(LAST_QUERY_ID())",
        "TABLE(x)",
        "COLUMNS('.*')",
        "\"pg_sleep\"(1)",
        "\"lower\" (1)",
        "a.lower(b)",
        "pg_catalog.lower(b)",
        "x.safe.lower(b)",
        "${pg.sleep}(1)",
        "(f)(1)",
        "a[1](2)",
        "'x'::regclass",
        "1::regproc",
        "'x'::\"regclass\"",
        "CAST('x' AS \"regclass\")",
        "'x'::pg_catalog.\"regclass\"",
        "pg_class",
        "@x",
        "@@x",
        ":x",
        "= :x",
        "a ? 'b'",
        "{a}",
        "{{ x }}",
        "*",
        "a, *",
        "(*)",
        "a.*",
        "(a).*",
        "concat(*)",
        "to_json(*)",
        "max(DISTINCT *)",
        "1 WHERE a",
        "(1 WHERE a)",
        "1 ORDER BY a",
        "1 LIMIT 1",
        "1 GROUP BY a",
        "1 AS b",
        "1 HAVING a",
        "1select",
        "1e5from t",
        "1.from t",
        "(1.union x)",
        "0x1",
        "a IN users",
        "a IN \"users\"",
        "ſelect",
        "(ſELECT 1)",
        "größe",
        "U&'\\0061'",
        "U&\"a\"",
        "x${t.a}",
        "${t.a}x",
        "generate_series(1, 1000000000)",
        "unnest(a)",
        "txid_current()",
        "version()",
        "lateral x",
        "xpath('a', b)",
        "OPERATOR(pg_catalog.+)",
        "\"regclass\" 'x'",
        "pg_catalog.\"regclass\" 'x'",
        "ARRAY(TABLE x)",
        "ARRAY(VALUES (1))",
        "a = ANY (TABLE x)",
        "nullIn(1, users)",
        "globalIn(1, users)",
    ];
    for sql in everywhere {
        for dialect in Dialect::ALL {
            assert!(
                columns(dialect, sql).is_err(),
                "{sql} on {}",
                dialect.name()
            );
            assert!(
                references(dialect, sql).is_err(),
                "{sql} on {}",
                dialect.name()
            );
        }
    }
    for sql in [
        "a IN (users)",
        "a IN (\"users\")",
        "a IN ((users))",
        "a IN (${t.users})",
        "position('a' IN users)",
    ] {
        assert_eq!(columns(Postgres, sql), Ok(()), "{sql}");
    }
    for sql in [
        "a IN (users)",
        "a IN (\"users\")",
        "a IN ((users))",
        "a IN (${t.users})",
        "a IN (system.users)",
        "in(1, users)",
        "not in(1, users)",
        "1 + in(1, users)",
        "sum(a) over (order by in(1, users))",
        "count(*) filter (where in(1, users))",
        "a div in(1, users)",
        "case in(1, users) when 1 then 2 end",
        "if(in('a', users), 1, 2)",
    ] {
        assert!(columns(Clickhouse, sql).is_err(), "{sql}");
    }
    assert!(columns(Postgres, "SAFE.LOWER(a)").is_err());
}

#[test]
fn a_right_that_is_missing_is_told_apart_from_what_is_broken() {
    let reason = |sql| {
        expression(Postgres, sql, Trust::Columns)
            .unwrap_err()
            .reason
    };
    assert_eq!(reason("(SELECT 1)"), Reason::Forbidden);
    assert_eq!(reason("(1"), Reason::Compile);
}

#[test]
fn over_references_no_other_column_can_be_named() {
    for sql in [
        "${amount} / 2",
        "(${a.b} - ${c}) * 100.0",
        "${TABLE}.amount * 2",
        "${TABLE}.\"net amount\" + 1",
        "CASE WHEN ${status} = 'paid' AND ${a} IS NOT NULL THEN ${amount} ELSE 0 END",
        "COALESCE(${amount}, 0)",
        "CAST(${amount} AS integer)",
        "${amount}::integer",
        "EXTRACT(YEAR FROM ${d})",
        "${d} > DATE '2024-01-31' + INTERVAL '1 day'",
    ] {
        assert_eq!(references(Postgres, sql), Ok(()), "{sql}");
    }
    for sql in [
        "first_name",
        "\"first_name\"",
        "\"customers\".first_name",
        "${TABLE}.first_name",
        "${TABLE}.\"first_name\"",
        "${TABLE} . first_name",
        "${TABLE}",
        "${TABLE}.amount(1)",
        "COALESCE(first_name, 'x')",
        "COALESCE(${amount}, date)",
        "EXTRACT(first_name FROM ${d}, year)",
        "MAX(customers)",
        "${amount} + first_name",
        "${d}.first_name",
        "row_to_json(customers)",
    ] {
        assert!(references(Postgres, sql).is_err(), "{sql}");
    }
    assert!(references(Bigquery, "`first_name`").is_err());
    assert!(references(Databricks, "\"first_name\"").is_err());
    assert_eq!(references(Bigquery, "CONCAT(${a}, \"x\")"), Ok(()));
}

#[test]
fn the_lists_are_in_order_and_have_nothing_that_reads() {
    for list in [
        FUNCTIONS,
        TYPES,
        BEFORE_PARENTHESIS,
        KEYWORDS,
        FORBIDDEN,
        OUTSIDE,
        BEFORE_GROUP,
    ] {
        assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
        assert!(list.iter().all(|word| *word == word.to_lowercase()));
    }
    let both = BEFORE_PARENTHESIS
        .iter()
        .find(|word| FORBIDDEN.contains(word));
    assert_eq!(both, None);
    let reads = |word: &&&str| {
        let parts = [
            "pg_", "read_", "file", "http", "dict", "sleep", "setting", "env", "secret", "query_",
            "dblink", "system", "user",
        ];
        parts.iter().any(|part| word.starts_with(part)) || word.ends_with("file")
    };
    assert_eq!(FUNCTIONS.iter().find(reads), None);
}

fn parser(dialect: Dialect) -> Box<dyn sqlparser::dialect::Dialect> {
    match dialect {
        Postgres => Box::new(PostgreSqlDialect {}),
        Redshift => Box::new(RedshiftSqlDialect {}),
        Bigquery => Box::new(BigQueryDialect {}),
        Snowflake => Box::new(SnowflakeDialect {}),
        Databricks => Box::new(DatabricksDialect {}),
        Trino | Athena => Box::new(GenericDialect {}),
        Duckdb => Box::new(DuckDbDialect {}),
        Clickhouse => Box::new(ClickHouseDialect {}),
    }
}

/// Whether the warehouse's parser, where it understands a text at all, sees one expression without tables.
fn is_one(dialect: Dialect, text: &str) -> Result<(), String> {
    let parser = parser(dialect);
    let text: String = pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            _ => crate::literal::identifier(dialect, "t_a"),
        })
        .collect();
    if let Ok(tokens) = Tokenizer::new(parser.as_ref(), &text).tokenize() {
        let hides = |token: &Token| match token {
            Token::Whitespace(space) => matches!(
                space,
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)
            ),
            Token::SemiColon | Token::Placeholder(_) | Token::DollarQuotedString(_) => true,
            _ => false,
        };
        if let Some(token) = tokens.iter().find(|token| hides(token)) {
            return Err(format!("{token:?}"));
        }
    }
    for sql in [
        format!("SELECT {text} AS x"),
        format!("SELECT ({text}) AS x"),
    ] {
        let Ok(statements) = Parser::parse_sql(parser.as_ref(), &sql) else {
            continue;
        };
        let [Statement::Query(query)] = statements.as_slice() else {
            return Err(format!("{} statements", statements.len()));
        };
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Err("No plain select".to_owned());
        };
        let inside = format!("{:?}", select.projection);
        let nested = ["Query {", "Subquery", "Table {", "Wildcard("];
        if select.projection.len() != 1
            || !select.from.is_empty()
            || select.selection.is_some()
            || query.with.is_some()
            || query.limit_clause.is_some()
            || nested.iter().any(|one| inside.contains(one))
        {
            return Err(sql);
        }
    }
    Ok(())
}

#[test]
fn the_parser_tells_what_is_one_expression() {
    for sql in [
        "(SELECT 1)",
        "1, 2",
        "1 FROM t",
        "1 -- x",
        "1; SELECT 2",
        "*",
        "EXISTS (SELECT 1)",
    ] {
        assert!(is_one(Postgres, sql).is_err(), "{sql}");
    }
    assert_eq!(is_one(Postgres, "COUNT(*) + ${t.a}"), Ok(()));
}

/// Pieces of SQL; two of three texts have spaces between them, or else hardly any would be SQL.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "'", "\"", "`", "''", "'''", "\"\"", "\\", "\\'", "\\\\", "--", "//", "/*", "*/", "#", ";",
        "[", "]", ",", "{", "}", "$", "$$", "$a$", "${", ":", "::", "?", "@", "*", "=", "\n", "1.",
        "1e5", "e", "E", "r", "u&", "x", "select", "table", "values", "union", "with", "where",
        "limit", "order by", "as", "‘", "ſelect", "é",
    ]);
    let plain = prop::sample::select(vec![
        "(",
        ")",
        "(",
        ")",
        "+",
        "-",
        "/",
        "a",
        "b",
        "1",
        "${t.a}",
        "'x'",
        "'a''b'",
        "'it\\'s'",
        "\"a\"",
        "`a`",
        "E'a\\\\'",
        "lower(",
        "count(*)",
        "extract(year from",
        "trim(",
        "from",
        "is distinct from",
        "in",
        "in (",
        "case when",
        "then",
        "end",
        "over (",
        "distinct",
        "and",
        "not",
        ".",
        "[1]",
        "date",
        "interval",
        "::text",
        "filter (where",
        ", 2",
        "||",
        "null",
        "like",
        "cast(",
        "as text)",
    ]);
    let pieces = prop::collection::vec(prop_oneof![1 => piece, 5 => plain], 1..9);
    (pieces, 0..3).prop_map(|(pieces, spaces)| pieces.join(if spaces == 0 { "" } else { " " }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever passes is one expression to the warehouse's parser too.
    #[test]
    fn what_passes_is_one_expression(text in nasty()) {
        for dialect in Dialect::ALL {
            if columns(dialect, &text).is_ok() && let Err(found) = is_one(dialect, &text) {
                prop_assert!(false, "{text:?} on {}: {found}", dialect.name());
            }
        }
    }
}
