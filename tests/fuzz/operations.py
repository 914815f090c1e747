"""Operations that are right on one known table and view: what the YAML cases start from."""

from __future__ import annotations

from typing import Any

FOUNDATION = """\
description: What the operations of a case stand on
upgrade:
  - create_dataset: {dataset: shop, description: "Shop's own", labels: {team: sales}}
  - create_table:
      table: shop.orders
      description: One row per order.
      schema:
        - {name: order_id, type: STRING, mode: REQUIRED, description: Identifies the order.}
        - {name: placed_at, type: TIMESTAMP, mode: REQUIRED}
        - {name: amount, type: INTEGER, description: In cents.}
        - {name: note, type: STRING, maxLength: 10, defaultValueExpression: "'-'"}
        - {name: tags, type: STRING, mode: REPEATED}
        - {name: address, type: RECORD, fields: [{name: city, type: STRING}, {name: country, type: STRING}]}
      partitioning: {type: DAY, field: placed_at, expiration_days: 400}
      clustering: [order_id]
  - create_table: {table: shop.other, schema: [{name: a, type: STRING}]}
  - create_view: {view: shop.daily, query: "SELECT 1 AS one FROM `${datasets.shop}.orders`"}
"""
OPAQUE = "-- migrate:up\nCREATE TABLE `${datasets.shop}.third` (x INT64)\n"

OPERATIONS: tuple[dict[str, Any], ...] = (
    {"create_dataset": {
        "dataset": "stock", "description": "What there is", "friendly_name": "Stock", "labels": {"team": "x"},
        "location": "EU", "default_table_expiration_days": 30, "default_partition_expiration_days": 1.5}},
    {"create_table": {
        "table": "shop.lines", "description": "One row per line", "friendly_name": "Lines",
        "schema": [
            {"name": "line_id", "type": "INT64", "mode": "REQUIRED", "description": "Identifies it"},
            {"name": "price", "type": "NUMERIC", "precision": 10, "scale": 2, "roundingMode": "ROUND_HALF_EVEN"},
            {"name": "made", "type": "DATE", "defaultValueExpression": "CURRENT_DATE()"},
            {"name": "span", "type": "RANGE", "rangeElementType": {"type": "DATE"}},
            {"name": "name", "type": "STRING(20)", "collation": "und:ci", "policyTags": {"names": ["p/t"]}},
            {"name": "parts", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "n", "type": "FLOAT64"}]}],
        "partitioning": {"type": "MONTH", "field": "made"}, "clustering": ["line_id"],
        "labels": {"team": "sales"}, "require_partition_filter": True}},
    {"create_table": {
        "table": "shop.ranged", "schema": [{"name": "n", "type": "INT64"}],
        "partitioning": {"type": "RANGE", "field": "n", "start": 0, "end": 100, "interval": 10}}},
    {"drop_table": {"table": "shop.other"}}, {"rename_table": {"table": "shop.other", "to": "another"}},
    {"add_columns": {
        "table": "shop.orders",
        "columns": [
            {"name": "region", "type": "STRING", "description": "It's where"},
            {"name": "channel", "type": "STRING", "defaultValueExpression": "'web'", "collation": "und:ci"},
            {"name": "extra", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "k", "type": "BYTES(4)"}]}]}},
    {"drop_columns": {"table": "shop.orders", "columns": ["note", "amount"]}},
    {"drop_columns": {"table": "shop.orders", "columns": ["note"], "hard": True}},
    {"rename_columns": {"table": "shop.orders", "columns": {"note": "remark", "amount": "cents"}}},
    {"alter_columns": {
        "table": "shop.orders",
        "columns": [
            {"name": "order_id", "mode": "NULLABLE", "description": 'Not "always" there'},
            {"name": "amount", "type": "NUMERIC", "defaultValueExpression": "0"},
            {"name": "note", "type": "STRING(20)", "defaultValueExpression": None},
            {"name": "address.city", "description": "As spelt"}]}},
    {"set_table_options": {
        "table": "shop.orders", "description": "Every order", "friendly_name": None,
        "expires_at": "2099-01-31T00:00:00Z",
        "partition_expiration_days": 500, "require_partition_filter": True, "labels": {"kept": "long", "team": None}}},
    {"set_clustering": {"table": "shop.orders", "columns": ["order_id", "note"]}},
    {"create_view": {
        "view": "shop.monthly", "description": "Per month", "labels": {"a": "b"},
        "query": "SELECT 1 AS one FROM `${project}.${datasets.shop}.orders` WHERE note = 'x'"}},
    {"replace_view": {"view": "shop.daily", "query": "SELECT 2 AS two", "description": "New"}},
    {"drop_view": {"view": "shop.daily"}},
    {"sql": {"statement": "UPDATE `${datasets.shop}.orders`\nSET note = 'a;b' -- why\nWHERE TRUE;\nSELECT 1\n"}},
    {"drop_dataset": {"dataset": "shop"}},
)  # fmt: skip
