"""The port through the official client, google-cloud-bigquery."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import google.auth
from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY
from requests import exceptions as network
from requests.adapters import BaseAdapter, HTTPAdapter

from bqmigrate.errors import CredentialsError
from bqmigrate.operations.steps import ObjectRef, ResourceKind
from bqmigrate.warehouse.port import (
    ColumnsWanted,
    Conflict,
    Job,
    OutcomeUnknown,
    Parameter,
    Resource,
    StaleEtag,
    Timeouts,
    WarehouseError,
    still_unknown,
)
from bqmigrate.warehouse.transport import CountingAdapter, Wrap

SCOPES = ("https://www.googleapis.com/auth/bigquery", "https://www.googleapis.com/auth/cloud-platform")
EMBEDDED_ENDPOINT = "http://bq.local"
PAGE_SIZE = 10_000
RATE_REASONS = frozenset({"rateLimitExceeded", "jobRateLimitExceeded"})
LOGIN = "gcloud auth application-default login"


class BigQuery:
    """A connection to one project in one location."""

    def __init__(
        self, client: bigquery.Client, counter: CountingAdapter, location: str, timeouts: Timeouts | None = None
    ) -> None:
        self.project = str(client.project)
        self.location = location
        self.client = client
        self._counter = counter
        settled = timeouts or Timeouts()
        self._timeout_s = settled.request_s
        self._retry = DEFAULT_RETRY.with_timeout(settled.retry_s)

    @property
    def requests(self) -> int:
        """Return the calls made so far, polls and retries excluded."""
        return self._counter.count

    @property
    def server_time(self) -> datetime | None:
        """Return the `Date` of the last reply."""
        return self._counter.server_time

    def get(self, reference: ObjectRef) -> Resource | None:
        """Read a dataset, table or view; None when it is not there."""
        with _translated():
            try:
                return Resource(self._get(reference))
            except api.NotFound:
                return None

    def _get(self, reference: ObjectRef) -> Mapping[str, Any]:
        if reference.table is None:
            dataset = bigquery.DatasetReference(reference.project, reference.dataset)
            return _body(self.client.get_dataset(dataset, retry=self._retry, timeout=self._timeout_s))
        return _body(self.client.get_table(_table(reference), retry=self._retry, timeout=self._timeout_s))

    def create(self, kind: ResourceKind, body: Mapping[str, Any]) -> Resource:
        """Create a dataset, table or view. Raises Conflict when it is there."""
        with _changing(self._retry) as retry:
            if kind == "dataset":
                dataset = bigquery.Dataset.from_api_repr(dict(body))
                return Resource(_body(self.client.create_dataset(dataset, retry=retry, timeout=self._timeout_s)))
            table = bigquery.Table.from_api_repr(dict(body))
            return Resource(_body(self.client.create_table(table, retry=retry, timeout=self._timeout_s)))

    def patch(self, reference: ObjectRef, fields: Mapping[str, Any], etag: str) -> Resource:
        """Change fields of a table or view if its etag still holds. Raises StaleEtag."""
        ids = {"projectId": reference.project, "datasetId": reference.dataset, "tableId": reference.table}
        # The client sends If-Match because the object carries an etag, and only the fields named.
        table = bigquery.Table.from_api_repr({"tableReference": ids, "etag": etag, **fields})
        with _changing(self._retry) as retry:
            changed = self.client.update_table(table, list(fields), retry=retry, timeout=self._timeout_s)
            return Resource(_body(changed))

    def submit(self, job_id: str, sql: str, parameters: Sequence[Parameter] = ()) -> None:
        """Insert a query job under an id. Raises Conflict when the id was used."""
        config = bigquery.QueryJobConfig(
            use_legacy_sql=False,
            query_parameters=[bigquery.ScalarQueryParameter(p.name, p.type, p.value) for p in parameters],
        )
        with _changing(self._retry) as retry:
            self.client.query(
                sql,
                job_config=config,
                job_id=job_id,
                location=self.location,
                retry=retry,
                timeout=self._timeout_s,
                job_retry=None,  # else the client would run the statement again under an id of its own
            )

    def job(self, job_id: str) -> Job | None:
        """Read a job; None when there is none of that id."""
        with _translated():
            try:
                found = self.client.get_job(job_id, location=self.location, retry=self._retry, timeout=self._timeout_s)
            except api.NotFound:
                return None
            return Job(_body(found))

    def rows(self, reference: ObjectRef, columns: ColumnsWanted) -> Sequence[Mapping[str, Any]] | None:
        """Read all rows of a small table; None when it is not there."""
        fields = [bigquery.SchemaField(name, kind, mode) for name, kind, mode in columns.fields]
        with _translated():
            try:
                found = self.client.list_rows(
                    _table(reference),
                    selected_fields=fields,
                    page_size=PAGE_SIZE,
                    retry=self._retry,
                    timeout=self._timeout_s,
                )
                return [dict(row.items()) for row in found]
            except api.NotFound:
                return None

    def results(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Read the result rows of a finished query."""
        with _translated():
            job = self.client.get_job(job_id, location=self.location, retry=self._retry, timeout=self._timeout_s)
            if not isinstance(job, bigquery.QueryJob):
                raise WarehouseError(400, "invalid", f"{job_id} is not a query")
            return [dict(row.items()) for row in job.result(retry=self._retry, timeout=self._timeout_s, job_retry=None)]

    def close(self) -> None:
        """Close the connection."""
        self.client.close()  # type: ignore[no-untyped-call]


