"""What authors write, SQL and Python, runs as they wrote it."""

import pytest

from bqmigrate.errors import RunError, ValidationError


def test_sql_is_sent_byte_for_byte(stand):
    stand.users()
    procedure = (
        "BEGIN\n  DECLARE n INT64 DEFAULT 1;\n"
        "  INSERT INTO app.users (id, email) VALUES ('a;b', CASE WHEN n = 1 THEN ';' ELSE '--' END);\nEND;\n"
    )
    stand.write("0003_script.sql", f"-- migrate:up\n{procedure}-- migrate:down\nDELETE FROM app.users WHERE TRUE")
    stand.upgrade()
    sent = [
        body["configuration"]["query"]["query"]
        for m, p, body, _ in stand.recorder.requests
        if (m, p[-5:]) == ("POST", "/jobs")
    ]
    assert procedure in sent
    assert stand.query("SELECT id, email FROM app.users") == [("a;b", ";")]
    stand.downgrade("-1")


def test_variables_fill_names_and_travel_as_parameters(stand):
    stand.configure('datasets = {app = "app_dev"}\nvariables = {table = "users", who = "a\'; DROP TABLE x"}\n')
    stand.users()
    stand.write(
        "0003_fill.sql",
        "-- migrate:up\nINSERT INTO `${datasets.app}.${variables.table}` (id) VALUES (@who)\n",
    )
    stand.upgrade()
    assert stand.query("SELECT id FROM app_dev.users") == [("a'; DROP TABLE x",)]


def test_a_variable_that_is_no_name_is_refused_before_anything_is_sent(stand):
    stand.configure('variables = {table = "users`; DROP TABLE x"}\n')
    stand.users().write("0003_fill.sql", "-- migrate:up\nSELECT 1 FROM `app.${variables.table}`\n")
    with pytest.raises(ValidationError, match="cannot stand for a name"):
        stand.upgrade()
    assert stand.recorder.requests == []


def test_a_python_migration_gets_a_session(stand):
    stand.users()
    stand.write(
        "0003_fill.py",
        """
        def fill(session):
            table = f"{session.dataset('app')}.users"
            session.query(f"INSERT INTO {table} (id) VALUES (@id)", id="from python")
            assert session.query(f"SELECT id FROM {table}")[0]["id"] == "from python"

        def upgrade(op):
            op.add_columns(table="app.users", columns=[{"name": "age", "type": "INTEGER"}])
            op.run(fill)

        def downgrade(op):
            op.drop_columns(table="app.users", columns=["age"])
        """,
    )
    assert stand.upgrade().applied == ("0001", "0002", "0003")
    assert stand.query("SELECT id, age FROM app.users") == [("from python", None)]
    stand.downgrade()
    assert stand.columns("app.users")[-1].startswith("_bqm_drop_0003")


def test_an_error_in_a_python_step_names_the_authors_line(stand):
    stand.users()
    stand.write(
        "0003_fill.py",
        "def fill(session):\n    return 1 / 0\n\n\ndef upgrade(op):\n    op.run(fill)\n",
    )
    with pytest.raises(RunError, match="0003 fill failed") as caught:
        stand.upgrade()
    assert caught.value.where.startswith("migrations/0003_fill.py:2")
    assert "ZeroDivisionError" in caught.value.details[-1]


def test_what_is_stated_of_nested_fields_is_there_after_they_were_added(stand):
    inner = "{name: x, type: STRING, description: It's deep.}, {name: y, type: NUMERIC, roundingMode: ROUND_HALF_EVEN}"
    column = f"{{name: r, type: RECORD, mode: REPEATED, description: All., fields: [{inner}]}}"
    stand.users().write("0003_r.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
    stand.upgrade()
    added = stand.table("app.users")["schema"]["fields"][-1]
    assert (added["mode"], added["description"]) == ("REPEATED", "All.")
    assert added["fields"][0]["description"] == "It's deep."
    assert added["fields"][1]["roundingMode"] == "ROUND_HALF_EVEN"


def test_a_repeated_column_is_added_with_its_collation(stand):
    column = "{name: names, type: STRING, mode: REPEATED, collation: 'und:ci'}"
    stand.users().write("0003_names.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
    stand.upgrade()
    added = stand.table("app.users")["schema"]["fields"][-1]
    assert (added["mode"], added["collation"]) == ("REPEATED", "und:ci")


def test_a_policy_tag_that_an_added_column_would_lack_is_refused(stand):
    tag = "policyTags: {names: [projects/p/locations/us/taxonomies/1/policyTags/2]}"
    inner = f"{{name: x, type: STRING, {tag}}}"
    for column, path in ((inner, "x"), (f"{{name: r, type: RECORD, fields: [{inner}]}}", "r.x")):
        stand.users().write("0003_t.yaml", f"upgrade:\n  - add_columns: {{table: app.users, columns: [{column}]}}\n")
        with pytest.raises(ValidationError, match=f"cannot add {path} with its policy tag") as caught:
            stand.upgrade()
        assert caught.value.findings[0].code == "BQM125"


def test_a_python_step_queries_with_every_type_of_parameter(stand):
    stand.users().write(
        "0003_typed.py",
        """
        from datetime import UTC, datetime, timedelta, timezone

        VALUES = {
            "yes": True,
            "n": 7,
            "x": 1.5,
            "nan": float("nan"),
            "s": "text",
            "naive": datetime(2026, 1, 1),
            "utc": datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=UTC),
            "east": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        }

        def upgrade(op):
            op.run(ask)

        def ask(session):
            names = ", ".join(f"@{name} AS {name}" for name in VALUES)
            row = session.query(f"SELECT {names}", **VALUES)[0]
            assert (row["yes"], row["n"], row["x"], row["s"]) == (True, 7, 1.5, "text"), row
            assert row["utc"] == VALUES["utc"] and row["east"] == VALUES["east"], row
            assert row["naive"] == VALUES["naive"].replace(tzinfo=UTC), row
        """,
    )
    stand.upgrade()


def test_a_python_step_that_exits_has_failed(stand):
    stand.users().write(
        "0003_exit.py", "import sys\n\n\ndef stop(session):\n    sys.exit(0)\n\n\ndef upgrade(op):\n    op.run(stop)\n"
    )
    with pytest.raises(RunError, match="0003 exit failed") as caught:
        stand.upgrade()
    assert "SystemExit: 0" in caught.value.details[-1]
    assert stand.states()["0003"] == "half-applied"


def test_what_a_python_step_prints_does_not_reach_stdout(stand, capsys):
    stand.users().write(
        "0003_print.py", "def say(session):\n    print('hello')\n\n\ndef upgrade(op):\n    op.run(say)\n"
    )
    stand.upgrade()
    out, err = capsys.readouterr()
    assert (out, "hello" in err) == ("", True)
