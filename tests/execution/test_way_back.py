"""What a way back brings back, and what it asks first."""

import pytest
from google.cloud.bigquery import EncryptionConfiguration

from bqmigrate.errors import RefusedError, RunError, UnsettledError, ValidationError
from tests.execution.stand import DATASET


def test_a_column_comes_back_with_its_values(stand):
    stand.users().upgrade()
    stand.query("INSERT INTO app.users (id, email) VALUES ('a', 'a@example.com')")
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [email]}\n")
    stand.upgrade()
    assert stand.columns("app.users") == ["id", "_bqm_drop_0003_email"]
    stand.downgrade()
    assert stand.query("SELECT email FROM app.users") == [("a@example.com",)]


def test_a_required_column_is_relaxed_before_it_is_set_aside_and_tightened_on_the_way_back(stand):
    stand.users()
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [id]}\n")
    stand.upgrade()
    stand.query("INSERT INTO app.users (email) VALUES ('no id given')")
    with pytest.raises(RunError, match="stopped after step 1 of 2") as caught:
        stand.downgrade(allow_data_loss=True)
    assert "column id holds NULLs" in caught.value.details[-1]
    stand.query("UPDATE app.users SET id = 'given' WHERE TRUE")
    stand.downgrade(allow_data_loss=True)
    (mode,) = [f["mode"] for f in stand.table("app.users")["schema"]["fields"] if f["name"] == "id"]
    assert mode == "REQUIRED"
    assert stand.query("SELECT id, email FROM app.users") == [("given", "no id given")]


def test_a_table_that_was_written_anew_on_the_way_back_expires_when_it_did(stand):
    expires = '{table: app.users, expires_at: "2099-01-01T00:00:00Z"}'
    stand.users().write("0003_a.yaml", f"upgrade:\n  - set_table_options: {expires}\n")
    relax = "{table: app.users, columns: [{name: id, mode: NULLABLE}]}"
    stand.write("0004_b.yaml", f"upgrade:\n  - alter_columns: {relax}\n")
    stand.upgrade(allow_data_loss=True)
    stand.downgrade("0003", allow_data_loss=True)
    assert stand.table("app.users")["schema"]["fields"][0]["mode"] == "REQUIRED"
    assert stand.table("app.users")["expirationTime"] == "4070908800000"


def test_partitions_expire_as_the_dataset_says_once_an_option_is_taken_back(stand):
    columns = "[{name: a, type: STRING}, {name: d, type: DATE}]"
    parted = f"{{table: app.t, schema: {columns}, partitioning: {{type: DAY, field: d}}}}"
    stand.write("0001_app.yaml", DATASET.replace("dataset: app", "dataset: app, default_partition_expiration_days: 60"))
    stand.write("0002_t.yaml", f"upgrade:\n  - create_table: {parted}\n")
    stand.write("0003_o.yaml", "upgrade:\n  - set_table_options: {table: app.t, partition_expiration_days: 90}\n")
    stand.upgrade("0002")
    before = stand.table("app.t")["timePartitioning"]
    stand.upgrade(allow_data_loss=True)
    stand.downgrade("0002", allow_data_loss=True)
    assert stand.table("app.t")["timePartitioning"] == before


def test_columns_come_back_in_the_spelling_that_they_had(stand):
    stand.users().write("0003_d.yaml", "upgrade:\n  - drop_columns: {table: app.users, columns: [EMAIL]}\n")
    stand.write("0004_r.yaml", "upgrade:\n  - rename_columns: {table: app.users, columns: {ID: key}}\n")
    stand.upgrade()
    stand.downgrade("0002")
    assert stand.columns("app.users") == ["id", "email"]


def test_a_type_that_is_only_said_again_does_not_have_the_table_written_anew(stand):
    said = "{table: app.users, columns: [{name: email, type: STRING, description: Where to.}]}"
    stand.users().write("0003_a.yaml", f"upgrade:\n  - alter_columns: {said}\n")
    stand.upgrade()
    stand.downgrade("0002")
    assert "description" not in stand.table("app.users")["schema"]["fields"][1]


