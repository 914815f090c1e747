"""SQL cases: files of closed pieces whose sections are known from how they were made, and the same files broken."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bqmigrate.planning.plan import Plan
from tests.fuzz.case import PROJECT, Case, bytes_of, cut
from tests.fuzz.material import ODD_SIGNS, odd_text, several

NAME = "migrations/0001_fuzzed.sql"
NAME_LENGTH = 2000
VARIABLES = {"table": "orders", "who": "it's; -- `x` \u202e", "_x9": ""}
TOML = f"""\
[project]
name = "fuzzed"
[environments.local]
project = "{PROJECT}"
location = "EU"
datasets = {{shop = "shop_1"}}
variables = {{table = "orders", who = "it's; -- `x` \\u202e", _x9 = ""}}
"""
# Each is closed: no string, name or comment of one runs into the next.
PIECES = (
    "SELECT 1", ";", "\n", "\n\n", "\r\n", " ", "\t", ",", "(1)", "é", "DROP TABLE x;\n", "@who", "@@who", "@nobody",
    "@_x9", "'a'", "'it\\'s -- migrate:down'", '"-- migrate:up"', "'\\\\'", "r'\\''", 'R"x\\"y"',
    "b'''\n-- migrate:down\n'''", "'''\n-- migrate:up\n'''", '"""\n-- migrate:down\n"""', "r'''a'b''\\''''", "''",
    '""', "''''''", '"""a"b""c"""', "`a-b.c`", "`-- migrate:down`", "`a\\`b`", "`${datasets.shop}.t`",
    "`${project}.${datasets.none}.t`", "`${variables.table}`", "'${location}'", "'${variables.table}'", "'${'",
    "'${nobody}'", "'${datasets.}'", "'${ project }'", "'$${project}}'", "`${${project}}`", "'${variables.table'",
    "'${datasets.shop}${datasets.shop}'", "'${PROJECT}'", "/* a */", "/*\n-- migrate:down\n*/", "/* ' */", "/**/",
    "/* /* */", "-- it's\n", "# it's `\n", "--\n", "#\n", "-- ${project}\n", "\n-- migrates:upper\n",
    "\n-- description: no\n", "BEGIN\n  SELECT 1;\nEND;\n", "$$", "\\", "{{ a }}", "\u2028", "\u0085",
)  # fmt: skip
NEARLY = (
    "\n--migrate:up\n", "\n -- migrate:down\n", "\n-- Migrate:Up\n", "\n-- +goose Down\n", "\n# migrate:down\n",
    "\n-- migrate:up x\n", "\n-- migrate:up\n", "\n-- migrate : down\n", "SELECT 1 -- migrate:down\n",
    "\n-- migrate:down\u2028\n", "\n-- migrate:down\n",
)  # fmt: skip
UNCLOSED = ("'", '"', "`", "'''", '"""', "/*", "r'\\", "'a\n'", "`a\n`", "\\'", "*/", "''''", '"""""')


@dataclass(frozen=True)
class Section:
    """What the plan must send: `exact` where it is known, else a slice of the file between its markers."""

    file: str
    exact: str | None = None

    def judge(self, plan: Plan) -> Iterator[str]:
        """Yield what the author did not write."""
        if len(plan.steps) != 1:
            yield f"{len(plan.steps)} steps"
        for planned in plan.steps:
            sent = planned.step.sql
            if self.exact is not None and sent != filled(self.exact):
                yield f"sent {sent!r} for {self.exact!r}"
            if self.exact is None and not self._is_slice(sent):
                yield f"not a section of the file: {sent!r}"
            yield from _parameters(planned.step.parameters, sent)

    def _is_slice(self, sent: str) -> bool:
        whole = filled(self.file)
        starts = [found.end() for found in re.finditer(r"^-- migrate:up[ \t]*(?:\r?\n|\r?\Z)", whole, re.MULTILINE)]
        return any(
            whole.startswith(sent, at) and re.match(r"\Z|-- migrate:down[ \t]*\r?(?:\n|\Z)", whole[at + len(sent) :])
            for at in starts
        )


