"""The official Python client against the running product.

    python .ci/sdk.py URL PROJECT TOKEN FOLDER

Whatever it gets is compared with what is counted here from the tables of the demo in FOLDER.
"""

import csv
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from lightdash import Client
from lightdash.exceptions import LightdashError


def table(folder, name):
    with open(Path(folder) / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def same(found, expected, what):
    found, expected = list(found), list(expected)
    assert found == expected, f"{what}: {found[:3]} … instead of {expected[:3]} …"
    print(f"ok  {what}: {len(found)}")


def cents(value):
    return round(Decimal(str(value)) * 100)


def main(url, project, token, folder):
    client = Client(instance_url=url, access_token=token, project_uuid=project)
    same(sorted(model.name for model in client.list_models()),
         ["customers", "order_items", "orders", "payments", "products"], "models")
    orders = client.get_model("orders")
    assert "order_count" in [metric.name for metric in orders.list_metrics()]
    assert "channel" in [dimension.name for dimension in orders.list_dimensions()]

    # Orders and what was paid for them, by channel: payments are joined, and an order has several.
    rows, paid = table(folder, "orders"), defaultdict(Decimal)
    for payment in table(folder, "payments"):
        paid[payment["order_id"]] += Decimal(payment["amount"])
    counted = defaultdict(lambda: [0, Decimal(0)])
    for order in rows:
        if order["status"] == "completed":
            counted[order["channel"]][0] += 1
            counted[order["channel"]][1] += paid[order["order_id"]]
    query = (orders.query()
             .dimensions(orders.dimensions.channel)
             .metrics(orders.metrics.order_count, "payments_total_paid")
             .filter(orders.dimensions.status == "completed")
             .sort(orders.metrics.order_count.desc())
             .limit(10))
    result = query.execute()
    records = result.to_records()
    names = list(records[0])
    expected = sorted(counted.items(), key=lambda item: -item[1][0])
    same([(row[names[0]], row[names[1]], cents(row[names[2]])) for row in records],
         [(channel, count, cents(total)) for channel, (count, total) in expected], "orders by channel, filtered and sorted")
    frame = result.to_df()
    assert frame.shape == (len(expected), 3), frame.shape
    assert frame[names[1]].sum() == sum(count for count, _ in counted.values())
    print(f"ok  data frame: {frame.shape}")
    sql = query.compile()
    assert "SELECT" in sql and "completed" in sql, sql
    print("ok  compiled")

    # More than a page.
    every = orders.query(dimensions=["orders_order_id"], metrics=["orders_order_count"], limit=5000).execute()
    ids = [list(row.values())[0] for page in every.iter_pages(page_size=100) for row in page]
    same(sorted(ids), sorted(int(order["order_id"]) for order in rows), "pages")

    found = client.sql("SELECT status, COUNT(*) AS n FROM jaffle.orders GROUP BY 1 ORDER BY 1")
    statuses = defaultdict(int)
    for order in rows:
        statuses[order["status"]] += 1
    same([(row["status"], row["n"]) for row in found], sorted(statuses.items()), "SQL")
    assert list(found.to_df().columns) == ["status", "n"]
    assert "orders" in str(client.sql_runner.tables())
    assert "channel" in client.sql_runner.fields("orders", "jaffle")
    print("ok  tables and columns")

    for wrong in (lambda: client.sql("SELECT nothing FROM jaffle.orders"),
                  lambda: orders.query(metrics=["orders_nothing"]).execute()):
        try:
            wrong()
        except LightdashError as error:
            print(f"ok  refused: {str(error)[:100]}")
        except Exception as error:  # what httpx raises for a status
            assert "400" in str(error) or "404" in str(error), error
            print(f"ok  refused: {str(error)[:100]}")
        else:
            raise AssertionError("what is wrong was answered")


if __name__ == "__main__":
    main(*sys.argv[1:])
