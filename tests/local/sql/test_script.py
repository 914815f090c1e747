"""The grammar of scripts and DDL: what is read, and where a mistake is."""

# ruff: noqa: E501 - a table of cases reads best with a case on a line

from datetime import UTC, datetime

import pytest

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.script import parse_script
from bqmigrate.model.catalog import Partitioning
from bqmigrate.model.columns import Column


def one(sql):
    (statement,) = parse_script(sql).statements
    return statement


def test_one_statement_is_a_job_of_its_own_kind():
    assert parse_script("SELECT 1").kind == "SELECT"
    assert parse_script("DROP TABLE d.t;").kind == "DROP_TABLE"
    assert parse_script("ASSERT TRUE").kind == "ASSERT"
    assert parse_script("CREATE TABLE d.t AS SELECT 1 AS x").kind == "CREATE_TABLE_AS_SELECT"
    assert parse_script("SELECT 1; SELECT 2").kind == "SCRIPT"
    assert parse_script("BEGIN SELECT 1; END").kind == "SCRIPT"


def test_statements_keep_the_authors_text_and_place():
    script = parse_script("SELECT 'a;b' -- ; no\n; \n  SELECT `x;y`\nFROM d.t;")
    assert [s.text for s in script.statements] == ["SELECT 'a;b'", "SELECT `x;y`\nFROM d.t"]
    assert [s.position for s in script.statements] == [(1, 1), (3, 3)]


def test_add_column_reads_the_whole_column():
    sql = """ALTER TABLE `my-proj.d.t`
      ADD COLUMN a STRING(10) OPTIONS (description = "it's\\na \\"b\\""),
      ADD COLUMN IF NOT EXISTS b ARRAY<STRUCT<x INT64 NOT NULL OPTIONS(description='d'), `y z` NUMERIC(10, 2)>>"""
    node = one(sql)
    assert isinstance(node, nodes.AlterTable)
    assert node.path == ("my-proj", "d", "t")
    fields = (Column("x", "INTEGER", "REQUIRED", "d"), Column("y z", "NUMERIC", precision=10, scale=2))
    assert node.actions == (
        nodes.AddColumn(Column("a", "STRING", description='it\'s\na "b"', max_length=10)),
        nodes.AddColumn(Column("b", "RECORD", "REPEATED", fields=fields), if_not_exists=True),
    )


ACTIONS = [
    ("RENAME COLUMN a TO b, RENAME COLUMN IF EXISTS c TO d", (nodes.RenameColumn("a", "b"), nodes.RenameColumn("c", "d", if_exists=True))),
    ("DROP COLUMN a, DROP COLUMN IF EXISTS b", (nodes.DropColumn("a"), nodes.DropColumn("b", if_exists=True))),
    ("ALTER COLUMN a SET DATA TYPE NUMERIC(20, 3)", (nodes.AlterColumnSetDataType("a", Column("a", "NUMERIC", precision=20, scale=3)),)),
    ("ALTER COLUMN a SET DATA TYPE STRUCT<x INT64>", (nodes.AlterColumnSetDataType("a", Column("a", "RECORD", fields=(Column("x", "INTEGER"),))),)),
    ("ALTER COLUMN a DROP NOT NULL", (nodes.AlterColumnDropNotNull("a"),)),
    ("ALTER COLUMN IF EXISTS a SET DEFAULT CURRENT_TIMESTAMP()", (nodes.AlterColumnSetDefault("a", "CURRENT_TIMESTAMP()", if_exists=True),)),
    ("ALTER COLUMN a DROP DEFAULT", (nodes.AlterColumnDropDefault("a"),)),
    ("ALTER COLUMN a SET OPTIONS (description=NULL)", (nodes.AlterColumnSetOptions("a", {"description": None}),)),
    ("RENAME TO u", (nodes.RenameTo("u"),)),
    ("ADD PRIMARY KEY (a, b) NOT ENFORCED", (nodes.AddPrimaryKey(nodes.PrimaryKey(("a", "b"))),)),
    ("ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES d.o(x) NOT ENFORCED", (nodes.AddForeignKey(nodes.ForeignKey(("a",), ("d", "o"), ("x",), "k")),)),
    ("DROP PRIMARY KEY IF EXISTS", (nodes.DropPrimaryKey(if_exists=True),)),
    ("DROP CONSTRAINT k", (nodes.DropConstraint("k"),)),
    ("SET OPTIONS (labels=[('a', 'b'), (\"c\", 'd')], partition_expiration_days=1.5, require_partition_filter=true, description=NULL)",
     (nodes.SetOptions({"labels": (("a", "b"), ("c", "d")), "partition_expiration_days": 1.5, "require_partition_filter": True, "description": None}),)),
    ("SET OPTIONS (expiration_timestamp=TIMESTAMP '2030-01-01 00:00:00 UTC')", (nodes.SetOptions({"expiration_timestamp": datetime(2030, 1, 1, tzinfo=UTC)}),)),
    ("SET OPTIONS (expiration_timestamp=TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 2 DAY))",
     (nodes.SetOptions({"expiration_timestamp": nodes.Sql("TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 2 DAY)", nodes.Position(1, 51))}),)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "actions"), ACTIONS, ids=[a[0][:50] for a in ACTIONS])
