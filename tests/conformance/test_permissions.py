from __future__ import annotations

import pytest
from google.cloud import bigquery

from tests.conformance.behaviour import behaviour, refused

A = {"name": "a", "type": "STRING"}
TAGGED = {**A, "policyTags": {"names": ["projects/p/locations/us/taxonomies/1/policyTags/2"]}}
ANN, BEN = "ann@example.com", "ben@example.com"
SNAPSHOT = "CREATE SNAPSHOT TABLE s CLONE t"
BEFORE = f"""
    CREATE TABLE t (a STRING); {SNAPSHOT}; CREATE VIEW v AS SELECT 1 AS one;
    CREATE FUNCTION f(x INT64) AS (x)"""
EXPIRING = "OPTIONS (expiration_timestamp = TIMESTAMP '2030-01-01')"


def lacking(*permissions):
    return pytest.mark.switches(principals={ANN: frozenset(f"bigquery.{p}" for p in permissions)})


def case(needed, text, sibling="SELECT 1"):
    """One statement, a permission it needs, and a statement that does without it."""
    return pytest.param(text, sibling, needed, marks=lacking(needed), id=f"{text[:44]}-{needed}")


def run(client, dataset, text):
    """Run SQL as one job; return the job as it ended."""
    config = bigquery.QueryJobConfig(default_dataset=dataset)
    return client.get_job(client.query(text, job_config=config, job_retry=None).job_id)


def reason_of(client, dataset, text):
    found = run(client, dataset, text).error_result
    return found and found["reason"]


@pytest.fixture
def ann(client_as):
    return client_as(ANN)


@pytest.fixture
def ben(client_as):
    return client_as(BEN)


STATEMENTS = [
    case("tables.create", "CREATE TABLE u (a STRING)"),
    case("tables.update", "CREATE OR REPLACE TABLE t (a STRING)", "CREATE TABLE u (a STRING)"),
    case("tables.updateData", "CREATE OR REPLACE TABLE t (a STRING)", "CREATE TABLE u (a STRING)"),
    case("tables.delete", f"CREATE TABLE u (a STRING) {EXPIRING}", "CREATE TABLE u (a STRING)"),
    case("tables.get", "CREATE TABLE u AS SELECT * FROM t", "CREATE TABLE u AS SELECT 'x' AS a"),
    case("tables.getData", "CREATE TABLE u AS SELECT * FROM t", "CREATE TABLE u AS SELECT 'x' AS a"),
    case("tables.get", "CREATE TABLE u COPY t", "CREATE TABLE u (a STRING)"),
    case("tables.getData", "CREATE TABLE u CLONE t", "CREATE TABLE u (a STRING)"),
    case("tables.updateData", "CREATE TABLE u CLONE t", "CREATE TABLE u COPY t"),
    case("tables.restoreSnapshot", "CREATE TABLE u CLONE s", "CREATE TABLE u CLONE t"),
    case("tables.get", "ALTER TABLE t ADD COLUMN b STRING"),
    case("tables.update", "ALTER TABLE t ALTER COLUMN a SET OPTIONS (description = 'x')"),
    case("tables.update", "ALTER TABLE t ADD PRIMARY KEY (a) NOT ENFORCED"),
    case("tables.update", "ALTER TABLE t RENAME TO u"),
    case("tables.delete", f"ALTER TABLE t SET {EXPIRING}", "ALTER TABLE t SET OPTIONS (description = 'x')"),
    case("tables.delete", "DROP TABLE t", "DROP SNAPSHOT TABLE s"),
    case("tables.get", "DROP TABLE t", "DROP SNAPSHOT TABLE s"),
    case("tables.delete", "DROP VIEW v", "DROP SNAPSHOT TABLE s"),
    case("tables.deleteSnapshot", "DROP SNAPSHOT TABLE s", "DROP TABLE t"),
    case("tables.createSnapshot", "CREATE SNAPSHOT TABLE z CLONE t", "CREATE TABLE z CLONE t"),
    case("tables.getData", "CREATE SNAPSHOT TABLE z CLONE t"),
    case("datasets.get", "CREATE SNAPSHOT TABLE z CLONE t", "CREATE TABLE z CLONE t"),
    case("tables.create", "CREATE SNAPSHOT TABLE z CLONE t"),
    case("tables.deleteSnapshot", f"CREATE SNAPSHOT TABLE z CLONE t {EXPIRING}", "CREATE SNAPSHOT TABLE z CLONE t"),
    case("tables.create", "CREATE VIEW w AS SELECT 1 AS one"),
    case("tables.update", "CREATE OR REPLACE VIEW v AS SELECT 1 AS one", "CREATE VIEW w AS SELECT 1 AS one"),
    case("tables.getData", "CREATE VIEW w AS SELECT a FROM t", "CREATE VIEW w AS SELECT 1 AS one"),
    case("tables.create", "CREATE MATERIALIZED VIEW w AS SELECT a FROM t"),
    case("routines.create", "CREATE FUNCTION g(x INT64) AS (x)"),
    case("routines.update", "CREATE OR REPLACE FUNCTION f(x INT64) AS (x)", "CREATE FUNCTION g(x INT64) AS (x)"),
    case("routines.delete", "DROP FUNCTION f", "CREATE FUNCTION g(x INT64) AS (x)"),
    case("rowAccessPolicies.create", "CREATE ROW ACCESS POLICY p ON t GRANT TO ('allUsers') FILTER USING (TRUE)"),
    case("rowAccessPolicies.setIamPolicy", "CREATE ROW ACCESS POLICY p ON t GRANT TO ('allUsers') FILTER USING (TRUE)"),
    case("tables.getData", "CREATE ROW ACCESS POLICY p ON t GRANT TO ('allUsers') FILTER USING (TRUE)"),
    case("rowAccessPolicies.delete", "DROP ALL ROW ACCESS POLICIES ON t"),
    case("rowAccessPolicies.list", "DROP ALL ROW ACCESS POLICIES ON t"),
    case("datasets.create", "CREATE SCHEMA bqmigrate_other", "CREATE TABLE u (a STRING)"),
    case("tables.updateData", "INSERT INTO t VALUES ('x')"),
    case("tables.updateData", "TRUNCATE TABLE t", "SELECT * FROM t"),
    case("tables.getData", "UPDATE t SET a = 'x' WHERE TRUE", "INSERT INTO t VALUES ('x')"),
    case("tables.getData", "DELETE FROM t WHERE TRUE", "TRUNCATE TABLE t"),
    case("tables.getData", "SELECT * FROM t", "SELECT 1"),
    case("tables.getData", "INSERT INTO t SELECT * FROM s", "INSERT INTO t VALUES ('x')"),
]  # fmt: skip


