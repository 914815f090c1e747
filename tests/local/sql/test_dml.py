"""Changes of rows: counts, defaults, required columns, coercions."""

# ruff: noqa: E501 - a table of cases reads best with a case on a line

from dataclasses import replace

import pytest

from bqmigrate.local.errors import WarehouseError
from tests.local.sql.little import Little, columns


@pytest.fixture
def little():
    made = Little()
    cols = columns(id="INT64!", name="STRING(3)", at="TIMESTAMP", f="FLOAT64", n="NUMERIC(4, 1)", tags="ARRAY<STRING>",
                   rec="STRUCT<a INT64 NOT NULL, b STRING>", js="JSON", day="DATE")  # fmt: skip
    defaults = {"at": "CURRENT_TIMESTAMP()", "name": "'dfl'"}
    made.add("t", tuple(replace(c, default=defaults.get(c.name)) for c in cols))
    made.dml("INSERT INTO d.t (id, name, `at`) VALUES (1, 'one', NULL), (2, NULL, NULL)")
    made.view("v", "SELECT 1 AS x")
    return made


def test_insert_counts_its_rows_and_fills_defaults(little):
    assert little.dml("INSERT d.t (id) VALUES (3), (4)") == 2
    assert little.dml("INSERT d.t (id, name, `at`) VALUES (5, DEFAULT, NULL)") == 1
    assert little.rows("SELECT id, name, `at` FROM d.t WHERE id > 2 ORDER BY id") == [
        ["3", "dfl", "1714979289123456"], ["4", "dfl", "1714979289123456"], ["5", "dfl", None],
    ]  # fmt: skip


def test_insert_coerces_as_bigquery_does(little):
    little.dml(
        "INSERT d.t (id, f, n, day, tags, rec, js) VALUES (3, 1, 2, '2024-02-03', [], STRUCT(1, 'x'), JSON '[1]')"
    )
    assert little.rows("SELECT f, n, day, tags, rec, js FROM d.t WHERE id = 3") == [
        ["1", "2", "2024-02-03", [], {"f": [{"v": "1"}, {"v": "x"}]}, "[1]"]
    ]


def test_insert_select_matches_by_position(little):
    assert little.dml("INSERT INTO d.t (name, id) SELECT 'n', id + 10 FROM d.t") == 2
    assert little.rows("SELECT id, name FROM d.t WHERE id > 10 ORDER BY id") == [["11", "n"], ["12", "n"]]


def test_a_subquery_may_give_a_value(little):
    little.dml("INSERT d.t (id, name) VALUES ((SELECT MAX(id) + 1 FROM d.t), CONCAT('a', 'b'))")
    assert little.rows("SELECT name FROM d.t WHERE id = 3") == [["ab"]]


REFUSED = [
    ("INSERT d.t (id) VALUES ('x')", "Value has type STRING which cannot be inserted into column id, which has type INT64 at [1:25]"),
    ("INSERT d.t (id) VALUES (1.5)", "Value has type FLOAT64 which cannot be inserted into column id"),
    ("INSERT d.t (id) SELECT name FROM d.t", "Query column 1 has type STRING which cannot be inserted into column id"),
    ("INSERT d.t (nope) VALUES (1)", "Column nope is not present in table p.d.t at [1:13]"),
    ("INSERT d.t (id, ID) VALUES (1, 1)", "INSERT has columns with duplicate name: id"),
    ("INSERT d.t (id, name) VALUES (1)", "Inserted row has wrong column count; Has 1, expected 2"),
    ("INSERT d.t (id) VALUES (NULL)", "Required field id cannot be null"),
    ("INSERT d.t (name) VALUES ('x')", "Required field id cannot be null"),
    ("INSERT d.t (id, rec) VALUES (3, STRUCT(NULL, 'x'))", "Required field rec.a cannot be null"),
    ("INSERT d.t (id, name) VALUES (3, 'long')", "STRING(3) has maximum length 3 but got a value with length 4"),
    ("INSERT d.t (id, n) VALUES (3, 1000)", "NUMERIC(4, 1) has precision 4"),
    ("INSERT d.t (id, tags) VALUES (3, ['a', NULL])", "Array cannot have a null element; error in writing field tags"),
    ("INSERT d.t (id) VALUES (1,)", "Syntax error"),
    ("INSERT d.v (x) VALUES (1)", "not a table but a VIEW"),
    ("UPDATE d.t SET name = 'x'", "UPDATE must have a WHERE clause"),
    ("UPDATE d.t SET name = 1 WHERE TRUE", "Value has type INT64 which cannot be inserted into column name"),
    ("UPDATE d.t SET id = NULL WHERE id = 1", "Required field id cannot be null"),
    ("UPDATE d.t SET WHERE TRUE", "Syntax error"),
    ("UPDATE d.t SET nope = 1 WHERE TRUE", "Column nope is not present"),
    ("UPDATE d.t SET name = 'x' WHERE id", "WHERE clause should return type BOOL"),
    ("UPDATE d.t SET name = s.n FROM (SELECT 'p' AS n UNION ALL SELECT 'q') s WHERE t.id = 1",
     "UPDATE/MERGE must match at most one source row for each target row"),
    ("DELETE d.t", "DELETE must have a WHERE clause"),
    ("MERGE d.t t USING (SELECT 1 AS id UNION ALL SELECT 1) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'",
     "UPDATE/MERGE must match at most one source row for each target row"),
    ("MERGE d.t t USING (SELECT 5 AS id) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (t.id)", "t.id"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "message"), REFUSED, ids=[r[0][:70] for r in REFUSED])
