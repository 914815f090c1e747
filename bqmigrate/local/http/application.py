"""The application: finds the route, runs it, and always answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from email.utils import format_datetime
from urllib.parse import unquote

from bqmigrate.local.catalog.clock import milliseconds
from bqmigrate.local.errors import HTTP, WarehouseError
from bqmigrate.local.http.call import Call
from bqmigrate.local.http.message import Request, Response, error_response
from bqmigrate.local.http.routes import TABLE_OF_ROUTES, UPLOADS, Route, compiled
from bqmigrate.local.http.uploads import Uploads
from bqmigrate.local.world import World

log = logging.getLogger(__name__)


class Application:
    """One warehouse at the HTTP level."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._uploads = Uploads()
        routes = compiled(TABLE_OF_ROUTES)
        # Go clients call the same paths without the prefix.
        self._routes: tuple[tuple[str, tuple[Route, ...]], ...] = (
            ("/upload/bigquery/v2", compiled(UPLOADS)),
            ("/resumable/upload/bigquery/v2", compiled(UPLOADS)),
            ("/bigquery/v2", routes),
            ("", routes),
        )

    def handle(self, request: Request) -> Response:
        """Answer a request, whatever happens."""
        try:
            self._world.store.expire()
            if self._world.switches.job_ms:
                self._world.pending.settle(milliseconds(self._world.store.clock.now()))
            response = self._route(request)
        except WarehouseError as error:
            response = error_response(self._named(error))
        except Exception as error:
            log.exception("%s %s failed inside the local warehouse", request.method, request.path)
            fault = f"The local warehouse has a fault: {type(error).__name__}: {error}"
            response = error_response(WarehouseError("internalError", fault))
        date = format_datetime(self._world.store.clock.now(), usegmt=True)
        return replace(response, headers={**response.headers, "Date": date})

    def _named(self, error: WarehouseError) -> WarehouseError:
        """Call the reason of a 412, which is not documented, as the switches say."""
        if error.code == HTTP["conditionNotMet"]:
            error.reason = self._world.switches.reason_of_412
        return error

    def _route(self, request: Request) -> Response:
        prefix, routes = next((p, r) for p, r in self._routes if request.path.startswith(f"{p}/") or not p)
        path = request.path[len(prefix) :]
        method = request.headers.get("x-http-method-override", request.method).upper()
        for known, pattern, handler, needed in routes:
            match = pattern.fullmatch(path) if known == method else None
            if match is not None:
                parts = {name: unquote(part) for name, part in match.groupdict().items()}
                call = Call(self._world, request, parts, self._uploads)
                call.require(*needed)
                return handler(call)
        raise WarehouseError("notFound", f"Not found: the local warehouse has no {method} {request.path}")