@behaviour("10 IAM: a permission a statement needs")
@pytest.mark.parametrize(("text", "sibling", "needed"), STATEMENTS)
def test_a_principal_without_a_permission_is_refused_the_statements_that_need_it(
    client, new_dataset, ann, ben, text, sibling, needed
):
    one, other = new_dataset(), new_dataset()
    for dataset in (one, other):
        assert reason_of(client, dataset, BEFORE) is None
    failed = run(ann, one, text)
    assert failed.error_result["reason"] == "accessDenied"
    assert f"Permission bigquery.{needed} denied" in failed.error_result["message"]
    assert reason_of(ann, one, sibling) is None
    assert reason_of(ben, other, text) is None


@behaviour("10 any DDL/DML/copy: bigquery.jobs.create")
@lacking("jobs.create")
def test_without_the_right_to_run_jobs_no_job_starts(ann, ben, dataset, client):
    for start in (
        lambda: ann.query("SELECT 1", job_retry=None),
        lambda: ann.copy_table(f"{dataset}.t", f"{dataset}.u", retry=None),
        lambda: ann.load_table_from_json([{"a": "x"}], f"{dataset}.t"),
    ):
        with refused(403, "accessDenied", "bigquery.jobs.create"):
            start()
    assert list(client.list_jobs()) == []
    assert [tuple(row) for row in ben.query("SELECT 1", job_retry=None).result()] == [(1,)]