def test_what_bigquery_refuses_is_refused_and_changes_nothing(little, sql, message):
    before = little.rows("SELECT * FROM d.t ORDER BY id")
    with pytest.raises(WarehouseError) as refused:
        little.dml(sql)
    assert refused.value.reason == "invalidQuery"
    assert message in refused.value.message
    assert little.rows("SELECT * FROM d.t ORDER BY id") == before


def test_update_counts_and_may_join(little):
    assert little.dml("UPDATE d.t SET name = 'x', f = id WHERE id = 1") == 1
    assert little.dml("UPDATE d.t t SET name = s.n FROM (SELECT 2 AS id, 'two' AS n) AS s WHERE s.id = t.id") == 1
    assert little.dml("UPDATE d.t SET name = DEFAULT WHERE id = 99") == 0
    assert little.rows("SELECT id, name, f FROM d.t ORDER BY id") == [["1", "x", "1"], ["2", "two", None]]


def test_update_may_swap_columns_and_use_default(little):
    little.dml("UPDATE d.t SET name = DEFAULT, `at` = DEFAULT WHERE id = 1")
    assert little.rows("SELECT name, `at` FROM d.t WHERE id = 1") == [["dfl", "1714979289123456"]]


def test_delete_counts_and_may_look_elsewhere(little):
    assert little.dml("DELETE FROM d.t AS a WHERE EXISTS (SELECT 1 FROM d.t b WHERE b.id > a.id)") == 1
    assert little.dml("DELETE d.t WHERE TRUE") == 1
    assert little.dml("DELETE d.t WHERE TRUE") == 0


def test_merge_says_what_it_did_to_each_row(little):
    sql = """
      MERGE INTO d.t AS t USING (SELECT 1 AS id, 'm' AS name UNION ALL SELECT 7, 'new') AS s ON t.id = s.id
      WHEN MATCHED AND s.name = 'm' THEN UPDATE SET name = s.name
      WHEN NOT MATCHED BY TARGET THEN INSERT (id, name, `at`) VALUES (id, name, DEFAULT)
      WHEN NOT MATCHED BY SOURCE AND id = 2 THEN DELETE
    """
    assert little.dml(sql) == ["DELETE", "INSERT", "UPDATE"]
    assert little.rows("SELECT id, name, `at` FROM d.t ORDER BY id") == [
        ["1", "m", None], ["7", "new", "1714979289123456"],
    ]  # fmt: skip


def test_merge_on_false_replaces_everything(little):
    sql = "MERGE d.t USING (SELECT 9 AS id) s ON FALSE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id) WHEN NOT MATCHED BY SOURCE THEN DELETE"
    assert little.dml(sql) == ["DELETE", "DELETE", "INSERT"]


def test_the_history_insert_of_the_tool_works():
    little = Little()
    little.add("_schema_migrations", columns(seq="INT64!", batch="INT64!", steps="JSON", finished_at="TIMESTAMP",
                                             at="TIMESTAMP!", actor="STRING!"))  # fmt: skip
    given = [
        ("r0_seq", "INT64", "1"),
        ("r0_steps", "JSON", None),
        ("r1_seq", "INT64", "2"),
        ("r1_fin", "TIMESTAMP", None),
    ]
    given += [("r1_steps", "STRING", '[{"kind": "job", "sql": "it\'s; \\"q\\""}]')]
    parameters = [{"name": n, "parameterType": {"type": t}, "parameterValue": {"value": v}} for n, t, v in given]
    parameters[1]["parameterType"]["type"] = "STRING"
    little.scope = replace(little.scope, parameters=parameters)
    assert (
        little.dml(
            "INSERT INTO `p.bqmigrate._schema_migrations` (seq, batch, steps, finished_at, `at`, actor) VALUES "
            "(@r0_seq, @r0_seq, PARSE_JSON(@r0_steps), NULL, CURRENT_TIMESTAMP(), SESSION_USER()), "
            "(@r1_seq, @r0_seq, PARSE_JSON(@r1_steps), @r1_fin, CURRENT_TIMESTAMP(), SESSION_USER())"
        )
        == 2
    )
    assert little.rows("SELECT seq, steps, actor FROM d._schema_migrations ORDER BY seq") == [
        ["1", None, "me@example.com"],
        ["2", '[{"kind":"job","sql":"it\'s; \\"q\\""}]', "me@example.com"],
    ]
