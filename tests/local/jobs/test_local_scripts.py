import pytest
from google.api_core import exceptions


@pytest.fixture
def table(run):
    run("CREATE TABLE t (a INT64)")


def test_a_guarded_drop_stands_or_falls_with_its_assertion(client, run, table):
    run("INSERT INTO t VALUES (1)")
    drop = "ASSERT (SELECT COUNT(*) = 0 FROM d.t) AS 'd.t has rows'; DROP TABLE d.t;"
    with pytest.raises(exceptions.BadRequest, match=r"d\.t has rows") as caught:
        run(drop)
    assert caught.value.errors[0]["reason"] == "invalidQuery"
    run("DELETE FROM t WHERE true")
    run(drop)
    assert list(client.list_tables("d")) == []


def test_earlier_statements_stay_after_an_error(run, table):
    with pytest.raises(exceptions.BadRequest):
        run("INSERT INTO t VALUES (1); INSERT INTO t VALUES (CAST('x' AS INT64)); INSERT INTO t VALUES (3)")
    assert run("SELECT a FROM t") == [(1,)]


def test_a_syntax_error_anywhere_runs_nothing(run, table):
    with pytest.raises(exceptions.BadRequest, match="Syntax error"):
        run("INSERT INTO t VALUES (1); INSRT INTO t VALUES (2)")
    assert run("SELECT a FROM t") == []


def test_an_error_is_caught_and_named(run, table):
    rows = run(
        "BEGIN INSERT INTO t VALUES (1); SELECT ERROR('boom'); EXCEPTION WHEN ERROR THEN SELECT @@error.message; END"
    )
    assert "boom" in rows[0][0]
    assert run("SELECT a FROM t") == [(1,)]


def test_variables_branches_and_return(run, table):
    run(
        "DECLARE n INT64 DEFAULT 2; DECLARE s STRING; SET s = 'x'; "
        "IF n = 1 THEN INSERT INTO t VALUES (10); ELSEIF s = 'x' THEN INSERT INTO t VALUES (n + 18); "
        "ELSE INSERT INTO t VALUES (30); END IF; RETURN; INSERT INTO t VALUES (40);"
    )
    assert run("SELECT a FROM t") == [(20,)]


def test_raise_fails_with_its_message(run, table):
    with pytest.raises(exceptions.BadRequest, match="no way"):
        run("BEGIN RAISE USING MESSAGE = 'no way'; END")
    with pytest.raises(exceptions.BadRequest, match="boom"):
        run("BEGIN SELECT ERROR('boom'); EXCEPTION WHEN ERROR THEN RAISE; END")


@pytest.mark.parametrize(
    ("ending", "rows"), [("COMMIT TRANSACTION", [(1,), (2,)]), ("ROLLBACK TRANSACTION", []), ("SELECT 1", [])]
)
def test_a_transaction_is_kept_only_when_committed(run, table, ending, rows):
    run(f"BEGIN TRANSACTION; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); {ending};")
    assert run("SELECT a FROM t ORDER BY a") == rows


def test_an_error_undoes_the_open_transaction_only(run, table):
    with pytest.raises(exceptions.BadRequest):
        run(
            "INSERT INTO t VALUES (1); BEGIN TRANSACTION; INSERT INTO t VALUES (2); SELECT ERROR('x'); "
            "COMMIT TRANSACTION"
        )
    assert run("SELECT a FROM t") == [(1,)]


def test_ddl_of_permanent_objects_is_refused_in_a_transaction(client, run, table):
    with pytest.raises(exceptions.BadRequest, match="transaction"):
        run("BEGIN TRANSACTION; CREATE TABLE u (a INT64); COMMIT TRANSACTION")
    assert [t.table_id for t in client.list_tables("d")] == ["t"]


def test_the_result_of_a_script_is_its_last_query(run, table):
    assert run("SELECT 1; INSERT INTO t VALUES (5); SELECT a FROM t") == [(5,)]


def test_what_is_not_taught_is_501_and_runs_nothing(run, table):
    with pytest.raises(exceptions.MethodNotImplemented, match="not supported by the local warehouse"):
        run("INSERT INTO t VALUES (1); EXECUTE IMMEDIATE 'SELECT 1'")
    assert run("SELECT a FROM t") == []


def test_children_are_jobs_and_a_failed_one_says_so(client, run, table):
    client.query("INSERT INTO d.t VALUES (1); SELECT ERROR('x'); SELECT 1", job_id="s", job_retry=None)
    found = [(j.statement_type, j.error_result is None) for j in client.list_jobs(parent_job="s")]
    assert sorted(found, key=str) == [("INSERT", True), ("SELECT", False)]
