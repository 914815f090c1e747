"""Scripts: statements as child jobs, each committing by itself, and the procedural language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.catalog.records import JobRecord
from bqmigrate.local.catalog.store import Transaction
from bqmigrate.local.errors import WarehouseError, unsupported
from bqmigrate.local.jobs.permitted import permitted
from bqmigrate.local.jobs.register import error_body, fail, finish
from bqmigrate.local.sql import nodes
from bqmigrate.local.sql.binding import bind_expression
from bqmigrate.local.sql.bound import Function, Variable
from bqmigrate.local.sql.wire import wire_select, wire_value
from bqmigrate.local.statements.functions import temporary
from bqmigrate.local.statements.handlers import DDL, HANDLERS
from bqmigrate.local.statements.run import Outcome, Run
from bqmigrate.local.world import World
from bqmigrate.model.columns import Column

# One field of the STRUCT in SET (a, b) = ..., on its way to its variable.
SET_VALUE = "@@set.value"
STATEMENT = {"scriptStatistics": {"evaluationKind": "STATEMENT"}}


class _Returned(Exception):
    """Leave the script."""


class ScriptRun:
    """One script under way: its variables, its children, its open transaction."""

    def __init__(self, world: World, job: JobRecord, surroundings: Callable[[Transaction], Run]) -> None:
        self._world = world
        self._job = job
        self._surroundings = surroundings
        self._variables: dict[str, Variable] = {}
        self._functions: dict[str, Function] = {}
        self._children = 0
        self._open: Transaction | None = None
        self._stack = ExitStack()
        self._last = Outcome("SCRIPT")
        self._before = self._last
        self._raised: list[WarehouseError] = []
        self._procedural: Mapping[type[nodes.Statement], Callable[[Any], None]] = {
            nodes.BeginBlock: self._block,
            nodes.Declare: self._declare,
            nodes.SetVariable: self._set,
            nodes.If: self._if,
            nodes.Assert: self._assert,
            nodes.Raise: self._raise,
            nodes.Return: self._return,
            nodes.BeginTransaction: self._begin,
            nodes.CommitTransaction: self._commit,
            nodes.RollbackTransaction: self._rollback,
        }

    def run(self, script: nodes.Script) -> JobRecord:
        """Run all statements; raises what the script failed with, earlier effects stay."""
        *first, last = script.statements
        try:
            with self._stack:
                self._all(first)
                # A kill between the last effect and the record would call a done script failed.
                if self._open is None and type(last) in HANDLERS and not getattr(last, "temporary", False):
                    return self._end(script, last)
                self._one(last)
                if self._open is not None:
                    raise _Unfinished  # noqa: TRY301  the exception is what rolls back
        except (_Returned, _Unfinished):
            self._forget()
        except WarehouseError as error:
            error.statistics = {"numChildJobs": str(self._children), "query": {"statementType": "SCRIPT"}}
            raise
        with self._world.store.write() as tx:
            return self._finish(tx, script)

    def _end(self, script: nodes.Script, last: nodes.Statement) -> JobRecord:
        try:
            with self._world.store.write() as tx:
                self._child(tx, last)
                return self._finish(tx, script)
        except WarehouseError as error:
            self._failed(last, error)
            raise

    def _finish(self, tx: Transaction, script: nodes.Script) -> JobRecord:
        outcome = Outcome(script.kind, columns=self._last.columns, result=self._last.result)
        return finish(tx, self._job, outcome, {"numChildJobs": str(self._children)})

    def _all(self, statements: Sequence[nodes.Statement]) -> None:
        for node in statements:
            self._one(node)

    def _one(self, node: nodes.Statement) -> None:
        if isinstance(node, nodes.CreateRoutine) and node.temporary:
            self._functions[node.path[-1].lower()] = temporary(node)
            return
        procedure = self._procedural.get(type(node))
        if procedure is not None:
            procedure(node)
            return
        if self._open is not None and type(node) in DDL and not getattr(node, "temporary", False):
            message = f"{node.kind.replace('_', ' ')} of a permanent object is not allowed inside a transaction"
            raise WarehouseError("invalidQuery", message)
        try:
            with self._transaction() as tx:
                self._child(tx, node)
        except WarehouseError as error:
            self._failed(node, error)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if self._open is not None:
            yield self._open
        else:
            with self._world.store.write() as tx:
                yield tx

    def _run(self, tx: Transaction) -> Run:
        return replace(
            self._surroundings(tx),
            variables=self._variables,
            functions=self._functions,
            job=f"{self._job.job}:{self._children}",
        )

    def _child(self, tx: Transaction, node: nodes.Statement) -> None:
        self._children += 1
        outcome = permitted(self._run(tx), node, self._job.configuration["query"])
        if type(node) in HANDLERS and node.kind == "SELECT":
            self._last = outcome
        finish(tx, self._record(node), outcome, STATEMENT)

    def _record(self, node: nodes.Statement) -> JobRecord:
        """Return the job of the statement that was counted last."""
        return replace(
            self._job,
            job=f"script_job_{self._job.job[:900]}_{self._children}",
            configuration={"jobType": "QUERY", "query": {"query": node.text, "useLegacySql": False}},
            parent=self._job.job,
            created_ms=milliseconds(self._world.store.clock.now()),
        )

    def _failed(self, node: nodes.Statement, error: WarehouseError) -> None:
        """Keep a failed statement as a failed child; inside a transaction nothing of it is kept."""
        if self._open is None:
            fail(self._world, self._record(node), error, {**STATEMENT, "query": {"statementType": node.kind}})

    def _value(self, expression: nodes.Sql, column: Column | None = None) -> Variable:
        with self._transaction() as tx:
            run = self._run(tx)
            bound = bind_expression(expression, run.tables, run.scope, column)
            row = run.execute(wire_select(bound.sql, bound.columns, use_int64=True))[0]
        return Variable(replace(bound.columns[0], name="value"), wire_value(row, bound.columns))

    def _true(self, condition: nodes.Sql) -> bool:
        return bool(self._value(condition).value == "true")

    def _declare(self, node: nodes.Declare) -> None:
        for name in node.names:
            if name.lower() in self._variables:
                raise WarehouseError("invalidQuery", f"Variable '{name}' redeclaration at {node.position}")
            if node.default is not None:
                self._variables[name.lower()] = self._value(node.default, node.type)
            elif node.type is not None:
                self._variables[name.lower()] = Variable(node.type, [] if node.type.mode == "REPEATED" else None)

    def _set(self, node: nodes.SetVariable) -> None:
        for name in node.names:
            if name.lower() not in self._variables:
                raise WarehouseError("invalidQuery", f"Undeclared variable: {name} at {node.position}")
        if len(node.names) > 1:
            self._set_each(node)
            return
        name = node.names[0].lower()
        self._variables[name] = self._value(node.value, self._variables[name].column)

    def _set_each(self, node: nodes.SetVariable) -> None:
        """Set several variables to the fields of a STRUCT, all or none of them."""
        value = self._value(node.value)
        fields = value.column.fields if value.column.mode != "REPEATED" else ()
        if len(fields) != len(node.names):
            message = f"Wrong number of values in SET: {len(node.names)} variables, {len(fields)} fields"
            raise WarehouseError("invalidQuery", f"{message} at {node.position}")
        cells = [cell["v"] for cell in value.value["f"]] if value.value is not None else [None] * len(fields)
        found = {}
        for name, field, cell in zip(node.names, fields, cells, strict=True):
            self._variables[SET_VALUE] = Variable(replace(field, name="value"), cell)
            found[name.lower()] = self._value(nodes.Sql(SET_VALUE, node.position), self._variables[name.lower()].column)
        del self._variables[SET_VALUE]
        self._variables.update(found)

    def _if(self, node: nodes.If) -> None:
        for branch in node.branches:
            if branch.condition is None or self._true(branch.condition):
                self._all(branch.statements)
                return

    def _assert(self, node: nodes.Assert) -> None:
        if not self._true(node.condition):
            text = node.description or "Assertion failed"
            raise WarehouseError("invalidQuery", f"Query error: {text} at {node.position}")

    def _raise(self, node: nodes.Raise) -> None:
        if node.message is not None:
            text = self._value(node.message).value
            raise WarehouseError("invalidQuery", f"Query error: {text} at {node.position}")
        if not self._raised:
            raise WarehouseError("invalidQuery", f"Cannot re-raise outside of an exception handler at {node.position}")
        raise self._raised[-1]

    def _return(self, _node: nodes.Return) -> None:
        raise _Returned

    def _block(self, node: nodes.BeginBlock) -> None:
        before = dict(self._variables)
        try:
            self._all(node.statements)
        except WarehouseError as error:
            if node.handler is None:
                raise
            if self._open is not None:
                raise unsupported(f"an error caught inside an open transaction ({error.message})") from error
            self._handle(node.handler, error)
        finally:
            # Variables declared in the block end with it; those from outside keep what was set.
            self._variables = {k: v for k, v in self._variables.items() if k in before}

    def _handle(self, handler: Sequence[nodes.Statement], error: WarehouseError) -> None:
        text = Column("message", "STRING")
        self._variables["@@error.message"] = Variable(text, error_body(error)["message"])
        self._raised.append(error)
        try:
            self._all(handler)
        finally:
            self._raised.pop()
            self._variables.pop("@@error.message", None)

    def _begin(self, node: nodes.BeginTransaction) -> None:
        if self._open is not None:
            raise WarehouseError("invalidQuery", f"Transaction is already in progress at {node.position}")
        self._before = self._last
        self._open = self._stack.enter_context(self._world.store.write())

    def _commit(self, node: nodes.CommitTransaction) -> None:
        self._need_open(node)
        self._open = None
        # Leaving the transaction's context without an error commits it.
        self._stack.pop_all().close()

    def _rollback(self, node: nodes.RollbackTransaction) -> None:
        self._need_open(node)
        self._forget()
        stack = self._stack.pop_all()
        try:
            with stack:
                raise _RolledBack  # noqa: TRY301  the exception is what rolls back
        except _RolledBack:
            return

    def _forget(self) -> None:
        """Leave a transaction that is rolled back: the rows of its queries go with it."""
        if self._open is not None:
            self._last = self._before
        self._open = None

    def _need_open(self, node: nodes.Statement) -> None:
        if self._open is None:
            raise WarehouseError("invalidQuery", f"There is no active transaction at {node.position}")


class _RolledBack(Exception):
    """Undo the open transaction."""


class _Unfinished(Exception):
    """Undo, as BigQuery silently does, the transaction that the script never committed."""
