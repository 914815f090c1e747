"""Facts 9: a query is charged for the columns that its answer needs, wherever they are named on the way.

In every row of t, a and c have 8 bytes, and b has 5.
"""

from __future__ import annotations

import pytest

from tests.conformance.behaviour import behaviour

A, B, C = 8, 5, 8


@pytest.fixture
def size(sql):
    """Return the bytes that a dry run tells of a query over t, its views v (all of t) and w (a and c of v)."""
    sql("CREATE TABLE t (a INT64, b STRING, c INT64)")
    sql("INSERT INTO t VALUES (1, 'abc', 2)")
    sql("CREATE VIEW v AS SELECT * FROM t")
    sql("CREATE VIEW w AS SELECT a, c FROM v")

    def size(text):
        return sql(text, dry_run=True).total_bytes_processed

    return size


@behaviour("9 totalBytesProcessed: columns that a subquery offers and nobody asks for are not read")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT a FROM (SELECT * FROM t)", A),
        ("SELECT a FROM (SELECT * FROM (SELECT * FROM t) AS t) AS t", A),
        ("WITH x AS (SELECT * FROM t) SELECT c FROM x", C),
        ("WITH x AS (SELECT * FROM t) SELECT a FROM x UNION ALL SELECT c FROM x", A + C),
        ("SELECT a FROM (SELECT * FROM t UNION ALL SELECT * FROM t)", A),
        ("SELECT a FROM (SELECT a, b FROM t UNION ALL SELECT c, b FROM t)", A + C),
        ("SELECT a FROM (SELECT a, SUM(c) AS s FROM t GROUP BY a)", A),
        ("SELECT a FROM (SELECT a, ROW_NUMBER() OVER (ORDER BY c) AS n FROM t)", A),
        ("SELECT COUNT(*) FROM (SELECT * FROM t)", 0),
        ("SELECT EXISTS (SELECT * FROM t)", 0),
    ],
)
def test_a_column_that_nobody_asks_for_is_not_read(size, text, read):
    assert size(text) == read
    assert size("SELECT * FROM (SELECT * FROM t)") == A + B + C


@behaviour("9 totalBytesProcessed: a view costs what is asked of it")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT a FROM v", A),
        ("SELECT a FROM w", A),
        ("SELECT * FROM w", A + C),
        ("SELECT a FROM v WHERE b = 'x'", A + B),
        ("SELECT a FROM t WHERE a IN (SELECT c FROM v)", A + C),
        ("SELECT (SELECT MAX(y.c) FROM v AS y WHERE y.a = x.a) FROM t AS x", A + C),
        ("CREATE TABLE copied AS SELECT a FROM v", A),
        ("INSERT INTO t (a) SELECT c FROM v", C),
    ],
)
def test_a_view_costs_what_is_asked_of_it(size, text, read):
    assert size(text) == read
    assert size("SELECT * FROM v") == A + B + C


@behaviour("9 totalBytesProcessed: columns that choose, group or order rows are read, though not shown")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT a FROM (SELECT * FROM t WHERE c > 1)", A + C),
        ("SELECT a FROM (SELECT * FROM t ORDER BY c)", A + C),
        ("SELECT a FROM (SELECT DISTINCT * FROM t)", A + B + C),
        ("SELECT a FROM (SELECT * FROM t UNION DISTINCT SELECT * FROM t)", A + B + C),
        ("SELECT COUNT(*) FROM (SELECT c, SUM(a) AS s FROM t GROUP BY c)", C),
        ("SELECT x.a FROM t AS x JOIN t AS y ON x.b = y.b", A + B),
        ("SELECT n FROM t, UNNEST([t.a]) AS n", A),
        ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) = 1", A + B + C),
    ],
)
def test_what_chooses_rows_is_read(size, text, read):
    assert size(text) == read
    assert size("SELECT a FROM t") == A


@behaviour("9 totalBytesProcessed: a row as a whole is all of its columns")
@pytest.mark.parametrize("text", ["SELECT t FROM t", "SELECT TO_JSON_STRING(t) FROM t", "SELECT AS STRUCT * FROM t"])
def test_a_whole_row_is_all_columns(size, text):
    assert size(text) == A + B + C
    assert size("SELECT TO_JSON_STRING(STRUCT(t.a)) FROM t") == A
