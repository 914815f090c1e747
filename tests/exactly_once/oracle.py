"""What must be true, told by the warehouse alone: its job log, its resources, the rows in its history.

Nothing of `bqmigrate/execution` is used here. The history's format is written down a second time, on purpose:
the fold, the chain and the ids are this file's own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from tests.exactly_once.case import HISTORY, LOCK, SUCCESS, Sent

ROWS = "_schema_migrations"
STEP = re.compile(r"bqm-(?P<lineage>[a-z0-9]+)-m(?P<v>\d+)-g(?P<g>\d+)-(?P<side>up|dn)(?P<n>\d+)-a(?P<a>\d+)\Z")
SLOT = re.compile(r"bqm-(?P<lineage>[a-z0-9]+)-e(?P<seq>\d+)-a(?P<a>\d+)\Z")
SEAL = "sealed by bqmigrate"
ASIDE = re.compile(r"_bqm_drop_\d+(g\d+)?_")
SIDES = {"upgrade": "up", "downgrade": "dn"}
# The order in which a step is written down, which its hash is taken of.
STEP_KEYS = (
    "number", "kind", "verb", "target", "digest", "outcome", "job_id", "attempts", "ms", "bytes", "rows",
)  # fmt: skip
CHAINED = (
    "seq", "batch", "rows", "event", "version", "name", "direction", "generation", "checksum", "plan_checksum",
    "steps", "finished_at", "run_id", "duration_ms", "git_commit", "tool_version", "host", "error",
)  # fmt: skip
NUMBERS = frozenset({"seq", "batch", "rows", "generation", "duration_ms"})
DONE = frozenset({"made", "found", "done", "gone", "left"})


@dataclass(frozen=True)
class Job:
    """A job as the warehouse keeps it, in the order of its register."""

    id: str
    sql: str
    failed: bool
    parameters: Mapping[str, str | None]

    @property
    def is_seal(self) -> bool:
        """Tell whether it only uses up an id."""
        return SEAL in self.sql


@dataclass(frozen=True)
class State:
    """What the rows say: applied versions with the generation they were applied in, and what is half done."""

    applied: Mapping[str, int] = field(default_factory=dict)
    half: frozenset[str] = frozenset()


class Looked(Protocol):
    """A project that can be looked at; `log` is None where nobody wrote down what was sent."""

    project: str

    @property
    def log(self) -> Sequence[Sent] | None:
        """Return what reached the warehouse."""

    def resource(self, path: str, **query: str) -> Any:
        """Read something; None when it is not there."""


class Oracle:
    """Looks at one project. `findings` lists every invariant that does not hold."""

    def __init__(self, case: Looked) -> None:
        self.case = case
        self.rows = _rows(case)
        named = [row["name"] for row in self.rows if row["event"] == "genesis"]
        renamed = [row["name"] for row in self.rows if row["event"] == "repaired" and row["version"] is None]
        self.lineages = {name for text in (*named, *renamed) for name in re.findall(r"[a-z0-9]{10}", text or "")}
        self.jobs = [job for job in _jobs(case) if self._is_of_this_history(job)]
        self.state = fold(self.rows)

    def _is_of_this_history(self, job: Job) -> bool:
        """Tell whether a job is not another history's: its rows name the lineage, and what it became."""
        match = STEP.match(job.id) or SLOT.match(job.id)
        return match is None or not self.rows or match["lineage"] in self.lineages

    def findings(self) -> Iterator[str]:
        """Yield what is wrong, as invariant: fact."""
        yield from self._one_job_per_step()
        yield from self._history()
        yield from self._recorded()
        yield from self._order()
        if self.case.log is not None:
            yield from self._superseded(self.case.log)
            yield from self._drops(self.case.log)

    def _one_job_per_step(self) -> Iterator[str]:
        done: dict[str, int] = {}
        for job in self.jobs:
            if (STEP.match(job.id) or SLOT.match(job.id)) and not job.failed and not job.is_seal:
                key = job.id.rpartition("-a")[0]
                done[key] = done.get(key, 0) + 1
        for key, count in done.items():
            if count > 1:
                yield f"1: {key} was done {count} times"

    def _history(self) -> Iterator[str]:
        if [row["seq"] for row in self.rows] != list(range(1, len(self.rows) + 1)):
            yield f"3: rows are not dense: {[row['seq'] for row in self.rows]}"
            return
        if self.rows and self.rows[0]["event"] != "genesis":
            yield f"3: the first row is {self.rows[0]['event']}"
        previous = ""
        for batch in _batches(self.rows):
            if len(batch) != batch[0]["rows"]:
                yield f"3: batch {batch[0]['seq']} has {len(batch)} of {batch[0]['rows']} rows"
            expected = _chain(previous, batch)
            if any(row["chain"] != expected for row in batch):
                yield f"3: the chain does not hold at {batch[0]['seq']}"
            previous = expected
        yield from self._as_written()

    def _as_written(self) -> Iterator[str]:
        """Compare the rows with the parameters of the jobs that wrote them."""
        written: dict[int, Mapping[str, str | None]] = {}
        for job in self.jobs:
            match = SLOT.match(job.id)
            if match and not job.failed:
                first = int(match["seq"])
                count = sum(1 for name in job.parameters if name.endswith("_seq"))
                for index in range(count):
                    written[first + index] = {
                        name.partition("_")[2]: value
                        for name, value in job.parameters.items()
                        if name.startswith(f"r{index}_")
                    }
        for row in self.rows:
            job = written.pop(row["seq"], None)
            if job is None:
                yield f"3: no job wrote row {row['seq']}"
            elif (job["event"], job["version"], job["chain"]) != (row["event"], row["version"], row["chain"]):
                yield f"3: row {row['seq']} is not what its job wrote"
        if written:
            yield f"3: rows {sorted(written)} were written and are gone"

    def _recorded(self) -> Iterator[str]:
        """Every step that was done is in the history, and every step that the history calls done was."""
        done = {_key(job) for job in self.jobs if STEP.match(job.id) and not job.failed and not job.is_seal}
        told = set()
        for row in self.rows:
            for step in row["steps"] or ():
                if step["kind"] == "job" and step["outcome"] in DONE:
                    told.add((row["version"], row["generation"], SIDES[row["direction"]], step["number"]))
                    if step.get("job_id") and not self._went_well(step["job_id"]):
                        yield f"1: row {row['seq']} calls {step['job_id']} done, and it was not"
        for key in sorted(done - told):
            yield f"1: {key} was done, and the history does not say so"

    def _went_well(self, job_id: str) -> bool:
        return any(job.id == job_id and not job.failed and not job.is_seal for job in self.jobs)

    def _order(self) -> Iterator[str]:
        """Compare the order of effects with the order of the rows."""
        seen: list[tuple[str, int, str]] = []
        last: dict[tuple[str, int, str], int] = {}
        for job in self.jobs:
            match = STEP.match(job.id)
            if match is None or job.failed or job.is_seal:
                continue
            version, generation, side, number = _key(job)
            group = (version, generation, side)
            if last.get(group, 0) >= number:
                yield f"2: step {number} of {group} came after step {last[group]}"
            last[group] = number
            if not seen or seen[-1] != group:
                seen.append(group)
        rows = [
            (row["version"], row["generation"], SIDES[row["direction"]])
            for row in self.rows
            if row["event"] in {"applied", "reverted", "failed", "sealed", "repaired"} and row["direction"]
        ]
        position = 0
        for group in seen:
            try:
                position = rows.index(group, position)
            except ValueError:
                yield f"2: {group} was done out of the order that the rows tell: {rows}"
                return

    def _superseded(self, log: Sequence[Sent]) -> Iterator[str]:
        """After its successor's first row, a run writes no row, no lock and no step in a direction given up."""
        first_row: dict[str, int] = {}
        wins: list[tuple[int, str]] = []
        for sent in log:
            if sent.path == f"datasets/{HISTORY}/tables/{LOCK}" and sent.method == "PATCH" and sent.status in SUCCESS:
                wins.append((sent.order, sent.runner))
            if SLOT.match(sent.job_id) and sent.method == "POST" and sent.status in SUCCESS:
                first_row.setdefault(sent.runner, sent.order)
        takers = list(dict.fromkeys(runner for _, runner in wins))
        for index, runner in enumerate(takers):
            later = [first_row[r] for r in takers[index + 1 :] if r in first_row]
            if not later:
                continue
            fence = min(later)
            for sent in log:
                if sent.runner == runner and sent.sent > fence and sent.status in SUCCESS and _counts(sent):
                    yield f"5: {runner} wrote {sent.method} {sent.job_id or sent.path} after its successor's row"

    def _drops(self, log: Sequence[Sent]) -> Iterator[str]:
        """Walk the jobs: what a step drops was made, under that name or an earlier one, through these wires."""
        made = {
            (s.path.split("/")[1], s.body["tableReference"]["tableId"])
            for s in log
            if s.method == "POST" and s.path.endswith("/tables") and s.status in SUCCESS
        }
        for job in self.jobs:
            if job.failed or not STEP.match(job.id):
                continue
            if renamed := _RENAME.search(job.sql):
                dataset, table = _named(renamed["name"])
                made |= {(dataset, renamed["new"])} if (dataset, table) in made else set()
            if (dropped := _DROP.search(job.sql)) and _named(dropped["name"]) not in made:
                yield f"15: {dropped['name']} was dropped, and this history did not make it"
        for sent in log:
            if sent.method == "DELETE":
                yield f"15: DELETE {sent.path} was sent"