@behaviour("10 CREATE TABLE: tables.create, by tables.insert too")
@lacking("tables.create")
def test_without_tables_create_no_table_is_made_by_any_way(ann, ben, dataset, make, client):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.create"):
        ann.create_table(f"{dataset}.u")
    assert ann.get_job(ann.copy_table(f"{dataset}.t", f"{dataset}.u").job_id).error_result["reason"] == "accessDenied"
    assert ann.load_table_from_json([{"a": "x"}], f"{dataset}.u").exception().errors[0]["reason"] == "accessDenied"
    config = bigquery.QueryJobConfig(destination=f"{dataset}.u")
    job = ann.query("SELECT 'x' AS a", job_config=config, job_retry=None)
    assert ann.get_job(job.job_id).error_result["reason"] == "accessDenied"
    assert [t.table_id for t in client.list_tables(dataset)] == ["t"]
    ben.create_table(f"{dataset}.u")


@behaviour("10 PATCH: tables.get + tables.update")
@pytest.mark.parametrize("needed", [
    pytest.param(p, marks=lacking(p)) for p in ("tables.get", "tables.update")
])  # fmt: skip
def test_a_patch_needs_two_permissions(client, ann, ben, dataset, make, needed):
    table = make("t", [A])
    table.description = "x"
    with refused(403, "accessDenied", f"bigquery.{needed}"):
        ann.update_table(table, ["description"])
    assert client.get_table(table).description is None
    assert ben.update_table(table, ["description"]).description == "x"


@behaviour("10 DROP TABLE: tables.delete + tables.get; snapshot: tables.deleteSnapshot")
@lacking("tables.deleteSnapshot")
def test_a_snapshot_is_deleted_with_a_permission_of_its_own(client, ann, ben, dataset, make):
    make("t", [A])
    assert reason_of(client, dataset, SNAPSHOT) is None
    with refused(403, "accessDenied", "bigquery.tables.deleteSnapshot"):
        ann.delete_table(f"{dataset}.s")
    ann.delete_table(f"{dataset}.t")
    ben.delete_table(f"{dataset}.s")
    assert list(client.list_tables(dataset)) == []


@behaviour("10 DROP TABLE: tables.delete")
@lacking("tables.delete")
def test_without_tables_delete_a_table_is_not_deleted(client, ann, ben, dataset, make):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.delete"):
        ann.delete_table(f"{dataset}.t")
    assert client.get_table(f"{dataset}.t")
    ben.delete_table(f"{dataset}.t")


@behaviour("10 copy jobs: tables.get and tables.getData on the source; by operation")
@pytest.mark.parametrize(("operation", "source", "needed"), [
    pytest.param(operation, source, needed, marks=lacking(needed), id=f"{operation}-{needed}")
    for operation, source, needed in (
        ("COPY", "t", "tables.getData"), ("COPY", "t", "tables.get"), ("CLONE", "t", "tables.getData"),
        ("SNAPSHOT", "t", "tables.createSnapshot"), ("RESTORE", "s", "tables.restoreSnapshot"),
    )
])  # fmt: skip
def test_a_copy_job_needs_the_permissions_of_its_operation(client, ann, ben, dataset, make, operation, source, needed):
    make("t", [A])
    assert reason_of(client, dataset, SNAPSHOT) is None

    def copied(by):
        config = bigquery.CopyJobConfig(operation_type=operation)
        return by.get_job(by.copy_table(f"{dataset}.{source}", f"{dataset}.u", job_config=config).job_id).error_result

    assert copied(ann)["reason"] == "accessDenied"
    assert f"bigquery.{needed}" in copied(ann)["message"]
    assert copied(ben) is None


@behaviour("10 copy jobs: a snapshot with an expiration also needs deleteSnapshot")
@lacking("tables.deleteSnapshot")
def test_a_snapshot_that_expires_needs_the_right_to_delete_it(ann, dataset, make):
    make("t", [A])

    def copied(target, **more):
        config = bigquery.CopyJobConfig(operation_type="SNAPSHOT", **more)
        return ann.get_job(ann.copy_table(f"{dataset}.t", f"{dataset}.{target}", job_config=config).job_id).error_result

    assert copied("s", destination_expiration_time="2030-01-01T00:00:00Z")["reason"] == "accessDenied"
    assert copied("s") is None


@behaviour("10 CTAS / COPY: tables.getData on source")
@lacking("tables.getData")
def test_without_get_data_rows_are_not_listed(ann, ben, dataset, make):
    table = make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.getData"):
        list(ann.list_rows(table))
    assert list(ben.list_rows(table)) == []


