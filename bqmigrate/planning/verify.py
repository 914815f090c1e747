"""The files against the history: edited, deleted and late files are refused before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from bqmigrate.errors import BqmigrateError, Finding, Place, UnsettledError, ValidationError
from bqmigrate.files.migration import Migration
from bqmigrate.model.history import HistoryState, VersionState


def refused(findings: Sequence[Finding]) -> ValidationError:
    """Wrap findings in the one error that carries them all."""
    first = findings[0]
    where = str(first.place) if first.place else None
    message = first.message if len(findings) == 1 else f"{len(findings)} errors in the migrations"
    hint = first.help or "mend the file, then: bqmigrate plan --offline"
    return ValidationError(first.code, message, findings=findings, where=where, hint=hint)


def refuse_disagreement(migrations: Sequence[Migration], state: HistoryState) -> None:
    """Raise ValidationError for the first kind of disagreement between files and history."""
    for check in (_edited, _missing, _orphaned, _late):
        error = check(migrations, state)
        if error is not None:
            raise error


def _edited(migrations: Sequence[Migration], state: HistoryState) -> BqmigrateError | None:
    for migration in migrations:
        known = state.versions.get(migration.version)
        if known is None or known.standing != "applied" or known.checksum == migration.checksum:
            continue
        return ValidationError(
            "BQM101",
            f"{migration.path.name} was edited after it was applied",
            where=migration.file,
            details=(_applied_line(known), f"now      {migration.checksum}  {migration.file}"),
            findings=[Finding("BQM101", "edited after it was applied", Place(migration.file))],
            hint="put the file back, and write the change as a new migration: bqmigrate new NAME\n"
            f"or, if the file is right: bqmigrate repair {migration.version} --accept-file",
        )
    return None


def _applied_line(known: VersionState) -> str:
    row = known.record
    at = row.finished_at or row.at
    parts = [known.checksum, at.strftime("%Y-%m-%d %H:%M UTC") if at else None, row.actor]
    commit = f"commit {row.git_commit[:7]}" if row.git_commit else None
    return "applied  " + "  ".join(p for p in (*parts, commit) if p)


def _missing(migrations: Sequence[Migration], state: HistoryState) -> BqmigrateError | None:
    there = {m.version for m in migrations}
    gone = [s for v, s in sorted(state.versions.items()) if s.standing == "applied" and v not in there]
    if not gone:
        return None
    shown = ", ".join(f"{s.version}_{s.name}" for s in gone)
    return ValidationError(
        "BQM102",
        f"applied, but there is no file: {shown}",
        details=tuple(_applied_line(s) for s in gone),
        findings=[Finding("BQM102", f"{s.version}_{s.name} is applied, but there is no file") for s in gone],
        hint="bring the file back from version control: git log --all -- migrations/\n"
        f"or take the last one back without its file: bqmigrate repair {_last(state)} --revert",
    )


def _last(state: HistoryState) -> str:
    return max([*state.applied, *(s.version for s in state.unsettled)])


def _orphaned(migrations: Sequence[Migration], state: HistoryState) -> BqmigrateError | None:
    there = {m.version for m in migrations}
    gone = [s for s in state.unsettled if s.version not in there]
    if not gone:
        return None
    first = gone[0]
    done = [f"{s.number}  {s.verb}  {s.target}" for s in first.record.steps if s.outcome != "failed"]
    commit = f" at commit {first.record.git_commit[:7]}" if first.record.git_commit else ""
    return UnsettledError(
        "BQM520",
        f"{first.version}_{first.name} is half-applied, but its file is gone",
        details=done,
        state="Nothing was changed.",
        hint=f"bring the file back as it was{commit}, then: bqmigrate upgrade\n"
        f"or take it back without the file: bqmigrate repair {first.version} --revert",
    )


def _late(migrations: Sequence[Migration], state: HistoryState) -> BqmigrateError | None:
    current = state.current
    if current is None:
        return None
    late = [m for m in migrations if m.version < current and state.standing(m.version) in {"pending", "reverted"}]
    if not late:
        return None
    highest = max(current, migrations[-1].version)
    following = str(int(highest) + 1).zfill(len(highest))
    first = late[0]
    return ValidationError(
        "BQM103",
        f"{first.path.name} is numbered before {current}, which is already applied",
        where=first.file,
        findings=[Finding("BQM103", f"numbered before {current}, already applied", Place(m.file)) for m in late],
        hint=f"give it the next number: mv {first.file} {_renumbered(first, following)}",
    )


def _renumbered(migration: Migration, version: str) -> str:
    return migration.file.replace(migration.path.name, f"{version}_{migration.name}{migration.path.suffix}")
