"""The rows of the facts' tables that the suite must cover, by name: `@behaviour("1.1 rename column")`.

1.1 what can change in place; 1.4 widening of types; 3.2 reasons and HTTP codes; 6.3 what each replacing
operation preserves.
"""

from __future__ import annotations

CHANGES = (
    "add top-level column",
    "add REQUIRED column",
    "add column with DEFAULT",
    "add nested field",
    "column position",
    "drop top-level column",
    "drop nested field",
    "rename column",
    "rename nested field",
    "relax top-level column",
    "relax nested column",
    "tighten mode",
    "type widening",
    "other type change",
    "default value",
    "column description",
    "table description, labels, expiration",
    "partition expiration",
    "require_partition_filter",
    "clustering",
    "partitioning",
    "primary and foreign keys",
    "default collation",
    "collation of an existing column",
    "rounding mode",
    "policy tags",
    "data policies",
    "resource tags",
    "CMEK key",
    "max_staleness and change history",
    "rename table",
    "move table or dataset",
)
WIDENINGS = (
    "INT64",
    "NUMERIC",
    "NUMERIC(p,s) and BIGNUMERIC(p,s)",
    "STRING(n) and BYTES(n)",
    "STRUCT",
)
REASONS = (
    "rateLimitExceeded",
    "jobRateLimitExceeded",
    "backendError",
    "internalError",
    "badGateway",
    "jobBackendError and jobInternalError",
    "quotaExceeded",
    "resourcesExceeded and billingTierLimitExceeded",
    "invalid, invalidQuery, accessDenied, billingNotEnabled, responseTooLarge",
    "notFound",
    "duplicate",
    "conditionNotMet",
    "resourceInUse",
    "stopped",
)
KEPT = (
    "partitioning and clustering",
    "REQUIRED, descriptions, defaults",
    "PK/FK",
    "policy tags",
    "row access policies",
    "table IAM",
    "labels, description, expiration, options",
    "CMEK",
    "search/vector index",
    "time travel of old data",
    "MVs on it",
    "streaming",
)
TABLES = {"1.1": CHANGES, "1.4": WIDENINGS, "3.2": REASONS, "6.3": KEPT}
ROWS = frozenset(f"{table} {row}" for table, rows in TABLES.items() for row in rows)