@behaviour("10 DML: tables.updateData, by insertAll and load jobs too")
@lacking("tables.updateData")
def test_without_update_data_no_row_is_written(client, ann, ben, dataset, make):
    make("t", [A])
    with refused(403, "accessDenied", "bigquery.tables.updateData"):
        ann.insert_rows_json(f"{dataset}.t", [{"a": "x"}])
    assert ann.load_table_from_json([{"a": "x"}], f"{dataset}.t").exception().errors[0]["reason"] == "accessDenied"
    assert client.get_table(f"{dataset}.t").num_rows == 0
    ben.load_table_from_json([{"a": "x"}], f"{dataset}.t").result()
    assert client.get_table(f"{dataset}.t").num_rows == 1


@behaviour("10 CREATE/ALTER/DROP SCHEMA: datasets.create / get + update / delete")
@pytest.mark.parametrize(("needed", "text"), [
    pytest.param(needed, text, marks=lacking(needed), id=f"{text[:12]}-{needed}")
    for needed, text in (
        ("datasets.get", "ALTER SCHEMA {0} SET OPTIONS (description = 'x')"),
        ("datasets.update", "ALTER SCHEMA {0} SET OPTIONS (description = 'x')"),
        ("datasets.delete", "DROP SCHEMA {0}"),
        ("tables.delete", "DROP SCHEMA {0} CASCADE"),
    )
])  # fmt: skip
def test_a_dataset_is_changed_and_dropped_with_permissions_of_its_own(client, ann, ben, dataset, needed, text):
    name = dataset.partition(".")[2]
    assert reason_of(ann, dataset, text.format(name)) == "accessDenied"
    assert client.get_dataset(dataset).description is None
    assert reason_of(ben, dataset, text.format(name)) is None


@behaviour("10 CREATE/ALTER/DROP SCHEMA: the same by REST")
@lacking("datasets.create", "datasets.update", "datasets.delete")
def test_a_dataset_is_only_read_by_who_may_not_write_it(ann, dataset):
    found = ann.get_dataset(dataset)
    found.description = "x"
    with refused(403, "accessDenied", "bigquery.datasets.update"):
        ann.update_dataset(found, ["description"])
    with refused(403, "accessDenied", "bigquery.datasets.create"):
        ann.create_dataset(f"{dataset}_other")
    with refused(403, "accessDenied", "bigquery.datasets.delete"):
        ann.delete_dataset(dataset)
    assert ann.get_dataset(dataset).description is None


@behaviour("10 Policy tags: tables.setCategory")
@lacking("tables.setCategory")
def test_policy_tags_are_set_by_who_may_and_kept_by_a_patch_of_others(ann, ben, dataset, make):
    with refused(403, "accessDenied", "bigquery.tables.setCategory"):
        ann.create_table(bigquery.Table(f"{dataset}.u", [bigquery.SchemaField.from_api_repr(TAGGED)]))
    table = make("t", [A])
    table.schema = [bigquery.SchemaField.from_api_repr(TAGGED)]
    with refused(403, "accessDenied", "bigquery.tables.setCategory"):
        ann.update_table(table, ["schema"])
    tagged = ben.update_table(table, ["schema"])
    tagged.schema = [*tagged.schema, bigquery.SchemaField("b", "STRING")]
    assert [f.name for f in ann.update_table(tagged, ["schema"]).schema] == ["a", "b"]


@behaviour("10 Read metadata: tables.get/list, and routines.get/list for INFORMATION_SCHEMA.TABLES")
@pytest.mark.parametrize(("needed", "view", "other"), [
    pytest.param(needed, view, other, marks=lacking(needed), id=f"{view}-{needed}")
    for needed, view, other in (
        ("tables.list", "TABLES", None), ("tables.get", "COLUMNS", None), ("routines.list", "TABLES", "COLUMNS"),
    )
])  # fmt: skip
def test_metadata_is_read_by_who_may(ann, ben, dataset, make, needed, view, other):
    make("t", [A])
    text = f"SELECT * FROM INFORMATION_SCHEMA.{view}"
    assert reason_of(ann, dataset, text) == "accessDenied"
    assert reason_of(ben, dataset, text) is None
    assert other is None or reason_of(ann, dataset, f"SELECT * FROM INFORMATION_SCHEMA.{other}") is None


