"""Variables, mapped datasets, projects and locations of odd content, wherever a statement can take them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bqmigrate.operations.steps import CreateStep, JobStep
from bqmigrate.planning.plan import Plan
from tests.fuzz.case import Case, bytes_of
from tests.fuzz.material import ODD_SIGNS, SQL_SIGNS, odd_text
from tests.fuzz.sqls import filled
from tests.fuzz.tokens import Token, Unreadable, statements, tokens

HARMLESS = {"variables.v": "abc", "project": "harmless-name-1", "location": "US", "datasets.shop": "abc"}
OTHERWISE = {"project": "bqmigrate-local", "location": "US"}
SAFE = (
    "abc", "a-b", "a--b", "--", "-", "-a", "a-", "1", "0x1F", "1e5", "SELECT", "OR", "TRUE", "NULL", "_", "r", "b",
    "R",
)  # fmt: skip
PROJECTS = ("ab--cd--ef", "example.com:some-proj", "fuzzed-project-1", "or-1-or-1", "project", "a1-2-3-4")
LOCATIONS = ("US", "EU", "us--x", "europe-west6", "u-", "x--", "or")
CONTEXTS = (
    "SELECT * FROM `{}`", "SELECT * FROM `{}.t` WHERE TRUE", "SELECT * FROM `p.{}-x.t`",
    "SELECT * FROM {} WHERE 1 = 1", "SELECT * FROM p.{}.t WHERE a = 2", "DELETE FROM t WHERE a = {} AND b = 2",
    "SELECT '{}' AS a, 2", 'SELECT "{}", 2', "SELECT '''{}''', 2", "SELECT r'{}', 2", "SELECT r'\\{}', 2",
    "SELECT '\\\\{}', 2", "SELECT 1 -- {}\n, 2", "SELECT 1 # {}\n, 2", "SELECT 1 /* {} */, 2", "SELECT 1 -{} , 2",
    "SELECT 1 {}- 2, 3", "SELECT 1{}, 2", "SELECT a{}b, 2", "SELECT @{} , 2", "SELECT 1 /{}* 2", "SELECT {}'a', 2",
    "SELECT {}{}, 2", "SELECT `{}{}`, 2", "SELECT `a`{}`b`, 2", "SELECT 1; {} SELECT 2", "{}", "SELECT ${{{}}}, 2",
    "SELECT '$' || `{}`, 2", "SELECT '{}-{}' -- x\n, '{}'", "SELECT `a\\`{}`, 2", "SELECT 'a\\'{}', 2",
    "SELECT \"\"\"'{}'\"\"\", 2",
)  # fmt: skip
VIEW = """\
upgrade:
  - create_dataset: {dataset: shop}
  - create_view:
      view: shop.v
      query: |-
