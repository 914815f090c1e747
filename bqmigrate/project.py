"""The front door of the library, and the only module that wires things together.

    from bqmigrate import Project

    report = Project.open(environment="local").upgrade()

No prompt, no print, no exit: typed reports, typed errors (`bqmigrate.errors`), events through `emit`,
and one log record per event on the logger `bqmigrate`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bqmigrate import config
from bqmigrate.config import Config, Overrides
from bqmigrate.conversation import FOUND_LATER, Conversation
from bqmigrate.errors import TargetError
from bqmigrate.execution import events, repairs, seeing
from bqmigrate.execution.adopting import Adopting, AdoptionReport
from bqmigrate.execution.events import Emit
from bqmigrate.execution.history import Place
from bqmigrate.execution.identity import new_identity, new_lineage
from bqmigrate.execution.lease import Clocks
from bqmigrate.execution.lock import Pins
from bqmigrate.execution.pace import Pace
from bqmigrate.execution.paced import Paced
from bqmigrate.execution.prepared import Prepared
from bqmigrate.execution.repairs.base import How, Repair
from bqmigrate.execution.repairs.report import RepairReport, of_repair
from bqmigrate.execution.report import Report, report
from bqmigrate.execution.runner import Runner
from bqmigrate.execution.seeing import Seen
from bqmigrate.execution.stop import Stop
from bqmigrate.execution.unlocking import UnlockReport, unlock
from bqmigrate.files import loader, writer
from bqmigrate.files.migration import Format, MigrationSet
from bqmigrate.model.history import Direction, HistoryState, VersionState
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import consent, targets, views
from bqmigrate.planning.adopt import plan_adopt
from bqmigrate.planning.planner import Planner
from bqmigrate.planning.upgrade import check_files
from bqmigrate.planning.views import HistoryView, MigrationDetail

if TYPE_CHECKING:
    from bqmigrate.warehouse.transport import Wrap


class Project:
    """A migrations folder and one environment; connects when it first has to."""

    def __init__(self, config: Config, *, transport: Wrap | None = None, clocks: Clocks | None = None) -> None:
        self.config = config
        self._clocks = clocks or Clocks()
        self._lineage = new_lineage()
        self._identity = new_identity(config.root)
        self._conversation = Conversation(config.environment, self.local_folder, transport)

    @classmethod
    def open(
        cls,
        environment: str | None = None,
        *,
        start: Path | None = None,
        overrides: Overrides | None = None,
        environ: Mapping[str, str] | None = None,
        transport: Wrap | None = None,
        clocks: Clocks | None = None,
    ) -> Self:
        """Open the project around a folder (default: the current one). Raises ConfigError; sends nothing.

        `transport` wraps the requests adapter below the official client.
        """
        said = overrides or Overrides()
        if environment is not None:
            said = replace(said, env=environment)
        settled = config.load(start or Path.cwd(), said, os.environ if environ is None else environ)
        return cls(settled, transport=transport, clocks=clocks)

    def __enter__(self) -> Self:
        """Keep the connection between calls; without `with`, each call opens its own and lets go of it."""
        self._conversation.stays_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._conversation.stays_open = False
        self.close()

    def close(self) -> None:
        """Let go of the connection and of the embedded warehouse."""
        self._conversation.close()

    @property
    def requests(self) -> int:
        """Return the calls made to BigQuery so far, polls and retries excluded."""
        return self._conversation.requests

    def files(self) -> MigrationSet:
        """Read all migrations and walk them from an empty catalog. Raises ValidationError; sends nothing."""
        settled = self.config
        files = loader.load(self._folder, settled.root)
        check_files(files, self._scope(), settled.history_dataset)
        return files

    def plan(
        self,
        target: str | None = None,
        *,
        direction: Direction = "upgrade",
        offline: bool = False,
        runs_next: bool = False,
        emit: Emit | None = None,
    ) -> Prepared:
        """Say what would happen; changes nothing. `offline` plans from an empty warehouse, without a connection.

        A plan that `runs_next` saves the request that tells a lock that was lost from one that never was.
        """
        aim = target or _default(direction)
        targets.parse(aim)
        planner = Planner(self.files(), self._scope(), aim, direction)
        warnings = tuple(f.message for f in planner.files.warnings)
        if offline:
            return Prepared(planner.plan(HistoryState(), self._lineage), offline=True, warnings=warnings)
        with self._conversation.call():
            runner = self._runner(planner, events.logged(emit))
            view = runner.read() if runs_next else runner.look()
            plan = runner.plan(view)
        environment = self.config.environment
        asked = consent.reasons(plan, environment.name, confirm=environment.confirm)
        return Prepared(plan, tuple(asked), view=view, warnings=warnings)

    def upgrade(
        self,
        target: str = "head",
        *,
        prepared: Prepared | None = None,
        allow_data_loss: bool = False,
        lock_timeout_s: float | None = None,
        dry_run: bool = False,
        emit: Emit | None = None,
        stop: Stop | None = None,
    ) -> Report:
        """Apply pending migrations up to the target.

        Raises ValidationError, TargetError, RefusedError, LeaseError, UnsettledError, RunError; InterruptedRun
        once `stop` was asked.
        """
        return self._change("upgrade", target, prepared, allow_data_loss, lock_timeout_s, dry_run, emit, stop)

    def downgrade(
        self,
        target: str = "-1",
        *,
        prepared: Prepared | None = None,
        allow_data_loss: bool = False,
        lock_timeout_s: float | None = None,
        dry_run: bool = False,
        emit: Emit | None = None,
        stop: Stop | None = None,
    ) -> Report:
        """Take migrations back down to the target. Raises as `upgrade`, RefusedError where it is not allowed."""
        self.check_downgrade_allowed()
        return self._change("downgrade", target, prepared, allow_data_loss, lock_timeout_s, dry_run, emit, stop)

    def history(self, *, emit: Emit | None = None) -> HistoryView:
        """Return every migration and where it stands, and the run that is going on; two requests.

        A file that cannot be read as a migration is told in `findings`, and hides nothing else.
        """
        found = loader.survey(self._folder, self.config.root)
        seen = self._look(found.files, emit)
        shown = views.history(found.files.migrations, seen.state, seen.interrupted, seen.running)
        return replace(shown, requests=self.requests, findings=found.findings)

    def current(self, *, emit: Emit | None = None) -> VersionState | None:
        """Return the version the warehouse is at, None when nothing is applied; needs no file to be right."""
        state = self._look(MigrationSet(""), emit).recorded
        return state.versions[state.current] if state.current else None

    def _look(self, files: MigrationSet, emit: Emit | None) -> Seen:
        """Read the history, and see that it is whole even where there is no lock."""
        with self._conversation.call():
            return seeing.look(self._runner(Planner(files, self._scope(), "head", "upgrade"), events.logged(emit)))

    def show(self, version: str, *, emit: Emit | None = None) -> MigrationDetail:
        """Return one migration in full; files above it need not be right.

        Raises TargetError when there is none of that number, ValidationError for a file up to it.
        """
        aim = targets.parse(version).version
        found = loader.survey(self._folder, self.config.root)
        migration = found.files.get(aim)
        if migration is None:
            raise TargetError("BQM350", f"no such migration: {version}", hint="bqmigrate history")
        if any(broken <= aim for broken in found.broken):
            raise loader.refusal(found.findings)
        files = found.files.up_to(aim)
        check_files(files, self._scope(), self.config.history_dataset)
        seen = self._look(files, emit)
        planner = Planner(files, self._scope(), "head", "upgrade")
        return views.detail(planner, migration, seen.state, seen.interrupted, seen.lineage)

    def adopt(
        self,
        version: str | None = None,
        *,
        lock_timeout_s: float | None = None,
        dry_run: bool = False,
        emit: Emit | None = None,
    ) -> AdoptionReport:
        """Record what is there already as applied, up to a version (default: the last file), if it is equal.

        Touches nothing but the history. Raises ValidationError with a Finding for each difference, TargetError,
        LeaseError, UnsettledError.
        """
        began = time.monotonic()
        chosen = self.config.environment
        planner = Planner(self.files(), self._scope(), version or "head", "upgrade")
        with self._conversation.call(FOUND_LATER):
            wait = chosen.lock_timeout_s if lock_timeout_s is None else lock_timeout_s
            runner = replace(self._runner(planner, events.logged(emit)), lock_timeout_s=wait)
            adopting = Adopting(runner, partial(plan_adopt, planner.files, version=version, scope=planner.scope))
            adopted = adopting.run(dry_run=dry_run)
        ms = round((time.monotonic() - began) * 1000)
        return adopted.report(chosen, requests=self.requests, duration_ms=ms, dry_run=dry_run)

    def unlock(self, lease_id: str, *, emit: Emit | None = None) -> UnlockReport:
        """Take the lease away from a dead run. Raises RefusedError when that run does not hold it."""
        with self._conversation.call(FOUND_LATER):
            planner = Planner(MigrationSet(""), self._scope(), "head", "upgrade")
            done = unlock(self._runner(planner, events.logged(emit)), lease_id)
        return replace(done, requests=self.requests)

    def new(self, name: str, format: Format = "yaml") -> Path:  # noqa: A002 - the word people know
        """Write the next numbered file from a template and return its path. Raises UsageError."""
        return writer.new_template(self._folder, name, format).path

    def repair(
        self,
        how: How,
        version: str | None = None,
        *,
        yes: bool = False,
        allow_data_loss: bool = False,
        lock_timeout_s: float | None = None,
        emit: Emit | None = None,
    ) -> RepairReport:
        """Mend what runs cannot: `how` is one of the ways out, `version` the migration three of them are about.

        Raises RefusedError where there is nothing to repair, and where it takes somebody's word without `yes`.
        """
        began = time.monotonic()
        if how == "revert":
            self.check_downgrade_allowed()
        aim = targets.version(version) if version else ""
        files = self.files() if how in repairs.WITH_FILES else MigrationSet(str(self.config.folder))
        with self._conversation.call(FOUND_LATER):
            runner = self._changing(
                Planner(files, self._scope(), "head", "upgrade"), allow_data_loss, lock_timeout_s, emit
            )
            done = repairs.repaired(how, Repair(runner, self.files, aim, yes))
        ms = round((time.monotonic() - began) * 1000)
        return of_repair(how, aim, done, self.config.environment, self.requests, ms)

    def check_downgrade_allowed(self) -> None:
        """Raise RefusedError unless the environment has `allow_downgrade`."""
        consent.refuse_downgrade(self.config)

    def _change(
        self,
        direction: Direction,
        target: str,
        prepared: Prepared | None,
        allow_data_loss: bool,  # noqa: FBT001
        lock_timeout_s: float | None,
        dry_run: bool,  # noqa: FBT001
        emit: Emit | None,
        stop: Stop | None,
    ) -> Report:
        began = time.monotonic()
        environment = self.config.environment
        targets.parse(target)
        planner = Planner(self.files(), self._scope(), target, direction)
        with self._conversation.call(FOUND_LATER):
            runner = replace(self._changing(planner, allow_data_loss, lock_timeout_s, emit), stop=stop or Stop())
            view = prepared.view if prepared else None
            outcome = runner.dry(view) if dry_run else runner.run(view, prepared.plan if prepared else None)
        ms = round((time.monotonic() - began) * 1000)
        return report(outcome, planner, environment, requests=self.requests, duration_ms=ms, dry_run=dry_run)

    def _changing(
        self,
        planner: Planner,
        allow_data_loss: bool,  # noqa: FBT001
        lock_timeout_s: float | None,
        emit: Emit | None,
    ) -> Runner:
        environment = self.config.environment
        return replace(
            self._runner(planner, events.logged(emit)),
            allow_data_loss=allow_data_loss or environment.allow_data_loss,
            lock_timeout_s=environment.lock_timeout_s if lock_timeout_s is None else lock_timeout_s,
        )

    @property
    def _folder(self) -> Path:
        return self.config.root / self.config.folder

    def _scope(self) -> Scope:
        chosen = self.config.environment
        return Scope(chosen.project, chosen.location, chosen.datasets, chosen.variables)

    def _runner(self, planner: Planner, emit: Emit) -> Runner:
        settled, chosen = self.config, self.config.environment
        return Runner(
            warehouse=Paced(self._conversation.warehouse, self._pace(emit)),
            place=Place(chosen.project, settled.history_dataset),
            pins=Pins.of(settled),
            scope=planner.scope,
            planner=planner,
            identity=self._identity,
            lineage=self._lineage,
            direction=planner.direction,
            emit=emit,
            clocks=self._clocks,
        )

    def _pace(self, emit: Emit) -> Pace:
        chosen = self.config.environment
        # Only BigQuery itself has rates to keep to.
        return Pace(self._clocks, emit, limited=not chosen.embedded, job_timeout_s=chosen.job_timeout_s)

    @property
    def local_folder(self) -> Path:
        """Return where the embedded warehouse keeps its files."""
        return self.config.root / ".bqmigrate"


def _default(direction: Direction) -> str:
    return "head" if direction == "upgrade" else "-1"
