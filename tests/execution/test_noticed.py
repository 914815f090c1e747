"""What somebody did to the history or its lock is noticed."""

import pytest

from bqmigrate.errors import ConfigError, UnsettledError


def test_another_configuration_may_not_use_the_history(stand):
    stand.users().upgrade()
    stand.configure('location = "EU"\n')
    with pytest.raises(ConfigError) as caught:
        stand.upgrade()
    assert caught.value.code == "BQM340"
    assert "location: recorded 'US', now 'EU'" in caught.value.details


def test_a_history_that_was_emptied_is_noticed(stand):
    stand.users().upgrade()
    stand.query("TRUNCATE TABLE bqmigrate._schema_migrations")
    with pytest.raises(UnsettledError, match="has rows up to 0, 3 were written"):
        stand.upgrade()


def test_a_lock_that_was_deleted_is_noticed(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with pytest.raises(UnsettledError, match="its lock _schema_migrations_lock is gone"):
        stand.upgrade()


def test_a_default_expiration_of_the_dataset_does_not_reach_the_history(stand):
    dataset = stand.client.create_dataset("bqmigrate")
    dataset.default_table_expiration_ms = 3_600_000
    dataset.default_partition_expiration_ms = 86_400_000
    stand.client.update_dataset(dataset, ["default_table_expiration_ms", "default_partition_expiration_ms"])
    stand.users().upgrade()
    for name in ("_schema_migrations", "_schema_migrations_lock"):
        assert not stand.table(f"bqmigrate.{name}").get("expirationTime")
    assert stand.table("bqmigrate._schema_migrations")["timePartitioning"] == {"type": "MONTH", "field": "at"}


def test_the_chain_of_the_history_is_checked(stand):
    stand.users().upgrade()
    stand.query("UPDATE bqmigrate._schema_migrations SET name = 'evil' WHERE version = '0002'")
    with pytest.raises(UnsettledError, match="one of the rows 1 to 3 was changed") as caught:
        stand.history()
    assert caught.value.code == "BQM514"


def test_a_row_that_was_deleted_is_noticed(stand):
    stand.users().upgrade()
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE version = '0002'")
    with pytest.raises(UnsettledError, match="rows are missing") as caught:
        stand.history()
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("look", [["history"], ["current"], ["show", "2"], ["plan"], ["unlock", "0123abcd"]])
def test_whoever_waits_for_rows_is_told_so(stand, look):
    stand.users().upgrade()
    stand.query("DELETE FROM bqmigrate._schema_migrations WHERE version = '0002'")
    told = []
    method, *arguments = look
    with stand.open() as project, pytest.raises(UnsettledError, match="rows are missing"):
        getattr(project, method)(*arguments, emit=told.append)
    assert told
    assert {(event.target, event.reason) for event in told} == {
        ("the history", "rows that were written are not to be seen")
    }


@pytest.mark.parametrize(
    ("text", "why"), [("a note", "it is no JSON"), ('{"pins": {}}', "lacks or mistakes 'datasets'")]
)
def test_a_lock_that_somebody_wrote_over_is_told_and_there_is_a_way_out(stand, text, why):
    stand.users().upgrade()
    lock = stand.client.get_table("bqmigrate._schema_migrations_lock")
    lock.description = text
    stand.client.update_table(lock, ["description"])
    with pytest.raises(UnsettledError, match="is not a lock") as caught:
        stand.upgrade()
    assert caught.value.code == "BQM510"
    assert why in caught.value.message
    assert stand.recorder.methods("GET") == stand.recorder.requests
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with stand.open() as project:
        project.repair("new-lineage", yes=True)
    assert stand.upgrade().requests == 2
    assert set(stand.states().values()) == {"applied"}


def test_a_lock_that_is_gone_is_noticed_by_who_only_looks_and_nothing_takes_its_name(stand):
    stand.users().upgrade()
    stand.query("DROP TABLE bqmigrate._schema_migrations_lock")
    with pytest.raises(UnsettledError, match="is gone"):
        stand.history()
    with pytest.raises(UnsettledError, match="is gone"):
        stand.upgrade()
    assert {r[0] for r in stand.recorder.requests} <= {"GET", "POST"}
    assert "_schema_migrations_lock" not in [t.table_id for t in stand.client.list_tables("bqmigrate")]
