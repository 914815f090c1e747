"""Facts 4: scripts, their children, variables, errors and transactions."""

from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t (n INT64)")


@behaviour("MSQ the statements of a script are child jobs")
def test_each_statement_is_a_child_job(client, sql, table):
    job = sql("INSERT INTO t VALUES (1); UPDATE t SET n = 2 WHERE TRUE; SELECT n FROM t")
    children = list(client.list_jobs(parent_job=job))
    assert (job.statement_type, job.num_child_jobs) == ("SCRIPT", 3)
    assert sorted(c.statement_type for c in children) == ["INSERT", "SELECT", "UPDATE"]
    assert {c.parent_job_id for c in children} == {job.job_id}


@behaviour("MSQ a script answers with the rows of its last SELECT")
def test_the_last_select_is_the_result(rows):
    assert rows("SELECT 1 AS a; SELECT 2 AS b;") == [(2,)]


@behaviour("MSQ after an error earlier effects stay and later statements are skipped")
def test_effects_before_an_error_stay(client, sql, rows, table):
    with refused(400, "invalidQuery", "division by zero"):
        sql(
            "INSERT INTO t VALUES (1); CREATE TABLE u (a INT64); SELECT 1 / 0; INSERT INTO t VALUES (2)",
            job_id="broken",
        )
    assert rows("SELECT n FROM t") == [(1,)]
    assert rows("SELECT * FROM u") == []
    assert sorted(c.statement_type for c in client.list_jobs(parent_job="broken")) == [
        "CREATE_TABLE",
        "INSERT",
        "SELECT",
    ]


@behaviour("PROC a syntax error anywhere in a script stops all of it")
@pytest.mark.parametrize(
    "broken", ["SELEC 1", "CREATE TABLE (a INT64)", "SELECT (1", "ALTER TABLE t ADD a STRING", "IF TRUE THEN SELECT 1"]
)
def test_nothing_runs_when_one_statement_has_a_syntax_error(sql, rows, table, broken):
    with refused(400, "invalidQuery", "Syntax error"):
        sql(f"INSERT INTO t VALUES (1); {broken}; INSERT INTO t VALUES (2)")
    sql("INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)")
    assert rows("SELECT n FROM t ORDER BY n") == [(3,), (4,)]


@behaviour("PROC DECLARE with type and DEFAULT, SET")
def test_variables_are_declared_and_set(sql, rows, table):
    sql("DECLARE a, b INT64; DECLARE c DEFAULT 'x'; SET a = 5; SET (b, c) = (SELECT AS STRUCT 7, 'y'); "
        "INSERT INTO t SELECT a + b FROM UNNEST([1]) WHERE c = 'y'")  # fmt: skip
    assert rows("SELECT n FROM t") == [(12,)]


@behaviour("PROC DECLARE stands first, once per name; SET needs a declared name and the right type")
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; DECLARE a INT64",
        "DECLARE a INT64; DECLARE a STRING",
        "SET missing = 1",
        "DECLARE a INT64; SET a = 'text'",
        "DECLARE a INT64 DEFAULT 'text'",
    ],
)
def test_a_wrong_declaration_is_refused(rows, text):
    with refused(400, "invalidQuery"):
        rows(text)
    assert rows("DECLARE a INT64 DEFAULT 1; SET a = a + 1; SELECT a") == [(2,)]


@behaviour("PROC IF, ELSEIF, ELSE")
@pytest.mark.parametrize(("n", "found"), [(1, "one"), (2, "two"), (3, "many")])
def test_if_takes_the_first_branch_that_holds(rows, n, found):
    text = "IF n = 1 THEN SELECT 'one'; ELSEIF n = 2 THEN SELECT 'two'; ELSE SELECT 'many'; END IF"
    assert rows(f"DECLARE n INT64 DEFAULT {n}; {text}") == [(found,)]


@behaviour("PROC BEGIN ... EXCEPTION catches, and @@error.message tells")
def test_an_exception_is_caught_and_told(rows, sql, table):
    assert rows(
        "BEGIN INSERT INTO t VALUES (1); SELECT 1 / 0; INSERT INTO t VALUES (2); "
        "EXCEPTION WHEN ERROR THEN SELECT @@error.message LIKE '%division by zero%'; END"
    ) == [(True,)]
    assert rows("SELECT n FROM t") == [(1,)]


@behaviour("PROC RAISE USING MESSAGE, and RAISE again in a handler")
def test_raise_fails_the_script_with_its_message(sql, rows, table):
    with refused(400, "invalidQuery", "no such tenant"):
        sql("INSERT INTO t VALUES (1); RAISE USING MESSAGE = CONCAT('no such ', 'tenant')")
    with refused(400, "invalidQuery", "division by zero"):
        sql("BEGIN SELECT 1 / 0; EXCEPTION WHEN ERROR THEN INSERT INTO t VALUES (2); RAISE; END")
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (2,)]


