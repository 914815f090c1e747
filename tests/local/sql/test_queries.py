"""Queries: names, types, clauses, views, parameters and what is refused."""

# ruff: noqa: E501 - a table of cases reads best with a case on a line

from dataclasses import replace

import pytest

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_query
from bqmigrate.local.sql.bound import Variable
from tests.local.sql.little import Little, columns


@pytest.fixture(scope="module")
def little():
    made = Little()
    made.add("t", columns(Id="INT64!", name="STRING", tags="ARRAY<STRING>", rec="STRUCT<A INT64, b ARRAY<STRUCT<c STRING>>>",
                          day="DATE", amount="NUMERIC"))  # fmt: skip
    made.add("u", columns(id="INT64", note="STRING"))
    made.dml("INSERT d.t VALUES (1, 'a', ['x', 'y'], STRUCT(5, [STRUCT('q')]), '2024-01-02', 1.5), "
             "(2, NULL, [], NULL, NULL, NULL), (3, 'a', ['z'], NULL, '2024-01-01', 2)")  # fmt: skip
    made.dml("INSERT d.u VALUES (1, 'one'), (1, 'uno'), (9, 'nine')")
    made.view("v", "SELECT Id AS vid, UPPER(name) AS big FROM d.t")
    made.view("w", "SELECT * FROM d.v WHERE vid < 3")
    made.view("loop", "SELECT * FROM d.loop", columns(x="INT64"))
    return made


