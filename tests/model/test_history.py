from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bqmigrate.model.history import IncompleteBatch, Record, StepRecord, fold

STEP = StepRecord(1, "create", "create table", "d.t", "0" * 64, "made")


def row(seq, event, version=None, *, batch=None, rows=1, generation=1, direction="upgrade", steps=(STEP,)):
    return Record(
        seq, batch or seq, rows, event, "run", version, "name", direction, generation, "sha256:1", steps=steps
    )


def test_an_empty_history_means_nothing_applied():
    assert fold([]).current is None
    assert fold([]).next_generation("0001") == 1


def test_the_current_version_is_the_highest_applied():
    state = fold([row(1, "genesis"), row(2, "applied", "0001"), row(3, "applied", "0002")])
    assert state.current == "0002"
    assert state.applied == ["0001", "0002"]


def test_a_revert_makes_a_version_pending_again_and_starts_a_generation():
    state = fold([row(1, "applied", "0001"), row(2, "reverted", "0001", direction="downgrade")])
    assert state.standing("0001") == "reverted"
    assert state.current is None
    assert state.next_generation("0001") == 2


def test_a_failure_after_a_step_is_half_applied():
    failed = replace(STEP, number=2, outcome="failed")
    assert fold([row(1, "failed", "0001", steps=(STEP, failed))]).standing("0001") == "half-applied"


def test_a_failure_of_the_first_step_leaves_the_version_pending():
    failed = replace(STEP, outcome="failed")
    assert fold([row(1, "failed", "0001", steps=(failed,))]).standing("0001") == "pending"


def test_a_failed_downgrade_keeps_what_the_upgrade_found():
    found = replace(STEP, outcome="found")
    down = row(2, "failed", "0001", direction="downgrade", steps=(STEP,))
    state = fold([row(1, "applied", "0001", steps=(found,)), down])
    assert state.unsettled[0].direction == "downgrade"
    assert state.unsettled[0].steps == (found,)


def test_an_upgrade_that_was_sealed_can_only_go_down():
    state = fold([row(1, "sealed", "0001")])
    assert (state.unsettled[0].direction, state.unsettled[0].reached) == ("downgrade", 1)
    assert state.next_generation("0001") == 1


def test_an_upgrade_that_was_sealed_before_its_first_step_is_pending_in_a_new_generation():
    state = fold([row(1, "sealed", "0001", steps=())])
    assert state.standing("0001") == "reverted"
    assert state.next_generation("0001") == 2


def test_a_batch_with_rows_missing_is_not_folded():
    with pytest.raises(IncompleteBatch, match="1 of 2"):
        fold([row(1, "applied", "0001", batch=1, rows=2)])


events = st.sampled_from(["applied", "failed", "reverted", "started", "note"])
rows_ = st.lists(st.tuples(events, st.sampled_from(["0001", "0002", "0003"])), max_size=12).map(
    lambda pairs: [row(i, event, version) for i, (event, version) in enumerate(pairs, start=1)]
)


@given(rows_, st.randoms())
def test_the_fold_ignores_repeats_and_order(rows, random):
    again = [*rows, *rows]
    random.shuffle(again)
    assert fold(again) == fold(rows)
