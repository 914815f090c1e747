"""CREATE, ALTER and DROP of datasets, views, materialized views, routines and row access policies."""

from __future__ import annotations

import pytest

from tests.conformance.behaviour import behaviour, refused


@pytest.fixture
def schema(client):
    """Give the name of a dataset that DDL makes, and remove it at the end."""
    name = f"{client.project}.bqmigrate_conformance_ddl"
    client.delete_dataset(name, delete_contents=True, not_found_ok=True)
    yield name
    client.delete_dataset(name, delete_contents=True, not_found_ok=True)


@behaviour("DDL CREATE SCHEMA with its options")
def test_create_schema_sets_what_it_states(client, sql, schema):
    job = sql(
        f"CREATE SCHEMA `{schema}` DEFAULT COLLATE 'und:ci' OPTIONS (description = 'D', friendly_name = 'F', "
        "labels = [('a', 'b')], default_table_expiration_days = 3, default_partition_expiration_days = 2.5, "
        "max_time_travel_hours = 72, is_case_insensitive = TRUE)"
    )
    found = client.get_dataset(schema).to_api_repr()
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_SCHEMA", "CREATE")
    assert (found["description"], found["friendlyName"], found["labels"]) == ("D", "F", {"a": "b"})
    assert found["defaultTableExpirationMs"] == str(3 * 86_400_000)
    assert found["defaultPartitionExpirationMs"] == str(5 * 86_400_000 // 2)
    assert (found["maxTimeTravelHours"], found["defaultCollation"]) == ("72", "und:ci")
    assert found["isCaseInsensitive"] is True


@behaviour("DDL CREATE SCHEMA of a taken name")
def test_create_schema_of_a_taken_name_is_a_duplicate(client, sql, schema):
    sql(f"CREATE SCHEMA `{schema}` OPTIONS (description = 'first')")
    with refused(409, "duplicate", "Already Exists"):
        sql(f"CREATE SCHEMA `{schema}`")
    assert sql(f"CREATE SCHEMA IF NOT EXISTS `{schema}`").ddl_operation_performed == "SKIP"
    assert client.get_dataset(schema).description == "first"


@behaviour("10 the location option and the job's location must agree")
def test_create_schema_lands_in_the_location_of_the_job(client, sql, schema):
    sql(f"CREATE SCHEMA `{schema}`")
    location = client.get_dataset(schema).location
    client.delete_dataset(schema)
    sql(f"CREATE SCHEMA `{schema}` OPTIONS (location = '{location}')")
    assert client.get_dataset(schema).location == location


@behaviour("DDL ALTER SCHEMA SET OPTIONS, SET DEFAULT COLLATE")
def test_alter_schema_changes_and_clears_options(client, sql, resource, dataset):
    job = sql(f"ALTER SCHEMA `{dataset}` SET OPTIONS (description = 'D', default_table_expiration_days = 1)")
    assert (job.statement_type, client.get_dataset(dataset).description) == ("ALTER_SCHEMA", "D")
    sql(f"ALTER SCHEMA `{dataset}` SET OPTIONS (description = NULL, default_table_expiration_days = NULL)")
    sql(f"ALTER SCHEMA `{dataset}` SET DEFAULT COLLATE 'und:ci'")
    found = client.get_dataset(dataset)
    assert (found.description, found.default_table_expiration_ms) == (None, None)
    sql("CREATE TABLE t (a STRING)")
    assert resource("t")["schema"]["fields"][0]["collation"] == "und:ci"
    assert (
        sql(f"ALTER SCHEMA IF EXISTS `{dataset}_no` SET OPTIONS (description = 'D')").ddl_operation_performed == "SKIP"
    )


@behaviour("DDL DROP SCHEMA refuses a dataset that holds something, unless CASCADE")
def test_drop_schema_takes_an_empty_dataset_or_cascade(client, sql, schema):
    sql(f"CREATE SCHEMA `{schema}`")
    sql(f"CREATE TABLE `{schema}.t` (a INT64)")
    for text in (f"DROP SCHEMA `{schema}`", f"DROP SCHEMA `{schema}` RESTRICT"):
        with refused(400, "resourceInUse", "in use"):
            sql(text)
    assert sql(f"DROP SCHEMA `{schema}` CASCADE").ddl_operation_performed == "DROP"
    assert sql(f"DROP SCHEMA IF EXISTS `{schema}`").ddl_operation_performed == "SKIP"
    with refused(404, "notFound"):
        sql(f"DROP SCHEMA `{schema}`")


@behaviour("DDL CREATE VIEW: text as written, frozen columns")
def test_a_view_keeps_the_authors_text(sql, rows, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
    job = sql("CREATE VIEW v OPTIONS (description = 'V', labels = [('a', 'b')]) AS\nSELECT a,  -- the key\n  b FROM t")
    found = resource("v")
    assert (job.statement_type, found["type"]) == ("CREATE_VIEW", "VIEW")
    assert found["view"] == {"query": "SELECT a,  -- the key\n  b FROM t", "useLegacySql": False}
    assert (found["description"], found["labels"]) == ("V", {"a": "b"})
    assert rows("SELECT * FROM v") == [(1, "x")]


@behaviour("11 a view's columns stay as they were when it was made")
def test_a_star_view_shows_new_columns_only_when_made_again(sql, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT * FROM t")
    sql("ALTER TABLE t ADD COLUMN b STRING")
    assert [f["name"] for f in resource("v")["schema"]["fields"]] == ["a"]
    assert sql("CREATE OR REPLACE VIEW v AS SELECT * FROM t").ddl_operation_performed == "REPLACE"
    assert [f["name"] for f in resource("v")["schema"]["fields"]] == ["a", "b"]


@behaviour("11 a view whose base lacks what it reads fails when queried")
def test_a_view_outlives_its_base_and_fails(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT a FROM t")
    sql("DROP TABLE t")
    with refused(404, "notFound"):
        sql("SELECT * FROM v")
    sql("CREATE TABLE t AS SELECT 2 AS a")
    assert rows("SELECT * FROM v") == [(2,)]


@behaviour("VW a view's query is checked when the view is made")
def test_a_view_of_nothing_is_refused(sql, rows):
    with refused(404, "notFound"):
        sql("CREATE VIEW v AS SELECT * FROM missing")
    with refused(400, "invalidQuery"):
        sql("CREATE VIEW v AS SELECT nope FROM (SELECT 1 AS a)")
    sql("CREATE VIEW v AS SELECT 1 AS a")
    assert rows("SELECT a FROM v") == [(1,)]


@behaviour("VW a view does not read itself, be it through others")
def test_views_do_not_go_in_circles(sql, rows):
    sql("CREATE VIEW a AS SELECT 1 AS x")
    sql("CREATE VIEW b AS SELECT x FROM a")
    with refused(400, "invalidQuery"):
        sql("CREATE OR REPLACE VIEW a AS SELECT x FROM b")
    assert rows("SELECT x FROM b") == [(1,)]


@behaviour("VW a view takes no rows")
def test_a_view_is_not_written(sql, rows):
    sql("CREATE VIEW v AS SELECT 1 AS a")
    for text in ("INSERT INTO v VALUES (2)", "DELETE FROM v WHERE TRUE", "ALTER TABLE v ADD COLUMN b INT64"):
        with refused(400, "invalidQuery"):
            sql(text)
    sql("ALTER VIEW v SET OPTIONS (description = 'D')")
    assert rows("SELECT a FROM v") == [(1,)]


@behaviour("MV CREATE MATERIALIZED VIEW, its options, and nothing else of it changes")
def test_a_materialized_view_shows_fresh_rows_and_its_options(sql, rows, resource):
    sql("CREATE TABLE t AS SELECT 'a' AS name")
    job = sql(
        "CREATE MATERIALIZED VIEW m CLUSTER BY name OPTIONS (enable_refresh = TRUE, refresh_interval_minutes = 60) AS "
        "SELECT name, COUNT(*) AS n FROM t GROUP BY name"
    )
    assert (job.statement_type, resource("m")["type"]) == ("CREATE_MATERIALIZED_VIEW", "MATERIALIZED_VIEW")
    assert resource("m")["materializedView"]["refreshIntervalMs"] == "3600000"
    assert resource("m")["clustering"] == {"fields": ["name"]}
    sql("INSERT INTO t VALUES ('a')")
    assert rows("SELECT * FROM m") == [("a", 2)]
    sql("ALTER MATERIALIZED VIEW m SET OPTIONS (enable_refresh = FALSE)")
    assert resource("m")["materializedView"]["enableRefresh"] is False
    with refused(400, "invalidQuery"):
        sql("ALTER TABLE m ADD COLUMN x INT64")


@behaviour("MV a materialized view stands on tables, not on views")
def test_a_materialized_view_of_a_view_or_of_nothing_is_refused(sql, resource):
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT a FROM t")
    for query in ("SELECT a FROM v", "SELECT 1 AS a"):
        with refused(400, "invalidQuery"):
            sql(f"CREATE MATERIALIZED VIEW m AS {query}")
    sql("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    assert resource("m")["materializedView"]["query"] == "SELECT a FROM t"


@behaviour("DDL CREATE FUNCTION as an object of the catalog")
def test_a_function_is_kept_replaced_and_dropped(rows, sql):
    asked = "SELECT routine_name, routine_type, data_type, routine_definition FROM INFORMATION_SCHEMA.ROUTINES"
    job = sql("CREATE FUNCTION f(x INT64, y ARRAY<STRING>) RETURNS INT64 AS (x + 1)")
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_FUNCTION", "CREATE")
    assert rows(asked) == [("f", "FUNCTION", "INT64", "x + 1")]
    with refused(409, "duplicate"):
        sql("CREATE FUNCTION f(x INT64) AS (x)")
    assert sql("CREATE FUNCTION IF NOT EXISTS f(x INT64) AS (x)").ddl_operation_performed == "SKIP"
    assert sql("CREATE OR REPLACE FUNCTION f(x ANY TYPE) AS (x)").ddl_operation_performed == "REPLACE"
    assert rows(asked) == [("f", "FUNCTION", None, "x")]
    assert sql("DROP FUNCTION f").ddl_operation_performed == "DROP"
    assert (rows(asked), sql("DROP FUNCTION IF EXISTS f").ddl_operation_performed) == ([], "SKIP")


@behaviour("DDL functions in JavaScript need RETURNS")
def test_a_javascript_function_states_what_it_returns(rows, sql):
    with refused(400, "invalidQuery", "RETURNS"):
        sql("CREATE FUNCTION f(x FLOAT64) LANGUAGE js AS 'return x;'")
    sql('CREATE FUNCTION f(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS r"""return x;"""')
    asked = "SELECT external_language, routine_body, routine_definition FROM INFORMATION_SCHEMA.ROUTINES"
    assert rows(asked) == [("JAVASCRIPT", "EXTERNAL", "return x;")]


@behaviour("DDL CREATE PROCEDURE and CREATE TABLE FUNCTION as objects of the catalog")
def test_procedures_and_table_functions_are_kept_and_dropped_as_what_they_are(rows, sql):
    assert sql("CREATE PROCEDURE p(IN x INT64, OUT y STRING) BEGIN SET y = 'a'; SELECT x; END").statement_type == (
        "CREATE_PROCEDURE"
    )
    sql("CREATE TABLE FUNCTION g(x INT64) AS SELECT x AS y")
    asked = "SELECT routine_name, routine_type FROM INFORMATION_SCHEMA.ROUTINES ORDER BY routine_name"
    assert rows(asked) == [("g", "TABLE FUNCTION"), ("p", "PROCEDURE")]
    with refused(400, "invalidQuery"):
        sql("DROP FUNCTION p")
    sql("DROP PROCEDURE p")
    sql("DROP TABLE FUNCTION g")
    assert rows(asked) == []


@behaviour("DDL CREATE TABLE FUNCTION: what is called that is none is not found")
@pytest.mark.switches
def test_a_call_of_a_table_function_is_answered_with_501(rows, sql, dataset):
    sql("CREATE TABLE FUNCTION f(x INT64) AS SELECT x")
    for path in ("f", f"`{dataset}.f`"):
        with refused(501, "notImplemented", "table functions"):
            rows(f"SELECT * FROM {path}(1)")
    with refused(400, "invalidQuery", "not found"):
        rows("SELECT * FROM g(1)")
    assert rows("SELECT * FROM (SELECT 1 AS x)") == [(1,)]


@behaviour("PROC a syntax error in a procedure's body is found when it is made")
def test_a_procedure_with_a_broken_body_is_refused(rows, sql):
    with refused(400, "invalidQuery", "Syntax error"):
        sql("CREATE PROCEDURE p() BEGIN SELEC 1; END")
    sql("CREATE PROCEDURE p() BEGIN SELECT 1; END")
    assert rows("SELECT routine_name FROM INFORMATION_SCHEMA.ROUTINES") == [("p",)]


GRANT = "GRANT TO ('allAuthenticatedUsers') FILTER USING"


@behaviour("RLS a policy shows its grantees the rows of its filter, and others none")
def test_policies_filter_what_is_read(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS id UNION ALL SELECT 2 UNION ALL SELECT 3")
    job = sql("CREATE ROW ACCESS POLICY p ON t GRANT TO ('user:somebody@example.com') FILTER USING (id = 1)")
    assert job.statement_type == "CREATE_ROW_ACCESS_POLICY"
    assert rows("SELECT id FROM t") == []
    sql(f"CREATE ROW ACCESS POLICY q ON t {GRANT} (id = 2)")
    sql(f"CREATE ROW ACCESS POLICY r ON t {GRANT} (id = 3)")
    assert rows("SELECT id FROM t ORDER BY id") == [(2,), (3,)]


@behaviour("RLS the last policy goes only by DROP ALL")
def test_the_last_policy_goes_with_all(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS id")
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (FALSE)")
    sql(f"CREATE ROW ACCESS POLICY q ON t {GRANT} (FALSE)")
    assert sql("DROP ROW ACCESS POLICY q ON t").statement_type == "DROP_ROW_ACCESS_POLICY"
    with refused(400, "invalidQuery", "last"):
        sql("DROP ROW ACCESS POLICY p ON t")
    assert rows("SELECT id FROM t") == []
    sql("DROP ALL ROW ACCESS POLICIES ON t")
    assert rows("SELECT id FROM t") == [(1,)]


@behaviour("RLS policies have names, and OR REPLACE, IF NOT EXISTS and IF EXISTS")
def test_a_policy_is_replaced_or_skipped(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS id")
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (FALSE)")
    with refused(409, "duplicate"):
        sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (TRUE)")
    assert sql(f"CREATE ROW ACCESS POLICY IF NOT EXISTS p ON t {GRANT} (TRUE)").ddl_operation_performed == "SKIP"
    assert rows("SELECT id FROM t") == []
    assert sql(f"CREATE OR REPLACE ROW ACCESS POLICY p ON t {GRANT} (TRUE)").ddl_operation_performed == "REPLACE"
    assert rows("SELECT id FROM t") == [(1,)]
    assert sql("DROP ROW ACCESS POLICY IF EXISTS x ON t").ddl_operation_performed == "SKIP"
    with refused(404, "notFound"):
        sql("DROP ROW ACCESS POLICY x ON t")


@behaviour("RLS a filter is a condition on the table's columns")
def test_a_filter_that_cannot_be_read_is_refused(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS id")
    for text in ("missing = 1", "id"):
        with refused(400, "invalidQuery"):
            sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} ({text})")
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (id = 2)")
    assert rows("SELECT id FROM t") == []


@behaviour("RLS DML needs a TRUE filter")
def test_rows_change_only_for_those_who_see_them_all(sql, rows):
    sql("CREATE TABLE t AS SELECT 1 AS id")
    sql(f"CREATE ROW ACCESS POLICY p ON t {GRANT} (id = 1)")
    with refused(403, "accessDenied"):
        sql("DELETE FROM t WHERE TRUE")
    sql(f"CREATE ROW ACCESS POLICY q ON t {GRANT} (TRUE)")
    sql("DELETE FROM t WHERE TRUE")
    assert rows("SELECT id FROM t") == []
