"""What a test can turn: limits, rights, and the facts about BigQuery that its documentation leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

STREAMING_BUFFER_MS = 90 * 60 * 1000


@dataclass(frozen=True)
class Switches:
    """The answers the warehouse gives where more than one is possible; docs/conformance.md puts the questions.

    Limits: `metadata_updates` a table or dataset takes in ten seconds of the clock, and `metadata_updates_partitioned`
    a partitioned table does; None for no limit of its own. `partitions_of_a_job`.
    `job_ms` holds every job RUNNING for that time of the clock; its effect comes at the end, whole.
    Rights: `denied` names permissions that nobody has, such as bigquery.tables.create; `principals` those that one
    principal lacks. A bearer token that is a name with an @ says who calls; everybody else is `session_user`.
    """

    insert_answers: Literal["RUNNING", "DONE"] = "RUNNING"
    job_ms: int = 0
    metadata_updates: int | None = None
    metadata_updates_partitioned: int | None = None
    partitions_of_a_job: int | None = 4000
    denied: frozenset[str] = frozenset()
    principals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    session_user: str = "local@bqmigrate.invalid"
    page_size: int = 1000
    location: str = "US"
    # What a patch may do.
    patch_relaxes_nested: bool = True
    patch_adds_defaults: bool = False
    patch_recollates: bool = False
    patch_keeps_descriptions: bool = False
    reason_of_412: str = "conditionNotMet"
    # What ALTER TABLE may do.
    alter_mixes_actions: bool = True
    same_type_widens: bool = True
    policies_pin_columns: Literal["all", "filtered"] = "all"
    tags_pin_columns: bool = False
    dropped_names_reserved: bool = False
    drop_blocks_copies: bool = False
    inbound_keys_block: bool = False
    streaming_blocks_ms: int = STREAMING_BUFFER_MS
    # What columns may be.
    numeric_needs_a_digit: bool = False
    interval_columns: bool = True
    # What stays: REST properties a rename or TRUNCATE loses, `policyTags` among them.
    rename_loses: frozenset[str] = frozenset()
    rename_keeps_history: bool = False
    truncate_loses_tags: bool = False
    replace_keeps_iam: bool = True
    replace_keeps_options: bool = False
    replace_pins_clustering: bool = False
    restore_keeps_partitioning: bool = False
    partitions_expire_from: Literal["start", "end"] = "end"
    clones_keep_partitioning: Literal["always", "now", "never"] = "always"
    copy_breaks_views: bool = False
    base_change_breaks_views: bool = False
    # What etags, ids and errors do.
    data_moves_etag: bool = False
    etag_moves_after_create: bool = False
    insert_winners: Literal["one", "all"] = "one"
    job_ids_of: Literal["project", "location"] = "project"
    rate_limit_of_jobs: Literal["jobRateLimitExceeded", "rateLimitExceeded"] = "jobRateLimitExceeded"
    dry_run_reads_data: bool = True

    def denied_to(self, principal: str) -> frozenset[str]:
        """Return the permissions that a principal lacks."""
        return self.denied | self.principals.get(principal, frozenset())
