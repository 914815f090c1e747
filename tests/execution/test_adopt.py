"""adopt: what a plain client made becomes managed, and is never dropped or altered for it."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from google.cloud import bigquery

from bqmigrate.errors import LeaseError, RunError, TargetError, UnsettledError, ValidationError
from tests.execution.stand import DATASET, Killed

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "ci"))
import tenants  # noqa: E402 - stands alone, for clients that know nothing of the package

NAMES = tuple(f"tenants.{t.name}" for t in tenants.expected())
ADD = "upgrade:\n  - add_columns: {table: tenants.tenant_profiles, columns: [{name: region, type: STRING}]}\n"


@pytest.fixture
def old(stand):
    """The project of this repository, on a dataset that the old bootstrap made: plain client calls."""
    shutil.copytree(ROOT / "migrations", stand.root / "migrations", dirs_exist_ok=True)
    client = stand.client
    dataset = bigquery.Dataset(f"{stand.project}.{tenants.DATASET}")
    dataset.location = tenants.LOCATION
    client.create_dataset(dataset)
    for each in tenants.expected():
        schema = [bigquery.SchemaField(name, kind, mode) for name, kind, mode in each.columns]
        table = bigquery.Table(f"{stand.project}.tenants.{each.name}", schema=schema)
        if each.partition:
            table.time_partitioning = bigquery.TimePartitioning(type_="DAY", field=each.partition)
        table.clustering_fields = list(each.clustering) or None
        client.create_table(table)
    stand.query(
        "INSERT INTO tenants.pipeline_execution_queue"
        " VALUES ('r', 't', 'p', 'QUEUED', CURRENT_TIMESTAMP(), 1, CURRENT_TIMESTAMP(), NULL)"
    )
    return stand


def adopt(stand, version=None, **options):
    with stand.open(**{k: options.pop(k) for k in ("die_before", "die_after") if k in options}) as project:
        return project.adopt(version, **options)


def users_tables(stand):
    """Everything of the user's, whole: etags and times of change included."""
    names = ["tenants", *NAMES]
    client = stand.client
    return [client.get_dataset("tenants").to_api_repr(), *(client.get_table(n).to_api_repr() for n in names[1:])]


def written(stand):
    return [(method, path) for method, path, *_ in stand.recorder.requests if method != "GET"]


def test_all_nine_are_recorded_in_one_batch_and_nothing_of_the_users_is_touched(old):
    before = users_tables(old)
    report = adopt(old)
    assert users_tables(old) == before
    assert report.adopted == tuple(f"{n:04}" for n in range(1, 10))
    assert set(report.compared) == {"tenants", *NAMES}
    assert (report.from_version, report.to_version, report.not_compared) == (None, "0009", ())
    assert old.rows() == [(1, "genesis", None, None)] + [(n + 1, "adopted", f"{n:04}", "upgrade") for n in range(1, 10)]
    assert old.query("SELECT DISTINCT batch, `rows` FROM bqmigrate._schema_migrations") == [(1, 10)]
    assert set(old.states().values()) == {"applied"}
    assert old.upgrade().nothing_to_do


def test_descriptions_differ_and_do_not_prevent_it(old):
    found = adopt(old, dry_run=True).differences
    assert {d.difference.attribute.partition(" of column ")[0] for d in found} == {"description"}
    assert ("tenants.tenant_profiles", "description") in {(d.object, d.difference.attribute) for d in found}


def test_a_dry_run_compares_and_writes_nothing(old):
    report = adopt(old, dry_run=True)
    assert (len(report.adopted), report.dry_run) == (9, True)
    assert written(old) == []
    assert old.states()["0001"] == "pending"


def test_a_second_time_there_is_nothing_to_do_in_two_requests(old):
    adopt(old)
    report = adopt(old)
    assert report.nothing_to_do
    assert report.requests == 2
    assert written(old) == []


def test_a_migration_of_ours_on_top_down_and_up_again(old):
    adopt(old)
    before = users_tables(old)
    old.write("0010_add_region.yaml", ADD)
    assert old.upgrade().applied == ("0010",)
    old.query(
        "INSERT INTO tenants.tenant_profiles (tenant_id, company_name, admin_email, tenant_dataset_id, status,"
        " created_at, region) VALUES ('t', 'c', 'a', 'd', 'ACTIVE', CURRENT_TIMESTAMP(), 'CH')"
    )
    back = old.downgrade("base")
    assert back.reverted == tuple(f"{n:04}" for n in range(10, 0, -1))
    assert back.left_in_place == (*reversed(NAMES), "tenants")
    assert [t for t in users_tables(old) if "tenant_profiles" not in t["id"]] == [
        t for t in before if "tenant_profiles" not in t["id"]
    ]
    assert old.query("SELECT COUNT(*) FROM tenants.pipeline_execution_queue") == [(1,)]
    assert set(old.states().values()) == {"reverted"}
    again = old.upgrade()
    assert again.tables_existed == NAMES
    assert again.tables_created == again.datasets_created == ()
    assert old.columns("tenants.tenant_profiles")[-1] == "region"
    assert old.history().current == "0010"


