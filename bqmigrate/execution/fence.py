"""The fence of a patch: a label that changes its object, so that what is still under way meets another etag."""

from __future__ import annotations

from bqmigrate.errors import UnsettledError
from bqmigrate.execution.absence import find
from bqmigrate.execution.stepper import Stepper
from bqmigrate.operations.steps import PatchStep
from bqmigrate.warehouse.port import Resource, StaleEtag

FENCE_LABEL = "bqm_fence"
FENCE_TRIES = 5


def fenced(stepper: Stepper, step: PatchStep, again: str) -> Resource | None:
    """Fence the object that a step patches and return it as it is then; None when it is not there.

    Raises UnsettledError, which names the command to run again, when somebody changes it again and again.
    """
    for attempt in range(FENCE_TRIES):
        live = find(stepper.warehouse, step.reference, stepper.sleep)
        if live is None:
            return None
        fence = {FENCE_LABEL: f"{stepper.run_id}-{attempt}"}
        try:
            return stepper.warehouse.patch(step.reference, {"labels": fence}, live.etag)
        except StaleEtag:
            continue
    raise UnsettledError(
        "BQM506",
        f"{step.target} keeps changing: it is not known whether it was patched",
        where=str(step.reference),
        state="No step was taken back.",
        hint=f"stop what else changes it, then: {again}",
    )