def test_alter_table_reads_its_actions(text, actions):
    assert one(f"ALTER TABLE d.t {text}").actions == actions


PARTITIONS = [
    ("x DATE", "x", Partitioning("DAY", "x")),
    ("x DATE", "DATE_TRUNC(x, MONTH)", Partitioning("MONTH", "x")),
    ("x TIMESTAMP", "DATE(x)", Partitioning("DAY", "x")),
    ("x TIMESTAMP", "TIMESTAMP_TRUNC(x, HOUR)", Partitioning("HOUR", "x")),
    ("x DATETIME", "DATETIME_TRUNC(x, YEAR)", Partitioning("YEAR", "x")),
    ("x INT64", "RANGE_BUCKET(x, GENERATE_ARRAY(-10, 100, 5))", Partitioning("RANGE", "x", None, -10, 100, 5)),
    ("x INT64", "_PARTITIONDATE", Partitioning("DAY")),
    ("x INT64", "TIMESTAMP_TRUNC(_PARTITIONTIME, MONTH)", Partitioning("MONTH")),
]


@pytest.mark.parametrize(("column", "text", "partitioning"), PARTITIONS)
def test_partition_by_becomes_a_partitioning(column, text, partitioning):
    assert one(f"CREATE TABLE d.t ({column}) PARTITION BY {text}").partitioning == partitioning


def test_the_rebuild_of_the_tool_is_an_assert_and_a_create():
    sql = (
        "ASSERT NOT EXISTS (SELECT 1 FROM `p.d.t` WHERE a IS NULL) AS 'nulls in a'; "
        "CREATE OR REPLACE TABLE `p.d.t` (a STRING NOT NULL OPTIONS(description='x'), b INT64, ts TIMESTAMP DEFAULT CURRENT_TIMESTAMP()) "
        "PARTITION BY DATE(ts) CLUSTER BY a, b OPTIONS(description='t', partition_expiration_days=2) "
        "AS SELECT a, CAST(b AS INT64) AS b, ts FROM `p.d.t`"
    )
    check, create = parse_script(sql).statements
    assert (check.condition.text, check.description) == (
        "NOT EXISTS (SELECT 1 FROM `p.d.t` WHERE a IS NULL)",
        "nulls in a",
    )
    assert create.kind == "CREATE_TABLE_AS_SELECT"
    assert create.or_replace
    assert create.partitioning == Partitioning("DAY", "ts", 172_800_000)
    assert create.clustering == ("a", "b")
    assert create.columns[2].default == "CURRENT_TIMESTAMP()"
    assert create.query.text == "SELECT a, CAST(b AS INT64) AS b, ts FROM `p.d.t`"


def test_keys_are_read_beside_columns_and_after_them():
    node = one(
        "CREATE TABLE d.t (a INT64 PRIMARY KEY NOT ENFORCED, b INT64 REFERENCES d.o(x) NOT ENFORCED, CONSTRAINT k FOREIGN KEY (b) REFERENCES o(y) NOT ENFORCED)"
    )
    assert node.constraints == (
        nodes.PrimaryKey(("a",)),
        nodes.ForeignKey(("b",), ("d", "o"), ("x",)),
        nodes.ForeignKey(("b",), ("o",), ("y",), "k"),
    )


def test_a_view_keeps_its_query_and_its_column_descriptions():
    node = one(
        "CREATE OR REPLACE VIEW d.v (a OPTIONS(description='x'), b) OPTIONS(friendly_name='v') AS\nSELECT 1, 2 ;"
    )
    assert (node.query.text, node.or_replace, node.options) == ("SELECT 1, 2", True, {"friendly_name": "v"})
    assert [(c.name, c.description) for c in node.columns] == [("a", "x"), ("b", None)]


def test_copies_snapshots_and_schemas():
    assert one("CREATE TABLE d.t CLONE d.s").source == nodes.Source("CLONE", ("d", "s"))
    node = one("CREATE SNAPSHOT TABLE d.s CLONE d.t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP() OPTIONS(description='x')")
    assert (node.source.as_of.text, node.options) == ("CURRENT_TIMESTAMP()", {"description": "x"})
    assert one("CREATE SCHEMA IF NOT EXISTS `p.d` OPTIONS(location='EU')").options == {"location": "EU"}
    assert one("DROP SCHEMA IF EXISTS d CASCADE").cascade
    assert not one("DROP SCHEMA d RESTRICT").cascade