_DROP = re.compile(r"DROP (?:TABLE|VIEW)(?: IF EXISTS)? (?P<name>`[^;\s]+`)")
_RENAME = re.compile(r"ALTER TABLE (?P<name>`[^;\s]+`)\s+RENAME TO `(?P<new>[^`]+)`")


def _named(path: str) -> tuple[str, str]:
    """Return dataset and table of a quoted path."""
    *_, dataset, table = path.replace("`", "").split(".")
    return dataset, table


def _counts(sent: Sent) -> bool:
    """Tell whether a late success breaks the fence: a row, the lock. Steps are write-once by their ids."""
    if sent.method == "GET":
        return False
    return bool(SLOT.match(sent.job_id)) or sent.path == f"datasets/{HISTORY}/tables/{LOCK}"


def _key(job: Job) -> tuple[str, int, str, int]:
    match = STEP.match(job.id)
    if match is None:
        raise ValueError(job.id)
    return match["v"], int(match["g"]), match["side"], int(match["n"])


def _jobs(case: Looked) -> Sequence[Job]:
    found = (case.resource("jobs", maxResults="100000", projection="full") or {}).get("jobs", ())
    return [_job(item) for item in reversed(found)]


def _job(item: Mapping[str, Any]) -> Job:
    query = item["configuration"].get("query") or {}
    parameters = {p["name"]: p.get("parameterValue", {}).get("value") for p in query.get("queryParameters") or ()}
    failed = "errorResult" in item["status"]
    return Job(item["jobReference"]["jobId"], str(query.get("query", "")), failed, parameters)


