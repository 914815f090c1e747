from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

STRING = {"name": "a", "type": "STRING"}
KEYED = [
    {"name": "id", "type": "STRING", "mode": "REQUIRED"},
    {"name": "n", "type": "INTEGER"},
    {"name": "f", "type": "FLOAT"},
    {"name": "many", "type": "STRING", "mode": "REPEATED"},
]
WHOLE = [
    {"name": "s", "type": "STRING", "maxLength": "10", "description": "A text", "defaultValueExpression": "'x'"},
    {"name": "b", "type": "BYTES", "maxLength": "4"},
    {"name": "i", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "f", "type": "FLOAT"},
    {"name": "o", "type": "BOOLEAN"},
    {"name": "ts", "type": "TIMESTAMP", "defaultValueExpression": "CURRENT_TIMESTAMP()"},
    {"name": "d", "type": "DATE"},
    {"name": "t", "type": "TIME"},
    {"name": "dt", "type": "DATETIME"},
    {"name": "g", "type": "GEOGRAPHY"},
    {"name": "n", "type": "NUMERIC", "precision": "10", "scale": "2"},
    {"name": "bn", "type": "BIGNUMERIC", "precision": "40", "scale": "3"},
    {"name": "j", "type": "JSON"},
    {"name": "r", "type": "RANGE", "rangeElementType": {"type": "DATE"}},
    {"name": "tags", "type": "STRING", "mode": "REPEATED"},
    {"name": "one", "type": "RECORD", "fields": [
        {"name": "x", "type": "INTEGER", "mode": "REQUIRED", "description": "Nested"},
        {"name": "more", "type": "RECORD", "mode": "REPEATED", "fields": [{"name": "y", "type": "STRING"}]},
    ]},
]  # fmt: skip


def fields_of(found):
    return [without_defaults(field) for field in found["schema"]["fields"]]


def without_defaults(field):
    out = {k: v for k, v in field.items() if (k, v) != ("mode", "NULLABLE")}
    return {**out, "fields": [without_defaults(f) for f in out["fields"]]} if "fields" in out else out


@behaviour("2 Data types in REST")
def test_every_type_and_attribute_of_a_column_is_read_back(make, resource):
    make("t", WHOLE)
    found = fields_of(resource("t"))
    assert [f["name"] for f in found] == [f["name"] for f in WHOLE]
    for got, sent in zip(found, WHOLE, strict=True):
        assert got == sent


@behaviour("2 server answers with legacy names")
@pytest.mark.parametrize(
    ("sent", "answered"),
    [("INT64", "INTEGER"), ("FLOAT64", "FLOAT"), ("BOOL", "BOOLEAN"), ("STRUCT", "RECORD"), ("integer", "INTEGER")],
)
def test_replies_carry_canonical_type_names_whatever_was_sent(make, resource, sent, answered):
    nested = {"fields": [STRING]} if answered == "RECORD" else {}
    make("t", [{"name": "c", "type": sent, **nested}])
    assert resource("t")["schema"]["fields"][0]["type"] == answered


@behaviour("2 Data types in REST: unknown")
def test_a_type_or_mode_that_does_not_exist_is_refused(make):
    for wrong in ({"type": "VARCHAR2"}, {"type": "STRING", "mode": "OPTIONAL"}, {"type": "RECORD"}):
        with refused(400, "invalid"):
            make("t", [{"name": "c", **wrong}])
    assert make("t", [STRING]).etag


@behaviour("2 maxLength only for STRING/BYTES; scale without precision invalid")
def test_parameters_of_types_are_checked(make, resource):
    for wrong in (
        {"type": "INTEGER", "maxLength": "3"},
        {"type": "NUMERIC", "scale": "2"},
        {"type": "NUMERIC", "precision": "40"},
        {"type": "NUMERIC", "precision": "12", "scale": "10"},
        {"type": "RANGE", "rangeElementType": {"type": "TIME"}},
    ):
        with refused(400, "invalid"):
            make("t", [{"name": "c", **wrong}])
    make("t", [{"name": "c", "type": "NUMERIC", "precision": "38", "scale": "9"}])
    assert resource("t")["schema"]["fields"][0]["precision"] == "38"


