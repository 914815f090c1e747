"""Counting below the official client: one number per call, polls and retries left out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter

_JOB = re.compile(r"/jobs/[^/?]+")
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
_RATES = (b'"rateLimitExceeded"', b'"jobRateLimitExceeded"')
Wrap = Callable[[BaseAdapter], BaseAdapter]


class CountingAdapter(BaseAdapter):
    """Passes requests on, and counts the ones that ask something new.

    A second look at the same job is a poll; the same request after an answer that invites to try
    again is a retry. Neither counts.
    """

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.count = 0
        self.server_time: datetime | None = None
        self._inner = inner
        self._jobs_read: set[str] = set()
        self._unanswered: set[tuple[str | None, str | None, Any]] = set()
        self._lock = threading.Lock()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature is requests'
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Pass one request on."""
        key = (request.method, request.url, request.body)
        with self._lock:
            self.count += self._is_new(request, key)
            self._unanswered.add(key)
        response = self._inner.send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        with self._lock:
            if not _invites(response):
                self._unanswered.discard(key)
            self.server_time = _date(response.headers.get("Date")) or self.server_time
        return response

    def close(self) -> None:
        """Close what is below."""
        self._inner.close()

    def _is_new(self, request: requests.PreparedRequest, key: tuple[str | None, str | None, Any]) -> bool:
        if key in self._unanswered:
            return False
        match = _JOB.search(request.url or "") if request.method == "GET" else None
        if match is None:
            return True
        seen = match[0] in self._jobs_read
        self._jobs_read.add(match[0])
        return not seen


def _date(header: str | None) -> datetime | None:
    """Read a `Date`, which is in GMT (RFC 9110, 6.6.1); None where something on the way spoiled it."""
    try:
        found = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    # One that a proxy added a second time is read without its zone.
    return found and found.replace(tzinfo=UTC)


def _invites(response: requests.Response) -> bool:
    """Tell whether an answer says to try again; BigQuery says so with 403 too."""
    if response.status_code in {400, 403}:
        return any(reason in response.content for reason in _RATES)
    return response.status_code in _RETRYABLE
