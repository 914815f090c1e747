"""Rules that datasets and tables share: If-Match, merging a patch, labels, numbers as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bqmigrate.local.errors import WarehouseError
from bqmigrate.model import names

LABEL_LIMIT = 64
TAG_LIMIT = 50
DESCRIPTION_LENGTH = 16_384
CHOICES = {
    "defaultCollation": ("", "und:ci"),
    "defaultRoundingMode": ("ROUNDING_MODE_UNSPECIFIED", "ROUND_HALF_AWAY_FROM_ZERO", "ROUND_HALF_EVEN"),
    "storageBillingModel": ("STORAGE_BILLING_MODEL_UNSPECIFIED", "LOGICAL", "PHYSICAL"),
}
RESOURCE_TEXTS = ("description", "friendlyName")


def settable(body: Mapping[str, Any], allowed: Collection[str], ignored: Collection[str]) -> dict[str, Any]:
    """Keep what a client can set; what the server sets is ignored, anything else refused."""
    for key in body:
        if key not in allowed and key not in ignored:
            raise WarehouseError("invalid", f'Invalid JSON payload received. Unknown name "{key}": Cannot find field.')
    return {key: value for key, value in body.items() if key in allowed}


def merge(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a PATCH: objects by key, null deletes, everything else is replaced."""
    out = dict(old)
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping):
            before = out.get(key)
            out[key] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            out[key] = value
    return out


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what a client sent as null: it means "not set"."""
    return merge({}, body)


def check_match(if_match: str | None, etag: str) -> None:
    """Refuse, with 412, a write that was meant for another state of the resource."""
    if if_match is not None and if_match not in {"*", etag}:
        raise WarehouseError("conditionNotMet", "Precondition Failed", location="If-Match")


def check_texts(resource: Mapping[str, Any]) -> None:
    """Refuse labels, texts and choices that BigQuery refuses."""
    labels = resource.get("labels") or {}
    if not isinstance(labels, Mapping):
        raise WarehouseError("invalid", "Invalid value for labels: an object is needed")
    if len(labels) > LABEL_LIMIT:
        raise WarehouseError("invalid", f"Too many labels: at most {LABEL_LIMIT} are allowed, got {len(labels)}")
    for key, value in labels.items():
        problem = names.label_problem(key, value if isinstance(value, str) else repr(value))
        if problem is not None:
            raise WarehouseError("invalid", f"Invalid {problem}")
    _check_choices(resource)
    for key in RESOURCE_TEXTS:
        text = resource.get(key, "")
        if not isinstance(text, str):
            raise WarehouseError("invalid", f"Invalid value for {key}: a string is needed")
        if len(text) > DESCRIPTION_LENGTH:
            raise WarehouseError("invalid", f"The {key} has more than {DESCRIPTION_LENGTH} characters")


def _check_choices(resource: Mapping[str, Any]) -> None:
    for key, choices in CHOICES.items():
        if key in resource and resource[key] not in choices:
            raise WarehouseError("invalid", f"Invalid value for {key}: {resource[key]!r}")
    if len(resource.get("resourceTags") or {}) > TAG_LIMIT:
        raise WarehouseError("invalid", f"Too many resource tags: at most {TAG_LIMIT} are allowed")


def whole(value: object, what: str) -> int:
    """Read an int64, which JSON carries as text or as a number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise WarehouseError("invalid", f"Invalid value for {what}: {value!r} is not an integer")
    try:
        return int(value)
    except ValueError as error:
        raise WarehouseError("invalid", f"Invalid value for {what}: {value!r} is not an integer") from error