def test_the_procedural_language_is_a_tree():
    sql = """
      DECLARE x, y INT64 DEFAULT 1;
      SET x = CASE WHEN x = 1 THEN 2 END;
      IF x = 2 AND CASE WHEN true THEN true END THEN SELECT 1; ELSEIF x = 3 THEN SELECT 2; ELSE RETURN; END IF;
      BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN RAISE USING MESSAGE = @@error.message; END;
      BEGIN TRANSACTION; COMMIT; ROLLBACK TRANSACTION;"""
    declare, assign, branch, block, *transaction = parse_script(sql).statements
    assert (declare.names, declare.type.type, declare.default.text) == (("x", "y"), "INTEGER", "1")
    assert (assign.names, assign.value.text) == (("x",), "CASE WHEN x = 1 THEN 2 END")
    assert [b.condition and b.condition.text for b in branch.branches] == [
        "x = 2 AND CASE WHEN true THEN true END",
        "x = 3",
        None,
    ]
    assert [s.kind for s in block.handler] == ["RAISE"]
    assert [s.kind for s in transaction] == ["BEGIN_TRANSACTION", "COMMIT_TRANSACTION", "ROLLBACK_TRANSACTION"]


MISTAKES = [
    ("", "Syntax error: Unexpected end of statement at [1:1]"),
    ("SELECT 1; SELEC 2", 'Syntax error: Unexpected identifier "SELEC" at [1:11]'),
    ("SELECT 1 FROM", "Syntax error: Unexpected end of script at [1:14]"),
    ("SELECT 1;\nSELECT * FROM d.t WHERE WHERE", "Syntax error: Unexpected keyword WHERE at [2:25]"),
    ("DROP TABLE d.t x", 'Syntax error: Expected ";" but got identifier "x" at [1:16]'),
    ("ALTER TABLE d.t FROB", 'Syntax error: Unexpected identifier "FROB" at [1:17]'),
    ("ALTER TABLE d.t ALTER COLUMN a SET TYPE X", "Syntax error: Expected keyword OPTIONS"),
    ("CREATE TABLE d.t (x FOO)", "Type not found: FOO at [1:21]"),
    ("CREATE TABLE d.t (x ARRAY<ARRAY<INT64>>)", "Arrays of arrays are not supported"),
    ("CREATE TABLE d.t (x NUMERIC(50))", "P must be between"),
    ("CREATE TABLE d.t (x INT64(5))", "does not support type parameters"),
    ("CREATE TABLE d.t (x INT64) OPTIONS(foo=1)", "Unknown option: foo at [1:36]"),
    ("CREATE TABLE d.t (x INT64) OPTIONS(description=1)", "Option value type is incorrect for 'description'"),
    ("CREATE TABLE d.t (x INT64) PARTITION BY x", "PARTITION BY expression must be"),
    ("CREATE TABLE d.t (x INT64) PARTITION BY y", "Unrecognized name: y"),
    ("CREATE TABLE d.t (x INT64) CLUSTER BY a, b, c, d, e", "Clustering supports at most 4 columns"),
    ("CREATE OR REPLACE TABLE IF NOT EXISTS d.t (x INT64)", "cannot be used with IF NOT EXISTS"),
    ("CREATE TABLE d.t", "CREATE TABLE needs"),
    ("CREATE TABLE `a.b.c.d.e` (x INT64)", "Invalid table name"),
    ("CREATE TABLE select (x INT64)", "Syntax error: Unexpected keyword SELECT"),
    ("BEGIN SELECT 1;", "Syntax error: Expected keyword END but got end of script"),
    ("ASSERT", "Syntax error: Unexpected end of script"),
    ("UPDATE d.t SET", "Syntax error"),
    ("BEGIN " * 3000, "Too many nested"),
    ("CREATE TABLE d.t (x " + "STRUCT<a " * 3000, "Too many nested"),
    ("SELECT '\ud800'", "not valid UTF-8"),
    ("SELECT 'abc\n", "Unclosed string literal at [1:8]"),
    ("\0", "Syntax error"),
]


@pytest.mark.parametrize(("sql", "message"), MISTAKES, ids=[ascii(m[0][:50]) for m in MISTAKES])
def test_a_mistake_anywhere_stops_the_whole_script(sql, message):
    with pytest.raises(WarehouseError) as refused:
        parse_script(sql)
    assert refused.value.reason == "invalidQuery"
    assert message in refused.value.message


UNTAUGHT = ["CALL d.p()", "LOOP BREAK; END LOOP", "EXECUTE IMMEDIATE 'x'", "CREATE EXTERNAL TABLE d.e",
            "CREATE MODEL d.m AS SELECT 1", "EXPORT DATA OPTIONS() AS SELECT 1", "GRANT x", "WHILE TRUE DO END WHILE"]  # fmt: skip


@pytest.mark.parametrize("sql", UNTAUGHT)
def test_what_has_not_been_taught_is_named_with_501(sql):
    with pytest.raises(WarehouseError) as refused:
        parse_script(sql)
    assert refused.value.code == 501