def test_what_was_reverted_can_be_adopted_again_in_a_new_generation(old):
    adopt(old)
    old.downgrade("base")
    assert len(adopt(old).adopted) == 9
    assert old.query("SELECT MAX(generation) FROM bqmigrate._schema_migrations WHERE event = 'adopted'") == [(2,)]


def test_up_to_a_version_and_then_the_rest(old):
    assert adopt(old, "0004").adopted == ("0001", "0002", "0003", "0004")
    assert adopt(old, "0002").nothing_to_do
    assert adopt(old, "9").adopted == ("0005", "0006", "0007", "0008", "0009")


def test_every_difference_is_a_finding_with_its_place_and_nothing_is_written(old):
    old.query("ALTER TABLE tenants.tenant_profiles ADD COLUMN region STRING")
    old.query("ALTER TABLE tenants.tenant_api_keys ALTER COLUMN tenant_id DROP NOT NULL")
    old.query("DROP TABLE tenants.tenant_subscriptions")
    with pytest.raises(ValidationError) as caught:
        adopt(old)
    error = caught.value
    assert (error.code, error.exit_code) == ("BQM160", 3)
    assert error.message == "3 objects are not what the migrations up to 0009 say"
    assert [(f.message, str(f.place)) for f in error.findings if f.severity == "error"] == [
        (
            "tenants.tenant_profiles: column region: the migration says nothing, there is STRING",
            "migrations/0002_tenant_profiles.yaml:3:5",
        ),
        (
            "tenants.tenant_api_keys: column tenant_id: the migration says STRING REQUIRED, there is STRING",
            "migrations/0003_tenant_api_keys.yaml:3:5",
        ),
        (
            "tenants.tenant_subscriptions: table: the migration says it exists, there is nothing",
            "migrations/0004_tenant_subscriptions.yaml:3:5",
        ),
    ]
    assert written(old) == []
    assert old.states()["0001"] == "pending"


def test_where_there_is_nothing_everything_is_missing(stand):
    with pytest.raises(ValidationError, match="2 objects are not"):
        adopt(stand.users())
    assert written(stand) == []


def test_what_the_migrations_drop_must_be_gone(stand):
    stand.users()
    stand.client.create_dataset("app")
    stand.query("CREATE TABLE app.users (id STRING NOT NULL, email STRING)")
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_table: {table: app.users}\n")
    with pytest.raises(ValidationError) as caught:
        adopt(stand)
    assert [f.message for f in caught.value.findings if f.severity == "error"] == [
        "app.users: table: the migration says nothing, there is one of this name"
    ]
    assert adopt(stand, "2").adopted == ("0001", "0002")


def test_sql_and_python_are_named_as_not_compared_and_what_they_add_does_not_prevent_it(stand):
    stand.users()
    stand.client.create_dataset("app")
    stand.query("CREATE TABLE app.users (id STRING NOT NULL, email STRING, score INT64)")
    stand.write("0003_score.sql", "-- migrate:up\nALTER TABLE app.users ADD COLUMN score INT64\n")
    stand.write("0004_code.py", "def upgrade(op):\n    op.run(work)\n\n\ndef work(session):\n    raise RuntimeError\n")
    report = adopt(stand)
    assert report.not_compared == (
        "0003_score: run sql ALTER TABLE app.users ADD COLUMN score INT64", "0004_code: run python work",
    )  # fmt: skip
    assert [str(d) for d in report.differences if "score" in str(d)] == [
        "app.users: column score: the migration says nothing, there is INT64"
    ]
    assert stand.downgrade("base").reverted == ("0004", "0003", "0002", "0001")
    assert stand.columns("app.users") == ["id", "email", "score"]


def test_a_view_and_inherited_expirations_are_compared_as_bigquery_fills_them_in(stand):
    stand.write("0001_app.yaml", DATASET.replace("dataset: app", "dataset: app, default_table_expiration_days: 7"))
    stand.write("0002_t.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: id, type: STRING}]}\n")
    view = "upgrade:\n  - create_view: {view: app.v, query: 'SELECT id FROM `${project}.app.t`'}\n"
    stand.write("0003_v.yaml", view)
    dataset = bigquery.Dataset(f"{stand.project}.app")
    dataset.location, dataset.default_table_expiration_ms = "US", 7 * 86_400_000
    stand.client.create_dataset(dataset)
    stand.query("CREATE TABLE app.t (id STRING)")
    made = bigquery.Table(f"{stand.project}.app.v")
    made.view_query = f"SELECT id FROM `{stand.project}.app.t` WHERE TRUE"
    stand.client.create_table(made)
    with pytest.raises(ValidationError) as caught:
        adopt(stand)
    assert [f.message.partition(": the")[0] for f in caught.value.findings if f.severity == "error"] == ["app.v: query"]
    made.view_query = f"SELECT id FROM `{stand.project}.app.t`"
    stand.client.update_table(made, ["view_query"])
    assert adopt(stand).adopted == ("0001", "0002", "0003")