def _rows(case: Looked) -> Sequence[Mapping[str, Any]]:
    path = f"datasets/{HISTORY}/tables/{ROWS}"
    table = case.resource(path)
    if table is None:
        return []
    names = [f["name"] for f in table["schema"]["fields"]]
    page = case.resource(f"{path}/data", maxResults="100000")
    rows = [dict(zip(names, (cell["v"] for cell in row["f"]), strict=True)) for row in page.get("rows", ())]
    for row in rows:
        for name in NUMBERS:
            row[name] = int(row[name]) if row[name] is not None else None
        row["steps"] = json.loads(row["steps"]) if row["steps"] else None
    return sorted(rows, key=lambda row: row["seq"])


def _batches(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["batch"], []).append(row)
    yield from found.values()


def _chain(previous: str, batch: Sequence[Mapping[str, Any]]) -> str:
    linked = [{name: _link(name, row[name]) for name in CHAINED} for row in batch]
    text = json.dumps([previous, linked], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _link(name: str, value: Any) -> Any:
    if name == "steps" and value is not None:
        ordered = [{key: step[key] for key in STEP_KEYS if key in step} for step in value]
        return json.dumps(ordered, separators=(",", ":"))
    if name == "finished_at" and value is not None:
        return _iso(float(value))
    return value


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def fold(rows: Sequence[Mapping[str, Any]]) -> State:
    """Fold rows into what is applied and what is half done."""
    applied: dict[str, int] = {}
    half: set[str] = set()
    for row in rows:
        version, event = row["version"], row["event"]
        reached = any(step["outcome"] != "failed" for step in row["steps"] or ())
        if event in {"applied", "adopted", "baseline", "repaired"}:
            applied[version] = row["generation"]
            half.discard(version)
        elif event == "reverted":
            applied.pop(version, None)
            half.discard(version)
        elif event in {"failed", "sealed"} and reached:
            applied.pop(version, None)
            half.add(version)
        elif event == "sealed":
            half.discard(version)
    return State(applied, frozenset(half))


def shape(case: Looked) -> Mapping[str, Any]:
    """Return what a user's datasets hold: schemas, options, rows; what was set aside is left out."""
    out: dict[str, Any] = {}
    for item in (case.resource("datasets", maxResults="1000", all="true") or {}).get("datasets", ()):
        name = item["datasetReference"]["datasetId"]
        if name.startswith(("_", HISTORY)):
            continue
        out[name] = {}
        for table in (case.resource(f"datasets/{name}/tables", maxResults="1000") or {}).get("tables", ()):
            table_id = table["tableReference"]["tableId"]
            out[name][table_id] = _table(case, f"datasets/{name}/tables/{table_id}")
    return out


def _table(case: Looked, path: str) -> Mapping[str, Any]:
    found = case.resource(path)
    fields = found.get("schema", {}).get("fields", [])
    kept = [i for i, f in enumerate(fields) if not ASIDE.match(f["name"])]
    labels = {k: v for k, v in (found.get("labels") or {}).items() if not k.startswith("bqm_")}
    out = {
        "type": found["type"],
        "fields": [_field(fields[i]) for i in kept],
        "labels": labels,
        "query": found.get("view", {}).get("query", "").replace(case.project, "PROJECT"),
        **{key: found.get(key) for key in ("description", "friendlyName", "expirationTime")},
        **{key: found.get(key) for key in ("timePartitioning", "clustering", "tableConstraints")},
    }
    if found["type"] == "TABLE" and int(found.get("numRows", 0)):
        page = case.resource(f"{path}/data", maxResults="1000")
        out["rows"] = sorted(str([row["f"][i]["v"] for i in kept]) for row in page.get("rows", ()))
    return out


def _field(field_: Mapping[str, Any]) -> Mapping[str, Any]:
    return {k: v for k, v in field_.items() if v not in (None, "", "NULLABLE", [])}
