"""Laws of the file formats, on whatever hypothesis thinks of."""

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bqmigrate.errors import ValidationError
from bqmigrate.files import loader, yaml_writer
from bqmigrate.model.document import Fields, Node, Problem
from bqmigrate.operations import OPERATIONS, read_operation

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SAID = TEXT.filter(str.strip)
TRICKY = st.sampled_from([
    "null", "~", "true", "on", "NO", "007", "0o7", "1e3", "1.5", "12:30", "2024-01-01", "#", "'", '"', "|",
    "\\", "%a", "@a", "`", "{", "[", "&a", "*a", "!a", "<<", "=", "- a", "a: b",
    "0\x85", "a\r\nb", "a\u2029b", "a\n b\n", "\n\nx", " x ",
    "x\t\n", "é\u2028\x85\ufeff😀",
])  # fmt: skip
WORDS = SAID | TRICKY
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(["null", "true", "on", "no", "y", "e1"])
TABLE = st.builds("{}.{}".format, NAME, NAME)
LABELS = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True), NAME | st.just(""), max_size=2)
COLUMN = st.fixed_dictionaries(
    {"name": NAME, "type": st.sampled_from(["STRING", "INT64", "NUMERIC(10, 2)", "JSON", "STRING(5)"])},
    optional={
        "mode": st.sampled_from(["NULLABLE", "REQUIRED", "REPEATED"]),
        "description": TEXT | TRICKY,
        "defaultValueExpression": WORDS,
        "policyTags": st.builds(lambda tag: {"names": [tag]}, WORDS),
    },
)
RECORD = st.builds(
    lambda n, f: {"name": n, "type": "RECORD", "fields": f}, NAME, st.lists(COLUMN, min_size=1, max_size=2)
)
SCHEMA = st.lists(COLUMN | RECORD, min_size=1, max_size=3, unique_by=lambda c: c["name"])
PARTITIONING = st.one_of(
    st.fixed_dictionaries({"type": st.just("DAY")}, optional={"field": NAME, "expiration_days": st.integers(1, 900)}),
    st.builds(lambda f: {"type": "RANGE", "field": f, "start": 0, "end": 100, "interval": 10}, NAME),
)
BODIES = {
    "create_dataset": st.fixed_dictionaries(
        {"dataset": NAME},
        optional={
            "location": NAME, "description": TEXT, "friendly_name": WORDS, "labels": LABELS,
            "default_table_expiration_days": st.integers(1, 1000) | st.sampled_from([0.5, 0.001, 1e-7, 1.25]),
        },
    ),
    "drop_dataset": st.builds(lambda d: {"dataset": d}, NAME),
    "create_table": st.fixed_dictionaries(
        {"table": TABLE, "schema": SCHEMA},
        optional={
            "description": TEXT | TRICKY, "labels": LABELS, "partitioning": PARTITIONING,
            "clustering": st.lists(NAME, max_size=3), "require_partition_filter": st.booleans(),
        },
    ),
    "drop_table": st.builds(lambda t: {"table": t}, TABLE),
    "rename_table": st.builds(lambda t, n: {"table": t, "to": n}, TABLE, NAME),
    "add_columns": st.builds(lambda t, s: {"table": t, "columns": s}, TABLE, SCHEMA),
    "drop_columns": st.builds(
        lambda t, c, h: {"table": t, "columns": c, "hard": h},
        TABLE, st.lists(NAME, min_size=1, max_size=2), st.booleans(),
    ),
    "rename_columns": st.builds(
        lambda t, c: {"table": t, "columns": c}, TABLE, st.dictionaries(NAME, NAME, min_size=1, max_size=2)
    ),
    "set_clustering": st.builds(lambda t, c: {"table": t, "columns": c}, TABLE, st.lists(NAME, max_size=3)),
    "alter_columns": st.builds(
        lambda t, n, d: {"table": t, "columns": [{"name": n, "description": d}]}, TABLE, NAME, TEXT | TRICKY | st.none()
    ),
    "set_table_options": st.builds(
        lambda t, d, lab: {"table": t, "description": d, "labels": lab}, TABLE, WORDS | st.none(),
        st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True), NAME | st.none(), max_size=2),
    ),
    "create_view": st.fixed_dictionaries({"view": TABLE, "query": WORDS}, optional={"description": TEXT}),
    "replace_view": st.fixed_dictionaries({"view": TABLE, "query": WORDS}, optional={"description": TEXT}),
    "drop_view": st.builds(lambda t: {"view": t}, TABLE),
    "sql": st.builds(lambda s: {"statement": s}, WORDS),
}  # fmt: skip


