"""The front door of the library, and the only module that wires things together.

    from bqmigrate import Project

    report = Project.open(environment="local").upgrade()

No prompt, no print, no exit: typed reports, typed errors (`bqmigrate.errors`), events through `emit`,
and one log record per event on the logger `bqmigrate`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bqmigrate import config
from bqmigrate.config import Config, Overrides
from bqmigrate.errors import RefusedError, RunError, TargetError
from bqmigrate.execution import events, history, repairs, report
from bqmigrate.execution.events import Emit, Event
from bqmigrate.execution.executor import Done
from bqmigrate.execution.history import Place, View
from bqmigrate.execution.identity import new_identity, new_lineage
from bqmigrate.execution.lease import Clocks
from bqmigrate.execution.lock import Pins
from bqmigrate.execution.prepared import Prepared
from bqmigrate.execution.repairs.base import How, Repair
from bqmigrate.execution.report import RepairReport, Report
from bqmigrate.execution.runner import Outcome, Runner
from bqmigrate.execution.settle import assumed
from bqmigrate.files import loader, writer
from bqmigrate.files.migration import Format, MigrationSet
from bqmigrate.model.history import Direction, HistoryState, VersionState
from bqmigrate.operations.steps import Scope
from bqmigrate.planning import consent, targets, views
from bqmigrate.planning.planner import Planner
from bqmigrate.planning.upgrade import check_files
from bqmigrate.planning.views import HistoryView, MigrationDetail
from bqmigrate.warehouse.port import Warehouse, WarehouseError

if TYPE_CHECKING:
    from bqmigrate.warehouse.transport import Wrap


class Project:
    """A migrations folder and one environment; connects when it first has to."""

    def __init__(self, config: Config, *, transport: Wrap | None = None, clocks: Clocks | None = None) -> None:
        self.config = config
        self._transport = transport
        self._clocks = clocks or Clocks()
        self._lineage = new_lineage()
        self._identity = new_identity(config.root)
        self._closing = contextlib.ExitStack()
        self._warehouse: Warehouse | None = None
        self._requests_before = 0
        self._stays_open = False

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
        self._stays_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._stays_open = False
        self.close()

    def close(self) -> None:
        """Let go of the connection and of the embedded warehouse."""
        self._requests_before = self.requests
        self._warehouse = None
        self._closing.close()

    @property
    def requests(self) -> int:
        """Return the calls made to BigQuery so far, polls and retries excluded."""
        return self._requests_before + (self._warehouse.requests if self._warehouse else 0)

    def files(self) -> MigrationSet:
        """Read all migrations and walk them from an empty catalog. Raises ValidationError; sends nothing."""
        settled = self.config
        files = loader.load(settled.root / settled.folder, settled.root)
        check_files(files, self._scope(), settled.history_dataset)
        return files

    def plan(self, target: str | None = None, *, direction: Direction = "upgrade", offline: bool = False) -> Prepared:
        """Say what would happen; changes nothing. `offline` plans from an empty warehouse, without a connection."""
        aim = target or _default(direction)
        targets.parse(aim)
        planner = Planner(self.files(), self._scope(), aim, direction)
        warnings = tuple(f.message for f in planner.files.warnings)
        if offline:
            return Prepared(planner.plan(HistoryState(), self._lineage), offline=True, warnings=warnings)
        with self._talking():
            runner = self._runner(planner, events.log)
            view = runner.read()
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
    ) -> Report:
        """Apply pending migrations up to the target.

        Raises ValidationError, TargetError, RefusedError, LeaseError, UnsettledError, RunError.
        """
        return self._change("upgrade", target, prepared, allow_data_loss, lock_timeout_s, dry_run, emit)

    def downgrade(
        self,
        target: str = "-1",
        *,
        prepared: Prepared | None = None,
        allow_data_loss: bool = False,
        lock_timeout_s: float | None = None,
        dry_run: bool = False,
        emit: Emit | None = None,
    ) -> Report:
        """Take migrations back down to the target. Raises as `upgrade`, RefusedError where it is not allowed."""
        self.check_downgrade_allowed()
        return self._change("downgrade", target, prepared, allow_data_loss, lock_timeout_s, dry_run, emit)

    def history(self) -> HistoryView:
        """Return every migration and where it stands; two requests."""
        files = loader.load(self.config.root / self.config.folder, self.config.root)
        view = self._look(files)
        state = assumed(view.state, view.lock.unsettled(view.state) if view.lock else ())
        lines = views.lines(files.migrations, state)
        pending = tuple(line.version for line in lines if line.state in {"pending", "reverted"})
        return HistoryView(state.current, pending, lines, self.requests)

    def current(self) -> VersionState | None:
        """Return the version the warehouse is at, None when nothing is applied; needs no file to be right."""
        state = self._look(MigrationSet("")).state
        return state.versions[state.current] if state.current else None

    def _look(self, files: MigrationSet) -> View:
        """Read the history, and see that it is whole even where there is no lock."""
        with self._talking():
            runner = self._runner(Planner(files, self._scope(), "head", "upgrade"), events.log)
            view = runner.read()
            if view.lock is None:
                history.refuse_without_lock(runner.warehouse, runner.place)
        return view

    def show(self, version: str) -> MigrationDetail:
        """Return one migration in full. Raises TargetError when there is none of that number."""
        aim = targets.parse(version)
        planner = Planner(self.files(), self._scope(), "head", "upgrade")
        migration = planner.files.get(aim.version)
        if migration is None:
            raise TargetError("BQM350", f"no such migration: {version}", hint="bqmigrate history")
        with self._talking():
            view = self._runner(planner, events.log).read()
        return planner.detail(migration, view.state, view.lock.lineage if view.lock else self._lineage)

    def new(self, name: str, format: Format = "yaml") -> Path:  # noqa: A002 - the word people know
        """Write the next numbered file from a template and return its path. Raises UsageError."""
        return writer.new_template(self.config.root / self.config.folder, name, format).path

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
        with self._talking():
            runner = self._changing(
                Planner(files, self._scope(), "head", "upgrade"), allow_data_loss, lock_timeout_s, emit
            )
            done = repairs.repaired(how, Repair(runner, self.files, aim, yes))
        ms = round((time.monotonic() - began) * 1000)
        return report.of_repair(how, aim, done, self.config.environment, self.requests, ms)

    def check_downgrade_allowed(self) -> None:
        """Raise RefusedError unless the environment has `allow_downgrade`."""
        environment = self.config.environment
        if not environment.allow_downgrade:
            raise RefusedError(
                "BQM322",
                f"downgrade is not allowed in environment {environment.name}",
                where=str(self.config.file),
                state="Nothing was changed.",
                hint=f"write allow_downgrade = true under [environments.{environment.name}]",
            )

    def _change(
        self,
        direction: Direction,
        target: str,
        prepared: Prepared | None,
        allow_data_loss: bool,  # noqa: FBT001
        lock_timeout_s: float | None,
        dry_run: bool,  # noqa: FBT001
        emit: Emit | None,
    ) -> Report:
        began = time.monotonic()
        environment = self.config.environment
        targets.parse(target)
        planner = Planner(self.files(), self._scope(), target, direction)
        with self._talking():
            runner = self._changing(planner, allow_data_loss, lock_timeout_s, emit)
            view = prepared.view if prepared else None
            if dry_run:
                view = view or runner.read()
                outcome = Outcome(runner.plan(view), Done(), view.state)
            else:
                outcome = runner.run(view, prepared.plan.digest if prepared else None)
        return report.of_run(
            outcome.plan,
            outcome.done,
            environment,
            outcome.plan.to_version if dry_run else outcome.state.current,
            total_tables=planner.count_tables(outcome.state),
            requests=self.requests,
            duration_ms=round((time.monotonic() - began) * 1000),
            dry_run=dry_run,
        )

    def _changing(
        self,
        planner: Planner,
        allow_data_loss: bool,  # noqa: FBT001
        lock_timeout_s: float | None,
        emit: Emit | None,
    ) -> Runner:
        environment = self.config.environment
        return replace(
            self._runner(planner, _both(emit)),
            allow_data_loss=allow_data_loss or environment.allow_data_loss,
            lock_timeout_s=environment.lock_timeout_s if lock_timeout_s is None else lock_timeout_s,
        )

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        """Turn what BigQuery refused outside a step into an error a person can act on; let go at the end."""
        try:
            yield
        except WarehouseError as error:
            denied = error.status == 403  # noqa: PLR2004
            hint = "grant the roles in docs/real-bigquery.md, then try again" if denied else "bqmigrate history"
            raise RunError("BQM202", f"BigQuery refused: {error.message}", hint=hint) from error
        finally:
            if not self._stays_open:
                self.close()

    def _scope(self) -> Scope:
        chosen = self.config.environment
        return Scope(chosen.project, chosen.location, chosen.datasets, chosen.variables)

    def _runner(self, planner: Planner, emit: Emit) -> Runner:
        settled, chosen = self.config, self.config.environment
        pins = Pins(
            chosen.project,
            chosen.location.upper(),
            settled.history_dataset,
            chosen.name,
            settled.name,
            tuple(sorted(chosen.datasets.items())),
        )
        return Runner(
            warehouse=self._connection(),
            place=Place(chosen.project, settled.history_dataset),
            pins=pins,
            scope=planner.scope,
            planner=planner,
            identity=self._identity,
            lineage=self._lineage,
            direction=planner.direction,
            emit=emit,
            clocks=self._clocks,
        )

    def _connection(self) -> Warehouse:
        if self._warehouse is None:
            self._warehouse = self._connect()
        return self._warehouse

    def _connect(self) -> Warehouse:
        # Connecting is what costs: google's own imports are a third of a second.
        from bqmigrate.connection import connect  # noqa: PLC0415

        return connect(self.config.environment, self.local_folder, self._closing, self._transport)

    @property
    def local_folder(self) -> Path:
        """Return where the embedded warehouse keeps its files."""
        return self.config.root / ".bqmigrate"


def _both(emit: Emit | None) -> Emit:
    def tell(event: Event) -> None:
        events.log(event)
        if emit is not None:
            emit(event)

    return tell


def _default(direction: Direction) -> str:
    return "head" if direction == "upgrade" else "-1"