@behaviour("1.1 policy tags")
def test_policy_tags_are_kept_unless_cleared_with_an_empty_list(make, resource, api):
    tag = "projects/p/locations/us/taxonomies/1/policyTags/2"
    make("t", [STRING, {"name": "secret", "type": "STRING", "policyTags": {"names": [tag]}}])
    fields = resource("t")["schema"]["fields"]
    assert fields[1]["policyTags"] == {"names": [tag]}
    without = [{k: v for k, v in f.items() if k != "policyTags"} for f in fields]
    api("PATCH", "/tables/t", {"schema": {"fields": without}})
    assert resource("t")["schema"]["fields"][1]["policyTags"] == {"names": [tag]}
    two = [fields[0], {**fields[1], "policyTags": {"names": [tag, f"{tag}3"]}}]
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"schema": {"fields": two}})
    api("PATCH", "/tables/t", {"schema": {"fields": [fields[0], {**fields[1], "policyTags": {"names": []}}]}})
    assert not resource("t")["schema"]["fields"][1].get("policyTags", {}).get("names")


@behaviour("1.1 collation of an existing column")
def test_a_column_is_made_with_a_collation_and_keeps_it(make, resource, api):
    make("t", [{**STRING, "collation": "und:ci"}, {"name": "b", "type": "STRING"}])
    fields = resource("t")["schema"]["fields"]
    assert fields[0]["collation"] == "und:ci"
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"schema": {"fields": [fields[0], {**fields[1], "collation": "und:ci"}]}})
    api("PATCH", "/tables/t", {"schema": {"fields": [*fields, {"name": "c", "type": "STRING", "collation": "und:ci"}]}})
    assert resource("t")["schema"]["fields"][2]["collation"] == "und:ci"


@behaviour("2 Partitioning: one top-level column of DATE, DATETIME, TIMESTAMP")
@pytest.mark.parametrize(
    ("kind", "column"),
    [
        *((kind, "TIMESTAMP") for kind in ("HOUR", "DAY", "MONTH", "YEAR")),
        *((kind, "DATETIME") for kind in ("HOUR", "DAY", "MONTH", "YEAR")),
        *((kind, "DATE") for kind in ("DAY", "MONTH", "YEAR")),
    ],
)
def test_a_table_is_partitioned_by_a_time_column(make, resource, kind, column):
    spec = {"type": kind, "field": "at"}
    make("t", [STRING, {"name": "at", "type": column}], timePartitioning=spec)
    assert resource("t")["timePartitioning"] == spec


@behaviour("2 Partitioning: DATE has no HOUR; STRING, JSON, NUMERIC cannot partition")
@pytest.mark.parametrize(
    ("column", "spec"),
    [
        ({"type": "DATE"}, {"type": "HOUR", "field": "c"}),
        ({"type": "STRING"}, {"type": "DAY", "field": "c"}),
        ({"type": "JSON"}, {"type": "DAY", "field": "c"}),
        ({"type": "INTEGER"}, {"type": "DAY", "field": "c"}),
        ({"type": "DATE", "mode": "REPEATED"}, {"type": "DAY", "field": "c"}),
        ({"type": "DATE"}, {"type": "WEEK", "field": "c"}),
        ({"type": "DATE"}, {"type": "DAY", "field": "missing"}),
    ],
)
def test_a_table_cannot_be_partitioned_by_anything_else(make, column, spec):
    with refused(400, "invalid"):
        make("t", [{"name": "c", **column}], timePartitioning=spec)
    make("t", [{"name": "c", "type": "DATE"}], timePartitioning={"type": "DAY", "field": "c"})


@behaviour("2 Partitioning: ingestion time")
def test_a_table_is_partitioned_by_ingestion_time(make, resource, sql, rows):
    make("t", [STRING], timePartitioning={"type": "DAY"})
    assert resource("t")["timePartitioning"] == {"type": "DAY"}
    sql("INSERT INTO t (a) VALUES ('x')")
    assert rows("SELECT * FROM t") == [("x",)]


@behaviour("2 Partitioning: integer range")
def test_a_table_is_partitioned_by_ranges_of_an_integer(make, resource):
    numbers = {"start": "0", "end": "100", "interval": "10"}
    make("t", [{"name": "n", "type": "INTEGER"}], rangePartitioning={"field": "n", "range": numbers})
    assert resource("t")["rangePartitioning"] == {"field": "n", "range": numbers}
    for wrong in (
        {**numbers, "interval": "0"},
        {**numbers, "end": "0"},
        {"start": "0", "end": "20000", "interval": "1"},
    ):
        with refused(400, "invalid"):
            make("u", [{"name": "n", "type": "INTEGER"}], rangePartitioning={"field": "n", "range": wrong})


