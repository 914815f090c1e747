"""What a test can turn: limits, rights, and the facts about BigQuery that its documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Switches:
    """The answers the warehouse gives where more than one is possible.

    Uncertain facts: `data_moves_etag` (DML changes a table's etag), `patch_relaxes_nested`,
    `restore_keeps_partitioning` (a copy from `table@ms`), `rate_limit_of_jobs` (how a job fails at the
    limit), `policies_pin_columns` (which columns of a table with row access policies stay),
    `replace_keeps_iam` (CREATE OR REPLACE keeps a table's IAM policy), `replace_pins_clustering` (it refuses
    another clustering, as it does another partitioning), `policies_pin_columns` (row access policies bar
    DROP and RENAME COLUMN of all columns, or of those a filter reads), `partitions_expire_from` (which end of a
    partition its expiration is counted from).
    Limits: `metadata_updates` a table or dataset takes in ten seconds of the clock; None for no limit.
    `job_ms` holds every job RUNNING for that time of the clock; its effect comes at the end, whole.
    Rights: `denied` names permissions the caller lacks, such as bigquery.tables.create.
    """

    insert_answers: Literal["RUNNING", "DONE"] = "RUNNING"
    job_ms: int = 0
    data_moves_etag: bool = False
    patch_relaxes_nested: bool = True
    restore_keeps_partitioning: bool = False
    rate_limit_of_jobs: Literal["jobRateLimitExceeded", "rateLimitExceeded"] = "jobRateLimitExceeded"
    metadata_updates: int | None = None
    partitions_of_a_job: int | None = 4000
    replace_keeps_iam: bool = True
    replace_pins_clustering: bool = False
    policies_pin_columns: Literal["all", "filtered"] = "all"
    partitions_expire_from: Literal["start", "end"] = "end"
    denied: frozenset[str] = frozenset()
    session_user: str = "local@bqmigrate.invalid"
    page_size: int = 1000
    location: str = "US"
