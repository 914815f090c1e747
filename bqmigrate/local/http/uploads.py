"""Uploads that carry a load job's data: multipart, and resumable in parts."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass, field, replace
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from bqmigrate.local.errors import WarehouseError
from bqmigrate.local.http.message import Request, Response, parse_object

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)\Z")
# Uploads that were begun and never ended are forgotten from the oldest on.
OPEN_UPLOADS = 32


@dataclass(frozen=True)
class Upload:
    """A job's resource and the data that came for it."""

    project: str
    body: dict[str, Any]
    media: bytes = b""


@dataclass
class Uploads:
    """The resumable uploads under way; a restart forgets them, as their clients find out."""

    _open: dict[str, Upload] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, request: Request, project: str) -> Upload | Response:
        """Take a whole multipart upload, or answer where a resumable one is to go."""
        if request.query.get("uploadType") == "multipart":
            return _multipart(request, project)
        if request.query.get("uploadType") != "resumable":
            raise WarehouseError("invalid", "Invalid value for uploadType: multipart or resumable is needed")
        upload = uuid.uuid4().hex
        with self._lock:
            while len(self._open) >= OPEN_UPLOADS:
                del self._open[next(iter(self._open))]
            self._open[upload] = Upload(project, request.json())
        host = request.headers.get("host", "bq.local")
        location = f"http://{host}{request.path}?uploadType=resumable&upload_id={upload}"
        return Response(200, b"", {"Location": location, "X-GUploader-UploadID": upload})

    def resume(self, request: Request) -> Upload | Response:
        """Take a part: 308 with the range held so far, or the whole upload once it is complete."""
        key = request.query.get("upload_id", "")
        size = len(request.body)
        part = _RANGE.match(request.headers.get("content-range", f"bytes 0-{size - 1}/{size}"))
        if part is None:
            raise WarehouseError("invalid", "Invalid Content-Range")
        with self._lock:
            upload = self._open.get(key)
            if upload is None:
                raise WarehouseError("notFound", f"Not found: Upload {key}")
            if part[1] is not None:
                upload = replace(upload, media=upload.media[: int(part[1])] + request.body)
                self._open[key] = upload
            if part[3] == "*" or len(upload.media) < int(part[3]):
                held = {"Range": f"bytes=0-{len(upload.media) - 1}"} if upload.media else {}
                return Response(308, b"", held)
            return self._open.pop(key)


def _multipart(request: Request, project: str) -> Upload:
    """Read multipart/related: the job's resource, then its data."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts())
    payloads = [found for part in parts if isinstance(found := part.get_payload(decode=True), bytes)]
    if len(payloads) != 2:  # noqa: PLR2004  resource and data
        raise WarehouseError("invalid", "A multipart upload needs two parts: the job and its data")
    return Upload(project, parse_object(payloads[0]), payloads[1])