@behaviour("1.1 partition expiration")
def test_partition_expiration_is_read_back_changed_and_not_for_integer_ranges(make, resource, api):
    day = 24 * 3_600_000
    make("t", [{"name": "d", "type": "DATE"}], timePartitioning={
        "type": "DAY", "field": "d", "expirationMs": str(3 * day)})  # fmt: skip
    assert resource("t")["timePartitioning"]["expirationMs"] == str(3 * day)
    api("PATCH", "/tables/t", {"timePartitioning": {"type": "DAY", "field": "d", "expirationMs": str(5 * day)}})
    assert resource("t")["timePartitioning"]["expirationMs"] == str(5 * day)
    api("PATCH", "/tables/t", {"timePartitioning": {"type": "DAY", "field": "d", "expirationMs": None}})
    assert "expirationMs" not in resource("t")["timePartitioning"]


@behaviour("1.1 require_partition_filter")
def test_a_required_partition_filter_refuses_queries_without_one(make, resource, sql, rows, api):
    make("t", [{"name": "d", "type": "DATE"}, STRING], timePartitioning={"type": "DAY", "field": "d"})
    sql("INSERT INTO t VALUES ('2026-01-01', 'x')")
    api("PATCH", "/tables/t", {"requirePartitionFilter": True})
    assert resource("t")["requirePartitionFilter"] is True
    with refused(400, "invalidQuery", "filter"):
        sql("SELECT a FROM t")
    assert rows("SELECT a FROM t WHERE d >= '2026-01-01'") == [("x",)]
    api("PATCH", "/tables/t", {"requirePartitionFilter": False})
    assert rows("SELECT a FROM t") == [("x",)]


