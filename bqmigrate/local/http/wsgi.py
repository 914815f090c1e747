"""The application as WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl, quote

from bqmigrate.local.http.application import Application
from bqmigrate.local.http.message import Request


class WsgiApplication:
    """What any WSGI server can serve."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 has it."""
        answer = self._application.handle(read(environ))
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        start_response(f"{answer.status} {responses.get(answer.status, 'Unknown')}", list(headers.items()))
        return [answer.body]


def read(environ: dict[str, Any]) -> Request:
    """Read a request from a WSGI environment."""
    headers = {key[5:].replace("_", "-").lower(): str(v) for key, v in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    length = environ.get("CONTENT_LENGTH") or "0"
    body = environ["wsgi.input"].read(int(length)) if length.isdecimal() else b""
    # WSGI hands over a decoded path; a dataset never holds a slash, so quoting again is exact enough.
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return Request(environ.get("REQUEST_METHOD", "GET"), path, query, headers, body)
