"""What is watched while requests pass, and looked for when all is over: nothing is lost, nothing secret is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import requests

from tests.exactly_once.wire import Call

if TYPE_CHECKING:
    from tests.exactly_once.case import Case, End

# Goes with every request as a credential does, and stands in the environment as passwords do.
CANARY = "swordfish-of-the-sweeps"
ENVIRONMENT = {"GOOGLE_API_KEY": CANARY, "HTTPS_PROXY": f"http://who:{CANARY}@proxy.test:3128"}
# Applied files that were edited, or are gone.
REFUSED_AT_ONCE = frozenset({"BQM101", "BQM102"})
# A run may send again and look twice, but not for ever.
CALLS_MOST = 400
REBUILDS = "CREATE OR REPLACE TABLE"
TAKES_AWAY = re.compile(r"\b(DROP|DELETE|TRUNCATE|REPLACE|MERGE|UPDATE)\b")

Send = Callable[[Call], requests.Response]
Tables = Mapping[str, Sequence[str]]


class Watch:
    """Looks at the tables before and after what may take rows away.

    Without --allow-data-loss no statement of the tool's leaves fewer values than there were; a rebuild keeps
    every row, whatever was allowed.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        # Runs that nobody allowed to lose data.
        self.careful: set[str] = set()
        self.findings: list[str] = []

    def send(self, runner: str, call: Call, send: Send) -> requests.Response:
        """Let a request through, and look."""
        query = call.body.get("configuration", {}).get("query", {}).get("query", "") if call.writes else ""
        rebuilds = REBUILDS in query
        is_careful = runner in self.careful and (call.method == "DELETE" or TAKES_AWAY.search(query))
        if not rebuilds and not is_careful:
            return send(call)
        before = tables(self.case)
        answer = send(call)
        after = tables(self.case)
        if is_careful and _values(after) < _values(before):
            self.findings.append(f"7: {call} took away what nobody allowed: {before} became {after}")
        if rebuilds and sorted(_rows(after)) != sorted(_rows(before)):
            self.findings.append(f"9: {call} does not hold every row: {before} became {after}")
        return answer


def tables(case: Case) -> Tables:
    """Return the rows of every table of the user's, as text."""
    out: dict[str, Sequence[str]] = {}
    for item in (case.resource("datasets", maxResults="1000") or {}).get("datasets", ()):
        name = item["datasetReference"]["datasetId"]
        if name.startswith("bqmigrate"):
            continue
        for table in (case.resource(f"datasets/{name}/tables", maxResults="1000") or {}).get("tables", ()):
            if table["type"] == "TABLE":
                path = f"datasets/{name}/tables/{table['tableReference']['tableId']}"
                out[path] = [_row(row) for row in (case.resource(f"{path}/data") or {}).get("rows", ())]
    return out


def _row(row: Mapping[str, Any]) -> str:
    return json.dumps([cell["v"] for cell in row["f"]])


def _rows(found: Tables) -> Iterator[str]:
    for path, rows in found.items():
        yield from (f"{path} {row}" for row in rows)


def _values(found: Tables) -> int:
    return sum(value is not None for rows in found.values() for row in rows for value in json.loads(row))


def findings(case: Case) -> Iterator[str]:
    """Yield what was seen, and what was said or written that should not have been."""
    yield from case.watch.findings
    for end in case.ends:
        yield from _of_an_end(end)
    for where in sorted(where for where, text in _told(case).items() if CANARY in text):
        yield f"12: a secret is told in {where}"


def _of_an_end(end: End) -> Iterator[str]:
    if end.code in REFUSED_AT_ONCE and end.writes:
        yield f"10: {end.code} came after {end.writes} writes"
    if end.error is not None and not (end.error.hint and end.error.message):
        yield f"13: {end.code} names no next command: {end.error.message}"
    if end.calls > CALLS_MOST:
        yield f"14: {end.calls} calls in a run"


def _told(case: Case) -> Mapping[str, str]:
    """Return everything that people or the warehouse get to read."""
    history = "datasets/bqmigrate/tables/_schema_migrations"
    errors = [vars(end.error) for end in case.ends if end.error is not None]
    return {
        "an error": repr(errors),
        "an event": "\n".join(case.told),
        "a row": json.dumps(case.resource(f"{history}/data", maxResults="100000")),
        "the lock": json.dumps(case.resource(f"{history}_lock")),
        "a job": json.dumps(case.resource("jobs", maxResults="100000", projection="full")),
    }
