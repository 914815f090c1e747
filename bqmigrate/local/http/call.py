"""What a handler is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http.message import Request
from bqmigrate.local.http.shapes import check
from bqmigrate.local.http.uploads import Uploads
from bqmigrate.local.permissions import require
from bqmigrate.local.world import World

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """A request on its way to a handler, with the parts of its path."""

    world: World
    request: Request
    parts: Mapping[str, str]
    uploads: Uploads

    def __getitem__(self, part: str) -> str:
        return self.parts[part]

    @property
    def user(self) -> str:
        """Return who calls: the bearer token where it names somebody, else the switches' user."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and "@" in token else self.world.switches.session_user

    def require(self, *permissions: str) -> None:
        """Refuse, with 403, what the caller has no right to; permissions without "bigquery."."""
        require(self.world.switches.denied_to(self.user), permissions, self.request.path)

    @property
    def if_match(self) -> str | None:
        """Return the etag that a conditional write names."""
        return self.request.headers.get("if-match")

    def body(self, shape: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body; 400 when it has not that shape."""
        found = self.request.json()
        check(found, shape)
        return found

    def flag(self, name: str) -> bool:
        """Tell whether a parameter is true."""
        return self.request.query.get(name, "").lower() == "true"

    def page(self, items: Sequence[T], size: int) -> tuple[Sequence[T], dict[str, str]]:
        """Return a page of items and {"nextPageToken"} when there are more."""
        token = self.request.query.get("pageToken") or "0"
        limit = self.request.query.get("maxResults") or str(size)
        if not token.isdecimal() or not limit.isdecimal():
            raise WarehouseError("invalid", "Invalid value for pageToken or maxResults")
        start, end = int(token), int(token) + int(limit)
        return items[start:end], {"nextPageToken": str(end)} if end < len(items) else {}
