"""The tool under the other answer to each open question about BigQuery: up, and all the way down."""

from __future__ import annotations

import itertools
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from bqmigrate.local import LocalWarehouse, Switches
from bqmigrate.local.catalog.clock import VirtualClock
from tests.docs.pages import operation_examples, write_operation_examples
from tests.execution.stand import Stand

# Each switch that answers a question, and the answers that are not its default.
OTHER_ANSWERS = {
    "patch_relaxes_nested": (False,),
    "patch_adds_defaults": (True,),
    "patch_recollates": (True,),
    "patch_keeps_descriptions": (True,),
    "reason_of_412": ("failedPrecondition",),
    "alter_mixes_actions": (False,),
    "same_type_widens": (False,),
    "policies_pin_columns": ("filtered",),
    "tags_pin_columns": (True,),
    "dropped_names_reserved": (True,),
    "drop_blocks_copies": (True,),
    "inbound_keys_block": (True,),
    "streaming_blocks_ms": (5 * 3_600_000,),
    "numeric_needs_a_digit": (True,),
    "interval_columns": (False,),
    "rename_loses": (frozenset({"description", "expirationTime", "policyTags", "encryptionConfiguration"}),),
    "rename_keeps_history": (True,),
    "truncate_loses_tags": (True,),
    "replace_keeps_iam": (False,),
    "replace_keeps_options": (True,),
    "replace_pins_clustering": (True,),
    "partitions_expire_from": ("start",),
    "restore_keeps_partitioning": (True,),
    "clones_keep_partitioning": ("now", "never"),
    "copy_breaks_views": (True,),
    "base_change_breaks_views": (True,),
    "data_moves_etag": (True,),
    "etag_moves_after_create": (True,),
    "insert_winners": ("all",),
    "job_ids_of": ("location",),
    "dry_run_reads_data": (False,),
}
# Limits, rights and conveniences, which answer no question; and a name that only a limit brings up.
NO_QUESTION = {
    "insert_answers", "job_ms", "metadata_updates", "metadata_updates_partitioned", "partitions_of_a_job", "denied",
    "principals", "session_user", "page_size", "location", "rate_limit_of_jobs",
}  # fmt: skip
CASES = [(name, value) for name, values in OTHER_ANSWERS.items() for value in values]
VERSIONS = tuple(f"{number:04}" for number in range(1, len(operation_examples()) + 1))
_numbers = itertools.count(1)


def stand_under(switches, root):
    clock = VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    warehouse = LocalWarehouse.open(None, clock, switches)
    return Stand(warehouse, clock, root, f"switched-{next(_numbers):04d}")


def test_every_switch_is_a_question_or_none():
    names = {field.name for field in fields(Switches)}
    assert names == set(OTHER_ANSWERS) | NO_QUESTION
    assert [n for n, v in CASES if v == getattr(Switches(), n)] == []


@pytest.mark.parametrize(("switch", "answer"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_the_documented_operations_go_up_and_down_under_the_other_answer(tmp_path, switch, answer):
    stand = stand_under(Switches(**{switch: answer}), tmp_path)
    write_operation_examples(tmp_path / "migrations")
    try:
        assert stand.upgrade(allow_data_loss=True).applied == VERSIONS
        assert stand.downgrade("base", allow_data_loss=True).reverted == VERSIONS[::-1]
    finally:
        stand.warehouse.close()


def test_where_a_rename_loses_labels_they_are_put_back(tmp_path):
    stand = stand_under(Switches(rename_loses=frozenset({"labels"})), tmp_path).users()
    stand.write("0003_label.yaml", "upgrade:\n  - set_table_options: {table: app.users, labels: {team: core}}\n")
    stand.write("0004_rename.yaml", "upgrade:\n  - rename_table: {table: app.users, to: people}\n")
    assert stand.upgrade().applied == ("0001", "0002", "0003", "0004")
    assert stand.table("app.people")["labels"]["team"] == "core"
    assert stand.downgrade("base").reverted == ("0004", "0003", "0002", "0001")
    assert "app" not in [found.dataset_id for found in stand.client.list_datasets()]
    stand.warehouse.close()