def test_a_half_applied_migration_is_settled_first(stand):
    stand.users().upgrade()
    text = "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
    stand.write("0003_two.yaml", text + "  - sql: {statement: SELECT nothing FROM app.users}\n")
    with pytest.raises(RunError):
        stand.upgrade()
    with pytest.raises(UnsettledError, match="0003_two is half-applied") as caught:
        adopt(stand)
    assert (caught.value.code, caught.value.exit_code) == ("BQM525", 5)
    assert written(stand) == []
    assert adopt(stand, "2").nothing_to_do


def test_what_a_dead_run_left_open_is_settled_first(stand):
    stand.users().upgrade()
    stand.write("0003_n.yaml", "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n")
    with pytest.raises(Killed), stand.open(die_after=4) as project:
        project.upgrade()
    stand.clock.advance(timedelta(hours=1))
    with pytest.raises(UnsettledError, match="0003_n is half-applied"):
        adopt(stand)


def test_a_held_lease_is_waited_for_or_refused(stand):
    stand.users().upgrade("1")
    with pytest.raises(Killed), stand.open(die_after=3) as project:
        project.upgrade()
    stand.client.create_table(
        bigquery.Table(
            f"{stand.project}.app.users",
            schema=[bigquery.SchemaField("id", "STRING", "REQUIRED"), bigquery.SchemaField("email", "STRING")],
        )
    )
    with pytest.raises(LeaseError) as caught:
        adopt(stand)
    assert "bqmigrate adopt 0002 --lock-timeout 600" in caught.value.hint


@pytest.mark.parametrize("version", ["42", "x", "+1"])
def test_a_version_that_there_is_not(old, version):
    with pytest.raises(TargetError) as caught:
        adopt(old, version)
    assert (caught.value.code, caught.value.exit_code) == ("BQM350", 2)
    assert written(old) == []


def test_what_an_older_lineage_of_this_history_made_is_its_own(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with stand.open() as project:
        project.repair("new-lineage")
    stand.client.create_table(bigquery.Table(f"{stand.project}.app.t", [bigquery.SchemaField("a", "STRING")]))
    stand.write("0003_t.yaml", "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n")
    assert adopt(stand).adopted == ("0003",)


def test_what_was_adopted_stays_in_place_after_its_edited_file_was_accepted(old):
    old.write("0010_region.yaml", ADD + "downgrade:\n  - drop_table: {table: tenants.scheduled_pipeline_runs}\n")
    old.query("ALTER TABLE tenants.tenant_profiles ADD COLUMN region STRING")
    adopt(old)
    file = old.root / "migrations" / "0010_region.yaml"
    file.write_text(file.read_text() + "# Explained.\n")
    before = users_tables(old)
    with old.open() as project:
        assert project.repair("accept-file", "0010").standing == "applied"
    assert old.history().migrations[-1].adopted
    assert old.downgrade().reverted == ("0010",)
    assert users_tables(old) == before


def test_what_was_adopted_can_leave_the_history_without_its_file_and_stays(old):
    adopt(old)
    before = users_tables(old)
    old.remove("0009_pipeline_execution_queue.yaml")
    with old.open() as project:
        done = project.repair("revert", "9")
    assert done.left_in_place == ("tenants.pipeline_execution_queue",)
    assert users_tables(old) == before
    assert old.history().current == "0008"


def test_an_object_of_another_history_is_refused(old):
    dataset = old.client.get_dataset("tenants")
    dataset.labels = {"bqm_lineage": "somebodyxx"}
    old.client.update_dataset(dataset, ["labels"])
    with pytest.raises(UnsettledError, match="belongs to another history"):
        adopt(old)
    assert written(old) == []


def test_a_table_that_we_made_in_an_adopted_dataset_is_ours_to_drop(stand):
    stand.users()
    stand.client.create_dataset("app")
    adopt(stand, "1")
    assert stand.upgrade().tables_created == ("app.users",)
    back = stand.downgrade("base")
    assert back.left_in_place == ("app",)
    assert [t.table_id for t in stand.client.list_tables("app")] == []


def test_a_crash_at_any_request_leaves_it_recorded_wholly_or_not_at_all(stand):
    stand.users()
    stand.client.create_dataset("app")
    stand.query("CREATE TABLE app.users (id STRING NOT NULL, email STRING)")
    before = stand.client.get_table("app.users").to_api_repr()
    count = 0
    for number in range(20):
        for name in ("_schema_migrations", "_schema_migrations_lock"):
            stand.client.delete_table(f"bqmigrate.{name}", not_found_ok=True)
        try:
            adopt(stand, die_after=number)
        except Killed:
            count += 1
        stand.clock.advance(timedelta(hours=1))
        adopt(stand)
        events = [event for _, event, *_ in stand.rows() if event != "taken_over"]
        assert events == ["genesis", "adopted", "adopted"]
        assert set(stand.states().values()) == {"applied"}
    assert 10 < count < 20
    assert stand.client.get_table("app.users").to_api_repr() == before