@pytest.mark.parametrize(
    ("narrow", "wide", "fits", "too_wide"),
    [
        ("STRING(3)", "STRING(9)", "'abc'", "'abcd'"),
        ("STRING(3)", "STRING", "'abc'", "'abcd'"),
        ("NUMERIC(5, 2)", "NUMERIC(9, 4)", "NUMERIC '123.45'", "NUMERIC '123.456'"),
        ("NUMERIC(5, 2)", "NUMERIC(9, 4)", "NUMERIC '-999.99'", "NUMERIC '1000'"),
        ("INTEGER", "NUMERIC", "7", "NUMERIC '7.5'"),
        ("INTEGER", "FLOAT", "7", "7.5"),
    ],
)
def test_a_wider_type_is_taken_back_only_where_every_value_still_fits(stand, narrow, wide, fits, too_wide):
    stand.users()
    schema = f"[{{name: id, type: STRING}}, {{name: v, type: '{narrow}', description: It's.}}]"
    stand.write("0003_t.yaml", f"upgrade:\n  - create_table: {{table: app.t, schema: {schema}}}\n")
    stand.write(
        "0004_wide.yaml", f"upgrade:\n  - alter_columns: {{table: app.t, columns: [{{name: v, type: '{wide}'}}]}}\n"
    )
    stand.upgrade("3")
    before = stand.table("app.t")["schema"]
    stand.upgrade()
    stand.query(f"INSERT INTO app.t (id, v) VALUES ('x', {too_wide})")
    with pytest.raises(RefusedError, match="column v holds values that"):
        stand.downgrade(allow_data_loss=True)
    stand.query(f"UPDATE app.t SET v = {fits} WHERE TRUE")
    stand.downgrade(allow_data_loss=True)
    assert stand.table("app.t")["schema"] == before
    assert stand.query(f"SELECT COUNT(*) FROM app.t WHERE v = {fits}") == [(1,)]


def test_a_rebuild_is_refused_without_allowing_data_loss(stand):
    stand.users()
    stand.write(
        "0003_relax.yaml", "upgrade:\n  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}\n"
    )
    stand.upgrade()
    with pytest.raises(RefusedError, match="would lose data") as caught:
        stand.downgrade()
    assert caught.value.exit_code == 2
    assert "POST" not in {r[0] for r in stand.recorder.requests}


def test_a_name_that_two_tables_had_is_taken_back_as_each_of_them(stand):
    create = "upgrade:\n  - create_table: {table: app.t, schema: [{name: a, type: STRING}]}\n"
    stand.write("0001_app.yaml", DATASET)
    stand.write("0002_first.yaml", create)
    stand.write("0003_aside.yaml", "upgrade:\n  - rename_table: {table: app.t, to: old}\n")
    stand.write("0004_second.yaml", create)
    stand.upgrade()
    assert stand.downgrade("base").reverted == ("0004", "0003", "0002", "0001")


def test_a_table_dropped_by_a_migration_is_made_again_on_the_way_back(stand):
    stand.users()
    stand.write("0003_drop.yaml", "upgrade:\n  - drop_table: {table: app.users}\n  - drop_dataset: {dataset: app}\n")
    stand.upgrade()
    stand.downgrade()
    assert stand.columns("app.users") == ["id", "email"]
    assert stand.downgrade("base").reverted == ("0002", "0001")


def test_a_script_that_stopped_on_its_way_is_half_applied_and_taken_back_by_its_own_way_back(stand):
    stand.users().write(
        "0003_script.sql",
        "-- migrate:up\nINSERT INTO app.users (id) VALUES ('x');\nSELECT ERROR('boom');\n"
        "-- migrate:down\nDELETE FROM app.users WHERE id = 'x';\n",
    )
    with pytest.raises(RunError, match="0003 script failed"):
        stand.upgrade()
    assert stand.states()["0003"] == "half-applied"
    assert stand.downgrade().reverted == ("0003",)
    assert stand.query("SELECT id FROM app.users") == []
    assert stand.history().current == "0002"


def test_rows_that_would_expire_sooner_need_consent(stand):
    stand.users().write(
        "0003_t.yaml",
        "upgrade:\n  - create_table:\n      table: app.t\n      schema: [{name: d, type: DATE}]\n"
        "      partitioning: {type: DAY, field: d}\n",
    )
    stand.write("0004_expire.yaml", "upgrade:\n  - set_table_options: {table: app.t, partition_expiration_days: 400}\n")
    with pytest.raises(RefusedError, match="0004 would lose data"):
        stand.upgrade()
    stand.upgrade(allow_data_loss=True)
    stand.downgrade()


