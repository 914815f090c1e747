"""Errors of the embedded warehouse, in BigQuery's form: HTTP code, reason, message.

https://cloud.google.com/bigquery/docs/error-messages
"""

from __future__ import annotations

HTTP = {
    "stopped": 200,
    "invalid": 400,
    "invalidQuery": 400,
    "bytesBilledLimitExceeded": 400,
    "jobRateLimitExceeded": 400,
    "jobBackendError": 400,
    "jobInternalError": 400,
    "resourcesExceeded": 400,
    "billingTierLimitExceeded": 400,
    "resourceInUse": 400,
    "responseTooLarge": 403,
    "accessDenied": 403,
    "billingNotEnabled": 403,
    "rateLimitExceeded": 403,
    "quotaExceeded": 403,
    "notFound": 404,
    "duplicate": 409,
    "aborted": 409,
    "conditionNotMet": 412,
    "backendError": 503,
    "internalError": 500,
    "badGateway": 502,
    "notImplemented": 501,
}


UNTAUGHT = "not supported by the local warehouse: "


class WarehouseError(Exception):
    """What the warehouse answers instead of a result."""

    def __init__(self, reason: str, message: str, *, location: str | None = None, debug: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.location = location
        self.debug = debug
        self.code = HTTP[reason]
        # What the statistics of the job that it ended say all the same.
        self.statistics: dict[str, object] = {}


def unsupported(what: str) -> WarehouseError:
    """Say, with 501, that the warehouse has not been taught something."""
    return WarehouseError("notImplemented", f"{UNTAUGHT}{what}")