@st.composite
def operations(draw):
    key = draw(st.sampled_from(sorted(BODIES)))
    try:
        return read_operation(Node(key), Node.of(draw(BODIES[key])))
    except Problem:
        # A reader may be stricter than the strategy; what it takes must survive writing.
        return read_operation(Node("drop_table"), Node.of({"table": "a.b"}))


DOWNGRADES = st.none() | st.lists(operations(), max_size=2)


def load(name, raw):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(raw)
        return loader.load(Path(folder), Path(folder))


def test_every_operation_of_the_table_has_a_strategy():
    assert set(BODIES) == set(OPERATIONS)


@settings(max_examples=150, deadline=None)
@given(
    st.none() | WORDS, st.lists(operations(), min_size=1, max_size=4), st.none() | st.lists(operations(), max_size=2)
)
def test_what_is_written_is_read_back(description, upgrade, downgrade):
    text = yaml_writer.dump(description, upgrade, downgrade)
    (made,) = load("0001_a.yaml", text.encode()).migrations
    assert made.description == description
    assert [p.operation for p in made.upgrade] == upgrade
    assert (made.downgrade is None) == (downgrade is None)
    assert [p.operation for p in made.downgrade or ()] == (downgrade or [])
    assert yaml_writer.dump(made.description, [p.operation for p in made.upgrade], downgrade) == text


@settings(max_examples=60, deadline=None)
@given(operations())
def test_data_is_what_read_reads(operation):
    fields = Fields(Node.of(operation.data()), operation.key)
    assert type(operation).read(fields) == operation
    fields.close()


PIECES = st.lists(st.sampled_from([
    "upgrade:", "create_table:", "schema:", "name", "{", "}", "[", "]", ":", ",", "a", "'", '"', "|", ">", "#",
    "&", "*", "!", "---", "...", "%", "1", "null", "--", "/*", "*/", "'''", '"""', "`", "\\", ";", "\n", "  ",
    "- ", "? ", "\t", "\r", "\x85", "\u2028", "table: a.b", "-- migrate:up\n", "-- migrate:down\n",
    "def upgrade(op):\n", "    op.sql('x')\n",
]), max_size=30).map("".join)  # fmt: skip
RAW = PIECES.map(str.encode) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")) | st.binary(max_size=60)


def check(error, file):
    assert error.findings
    for finding in error.findings:
        assert finding.code.startswith("BQM1")
        assert finding.help
        assert finding.place.file == file
        assert finding.message.isprintable()


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["yaml", "sql"]), RAW)
def test_whatever_a_file_holds_it_loads_or_is_a_validation_error(form, raw):
    try:
        (made,) = load(f"0001_a.{form}", raw).migrations
    except ValidationError as error:
        check(error, f"0001_a.{form}")
    else:
        assert made.upgrade
        assert made.checksum == f"sha256:{hashlib.sha256(raw).hexdigest()}"


@settings(max_examples=60, deadline=None)
@given(PIECES)
def test_whatever_text_a_python_file_holds_it_is_a_validation_error(text):
    # Arbitrary text is never run: it stands behind a syntax error.
    with pytest.raises(ValidationError) as caught:
        load("0001_a.py", ("def upgrade(op)\n" + text).encode())
    assert caught.value.code == "BQM130"
    check(caught.value, "0001_a.py")


@settings(max_examples=100, deadline=None)
@given(PIECES, PIECES)
def test_a_sql_section_is_a_part_of_its_file(before, after):
    raw = f"-- migrate:up\nSELECT 1;{before}\n-- migrate:down\n{after}"
    try:
        (made,) = load("0001_a.sql", raw.encode()).migrations
    except ValidationError:
        return
    statements = [p.operation.statement for p in (*made.upgrade, *(made.downgrade or ()))]
    at = 0
    for statement in statements:
        at = raw.index(statement, at)