@behaviour("debugging statements: ASSERT")
@pytest.mark.parametrize("condition", ["FALSE", "NULL", "EXISTS (SELECT 1 FROM t)"])
def test_assert_stops_unless_its_condition_is_true(sql, rows, table, condition):
    with refused(400, "invalidQuery", "must hold"):
        sql(f"ASSERT {condition} AS 'it must hold'; INSERT INTO t VALUES (1)")
    sql("ASSERT (SELECT COUNT(*) = 0 FROM t) AS 'empty'; INSERT INTO t VALUES (2)")
    assert rows("SELECT n FROM t") == [(2,)]


@behaviour("PROC variables of a block end with it")
def test_a_block_has_variables_of_its_own(rows):
    with refused(400, "invalidQuery"):
        rows("BEGIN DECLARE inner_ INT64 DEFAULT 1; END; SELECT inner_")
    assert rows("DECLARE a INT64 DEFAULT 1; BEGIN DECLARE b INT64 DEFAULT 2; SET a = a + b; END; SELECT a") == [(3,)]


@behaviour("TX COMMIT keeps all, ROLLBACK nothing")
@pytest.mark.parametrize(("ending", "found"), [("COMMIT", [(2,)]), ("ROLLBACK", []), ("COMMIT TRANSACTION", [(2,)])])
def test_a_transaction_is_kept_or_undone_whole(sql, rows, table, ending, found):
    sql(f"BEGIN TRANSACTION; INSERT INTO t VALUES (1); UPDATE t SET n = 2 WHERE n = 1; {ending}")
    assert rows("SELECT n FROM t") == found


@behaviour("TX a transaction reads its own writes")
def test_a_transaction_sees_its_own_rows(rows, table):
    assert rows("BEGIN TRANSACTION; INSERT INTO t VALUES (1); SELECT COUNT(*) FROM t; COMMIT") == [(1,)]


@behaviour("TX DDL on permanent objects is refused inside a transaction")
@pytest.mark.parametrize(
    "ddl",
    ["CREATE TABLE u (a INT64)", "ALTER TABLE t ADD COLUMN a INT64", "DROP TABLE t", "CREATE VIEW v AS SELECT 1 AS a"],
)
def test_no_ddl_inside_a_transaction(sql, rows, table, ddl):
    with refused(400, "invalidQuery", "transaction"):
        sql(f"BEGIN TRANSACTION; INSERT INTO t VALUES (1); {ddl}; COMMIT")
    assert rows("SELECT n FROM t") == []
    sql(f"BEGIN TRANSACTION; INSERT INTO t VALUES (1); COMMIT; {ddl}")


@behaviour("TX what is not committed at the end, or meets an error, is rolled back")
def test_an_unfinished_transaction_is_undone(sql, rows, table):
    sql("BEGIN TRANSACTION; INSERT INTO t VALUES (1)")
    with refused(400, "invalidQuery"):
        sql("BEGIN TRANSACTION; INSERT INTO t VALUES (2); SELECT 1 / 0; COMMIT")
    assert rows("SELECT n FROM t") == []


@behaviour("TX transactions do not nest; COMMIT and ROLLBACK need one")
@pytest.mark.parametrize("text", ["BEGIN TRANSACTION; BEGIN TRANSACTION", "COMMIT", "ROLLBACK"])
def test_a_misplaced_transaction_statement_is_refused(sql, rows, table, text):
    with refused(400, "invalidQuery", "transaction"):
        sql(text)
    sql("BEGIN TRANSACTION; INSERT INTO t VALUES (1); COMMIT TRANSACTION")
    assert rows("SELECT n FROM t") == [(1,)]


@behaviour("PROC RETURN leaves the script")
def test_return_skips_the_rest(sql, rows, table):
    sql("INSERT INTO t VALUES (1); RETURN; INSERT INTO t VALUES (2)")
    assert rows("SELECT n FROM t") == [(1,)]


@behaviour("MSQ a script takes parameters, and no destination")
def test_a_script_has_parameters_but_no_destination(dataset, sql, rows, table):
    given = [bigquery.ScalarQueryParameter("n", "INT64", 5)]
    sql("INSERT INTO t VALUES (@n); INSERT INTO t VALUES (@n + 1)", query_parameters=given)
    assert rows("SELECT n FROM t ORDER BY n") == [(5,), (6,)]
    with refused(400, "invalidQuery"):
        sql("SELECT 1 AS a; SELECT 2 AS b", destination=f"{dataset}.u")


@behaviour("lexical: comments and semicolons inside texts do not split a script")
def test_semicolons_inside_texts_do_not_split(sql, rows, table):
    job = sql("INSERT INTO t VALUES (1); -- not; split\n/* nor; here */ INSERT INTO t SELECT LENGTH('a;b'); # end;")
    assert job.num_child_jobs == 2
    assert rows("SELECT n FROM t ORDER BY n") == [(1,), (3,)]
