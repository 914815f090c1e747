"""What the dataset `tenants` has to be: the bootstrap processor's facts, copied by hand, not read from migrations/.

`!` is REQUIRED, `*` REPEATED, neither NULLABLE; types are BigQuery's REST names.
"""

from __future__ import annotations

from dataclasses import dataclass

DATASET = "tenants"
LOCATION = "US"
# table | day partition | clustering | columns
FACTS = """
tenant_profiles | - | - | tenant_id STRING!, company_name STRING!, admin_email STRING!, tenant_dataset_id STRING!, status STRING!, subscription_plan STRING, created_at TIMESTAMP!, updated_at TIMESTAMP
tenant_api_keys | - | - | api_key_id STRING!, tenant_id STRING!, api_key_hash STRING!, encrypted_api_key BYTES, scopes STRING*, is_active BOOLEAN!, expires_at TIMESTAMP, created_at TIMESTAMP!, last_used_at TIMESTAMP
tenant_subscriptions | - | - | subscription_id STRING!, tenant_id STRING!, plan_name STRING!, status STRING!, daily_limit INTEGER!, monthly_limit INTEGER!, concurrent_limit INTEGER!, trial_end_date DATE, subscription_end_date DATE, created_at TIMESTAMP!, updated_at TIMESTAMP
tenant_usage_quotas | usage_date | tenant_id, usage_date | usage_id STRING!, tenant_id STRING!, usage_date DATE!, pipelines_run_today INTEGER!, pipelines_succeeded_today INTEGER!, pipelines_failed_today INTEGER!, pipelines_run_month INTEGER!, concurrent_pipelines_running INTEGER!, daily_limit INTEGER!, monthly_limit INTEGER, concurrent_limit INTEGER, last_updated TIMESTAMP!, created_at TIMESTAMP!
tenant_cloud_credentials | - | - | credential_id STRING!, tenant_id STRING!, provider STRING!, encrypted_credentials BYTES!, created_by_user_id STRING, updated_by_user_id STRING, created_at TIMESTAMP!, updated_at TIMESTAMP
tenant_pipeline_configs | - | - | config_id STRING!, tenant_id STRING!, provider STRING!, domain STRING!, pipeline_template STRING!, schedule_cron STRING!, timezone STRING!, is_active BOOLEAN!, next_run_time TIMESTAMP, last_run_time TIMESTAMP, last_run_status STRING, parameters JSON, priority INTEGER!, created_at TIMESTAMP!, updated_at TIMESTAMP
scheduled_pipeline_runs | scheduled_time | tenant_id, state, config_id | run_id STRING!, config_id STRING!, tenant_id STRING!, pipeline_id STRING!, state STRING!, scheduled_time TIMESTAMP!, priority INTEGER!, parameters JSON, pipeline_logging_id STRING, retry_count INTEGER!, max_retries INTEGER!, completed_at TIMESTAMP, failed_at TIMESTAMP, error_message STRING, created_at TIMESTAMP!
pipeline_execution_queue | scheduled_time | state, priority, tenant_id | run_id STRING!, tenant_id STRING!, pipeline_id STRING!, state STRING!, scheduled_time TIMESTAMP!, priority INTEGER!, added_at TIMESTAMP!, processing_started_at TIMESTAMP
"""  # noqa: E501 - a line is a table
MODES = {"!": "REQUIRED", "*": "REPEATED"}


@dataclass(frozen=True)
class ExpectedTable:
    """A table: its columns as (name, type, mode), the column of its days, its clustering."""

    name: str
    columns: tuple[tuple[str, str, str], ...]
    partition: str | None
    clustering: tuple[str, ...]


def expected() -> tuple[ExpectedTable, ...]:
    """Return the eight tables in the order of their migrations."""
    return tuple(_table(line) for line in FACTS.strip().splitlines())


def _table(line: str) -> ExpectedTable:
    name, partition, clustering, columns = (part.strip() for part in line.split("|"))
    return ExpectedTable(
        name,
        tuple(_column(c) for c in columns.split(", ")),
        None if partition == "-" else partition,
        () if clustering == "-" else tuple(clustering.split(", ")),
    )


def _column(written: str) -> tuple[str, str, str]:
    name, kind = written.split(" ")
    mode = MODES.get(kind[-1], "NULLABLE")
    return name, kind.rstrip("!*"), mode
