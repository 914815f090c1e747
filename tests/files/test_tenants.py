"""The migrations of this repository build the central dataset that the old processor built."""

from pathlib import Path

import pytest

from bqmigrate import config
from bqmigrate.config import Overrides
from bqmigrate.errors import ConfigError
from bqmigrate.files import loader
from bqmigrate.model.catalog import Catalog
from bqmigrate.model.names import TableName

ROOT = Path(__file__).parents[2]
MARKS = {"REQUIRED": "!", "REPEATED": "*", "NULLABLE": ""}

# name: (partitioned by day on, clustered by, columns: ! required, * repeated)
TABLES = {
    "tenant_profiles": (None, "", (
        "tenant_id STRING!, company_name STRING!, admin_email STRING!, tenant_dataset_id STRING!, status STRING!, "
        "subscription_plan STRING, created_at TIMESTAMP!, updated_at TIMESTAMP"
    )),
    "tenant_api_keys": (None, "", (
        "api_key_id STRING!, tenant_id STRING!, api_key_hash STRING!, encrypted_api_key BYTES, scopes STRING*, "
        "is_active BOOLEAN!, expires_at TIMESTAMP, created_at TIMESTAMP!, last_used_at TIMESTAMP"
    )),
    "tenant_subscriptions": (None, "", (
        "subscription_id STRING!, tenant_id STRING!, plan_name STRING!, status STRING!, daily_limit INTEGER!, "
        "monthly_limit INTEGER!, concurrent_limit INTEGER!, trial_end_date DATE, subscription_end_date DATE, "
        "created_at TIMESTAMP!, updated_at TIMESTAMP"
    )),
    "tenant_usage_quotas": ("usage_date", "tenant_id, usage_date", (
        "usage_id STRING!, tenant_id STRING!, usage_date DATE!, pipelines_run_today INTEGER!, "
        "pipelines_succeeded_today INTEGER!, pipelines_failed_today INTEGER!, pipelines_run_month INTEGER!, "
        "concurrent_pipelines_running INTEGER!, daily_limit INTEGER!, monthly_limit INTEGER, "
        "concurrent_limit INTEGER, last_updated TIMESTAMP!, created_at TIMESTAMP!"
    )),
    "tenant_cloud_credentials": (None, "", (
        "credential_id STRING!, tenant_id STRING!, provider STRING!, encrypted_credentials BYTES!, "
        "created_by_user_id STRING, updated_by_user_id STRING, created_at TIMESTAMP!, updated_at TIMESTAMP"
    )),
    "tenant_pipeline_configs": (None, "", (
        "config_id STRING!, tenant_id STRING!, provider STRING!, domain STRING!, pipeline_template STRING!, "
        "schedule_cron STRING!, timezone STRING!, is_active BOOLEAN!, next_run_time TIMESTAMP, "
        "last_run_time TIMESTAMP, last_run_status STRING, parameters JSON, priority INTEGER!, "
        "created_at TIMESTAMP!, updated_at TIMESTAMP"
    )),
    "scheduled_pipeline_runs": ("scheduled_time", "tenant_id, state, config_id", (
        "run_id STRING!, config_id STRING!, tenant_id STRING!, pipeline_id STRING!, state STRING!, "
        "scheduled_time TIMESTAMP!, priority INTEGER!, parameters JSON, pipeline_logging_id STRING, "
        "retry_count INTEGER!, max_retries INTEGER!, completed_at TIMESTAMP, failed_at TIMESTAMP, "
        "error_message STRING, created_at TIMESTAMP!"
    )),
    "pipeline_execution_queue": ("scheduled_time", "state, priority, tenant_id", (
        "run_id STRING!, tenant_id STRING!, pipeline_id STRING!, state STRING!, scheduled_time TIMESTAMP!, "
        "priority INTEGER!, added_at TIMESTAMP!, processing_started_at TIMESTAMP"
    )),
}  # fmt: skip


@pytest.fixture(scope="module")
def migrations():
    return loader.load(ROOT / "migrations", ROOT)


@pytest.fixture(scope="module")
def catalog(migrations):
    built = Catalog()
    for migration in migrations.migrations[:9]:
        for placed in migration.upgrade:
            built = placed.operation.apply(built)
    return built


def test_the_nine_files_have_their_names(migrations):
    names = [m.slug for m in migrations.migrations[:9]]
    tables = [f"{number:04}_{name}" for number, name in enumerate(TABLES, 2)]
    assert names == ["0001_create_tenants_dataset", *tables]
    assert migrations.warnings == ()


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_what_it_was(catalog, name):
    table = catalog.tables[TableName("tenants", name)]
    day, clustering, columns = TABLES[name]
    assert ", ".join(f"{c.name} {c.type}{MARKS[c.mode]}" for c in table.columns) == columns
    assert ", ".join(table.clustering) == clustering
    found = table.partitioning
    assert (found and (found.type, found.field, found.expiration_ms)) == (day and ("DAY", day, None))


def test_every_object_is_described_in_words_of_its_own(catalog, migrations):
    tables = catalog.tables.values()
    assert set(catalog.datasets) == {"tenants"}
    assert len(catalog.datasets["tenants"].description) > 40
    assert all(len(table.description) > 40 for table in tables)
    assert all(10 < len(column.description) <= 1024 for table in tables for column in table.columns)
    assert all(migration.description for migration in migrations.migrations)


def test_the_configuration_is_local_until_projects_are_filled_in():
    found = config.load(ROOT, Overrides(), {})
    assert (found.environment.name, found.environment.embedded) == ("local", True)
    assert found.known_environments == ("local", "dev", "prod")
    for name in ("dev", "prod"):
        with pytest.raises(ConfigError) as caught:
            config.load(ROOT, Overrides(env=name), {})
        assert caught.value.code == "BQM309"
        assert config.load(ROOT, Overrides(env=name, project="a-project"), {}).environment.location == "US"
