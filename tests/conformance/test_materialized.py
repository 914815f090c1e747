"""Facts 11 and the pages of materialized views: made, read back and changed through REST."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

QUERY = "SELECT day, SUM(n) AS n FROM `{}.t` GROUP BY day"
COLUMNS = [
    {"name": "day", "type": "DATE", "mode": "REQUIRED"},
    {"name": "n", "type": "INTEGER", "description": "how many"},
]


@pytest.fixture
def base(make, sql):
    """Make a table with three rows on two days."""
    make("t", COLUMNS, timePartitioning={"type": "DAY", "field": "day"})
    sql("INSERT INTO t VALUES ('2026-01-01', 1), ('2026-01-01', 2), ('2026-01-02', 4)")


@pytest.fixture
def insert(client, dataset, base):
    """Make the materialized view m by tables.insert: insert(**REST properties) -> the table as answered."""

    def insert(name="m", **properties):
        project, _, folder = dataset.partition(".")
        reference = {"projectId": project, "datasetId": folder, "tableId": name}
        given = {"materializedView": {"query": QUERY.format(dataset)}, **properties}
        return client.create_table(bigquery.Table.from_api_repr({"tableReference": reference, **given}))

    return insert


@behaviour("page REST MaterializedViewDefinition")
def test_the_client_makes_a_materialized_view(client, dataset, base, rows):
    table = bigquery.Table(f"{dataset}.m")
    table.mview_query = QUERY.format(dataset)
    table.mview_enable_refresh = False
    table.mview_refresh_interval = timedelta(hours=1)
    client.create_table(table)
    found = client.get_table(f"{dataset}.m")
    assert (found.table_type, found.mview_query) == ("MATERIALIZED_VIEW", QUERY.format(dataset))
    assert (found.mview_enable_refresh, found.mview_refresh_interval) == (False, timedelta(hours=1))
    assert [(f.name, f.field_type, f.mode) for f in found.schema] == [
        ("day", "DATE", "NULLABLE"),
        ("n", "INTEGER", "NULLABLE"),
    ]
    assert sorted(n for _, n in rows("SELECT * FROM m")) == [3, 4]


@behaviour("page REST MaterializedViewDefinition: refresh is on and every 30 minutes unless stated")
def test_refresh_has_defaults(insert, resource, dataset):
    insert()
    assert resource("m")["materializedView"] == {
        "query": QUERY.format(dataset),
        "enableRefresh": True,
        "refreshIntervalMs": "1800000",
    }


@behaviour("page REST MaterializedViewDefinition: a refresh interval is from a minute to seven days")
@pytest.mark.parametrize("interval", ["0", "59999", "604800001", "often"])
def test_a_refresh_interval_has_bounds(insert, resource, dataset, interval):
    query = QUERY.format(dataset)
    with refused(400, "invalid", "refreshIntervalMs"):
        insert(materializedView={"query": query, "refreshIntervalMs": interval})
    insert(materializedView={"query": query, "refreshIntervalMs": "60000"})
    assert resource("m")["materializedView"]["refreshIntervalMs"] == "60000"


@behaviour("MV-create a materialized view may be partitioned and clustered by its columns")
def test_a_materialized_view_has_partitions_and_clusters(insert, resource):
    with refused(400, "invalid", "clustering"):
        insert(clustering={"fields": ["missing"]})
    by_day = {"type": "DAY", "field": "day"}
    insert(timePartitioning=by_day, clustering={"fields": ["n"]}, description="D", labels={"a": "b"})
    found = resource("m")
    assert (found["timePartitioning"], found["clustering"]) == (by_day, {"fields": ["n"]})
    assert (found["description"], found["labels"]) == ("D", {"a": "b"})


@behaviour("3.2 duplicate: a materialized view's name is taken like a table's")
def test_the_name_of_a_materialized_view_is_unique(insert, make, resource):
    insert()
    with refused(409, "duplicate"):
        insert()
    with refused(409, "duplicate"):
        insert("t")
    with refused(409, "duplicate"):
        make("m", COLUMNS)
    insert("other")
    assert resource("other")["type"] == "MATERIALIZED_VIEW"


@behaviour("MV-create the query is checked when the view is made")
@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("SELECT missing FROM `{}.t`", 400, "invalidQuery"),
        ("SELECT n FROM `{}.nothing`", 404, "notFound"),
        ("SELECT n FROM `{}.v`", 400, "invalidQuery"),
        ("SELECT 1 AS n", 400, "invalidQuery"),
        ("DELETE FROM `{}.t` WHERE true", 400, "invalidQuery"),
        ("", 400, "invalid"),
    ],
)
def test_a_wrong_query_makes_no_materialized_view(client, dataset, insert, sql, query, code, reason):
    sql(f"CREATE VIEW v AS SELECT n FROM `{dataset}.t`")
    with refused(code, reason):
        insert(materializedView={"query": query.format(dataset)})
    assert "m" not in [t.table_id for t in client.list_tables(dataset)]
    insert()


@behaviour("page REST tables: a table is a view, a materialized view or neither")
def test_a_resource_is_not_both_kinds_of_view(insert, dataset, resource):
    view = {"query": QUERY.format(dataset), "useLegacySql": False}
    with refused(400, "invalid"):
        insert(view=view)
    insert()
    assert "view" not in resource("m")


@behaviour("page REST tables.list: the type of a materialized view")
def test_a_list_tells_materialized_views(client, dataset, insert):
    insert()
    assert {t.table_id: t.table_type for t in client.list_tables(dataset)} == {"t": "TABLE", "m": "MATERIALIZED_VIEW"}


@behaviour("11 MV query cannot be altered, only options")
def test_a_patch_changes_options_and_not_the_query(insert, api, resource, dataset):
    insert()
    query = QUERY.format(dataset)
    for wrong in (
        {"materializedView": {"query": query.replace("SUM", "MAX")}},
        {"materializedView": None},
        {"view": {"query": query, "useLegacySql": False}},
        {"clustering": {"fields": ["n"]}},
        {"schema": {"fields": [{"name": "day", "type": "DATE"}]}},
    ):
        with refused(400, "invalid"):
            api("PATCH", "/tables/m", wrong)
    api("PATCH", "/tables/m", {"materializedView": {"query": query, "enableRefresh": False}, "description": "D"})
    found = resource("m")
    assert (found["materializedView"]["enableRefresh"], found["description"]) == (False, "D")
    assert (found["materializedView"]["query"], found["type"]) == (query, "MATERIALIZED_VIEW")


@behaviour("11 a table does not become a materialized view by a patch")
def test_a_table_stays_a_table(base, api, resource, dataset):
    with refused(400, "invalid"):
        api("PATCH", "/tables/t", {"materializedView": {"query": QUERY.format(dataset)}})
    api("PATCH", "/tables/t", {"description": "D"})
    assert (resource("t")["type"], resource("t")["description"]) == ("TABLE", "D")


@behaviour("MV-manage DML does not change a materialized view, and a copy job does not read it")
def test_a_materialized_view_is_read_only(client, dataset, insert, sql, rows):
    insert()
    with refused(400, "invalidQuery"):
        sql("DELETE FROM m WHERE true")
    with refused(400, "invalid"):
        client.copy_table(f"{dataset}.m", f"{dataset}.u").result()
    sql("DELETE FROM t WHERE n = 4")
    assert [n for _, n in rows("SELECT * FROM m")] == [3]


@behaviour("11 MV base re-created -> MV must be re-created")
@pytest.mark.needs_clock
def test_a_base_made_again_breaks_what_rest_made(client, dataset, insert, make, rows, clock):
    insert()
    client.delete_table(f"{dataset}.t")
    clock.advance(timedelta(seconds=1))
    make("t", COLUMNS)
    with refused(400, "invalidQuery", "recreated"):
        rows("SELECT * FROM m")
    client.delete_table(f"{dataset}.m")
    insert()
    assert rows("SELECT * FROM m") == []


@behaviour("MV-create a materialized view expires like a table: as stated, else as its dataset says")
@pytest.mark.needs_clock
def test_a_materialized_view_expires(client, dataset, insert, clock):
    at = clock.now() + timedelta(hours=2)
    insert(expirationTime=str(int(at.timestamp() * 1000)))
    assert client.get_table(f"{dataset}.m").expires == at
    clock.advance(timedelta(hours=2))
    with refused(404, "notFound"):
        client.get_table(f"{dataset}.m")
    insert()