QUERIES = [
    ("SELECT x, off FROM d.t, UNNEST(tags) AS x WITH OFFSET AS off ORDER BY x", [["x", "0"], ["y", "1"], ["z", "0"]]),
    ("SELECT x FROM d.t, d.t.tags x ORDER BY 1", None),
    ("SELECT x FROM d.t AS s, s.tags AS x ORDER BY 1 DESC", [["z"], ["y"], ["x"]]),
    ("SELECT s.Id, x FROM d.t s LEFT JOIN UNNEST(s.tags) AS x ORDER BY 1, 2", [["1", "x"], ["1", "y"], ["2", None], ["3", "z"]]),
    ("SELECT rec.A, rec.b[OFFSET(0)].c FROM d.t WHERE rec IS NOT NULL", [["5", "q"]]),
    ("SELECT c FROM d.t, UNNEST(rec.b)", [["q"]]),
    ("SELECT a, b FROM UNNEST([STRUCT(1 AS a, 'x' AS b), (2, 'y')]) ORDER BY a", [["1", "x"], ["2", "y"]]),
    ("SELECT * FROM UNNEST([STRUCT(1 AS a, 'x' AS b)])", [["1", "x"]]),
    ("SELECT t.name, COUNT(*) FROM d.t GROUP BY t.name ORDER BY 2 DESC", [["a", "2"], [None, "1"]]),
    ("SELECT name AS k, SUM(Id) AS s FROM d.t GROUP BY k HAVING SUM(Id) > 2 ORDER BY k", [["a", "4"]]),
    ("SELECT SUM(Id) AS Id FROM d.t HAVING SUM(Id) > 1", [["6"]]),
    ("SELECT Id FROM d.t ORDER BY name, Id", [["2"], ["1"], ["3"]]),
    ("SELECT Id FROM d.t ORDER BY name DESC, Id LIMIT 2 OFFSET 1", [["3"], ["2"]]),
    ("SELECT u.note FROM d.t JOIN d.u USING (id) ORDER BY note", [["one"], ["uno"]]),
    ("SELECT t.Id, u.note FROM d.t LEFT JOIN d.u ON t.Id = u.id AND u.note = 'one' ORDER BY 1", [["1", "one"], ["2", None], ["3", None]]),
    ("SELECT COUNT(*) FROM d.t, d.u", [["9"]]),
    ("WITH a AS (SELECT Id FROM d.t), b AS (SELECT Id + 1 AS n FROM a) SELECT MAX(n) FROM b", [["4"]]),
    ("SELECT (SELECT MAX(s.Id) FROM d.t AS s WHERE s.name = t.name) FROM d.t ORDER BY 1", [[None], ["3"], ["3"]]),
    ("SELECT Id FROM d.t WHERE Id IN (SELECT id FROM d.u)", [["1"]]),
    ("SELECT Id FROM d.t WHERE EXISTS (SELECT 1 FROM d.u WHERE u.id = t.Id)", [["1"]]),
    ("SELECT Id FROM d.t QUALIFY ROW_NUMBER() OVER (PARTITION BY name ORDER BY Id DESC) = 1 ORDER BY 1", [["2"], ["3"]]),
    ("SELECT SUM(Id) OVER (ORDER BY Id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM d.t ORDER BY 1", [["1"], ["3"], ["5"]]),
    ("SELECT LAG(name, 1, 'none') OVER w FROM d.t WINDOW w AS (ORDER BY Id) ORDER BY 1", [[None], ["a"], ["none"]]),
    ("SELECT FIRST_VALUE(name IGNORE NULLS) OVER (ORDER BY Id DESC) FROM d.t LIMIT 1", [["a"]]),
    ("SELECT ARRAY_AGG(name IGNORE NULLS ORDER BY Id LIMIT 1) FROM d.t", [[[{"v": "a"}]]]),
    ("SELECT STRING_AGG(DISTINCT name, '-') FROM d.t", [["a"]]),
    ("SELECT COUNT(DISTINCT name), COUNTIF(Id > 1), ANY_VALUE(Id HAVING MAX Id), LOGICAL_OR(Id = 3) FROM d.t", [["1", "2", "3", "true"]]),
    ("SELECT SUM(amount), AVG(Id), MIN(day) FROM d.t", [["3.5", "2", "2024-01-01"]]),
    ("SELECT 1 UNION ALL SELECT 2.5 ORDER BY 1 DESC", [["2.5"], ["1"]]),
    ("SELECT 1 AS x UNION DISTINCT SELECT 1", [["1"]]),
    ("SELECT Id FROM d.t EXCEPT DISTINCT SELECT id FROM d.u ORDER BY 1", [["2"], ["3"]]),
    ("SELECT * EXCEPT (tags, rec, day, amount) FROM d.t WHERE Id = 1", [["1", "a"]]),
    ("SELECT * EXCEPT (tags, rec, day) REPLACE (Id * 10 AS Id) FROM d.t WHERE Id = 3", [["30", "a", "2"]]),
    ("SELECT DISTINCT name FROM d.t ORDER BY name", [[None], ["a"]]),
    ("SELECT AS STRUCT Id, name FROM d.t WHERE Id = 1", [[{"f": [{"v": "1"}, {"v": "a"}]}]]),
    ("SELECT AS VALUE Id FROM d.t WHERE Id = 1", [["1"]]),
    ("SELECT ARRAY(SELECT AS STRUCT Id, name FROM d.t WHERE Id = 1)", [[[{"v": {"f": [{"v": "1"}, {"v": "a"}]}}]]]),
    ("SELECT big FROM d.v WHERE vid = 1", [["A"]]),
    ("SELECT vid FROM d.w ORDER BY 1", [["1"], ["2"]]),
    ("SELECT Id FROM `p.d.t` WHERE day = '2024-01-02'", [["1"]]),
    ("SELECT T.ID FROM d.t AS T WHERE t.iD = 1", [["1"]]),
    ("(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1", [["1"], ["2"]]),
    ("SELECT x.y FROM (SELECT STRUCT(1 AS y) AS x)", [["1"]]),
    ("SELECT 'it''s' FROM d.t", None),
    ("SELECT '''a'b\\n''', r'\\d', \"q\\x41\"", [["a'b\n", "\\d", "qA"]]),
    ("SELECT b'\\xff\\x00', rb'\\d'", [["/wA=", "XGQ="]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "expected"), [q for q in QUERIES if q[1] is not None], ids=[q[0][:70] for q in QUERIES if q[1] is not None]
)
def test_a_query_gives_these_rows(little, sql, expected):
    assert little.rows(sql) == expected


def test_names_keep_the_case_they_were_written_in_or_stored_with(little):
    assert little.schema("SELECT ID, Name AS Big, 1, 2, rec.a FROM d.t") == [
        ("ID", "INT64"), ("Big", "STRING"), ("f0_", "INT64"), ("f1_", "INT64"), ("a", "INT64"),
    ]  # fmt: skip
    assert little.schema("SELECT * FROM d.t")[0] == ("Id", "INT64")


def test_types_of_results_are_bigquerys(little):
    sql = (
        "SELECT tags, rec, NULL AS n, 1 / 2 AS q, amount * 2 AS m, CURRENT_DATE() AS d, [STRUCT(1 AS a)] AS s FROM d.t"
    )
    assert little.schema(sql) == [
        ("tags", "ARRAY<STRING>"), ("rec", "STRUCT<`A` INT64, `b` ARRAY<STRUCT<`c` STRING>>>"), ("n", "INT64"),
        ("q", "FLOAT64"), ("m", "NUMERIC"), ("d", "DATE"), ("s", "ARRAY<STRUCT<`a` INT64>>"),
    ]  # fmt: skip


REFUSED = [
    ("SELECT nope FROM d.t", "invalidQuery", "Unrecognized name: nope at [1:8]"),
    ("SELECT\n  1,\n  nope FROM d.t", "invalidQuery", "Unrecognized name: nope at [3:3]"),
    ("SELECT t.nope FROM d.t", "invalidQuery", "Name nope not found at [1:10]"),
    ("SELECT rec.zz FROM d.t", "invalidQuery", "Field name zz does not exist in STRUCT<A INT64"),
    ("SELECT id FROM d.t JOIN d.u ON TRUE", "invalidQuery", "ambiguous"),
    ("SELECT 1 AS a, 2 AS A", "invalidQuery", "Duplicate column names in the result are not supported. Found duplicate(s): A"),
    ("SELECT * FROM d.missing", "notFound", "Not found: Table d.missing was not found"),
    ("SELECT * FROM missing", "invalidQuery", 'Table "missing" must be qualified with a dataset (e.g. dataset.table).'),
    ("SELECT Id FROM d.t WHERE Id", "invalidQuery", "WHERE clause should return type BOOL, but returns type INT64"),
    ("SELECT Id FROM d.t WHERE Id = 'x'", "invalidQuery", "No matching signature for operator = for argument types: INT64, STRING"),
    ("SELECT name, COUNT(*) FROM d.t", "invalidQuery", "references column name which is neither grouped nor aggregated"),
    ("SELECT 1 UNION ALL SELECT 'a'", "invalidQuery", "Column 1 in UNION has incompatible types: INT64, STRING"),
    ("SELECT 1 UNION ALL SELECT 1, 2", "invalidQuery", "mismatched column count"),
    ("SELECT 1 LIMIT 1, 2", "invalidQuery", 'Syntax error: Expected end of input but got ","'),
    ("SELECT 1::INT64", "invalidQuery", "Syntax error"),
    ("SELECT FROM d.t", "invalidQuery", "Syntax error: SELECT list must not be empty"),
    ("SELECT DISTINCT ON (Id) Id FROM d.t", "invalidQuery", "Syntax error"),
    ("SELECT 'abc", "invalidQuery", "Syntax error: Unclosed string literal at [1:8]"),
    ("SELECT /* abc", "invalidQuery", "Syntax error: Unclosed comment at [1:8]"),
    ("SELECT * FROM read_csv('/etc/passwd')", "invalidQuery", "Table-valued function not found: READ_CSV"),
    ("SELECT * FROM '/etc/passwd'", "invalidQuery", ""),
    ("SELECT * FROM d.t TABLESAMPLE SYSTEM (1 PERCENT)", "notImplemented", "TABLESAMPLE"),
    ("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "notImplemented", "WITH RECURSIVE"),
    ("SELECT * FROM d.loop", "invalidQuery", "views nested too deeply"),
    ("SELECT 1 FROM UNNEST(1) x", "invalidQuery", "Values referenced in UNNEST must be arrays"),
    ("SELECT Id FROM d.t ORDER BY 7", "invalidQuery", "out of SELECT column number range: 7"),
    ("SELECT SUM(name) FROM d.t", "invalidQuery", "No matching signature for aggregate function SUM for argument types: STRING"),
    ("SELECT \ud800", "invalidQuery", "not valid UTF-8"),
    ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "invalidQuery", "too complex"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "reason", "message"), REFUSED, ids=[ascii(r[0][:60]) for r in REFUSED])
def test_what_bigquery_refuses_is_refused(little, sql, reason, message):
    with pytest.raises(WarehouseError) as refused:
        little.rows(sql)
    assert refused.value.reason == reason
    assert message in refused.value.message


def _scope(little, *parameters):
    return replace(little.scope, parameters=[
        {"name": n, "parameterType": t, "parameterValue": v} if n else {"parameterType": t, "parameterValue": v}
        for n, t, v in parameters
    ])  # fmt: skip


SCALARS = [
    ("INT64", "7", "7"), ("FLOAT64", "1.5", "1.5"), ("BOOL", "true", "true"), ("STRING", "it's", "it's"),
    ("BYTES", "YQ==", "YQ=="), ("DATE", "2024-01-02", "2024-01-02"), ("TIME", "01:02:03.5", "01:02:03.500000"),
    ("DATETIME", "2024-01-02T03:04:05", "2024-01-02T03:04:05"),
    ("TIMESTAMP", "2024-01-02 03:04:05.123456+00:00", "1704164645123456"), ("NUMERIC", "1.25", "1.25"),
    ("BIGNUMERIC", "0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"),
    ("JSON", '{"b": 1, "a": 2}', '{"b":1,"a":2}'), ("INT64", None, None), ("TIMESTAMP", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "expected"), SCALARS)
def test_a_parameter_arrives_as_its_type(little, kind, given, expected):
    mine = replace_scope(little, _scope(little, ("p", {"type": kind}, {"value": given})))
    assert mine.rows("SELECT @p") == [[expected]]


def replace_scope(little, scope):
    return replace(little, scope=scope)


def test_positional_parameters_follow_the_order_of_the_text(little):
    one, two = ("", {"type": "INT64"}, {"value": "1"}), ("", {"type": "STRING"}, {"value": "b"})
    mine = replace_scope(little, _scope(little, one, two))
    assert mine.rows("WITH a AS (SELECT ? AS x) SELECT x, ? FROM a") == [["1", "b"]]
    with pytest.raises(WarehouseError, match="Query parameter number 3 is not defined"):
        mine.rows("SELECT ?, ?, ?")


def test_array_and_struct_parameters(little):
    array = ("a", {"type": "ARRAY", "arrayType": {"type": "INT64"}}, {"arrayValues": [{"value": "1"}, {"value": "2"}]})
    kind = {"type": "STRUCT", "structTypes": [{"name": "x", "type": {"type": "STRING"}}]}
    struct = ("s", kind, {"structValues": {"x": {"value": "y"}}})
    mine = replace_scope(little, _scope(little, array, struct))
    assert mine.rows("SELECT n, @s.x FROM UNNEST(@a) AS n ORDER BY n") == [["1", "y"], ["2", "y"]]


def test_a_bad_parameter_is_refused_with_its_name(little):
    mine = replace_scope(little, _scope(little, ("p", {"type": "INT64"}, {"value": "x"})))
    with pytest.raises(WarehouseError, match="Invalid value for query parameter @p"):
        mine.rows("SELECT @p")


def test_a_column_hides_a_variable_of_its_name(little):
    number, moment = columns(n="INT64")[0], columns(n="TIMESTAMP")[0]
    variables = {"x": Variable(number, "5"), "Id": Variable(number, "99"), "seen": Variable(moment, "1000000"),
                 "@@error.message": Variable(columns(n="STRING")[0], "boom")}  # fmt: skip
    mine = replace_scope(little, replace(little.scope, variables=variables))
    assert mine.rows("SELECT X + 1, Id, seen, @@error.message FROM d.t WHERE Id = 1") == [["6", "1", "1000000", "boom"]]


def test_a_view_sees_no_variables(little):
    mine = replace(little, infos=dict(little.infos))
    mine.view("bad", "SELECT x FROM d.u", columns(x="INT64"))
    mine = replace_scope(mine, replace(mine.scope, variables={"x": Variable(columns(n="INT64")[0], "5")}))
    with pytest.raises(WarehouseError, match="Unrecognized name: x"):
        mine.rows("SELECT * FROM d.bad")


def test_a_table_that_requires_a_partition_filter_gets_one(little):
    mine = replace(little, infos=dict(little.infos))
    mine.infos["t"] = replace(mine.infos["t"], partition_filter=("day",))
    for sql in (
        "SELECT Id FROM d.t WHERE day = '2024-01-02'",
        "SELECT u.id FROM d.u JOIN d.t AS x ON x.Day = '2024-01-02' AND x.Id = u.id",
        "SELECT Id FROM (SELECT * FROM d.t) WHERE day > '2024-01-01'",
    ):
        assert mine.rows(sql)[0] == ["1"]
    for sql in ("SELECT Id FROM d.t", "SELECT Id FROM d.t WHERE Id = 1", "SELECT * FROM d.v"):
        with pytest.raises(WarehouseError, match=r"Cannot query over table 'p\.d\.t' without a filter over column"):
            mine.rows(sql)


def test_the_tables_of_a_view_count_as_read(little):
    found = bind_query("SELECT * FROM d.w, d.u", little, little.scope).tables
    assert [t.table for t in found] == ["w", "u", "v", "t"]
