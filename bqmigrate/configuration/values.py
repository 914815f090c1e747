"""Readers of the values in migrations.toml; flags and environment variables go through the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from bqmigrate.configuration import codes
from bqmigrate.model import names
from bqmigrate.model.document import Node, Problem, text

SECONDS_LIMIT = 86_400

_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?\Z")
# A name with a password, and a query with a key: not to be read in the log of a CI run.
_SECRET = re.compile(r"(?<=//).*(?=@)|^(?!.*//).*(?=@)|(?<=\?).*", re.DOTALL)


class CodedProblem(Problem):
    """A Problem of a kind that has a code of its own."""

    def __init__(self, code: str, message: str, node: Node | None, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message, node, help)
        self.code = code


def _named(problem: Callable[[str], str | None]) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        name = text(node)
        if wrong := problem(name):
            raise CodedProblem(codes.BAD_NAME, f"bad name {name!r}", node, wrong)
        return name

    return read


dataset_name = _named(names.dataset_problem)
project_name = _named(names.project_problem)


def slug(node: Node) -> str:
    """Read a short name of letters, digits, - and _. Raises Problem."""
    name = text(node)
    if not _SLUG.match(name):
        raise CodedProblem(codes.BAD_NAME, f"bad name {name!r}", node, "use letters, digits, - and _, at most 63")
    return name


def location_name(node: Node) -> str:
    """Read a location: US, EU, europe-west6. Raises Problem."""
    name = text(node)
    if not _LOCATION.match(name):
        raise CodedProblem(codes.BAD_NAME, f"bad location {name!r}", node, "write US, EU, europe-west6 and the like")
    return name


def history_name(node: Node) -> str:
    """Read the name of the history dataset. Raises Problem, for one that BigQuery would hide too."""
    name = dataset_name(node)
    if name.startswith("_"):
        message = f"history dataset {name!r} starts with an underscore, and BigQuery hides such datasets"
        raise CodedProblem(codes.HIDDEN_DATASET, message, node, f"call it {name.lstrip('_') or 'bqmigrate'}")
    return name


def endpoint_url(node: Node) -> str:
    """Read the address of a BigQuery API, http:// where no scheme is written. Raises Problem."""
    written = text(node)
    url = written if "://" in written else f"http://{written}"
    if not _ENDPOINT.match(url):
        raise Problem(f"bad endpoint {_SECRET.sub('***', written)!r}", node, "write http://HOST:PORT")
    return url.rstrip("/")


def seconds(node: Node) -> float:
    """Read a number of seconds. Raises Problem."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= SECONDS_LIMIT:
        shown = node.kind if not isinstance(value, int | float | str) else repr(value)
        raise Problem(f"expected a number of seconds, 0 to {SECONDS_LIMIT}, found {shown}", node)
    return float(value)


def some_seconds(node: Node) -> float:
    """Read a number of seconds above zero. Raises Problem."""
    value = seconds(node)
    if value == 0:
        raise Problem("expected seconds above 0, found 0", node, "leave the key out for the default")
    return value


def datasets(node: Node) -> dict[str, str]:
    """Read logical names with the physical ones they stand for. Raises Problem."""
    out: dict[str, str] = {}
    for key, value in node.pairs():
        logical, physical = dataset_name(key), dataset_name(value)
        taken = [other for other, name in out.items() if name == physical]
        if taken:
            message = f"{taken[0]} and {logical} are both mapped to dataset {physical}"
            raise CodedProblem(codes.DATASET_CLASH, message, value, "give each its own")
        out[logical] = physical
    return out


def variables(node: Node) -> dict[str, str]:
    """Read the environment's variables: text by name. Raises Problem."""
    out: dict[str, str] = {}
    for key, value in node.pairs():
        name = str(key.value)
        if not _VARIABLE.match(name):
            help_ = "use letters, digits and _, at most 63"
            raise CodedProblem(codes.BAD_NAME, f"bad name of a variable: {name!r}", key, help_)
        if not isinstance(value.value, str):
            raise Problem(f"variable {name}: expected text, found {value.kind}", value, "put it in quotes")
        out[name] = value.value
    return out
