"""The application as a transport of `requests`: mounted under the official client, no port, no thread."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from bqmigrate.local.http.application import Application
from bqmigrate.local.http.message import Request


class LocalAdapter(HTTPAdapter):
    """Answers every request that would have gone out."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Answer one request."""
        answer = self._application.handle(read(request))
        raw = HTTPResponse(
            body=io.BytesIO(answer.body),
            headers={**answer.headers, "Content-Length": str(len(answer.body))},
            status=answer.status,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


def read(request: requests.PreparedRequest) -> Request:
    """Read what `requests` would have sent."""
    url = urlsplit(request.url or "")
    headers = {_text(key).lower(): _text(value) for key, value in _items(request.headers)}
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    headers.setdefault("host", url.netloc)
    return Request(request.method or "GET", url.path, query, headers, _body(request.body))


def _items(headers: Mapping[Any, Any] | None) -> Iterable[tuple[Any, Any]]:
    return headers.items() if headers else ()


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(body: Any) -> bytes:
    """Return a body as bytes: it can be text, bytes, a file or an iterable of bytes."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(body)
