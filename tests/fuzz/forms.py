"""What may come of a YAML file: the forms that docs/operations.md describes, with names and texts of the file alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import yaml

from bqmigrate.model.columns import TYPES
from bqmigrate.operations.steps import CreateStep, JobStep, PatchStep
from bqmigrate.planning.plan import Plan, PlannedStep
from tests.fuzz.case import PROJECT
from tests.fuzz.tokens import Token, Unreadable, is_one_expression, shape, tokens

_TYPE = r"(?:[A-Z0-9]+|<|>|>>|<>|\(|\)|,|I)(?: (?:(?!ADD\b|COLLATE\b|OPTIONS\b)[A-Z0-9]+|<|>|>>|\(|\)|,(?! ADD\b)))*"
_TOLD = r"(?: OPTIONS \( (?:DESCRIPTION|ROUNDING_MODE) = S(?: , ROUNDING_MODE = S)? \))?"
_COLUMN = rf"ADD COLUMN I {_TYPE}(?: COLLATE S)?{_TOLD}"
_SET = r"(?:DESCRIPTION|FRIENDLY_NAME|EXPIRATION_TIMESTAMP|PARTITION_EXPIRATION_DAYS|REQUIRE_PARTITION_FILTER)"
_VALUE = r"(?:S|N|NULL|TRUE|FALSE|TIMESTAMP S)"
# verb of the step: (operations of a file that it may come from, its statement; None: no statement but a request)
FORMS: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "create dataset": (("create_dataset",), None),
    "drop dataset": (("drop_dataset",), r"DROP SCHEMA I"),
    "create table": (("create_table",), None),
    "drop table": (
        ("drop_table",), r"ASSERT \( SELECT COUNT \( \* \) = N FROM I(?: WHERE .*)? \) AS S ; DROP TABLE I ;",
    ),
    "rename table": (("rename_table",), r"ALTER TABLE I RENAME TO I"),
    "add column": (("add_columns",), rf"ALTER TABLE I {_COLUMN}(?: , {_COLUMN})*"),
    "set default": (("add_columns", "alter_columns"), r"ALTER TABLE I ALTER COLUMN I SET DEFAULT"),
    "drop default": (("alter_columns",), r"ALTER TABLE I ALTER COLUMN I DROP DEFAULT"),
    "relax column": (("drop_columns", "alter_columns"), r"ALTER TABLE I ALTER COLUMN I DROP NOT NULL"),
    "set aside column": (("drop_columns",), r"ALTER TABLE I RENAME COLUMN I TO I(?: , RENAME COLUMN I TO I)*"),
    "drop column": (("drop_columns",), r"ALTER TABLE I DROP COLUMN I(?: , DROP COLUMN I)*"),
    "rename column": (("rename_columns",), r"ALTER TABLE I RENAME COLUMN I TO I(?: , RENAME COLUMN I TO I)*"),
    "widen column": (("alter_columns",), rf"ALTER TABLE I ALTER COLUMN I SET DATA TYPE {_TYPE}"),
    "describe column": (
        ("alter_columns",), r"ALTER TABLE I ALTER COLUMN I SET OPTIONS \( DESCRIPTION = (?:S|NULL) \)",
    ),
    "set options": (
        ("set_table_options",), rf"ALTER TABLE I SET OPTIONS \( {_SET} = {_VALUE}(?: , {_SET} = {_VALUE})* \)",
    ),
    "set labels": (("set_table_options",), None),
    "set clustering": (("set_clustering",), None),
    "create view": (("create_view",), None),
    "replace view": (("replace_view",), None),
    "drop view": (("drop_view",), r"DROP VIEW I"),
    "run sql": (("sql",), None),
}  # fmt: skip
_OWN = {PROJECT, "US", "table", "view", "NULLABLE", *TYPES}
_ASIDE = re.compile(r"_bqm_drop_\d{4}_(.*?)(?:_\d+)?\Z", re.DOTALL)


@dataclass(frozen=True)
class Forms:
    """The YAML files of a case, read by PyYAML alone."""

    files: Mapping[str, bytes]

    @cached_property
    def written(self) -> Mapping[str, Any]:
        """Return what each YAML file says, every scalar as text."""
        found = {name: content for name, content in self.files.items() if name.endswith(".yaml")}
        return {name: yaml.load(content.decode(), Loader=yaml.CBaseLoader) for name, content in found.items()}

    @cached_property
    def scalars(self) -> frozenset[str]:
        """Return every text that the files hold, keys too."""
        return frozenset(text for document in self.written.values() for text in _scalars(document))

    @cached_property
    def _upper(self) -> frozenset[str]:
        return frozenset(text.strip().upper() for text in self.scalars)

    def judge(self, plan: Plan) -> Iterator[str]:
        """Yield what the author did not write."""
        for migration in plan.migrations:
            if migration.file not in self.written:
                continue
            operations = [next(iter(each.items())) for each in self.written[migration.file]["upgrade"]]
            yield from self._in_order(operations, migration.steps)
            for planned in migration.steps:
                yield from (f"{planned.step.verb}: {wrong}" for wrong in self._step(planned))
            stored = migration.way_back.steps if migration.way_back else ()
            for step in (step for inverse in stored if inverse for step in inverse):
                if isinstance(step, JobStep):
                    yield from self._way_back(step.sql)

    def _in_order(self, operations: Sequence[tuple[str, Any]], steps: Sequence[PlannedStep]) -> Iterator[str]:
        """Compare the steps' verbs and targets with the operations of the file, one after another."""
        at, used = -1, True
        for planned in steps:
            while at < 0 or not _fits(planned, *operations[at]):
                if not used or at + 1 == len(operations):
                    yield f"{planned.step.verb} {planned.step.target} is no step of {operations[max(at, 0)][0]}"
                    return
                at, used = at + 1, False
            used = True
        idle = [
            key for key, body in operations if not _empty(key, body) and not any(_fits(s, key, body) for s in steps)
        ]
        if idle:
            yield f"no step for {idle}"

    def _step(self, planned: PlannedStep) -> Iterator[str]:
        step = planned.step
        if isinstance(step, JobStep) and step.verb != "run sql":
            yield from self._statement(step)
        elif isinstance(step, JobStep):
            if not any(step.sql == _filled(text) for text in self.scalars):
                yield f"a statement that is not in the file: {step.sql!r}"
        elif isinstance(step, CreateStep | PatchStep):
            body = step.body if isinstance(step, CreateStep) else [step.fields, [e.attributes for e in step.columns]]
            foreign = [text for text in _leaves(body) if not self._known(text)]
            if foreign:
                yield f"a request with what is not in the file: {foreign[:3]!r}"

    def _statement(self, step: JobStep) -> Iterator[str]:
        sql, (_, form) = step.sql, FORMS[step.verb.removesuffix("s") if step.verb.endswith("columns") else step.verb]
        if step.verb == "set default":
            sql, _, expression = sql.partition("SET DEFAULT ")
            sql += "SET DEFAULT"
            yield from self._default(expression)
        try:
            found = tokens(sql)
        except Unreadable as error:
            yield f"{error}: {sql!r}"
            return
        if not re.fullmatch(form or "", shape(found)):
            yield f"not of its form: {sql!r}"
        if any(token.comments for token in found):
            yield f"holds a comment: {sql!r}"
        yield from (f"{token.source!r} is not in the file" for token in found if not self._spoken(token))

    def _default(self, expression: str) -> Iterator[str]:
        if expression not in self.scalars:
            yield f"a default that is not in the file: {expression!r}"
        try:
            if not is_one_expression(tokens(expression)):
                yield f"a default that is more than one expression: {expression!r}"
        except Unreadable:
            yield f"a default that never ends: {expression!r}"

    def _way_back(self, undo: str) -> Iterator[str]:
        try:
            if any(token.comments for token in tokens(undo)):
                yield f"a way back with a comment: {undo!r}"
        except Unreadable as error:
            yield f"a way back that is no SQL, {error}: {undo!r}"

    def _spoken(self, token: Token) -> bool:
        if token.kind == "N":
            return any(token.source in text for text in self.scalars) or token.source == "0" or self._number(token)
        return token.kind not in "IS" or self._known(token.value)

    def _number(self, token: Token) -> bool:
        numbers = [text for text in self.scalars if re.fullmatch(r"[-+0-9.eE]+", text)]
        return any(abs(_float(text) - float(token.source)) <= 1e-7 for text in numbers)

    def _known(self, text: str) -> bool:
        bare = text.removeprefix(f"{PROJECT}.")
        if text in self.scalars or bare in self.scalars or text in _OWN or text.upper() in self._upper:
            return True
        if aside := _ASIDE.match(text):
            return aside[1] in self.scalars
        if text.endswith(" has rows: nothing was dropped"):
            return (
                text.partition(" ")[0] in self.scalars or text[: -len(" has rows: nothing was dropped")] in self.scalars
            )
        return self._in_parts(text) or any(text in (_filled(each), _utc(each)) for each in self.scalars)

    def _in_parts(self, text: str) -> bool:
        """Tell whether a text is one half of dataset.table, a type without its numbers, or a number."""
        if re.fullmatch(r"\d+", text):
            return True
        return any(text in each.split(".", 1) or each.upper().startswith(f"{text}(") for each in self.scalars)


def _fits(planned: PlannedStep, key: str, body: Any) -> bool:
    verb = planned.step.verb
    plain = verb.removesuffix("s") if verb.endswith("columns") else verb
    target = next((body[word] for word in ("dataset", "table", "view") if word in body), "")
    right = key == "sql" or planned.step.target == target or planned.step.target.startswith(f"{target}.")
    return key in FORMS[plain][0] and right


def _empty(key: str, body: Any) -> bool:
    return key == "alter_columns" and not body.get("columns")


def _filled(text: str) -> str:
    return text.replace("${project}", PROJECT).replace("${location}", "US").replace("${datasets.shop}", "shop")


def _utc(text: str) -> str | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(tz=UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    else:
        yield str(value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # Values below the labels that say who made an object are the tool's own.
            if not str(key).startswith("bqm_"):
                yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