def test_a_column_added_dropped_and_added_again_comes_and_goes(stand):
    add = "  - add_columns: {{table: app.users, columns: [{{name: n, type: {}}}]}}\n"
    drop = "  - drop_columns: {table: app.users, columns: [n]}\n"
    stand.users().write("0003_n.yaml", f"upgrade:\n{add.format('INTEGER')}{drop}{add.format('FLOAT')}")
    stand.upgrade()
    stand.downgrade()
    assert [c for c in stand.columns("app.users") if not c.startswith("_bqm_drop_")] == ["id", "email"]
    stand.upgrade()


def test_half_of_a_migration_is_taken_back_by_its_inverses_not_by_a_way_back_for_all_of_it(stand):
    stand.users().write(
        "0003_two.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
        "downgrade:\n  - drop_table: {table: app.nothing_like_it}\n",
    )
    with pytest.raises(ValidationError):
        stand.upgrade()
    stand.write(
        "0003_two.yaml",
        "upgrade:\n  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n"
        "  - sql: {statement: SELECT 1 / 0}\n"
        "  - add_columns: {table: app.users, columns: [{name: m, type: INTEGER}]}\n"
        "downgrade:\n  - drop_columns: {table: app.users, columns: [m, n]}\n",
    )
    with pytest.raises(RunError):
        stand.upgrade()
    assert stand.downgrade().reverted == ("0003",)
    assert [c for c in stand.columns("app.users") if not c.startswith("_bqm_drop_")] == ["id", "email"]


RELAX = "upgrade:\n  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}\n"
KEY = "projects/p/locations/us/keyRings/r/cryptoKeys/k"


def test_a_rebuild_keeps_the_labels_that_others_set(stand):
    stand.users().write("0003_relax.yaml", RELAX)
    stand.upgrade()
    table = stand.client.get_table("app.users")
    table.labels = {"team": "core"}
    stand.client.update_table(table, ["labels"])
    before = stand.table("app.users")["labels"]
    assert {"team", "bqm_made"} <= set(before)
    stand.downgrade(allow_data_loss=True)
    assert stand.table("app.users")["schema"]["fields"][0]["mode"] == "REQUIRED"
    assert stand.table("app.users")["labels"] == before


def rebuild_refused(stand):
    with pytest.raises(UnsettledError) as caught:
        stand.downgrade(allow_data_loss=True)
    assert caught.value.code == "BQM507"
    assert stand.table("app.users")["schema"]["fields"][0]["mode"] == "NULLABLE"
    return caught.value.message


def test_a_rebuild_that_would_take_keys_away_is_refused(stand):
    stand.users().write("0003_relax.yaml", RELAX)
    stand.upgrade()
    stand.query("ALTER TABLE app.users ADD PRIMARY KEY (email) NOT ENFORCED")
    assert rebuild_refused(stand).endswith(": its primary key")
    stand.query("ALTER TABLE app.users DROP PRIMARY KEY")
    assert stand.downgrade(allow_data_loss=True).reverted == ("0003",)


def test_a_rebuild_that_would_take_the_encryption_key_away_is_refused(stand):
    stand.users().write("0003_relax.yaml", RELAX)
    stand.upgrade("0001")
    stand.query(
        "CREATE TABLE app.users (id STRING NOT NULL OPTIONS (description = 'Who.'), email STRING) "
        f"OPTIONS (kms_key_name = '{KEY}')"
    )
    stand.upgrade()
    assert KEY in rebuild_refused(stand)
    dataset = stand.client.get_dataset("app")
    dataset.default_encryption_configuration = EncryptionConfiguration(KEY)
    stand.client.update_dataset(dataset, ["default_encryption_configuration"])
    assert stand.downgrade(allow_data_loss=True).reverted == ("0003",)
    assert stand.table("app.users")["encryptionConfiguration"]["kmsKeyName"].startswith(KEY)


def test_a_rebuild_that_cannot_fit_is_refused_before_the_first_step(stand):
    stand.users().write(
        "0003_relax.yaml",
        "upgrade:\n  - alter_columns: {table: app.users, columns: [{name: id, mode: NULLABLE}]}\n"
        "  - add_columns: {table: app.users, columns: [{name: n, type: INTEGER}]}\n",
    )
    stand.upgrade()
    stand.query("INSERT INTO app.users (email) VALUES ('x')")
    with pytest.raises(RefusedError, match="column id holds NULLs"):
        stand.downgrade(allow_data_loss=True)
    assert "n" in stand.columns("app.users")
    assert stand.states()["0003"] == "applied"