def connect(
    project: str,
    location: str,
    *,
    adapter: BaseAdapter | None = None,
    endpoint: str | None = None,
    wrap: Wrap | None = None,
    timeouts: Timeouts | None = None,
) -> BigQuery:
    """Connect to the embedded warehouse (`adapter`), to an endpoint without login, or to Google.

    `wrap` puts something between the client and the wire. Raises CredentialsError.
    """
    address = EMBEDDED_ENDPOINT if adapter is not None else endpoint
    credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
    if address is None:
        credentials, address = _google()
    counter = CountingAdapter((wrap or _as_it_is)(adapter or HTTPAdapter()))
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    session.mount("http://", counter)
    session.mount("https://", counter)
    client = bigquery.Client(
        project=project,
        credentials=credentials,
        _http=session,
        location=location,
        client_options={"api_endpoint": address},
    )
    return BigQuery(client, counter, location, timeouts)


def _body(found: bigquery.Dataset | bigquery.Table | Any) -> Mapping[str, Any]:
    # The classes know only some of the properties; this is all that the server said.
    properties: Mapping[str, Any] = found._properties  # noqa: SLF001
    return properties


def _as_it_is(adapter: BaseAdapter) -> BaseAdapter:
    return adapter


def _google() -> tuple[Any, str]:
    """Return the login, and the address it is for.

    Left to itself the client would follow BIGQUERY_EMULATOR_HOST, and take the login there.
    """
    try:
        found, _ = google.auth.default(scopes=list(SCOPES))
        domain = found.universe_domain
    except (auth.GoogleAuthError, OSError) as error:
        raise _not_logged_in(error) from error
    return found, f"https://bigquery.{domain}"


def _not_logged_in(error: Exception, state: str | None = "Nothing was sent.") -> CredentialsError:
    if isinstance(error, OSError):
        words = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:  # the login library's words, and beside them, maybe, the error that they are about
        words = str(error.args[0] if error.args else error)
    first_line = words.splitlines()[0] if words else type(error).__name__
    return CredentialsError(
        "BQM330", "there are no usable Google credentials", where=first_line, state=state, hint=LOGIN
    )


def _no_login_there() -> CredentialsError:
    """Say that an address asks who is there: to none but Google's a login is sent."""
    return CredentialsError(
        "BQM335",
        "the endpoint asks for a login, and a login is sent to Google only",
        hint="name one that needs none: `endpoint` in migrations.toml, or BIGQUERY_EMULATOR_HOST",
    )


def _table(reference: ObjectRef) -> bigquery.TableReference:
    if reference.table is None:
        raise ValueError(f"{reference} is a dataset")
    return bigquery.DatasetReference(reference.project, reference.dataset).table(reference.table)


@contextmanager
def _changing(client_retry: Retry) -> Iterator[Retry]:
    """Hand out the client's retry for one change, without the waits for a rate.

    The client would wait for that silently, and the lease with it: who changes things waits where it can be told.
    Raises OutcomeUnknown for a refusal after a send that was not answered: it says nothing of that one.
    """
    retries, tries = client_retry._predicate, []  # noqa: SLF001

    def is_sent_again(error: Exception) -> bool:
        again = bool(retries(error)) and not _is_rate(error)
        tries.append(again)
        return again

    try:
        with _translated():
            yield client_retry.with_predicate(is_sent_again)
    except WarehouseError as refusal:
        if any(tries) and type(refusal) is WarehouseError and refusal.is_definite:
            raise still_unknown(refusal) from refusal
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except api.GoogleAPICallError as error:
        raise _error(error) from error
    except auth.RefreshError as error:
        # It may come in the middle of a run: what was sent before it was sent.
        raise _not_logged_in(error, None) from error
    except auth.InvalidOperation as error:
        raise _no_login_there() from error
    except api.RetryError as error:
        raise _unanswered(error) from error
    except (network.RequestException, auth.TransportError, ConnectionError) as error:
        raise OutcomeUnknown(503, "backendError", f"no answer from BigQuery: {error}") from error


def _unanswered(error: api.RetryError) -> OutcomeUnknown:
    """Say what the last of the client's tries met; an earlier one may have got through."""
    last = error.cause
    if isinstance(last, api.GoogleAPICallError) and _is_rate(last):
        known = _error(last)
        return OutcomeUnknown(known.status, known.reason, known.message)
    return OutcomeUnknown(503, "backendError", f"no answer from BigQuery: {error}")


def _is_rate(error: BaseException) -> bool:
    return isinstance(error, api.GoogleAPICallError) and _reason(error) in RATE_REASONS


def _reason(error: api.GoogleAPICallError) -> str:
    first = error.errors[0] if error.errors else {}
    return str(first.get("reason", "")) if isinstance(first, Mapping) else ""


def _error(error: api.GoogleAPICallError) -> WarehouseError:
    status = int(error.code or 500)
    first = error.errors[0] if error.errors else {}
    reason = _reason(error)
    kinds: Mapping[int, Callable[[int, str, str], WarehouseError]] = {409: Conflict, 412: StaleEtag}
    made = OutcomeUnknown if status >= 500 and status != 501 else kinds.get(status, WarehouseError)  # noqa: PLR2004
    # The client puts method and address before the server's words.
    words = str(first.get("message") or error.message) if isinstance(first, Mapping) else str(error.message)
    return made(status, reason, words)