@behaviour("10 Read metadata: tables.list and tables.get by REST")
@lacking("tables.list", "tables.get", "routines.get", "routines.list")
def test_without_metadata_rights_nothing_is_listed_or_shown(ann, ben, dataset, make, client):
    make("t", [A])
    assert reason_of(client, dataset, "CREATE FUNCTION f(x INT64) AS (x)") is None
    for read, needed in (
        (lambda c: list(c.list_tables(dataset)), "tables.list"),
        (lambda c: c.get_table(f"{dataset}.t"), "tables.get"),
        (lambda c: list(c.list_routines(dataset)), "routines.list"),
        (lambda c: c.get_routine(f"{dataset}.f"), "routines.get"),
    ):
        with refused(403, "accessDenied", f"bigquery.{needed}"):
            read(ann)
        assert read(ben)


@behaviour("10 dry run of DML/CTAS also needs data read", uncertain="dry_run_reads_data")
@pytest.mark.parametrize("needs", [
    pytest.param(n, marks=[lacking("tables.getData"), pytest.mark.switches(dry_run_reads_data=n)])
    for n in (True, False)
])  # fmt: skip
def test_a_dry_run_needs_the_right_to_the_rows_or_it_does_not(ann, ben, dataset, make, needs):
    make("t", [A])
    config = bigquery.QueryJobConfig(default_dataset=dataset, dry_run=True)
    text = "CREATE TABLE u AS SELECT * FROM t"
    if needs:
        with refused(403, "accessDenied", "bigquery.tables.getData"):
            ann.query(text, job_config=config, job_retry=None)
    else:
        assert ann.query(text, job_config=config, job_retry=None).dry_run
    assert ben.query(text, job_config=config, job_retry=None).dry_run


@behaviour("4 permissions are checked statement by statement at run time")
@lacking("tables.delete")
def test_a_script_runs_up_to_the_statement_that_is_not_allowed(client, ann, dataset, make):
    make("t", [A])
    text = "CREATE TABLE u (a STRING); DROP TABLE t; CREATE TABLE v (a STRING)"
    assert reason_of(ann, dataset, text) == "accessDenied"
    assert {t.table_id for t in client.list_tables(dataset)} == {"t", "u"}


@behaviour("page access-control: what nobody may")
@pytest.mark.switches(denied=frozenset({"bigquery.tables.create"}))
def test_what_is_denied_to_all_is_denied_to_each(client, ann, ben, dataset):
    for who in (client, ann, ben):
        with refused(403, "accessDenied", "bigquery.tables.create"):
            who.create_table(f"{dataset}.t")
        assert reason_of(who, dataset, "SELECT 1") is None


@behaviour("page SESSION_USER: the caller")
@pytest.mark.switches
def test_the_caller_is_the_session_user_and_the_jobs_user(client, ann, ben, dataset):
    text = "SELECT SESSION_USER()"
    for who, name in ((ann, ANN), (ben, BEN)):
        job = run(who, dataset, text)
        assert (job.user_email, [tuple(row) for row in job.result()]) == (name, [(name,)])
        assert [j.user_email for j in client.list_jobs() if j.job_id == job.job_id] == [name]
    assert run(client, dataset, text).user_email not in {ANN, BEN}


@behaviour("page row-level security: each principal reads the rows it is granted")
@pytest.mark.switches
def test_a_row_access_policy_follows_the_caller(client, ann, ben, dataset):
    text = f"""
        CREATE TABLE t AS SELECT 'x' AS a UNION ALL SELECT 'y';
        CREATE ROW ACCESS POLICY p ON t GRANT TO ('user:{ANN}') FILTER USING (a = 'x')"""
    assert reason_of(client, dataset, text) is None
    assert [tuple(row) for row in run(ann, dataset, "SELECT a FROM t").result()] == [("x",)]
    assert list(run(ben, dataset, "SELECT a FROM t").result()) == []


@behaviour("page REST tables.testIamPermissions: of the caller")
@lacking("tables.update")
def test_each_caller_learns_its_own_permissions(ann, ben, dataset, make):
    make("t", [A])
    wanted = ["bigquery.tables.get", "bigquery.tables.update"]
    assert ann.test_iam_permissions(f"{dataset}.t", wanted)["permissions"] == wanted[:1]
    assert ben.test_iam_permissions(f"{dataset}.t", wanted)["permissions"] == wanted
