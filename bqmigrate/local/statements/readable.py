"""What of a table somebody may read: the rows that its row access policies let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bqmigrate.local.catalog.records import PolicyRecord, TableRecord
from bqmigrate.local.catalog.store import Reader
from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.sql.binding import bind_query
from bqmigrate.local.sql.bound import Scope, TableInfo
from bqmigrate.local.sql.nodes import Path

EVERYBODY = frozenset({"allAuthenticatedUsers", "allUsers"})


def policies_of(reader: Reader, record: TableRecord) -> Sequence[PolicyRecord]:
    """Return a table's policies; what a dropped table of the name left behind is none of them."""
    found = reader.policies(record.project, record.dataset, record.table)
    return [p for p in found if p.created_ms >= record.created_ms]


def granted(policies: Sequence[PolicyRecord], user: str) -> list[str]:
    """Return the filters that somebody is granted."""
    names = {f"user:{user}", f"serviceAccount:{user}", f"domain:{user.partition('@')[2]}", *EVERYBODY}
    return [str(p.resource["filterPredicate"]) for p in policies if names & set(p.resource["grantees"])]


def filtered(info: TableInfo, policies: Sequence[PolicyRecord], scope: Scope) -> TableInfo:
    """Return a table with only the rows that the caller's filters let through: without a filter, none."""
    if not policies:
        return info
    conditions = " OR ".join(f"({text})" for text in granted(policies, scope.session_user)) or "FALSE"
    # What is hidden must come through, and * leaves it out.
    whole = replace(info, columns=(*info.columns, *info.hidden), pseudo=(), hidden=())
    named = "".join(f", {column.name}" for column in info.hidden)
    bound = bind_query(f"SELECT *{named} FROM `readable` WHERE {conditions}", _One(whole), scope)
    return replace(info, physical=f"({bound.sql})", kind="SYSTEM")


def require_all_rows(record: TableRecord, policies: Sequence[PolicyRecord], user: str) -> None:
    """Refuse a change of rows by somebody who is not granted all of them."""
    if policies and "TRUE" not in (text.strip().upper() for text in granted(policies, user)):
        message = f"Access Denied: Table {record.shown}: DML on a table with row access policies needs a TRUE filter"
        raise WarehouseError("accessDenied", message)


@dataclass(frozen=True)
class _One:
    info: TableInfo

    def table(self, path: Path) -> TableInfo | None:
        """Return the one table; a filter may read no other."""
        return replace(self.info, partition_filter=()) if path == ("readable",) else None

    def table_as_of(self, path: Path, moment: str) -> TableInfo:
        """Raise WarehouseError."""
        del moment
        raise WarehouseError("invalidQuery", f"Table not found: {'.'.join(path)}")