def _parameters(sent: Mapping[str, str], sql: str) -> Iterator[str]:
    for name, value in sent.items():
        if VARIABLES.get(name) != value:
            yield f"parameter {name} is {value!r}"
        if f"@{name}" not in sql:
            yield f"parameter {name} is not in the statement"
    for name in VARIABLES:
        if re.search(rf"(?<![@\w])@{name}(?!\w)", sql) and name not in sent:
            yield f"parameter {name} is missing"


def filled(text: str, known: Mapping[str, str] | None = None) -> str:
    """Fill placeholders by looking for their ends, one after another."""
    names = known or {"project": PROJECT, "location": "EU", "datasets.shop": "shop_1", "variables.table": "orders"}
    out, at = [], 0
    while (start := text.find("${", at)) >= 0:
        end = text.find("}", start, start + NAME_LENGTH)
        name = text[start + 2 : end] if end >= 0 else ""
        kind, _, logical = name.partition(".")
        stands_for = names.get(name)
        if kind == "datasets" and re.fullmatch("[A-Za-z0-9_]+", logical):
            stands_for = names.get(name, logical)
        out += [text[at:start], "${" if stands_for is None else stands_for]
        at = start + 2 if stands_for is None else end + 1
    return "".join([*out, text[at:]])


def case(seed: int) -> Case:
    """Return the case of a seed."""
    rng = random.Random(seed)
    kind = rng.randrange(5)
    pieces = [
        *PIECES,
        *(f"'{sign}'" for sign in ODD_SIGNS if sign not in "\0\r\n" and not "\ud800" <= sign <= "\udfff"),
    ]
    head = rng.choice(("", "-- description: Fuzzed\n", "/* ' */\n", "\n# '\n"))
    up = _section(rng, pieces, needs="SELECT 0")
    down = rng.choice((None, "", _section(rng, pieces)))
    if kind == 1:
        up = up + rng.choice(NEARLY) + _section(rng, pieces)
    if kind == 2:
        up = up + rng.choice(UNCLOSED) + _section(rng, pieces)
    text = _assembled(rng, head, up, down)
    content = bytes_of(text)
    if kind == 3:
        content = cut(rng, content)
    if kind == 4:
        content = bytes_of(_spoiled(rng, text))
    known = kind == 0
    return Case(
        {NAME: content}, TOML.encode(), judge=Section(content.decode("utf-8", "replace"), up if known else None).judge,
        harmless=known,
    )  # fmt: skip


def _section(rng: random.Random, pieces: list[str], needs: str = "") -> str:
    chosen = [rng.choice(pieces) for _ in range(several(rng, 12))]
    # A space between: two quotes that touch would be another kind of quote.
    return " ".join(rng.sample([*chosen, needs], len(chosen) + 1)) + "\n"


def _assembled(rng: random.Random, head: str, up: str, down: str | None) -> str:
    marker = "-- migrate:up" + rng.choice(("\n", "\n", "\r\n", "  \n", "\t\r\n"))
    text = head + marker + up
    return text if down is None else f"{text}-- migrate:down\n{down}"


def _spoiled(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + odd_text(rng) + text[at:]
    if kind == 1:
        opening = rng.choice(("--", "-- migrate", "-- description: a", "#", "/*", "'", "@", "${", "", "--\n"))
        filler = rng.choice((
            " ", "\t", "\r", "-", "'", "''", "\\", "a", "* ", "${", "@a ", "-- ", "\u2028", "\n", ". ",
        ))  # fmt: skip
        return text[:at] + "\n" + opening + filler * rng.choice((1000, 50_000, 300_000)) + rng.choice((
            "", "x", "\n", "*/", "'",
        )) + text[at:]  # fmt: skip
    if kind == 2:
        return text.replace("\n", rng.choice(("\r", "\r\n", "\u2028", "\u0085", "")), rng.choice((1, 2, -1)))
    return text.replace(*rng.choice((
        ("'", ""), ("'", '"'), ("`", ""), ("*/", ""), ("-- ", "--"), ("migrate", "Migrate"),
    )), rng.choice((1, -1)))  # fmt: skip