"""


@dataclass(frozen=True)
class Skeleton:
    """A template and what its placeholders stand for: the statement may differ only inside quotes."""

    template: str
    names: Mapping[str, str]
    parameter: str | None = None

    def judge(self, plan: Plan) -> Iterator[str]:
        """Yield where a value became more than a name."""
        for planned in plan.steps:
            step = planned.step
            if isinstance(step, JobStep):
                yield from self._statement(step.sql)
                yield from self._parameters(step.parameters)
            elif isinstance(step, CreateStep) and step.resource == "view":
                yield from self._statement(step.body["view"]["query"])

    def _statement(self, sql: str) -> Iterator[str]:
        if sql != filled(self.template, self.names):
            yield f"{sql!r} is not {self.template!r} with its placeholders filled"
        try:
            usual = tokens(filled(self.template, HARMLESS))
        except Unreadable:
            return  # no SQL whatever the value
        try:
            found = tokens(sql)
        except Unreadable as error:
            yield f"no SQL any more, {error}: {sql!r}"
            return
        if statements(found) != statements(usual):
            yield f"{statements(found)} statements, not {statements(usual)}: {sql!r}"
        if [t.comments for t in found if t.comments] != [t.comments for t in usual if t.comments]:
            yield f"another number of comments: {sql!r}"
        if _bones(found) != _bones(usual):
            yield f"other tokens: {sql!r}"
        if "${variables.v}" in self.template and [_plain(t) for t in found] != [_plain(t) for t in usual]:
            yield f"a variable outside of quotes: {sql!r}"

    def _parameters(self, sent: Mapping[str, str]) -> Iterator[str]:
        wanted = {"v": self.parameter} if self.parameter is not None else {}
        if sent != wanted:
            yield f"parameters {dict(sent)!r}, not {wanted!r}"


def _bones(found: list[Token]) -> list[str]:
    """Return what a name cannot be part of: all but words, numbers and dashes."""
    return [t.kind for t in found if t.kind not in {"N", "-", ".", ":"} and not t.kind.replace("_", "a").isalnum()]


def _plain(token: Token) -> str:
    return token.kind


def case(seed: int) -> Case:
    """Return the case of a seed."""
    rng = random.Random(seed)
    value = rng.choice(SAFE) if rng.random() < 0.4 else _hostile(rng)
    chosen = {"v": value, "shop": "shop", "project": "fuzzed-project-1", "location": "US"}
    placeholder = "${variables.v}"
    other = rng.random()
    if other < 0.15:
        placeholder, chosen["shop"], chosen["v"] = "${datasets.shop}", value, "abc"
    elif other < 0.25:
        placeholder, chosen["v"] = "${project}", "abc"
        chosen["project"] = rng.choice((*PROJECTS, value))
    elif other < 0.3:
        placeholder, chosen["v"] = "${location}", "abc"
        chosen["location"] = rng.choice((*LOCATIONS, value))
    elif other < 0.5:
        placeholder = "@v"
    context = rng.choice(CONTEXTS)
    template = context.replace("{}", placeholder).replace("{{", "{").replace("}}", "}")
    return _case(rng, template, chosen, placeholder)


def _case(rng: random.Random, template: str, chosen: Mapping[str, str], placeholder: str) -> Case:
    environ = {}
    lines = ["[environments.local]"]
    for key in ("project", "location"):
        if rng.random() < 0.3 and "\0" not in chosen[key]:
            environ[f"BQMIGRATE_{key.upper()}"] = chosen[key]
        else:
            lines.append(f"{key} = {toml_text(rng, chosen[key])}")
    lines.append(f"datasets = {{shop = {toml_text(rng, chosen['shop'])}}}")
    lines.append(f"variables = {{v = {toml_text(rng, chosen['v'])}}}")
    as_view = rng.random() < 0.3
    files = {"migrations/0001_fuzzed.sql": f"-- migrate:up\n{template}".encode()}
    if as_view:
        body = "".join(f"        {line}\n" for line in template.split("\n"))
        files = {"migrations/0001_fuzzed.yaml": (VIEW + body).encode()}
    names = {f"variables.{k}": x for k, x in chosen.items() if k == "v"} | {"datasets.shop": chosen["shop"]}
    # An empty variable of the environment is none.
    names |= {key: chosen[key] or OTHERWISE[key] for key in OTHERWISE}
    taken = placeholder == "@v" and _takes_parameter(template)
    judge = Skeleton(template, names, chosen["v"] if taken else None).judge
    return Case(files, bytes_of("\n".join(lines) + "\n"), environ=environ, judge=judge)


def _takes_parameter(template: str) -> bool:
    import re  # noqa: PLC0415 - here alone

    return re.search(r"(?<![@\w])@v(?!\w)", template) is not None


def _hostile(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return odd_text(rng)[:3000]
    if kind == 1:
        return rng.choice((
            "x`; DROP TABLE y; --", "' OR 1=1 --", '"; DELETE FROM t; #', "a\n; SELECT 1", "*/ 1 /*", "${project}",
            "@v",
        ))  # fmt: skip
    if kind == 2:
        return rng.choice(("a", "-", "_", "9", "ab-")) * rng.choice((1, 2, 299, 300, 301, 1500))
    return "a" + rng.choice((*SQL_SIGNS, *ODD_SIGNS)) + rng.choice(("", "b", "--"))


def toml_text(rng: random.Random, text: str) -> str:
    """Write a TOML string, in one of its forms where the text allows it."""
    if rng.random() < 0.3 and "'" not in text and all(sign >= " " and sign != "\x7f" for sign in text):
        return f"'{text}'"
    out = "".join(_escaped(sign) for sign in text)
    return f'"{out}"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if " " <= sign < "\x7f":
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