@behaviour("2 Clustering: at most 4 ordered columns of allowed types")
def test_clustering_keeps_its_order_and_refuses_a_fifth_column_and_other_types(make, resource):
    columns = [{"name": f"c{n}", "type": "STRING"} for n in range(5)]
    order = ["c3", "c0", "c2", "c1"]
    make("t", columns, clustering={"fields": order})
    assert resource("t")["clustering"]["fields"] == order
    with refused(400, "invalid"):
        make("u", columns, clustering={"fields": [*order, "c4"]})
    for wrong in ("FLOAT", "BYTES", "TIME", "JSON"):
        with refused(400, "invalid"):
            make("u", [{"name": "c", "type": wrong}], clustering={"fields": ["c"]})
    for n, right in enumerate(("BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "GEOGRAPHY", "INTEGER", "NUMERIC")):
        make(f"v{n}", [{"name": "c", "type": right}], clustering={"fields": ["c"]})


@behaviour("2 Clustering: top-level, non-repeated, no collation")
def test_repeated_nested_collated_missing_and_double_columns_do_not_cluster(make):
    columns = [
        STRING,
        {"name": "many", "type": "STRING", "mode": "REPEATED"},
        {"name": "rec", "type": "RECORD", "fields": [STRING]},
        {"name": "ci", "type": "STRING", "collation": "und:ci"},
    ]
    for wrong in (["many"], ["rec"], ["rec.a"], ["ci"], ["missing"], ["a", "A"]):
        with refused(400, "invalid"):
            make("t", columns, clustering={"fields": wrong})
    make("t", columns, clustering={"fields": ["a"]})


@behaviour("page REST tables: labels, description, friendlyName")
def test_descriptions_and_labels_of_a_table_are_read_back(make, resource):
    make("t", [STRING], description="Orders", friendlyName="O", labels={"team": "x"})
    found = resource("t")
    assert (found["description"], found["friendlyName"], found["labels"]) == ("Orders", "O", {"team": "x"})


@behaviour("page REST tables: expirationTime")
@pytest.mark.needs_clock
def test_an_expired_table_is_gone_and_its_name_is_free(client, dataset, make, clock):
    at = clock.now() + timedelta(hours=2)
    make("t", [STRING], expirationTime=str(int(at.timestamp() * 1000)))
    clock.advance(timedelta(hours=1, minutes=59))
    assert client.get_table(f"{dataset}.t").expires == at
    clock.advance(timedelta(minutes=2))
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.t")
    assert list(client.list_tables(dataset)) == []
    make("t", [STRING])


@behaviour("1.1 primary and foreign keys")
def test_keys_are_read_back_and_checked(make, resource, dataset):
    project, _, name = dataset.partition(".")
    make("parent", KEYED, tableConstraints={"primaryKey": {"columns": ["id"]}})
    assert resource("parent")["tableConstraints"]["primaryKey"] == {"columns": ["id"]}
    key = {
        "name": "to_parent",
        "referencedTable": {"projectId": project, "datasetId": name, "tableId": "parent"},
        "columnReferences": [{"referencingColumn": "id", "referencedColumn": "id"}],
    }
    make("child", KEYED, tableConstraints={"foreignKeys": [key]})
    assert resource("child")["tableConstraints"]["foreignKeys"] == [key]
    for wrong in (["missing"], ["f"], ["many"]):
        with refused(400, "invalid"):
            make("other", KEYED, tableConstraints={"primaryKey": {"columns": wrong}})


@behaviour("1.1 primary and foreign keys: PK <=16 cols; FK not to own table")
def test_a_primary_key_has_at_most_16_columns_and_a_foreign_key_leads_elsewhere(make, dataset):
    project, _, name = dataset.partition(".")
    wide = [{"name": f"c{n}", "type": "STRING"} for n in range(17)]
    with refused(400, "invalid"):
        make("t", wide, tableConstraints={"primaryKey": {"columns": [f["name"] for f in wide]}})
    make("t", wide, tableConstraints={"primaryKey": {"columns": [f["name"] for f in wide[:16]]}})
    own = {
        "name": "own",
        "referencedTable": {"projectId": project, "datasetId": name, "tableId": "u"},
        "columnReferences": [{"referencingColumn": "c0", "referencedColumn": "c0"}],
    }
    with refused(400, "invalid"):
        make("u", wide, tableConstraints={"primaryKey": {"columns": ["c0"]}, "foreignKeys": [own]})


@behaviour("1.1 primary and foreign keys: not verified")
def test_keys_are_not_enforced_and_required_is(make, sql, rows):
    make("t", KEYED, tableConstraints={"primaryKey": {"columns": ["id"]}})
    sql("INSERT INTO t (id) VALUES ('x'), ('x')")
    assert rows("SELECT count(*) FROM t") == [(2,)]
    with refused(400, "invalidQuery", "required"):
        sql("INSERT INTO t (id) VALUES (NULL)")


@behaviour("11 View")
def test_a_view_is_made_by_insert_and_its_schema_is_frozen_then(make, client, dataset, rows, sql):
    make("t", [STRING])
    view = bigquery.Table(f"{dataset}.v")
    view.view_query = f"SELECT * FROM `{dataset}.t`"
    client.create_table(view)
    found = client.get_table(f"{dataset}.v")
    assert (found.table_type, found.view_query) == ("VIEW", view.view_query)
    sql("INSERT INTO t VALUES ('x')")
    sql("ALTER TABLE t ADD COLUMN b STRING")
    assert [f.name for f in client.get_table(f"{dataset}.v").schema] == ["a"]
    assert rows("SELECT a FROM v") == [("x",)]
    found.view_query = f"SELECT a AS z FROM `{dataset}.t`"
    client.update_table(found, ["view_query"])
    assert [f.name for f in client.get_table(f"{dataset}.v").schema] == ["z"]


@behaviour("11 View: query is validated")
def test_a_view_over_a_missing_table_or_with_bad_sql_is_refused(client, dataset, make):
    make("t", [STRING])
    for reason, code, text in (("notFound", 404, "SELECT * FROM `{}.gone`"), ("invalidQuery", 400, "SELEC 1")):
        view = bigquery.Table(f"{dataset}.v")
        view.view_query = text.format(dataset)
        with refused(code, reason):
            client.create_table(view)
    view.view_query = f"SELECT a FROM `{dataset}.t`"
    assert client.create_table(view).table_type == "VIEW"


@behaviour("page REST tables.list")
def test_tables_are_listed_by_name_in_pages_with_their_kind_and_labels(client, dataset, make, api):
    for name in ("c", "a", "b"):
        make(name, [STRING], labels={"n": name})
    listed = list(client.list_tables(dataset, page_size=2))
    assert [(t.table_id, t.table_type, t.labels) for t in listed] == [(n, "TABLE", {"n": n}) for n in ("a", "b", "c")]
    page = api("GET", "/tables", query_params={"maxResults": 2})
    assert (len(page["tables"]), page["totalItems"]) == (2, 3)
    assert "schema" not in page["tables"][0]


@behaviour("3.2 duplicate")
def test_a_table_that_exists_cannot_be_inserted_again(make):
    make("t", [STRING])
    with refused(409, "duplicate", "already exists"):
        make("t", [{"name": "z", "type": "INTEGER"}])
    make("u", [STRING])


@behaviour("5 exactly-one-winner under a race")
def test_of_twenty_concurrent_creates_one_wins_and_nineteen_are_409(client, dataset, clients):
    codes: Counter[int] = Counter()

    def create(own):
        try:
            own.create_table(bigquery.Table(f"{dataset}.t", [bigquery.SchemaField("a", "STRING")]))
            codes[200] += 1
        except GoogleAPICallError as error:
            codes[int(error.code)] += 1

    threads = [threading.Thread(target=create, args=(own,)) for own in clients(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {200: 1, 409: 19}
    assert client.get_table(f"{dataset}.t")


@behaviour("2 Column name")
def test_column_names_differ_by_more_than_case_and_avoid_reserved_prefixes(make, resource):
    with refused(400, "invalid"):
        make("t", [STRING, {"name": "A", "type": "STRING"}])
    for wrong in ("", "a" * 301, "_TABLE_x", "_PARTITIONx", "_FILE_x", "_ROW_TIMESTAMP", "__ROOT__", "a!b", "a.b"):
        with refused(400, "invalid"):
            make("t", [{"name": wrong, "type": "STRING"}])
    right = ["a" * 300, "_x", "with space", "größe", "1st", "a&b%c=d+e:f"]
    make("t", [{"name": name, "type": "STRING"} for name in right])
    assert [f["name"] for f in resource("t")["schema"]["fields"]] == right


@behaviour("2 Table/view name")
def test_table_names_take_unicode_spaces_and_dashes_up_to_1024_bytes(make, client, dataset):
    for wrong in ("a" * 1025, "ü" * 513, "a/b", "a!b"):
        with refused(400, "invalid"):
            make(wrong, [STRING])
    for right in ("with space", "with-dash", "größe_1", "a" * 1024):
        make(right, [STRING])
    assert len(list(client.list_tables(dataset))) == 4


@behaviour("2 Descriptions")
def test_a_table_description_has_at_most_16384_characters_and_a_columns_1024(make, resource):
    with refused(400, "invalid"):
        make("t", [STRING], description="x" * 16_385)
    with refused(400, "invalid"):
        make("t", [{**STRING, "description": "x" * 1025}])
    make("t", [{**STRING, "description": "x" * 1024}], description="x" * 16_384)
    assert len(resource("t")["description"]) == 16_384


@behaviour("3.2 notFound")
def test_a_missing_table_is_404_for_get_patch_delete_rows_and_streaming(api, make):
    make("t", [STRING])
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "", None),
        ("GET", "/data", None),
        ("POST", "/insertAll", {"rows": [{"json": {"a": "x"}}]}),
    ):
        with refused(404, "notFound", "gone"):
            api(method, f"/tables/gone{path}", body)
        assert api("GET", "/tables/t")["etag"]


@behaviour("page REST tables.delete")
def test_a_deleted_table_is_gone_and_its_successor_starts_empty(make, client, dataset, sql, rows):
    make("t", [STRING])
    sql("INSERT INTO t VALUES ('x')")
    client.delete_table(f"{dataset}.t")
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.t")
    make("t", [STRING])
    assert rows("SELECT count(*) FROM t") == [(0,)]


@behaviour("8 Only in tables.get: numRows, lastModifiedTime")
def test_row_count_bytes_and_modification_time_follow_the_rows(make, resource, sql):
    make("t", [STRING])
    before = resource("t")
    assert (before["numRows"], before["numBytes"]) == ("0", "0")
    sql("INSERT INTO t VALUES ('x'), ('y')")
    after = resource("t")
    assert after["numRows"] == "2"
    assert int(after["numBytes"]) == 6
    assert int(after["lastModifiedTime"]) >= int(before["lastModifiedTime"])


@behaviour("page REST tabledata.list")
def test_rows_are_listed_in_pages_with_chosen_columns(make, client, dataset, sql):
    make("t", [STRING, {"name": "n", "type": "INTEGER"}])
    sql("INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)")
    table = client.get_table(f"{dataset}.t")
    assert [tuple(r) for r in client.list_rows(table, page_size=2)] == [("a", 1), ("b", 2), ("c", 3)]
    assert [tuple(r) for r in client.list_rows(table, selected_fields=table.schema[1:], start_index=1)] == [(2,), (3,)]
    assert [tuple(r) for r in client.list_rows(table, max_results=1)] == [("a", 1)]


@behaviour("page REST tables: defaultValueExpression")
def test_a_default_must_be_of_the_columns_type_and_one_of_the_allowed_functions(make, rows, sql):
    for wrong in ("'text'", "(SELECT 1)", "ABS(1)", "nonsense("):
        with refused(400, "invalidQuery"):
            make("t", [{"name": "n", "type": "INTEGER", "defaultValueExpression": wrong}])
    make("t", [STRING, {"name": "n", "type": "INTEGER", "defaultValueExpression": "7"}])
    sql("INSERT INTO t (a) VALUES ('x')")
    assert rows("SELECT n FROM t") == [(7,)]
