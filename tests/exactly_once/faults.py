"""Every kind of fault, written out: which calls it can happen to, and what it does to one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests
from requests.exceptions import ConnectionError as Lost

from tests.exactly_once.wire import Act, Call, Wire, refusal, reply

# The place of `rows` in a row of the history; what `repair --revert` reads is shorter.
ROWS_AT = 2
BEYOND_TTL_S = 200.0
OUTAGE_S = 150.0
# The client tries for 60 seconds.
BROWNOUT_S = 75.0
Applies = Callable[[Call], bool]


@dataclass(frozen=True)
class Fault:
    """One kind: what it may happen to, and what it does."""

    applies: Applies
    act: Act

    def strike(self, wire: Wire, call: Call) -> requests.Response:
        """Act where it applies: a run that met a limit more often than the undisturbed one makes other calls."""
        return self.act(wire, call) if self.applies(call) else wire.deliver(call)


def _any(_: Call) -> bool:
    return True


def _writes(call: Call) -> bool:
    return call.writes


def _of(*kinds: str) -> Applies:
    return lambda call: call.kind in kinds


def crash_before(wire: Wire, _: Call) -> requests.Response:
    """The process dies; the request was never sent."""
    raise wire.die()


def crash_after(wire: Wire, call: Call) -> requests.Response:
    """The process dies; the request took effect."""
    wire.deliver(call)
    raise wire.die()


def request_lost(_: Wire, call: Call) -> requests.Response:
    """The connection breaks on the way there."""
    raise Lost(f"injected: request lost ({call})", request=call.request)


def reply_lost(wire: Wire, call: Call) -> requests.Response:
    """The connection breaks on the way back."""
    wire.deliver(call)
    raise Lost(f"injected: reply lost ({call})", request=call.request)


def unavailable(_: Wire, call: Call) -> requests.Response:
    """503, nothing happened."""
    return refusal(call, 503, "backendError", "injected: try again")


def error_after(wire: Wire, call: Call) -> requests.Response:
    """500, though it happened."""
    wire.deliver(call)
    return refusal(call, 500, "internalError", "injected: an internal error occurred")


def too_many(_: Wire, call: Call) -> requests.Response:
    """429, nothing happened."""
    return refusal(call, 429, "rateLimitExceeded", "injected: too many requests")


def outage_before(wire: Wire, call: Call) -> requests.Response:
    """Nothing is answered for longer than the client tries."""
    wire.outage_until = wire.case.timeline.seconds + OUTAGE_S
    return unavailable(wire, call)


def outage_after(wire: Wire, call: Call) -> requests.Response:
    """It happened, and then nothing is answered for longer than the client tries."""
    wire.deliver(call)
    return outage_before(wire, call)


def brownout_after(wire: Wire, call: Call) -> requests.Response:
    """It happened; the client gives up asking, and then all is well again."""
    wire.deliver(call)
    wire.outage_until = wire.case.timeline.seconds + BROWNOUT_S
    return unavailable(wire, call)


def twice(wire: Wire, call: Call) -> requests.Response:
    """Delivered twice, answered for the first."""
    first = wire.deliver(call)
    wire.deliver(call)
    return first


def twice_answered_last(wire: Wire, call: Call) -> requests.Response:
    """Delivered twice, answered for the second."""
    wire.deliver(call)
    return wire.deliver(call)


def late_in_recovery(wire: Wire, call: Call) -> requests.Response:
    """The process dies; the request arrives while the next run is at work."""
    wire.case.hold(wire.runner, call, calls=wire.case.random.randint(1, 14))
    raise wire.die()


def late_after_recovery(wire: Wire, call: Call) -> requests.Response:
    """The process dies; the request arrives after the next run has ended."""
    wire.case.hold(wire.runner, call, calls=None)
    raise wire.die()


def late_and_sent_again(wire: Wire, call: Call) -> requests.Response:
    """The client sends it again; the first one arrives some calls later."""
    wire.case.hold(wire.runner, call, calls=wire.case.random.randint(2, 14))
    raise Lost(f"injected: request delayed ({call})", request=call.request)


def late_after_all(wire: Wire, call: Call) -> requests.Response:
    """The client sends it again; the first one arrives after the run, and whatever ran then."""
    wire.case.hold(wire.runner, call, calls=None)
    raise Lost(f"injected: request delayed ({call})", request=call.request)


def late_then_forbidden(wire: Wire, call: Call) -> requests.Response:
    """Sent again it is refused, however often; the first one arrives after the run, and whatever ran then."""
    wire.barred.add(call.content)
    return late_after_all(wire, call)


def conflict_then_missing(wire: Wire, call: Call) -> requests.Response:
    """It happened; the answer is 409, and for a while the job is not found."""
    wire.deliver(call)
    wire.hidden[f"jobs/{call.job_id}"] = 2
    return refusal(call, 409, "duplicate", f"Already Exists: Job {call.job_id} (injected)")


def stale_missing(wire: Wire, call: Call) -> requests.Response:
    """404 twice for what is there: a replica that lags."""
    wire.hidden[call.path] = 1
    return refusal(call, 404, "notFound", "Not found: injected, a stale answer")


def stale_page(wire: Wire, call: Call) -> requests.Response:
    """A page of the history without its last row."""
    answer = wire.deliver(call)
    body = json.loads(answer.content)
    if not body.get("rows"):
        return reply(call, answer.status_code, body)
    last = body["rows"][-1]["f"]
    wire.case.lost_batch = len(last) > ROWS_AT and last[ROWS_AT]["v"] == "1"
    body["rows"] = body["rows"][:-1]
    body["totalRows"] = str(len(body["rows"]))
    return reply(call, answer.status_code, body)


def older_page(wire: Wire, call: Call) -> requests.Response:
    """A page of the history as it was before its last batch."""
    answer = wire.deliver(call)
    body = json.loads(answer.content)
    rows = body.get("rows") or []
    batch = rows[-1]["f"][1]["v"] if rows else None
    wire.case.lost_batch = bool(rows)
    body["rows"] = [row for row in rows if row["f"][1]["v"] != batch]
    body["totalRows"] = str(len(body["rows"]))
    return reply(call, answer.status_code, body)


def precondition(_: Wire, call: Call) -> requests.Response:
    """412 though nobody changed anything."""
    return refusal(call, 412, "conditionNotMet", "injected: Precondition Failed")


def job_breaks(wire: Wire, call: Call) -> requests.Response:
    """The job is taken, and fails in BigQuery's own machinery."""
    return wire.case.doom(wire.runner, call, "backendError", "injected: an error in the backend")


def job_fails(wire: Wire, call: Call) -> requests.Response:
    """The job is taken, and fails for good."""
    return wire.case.doom(wire.runner, call, "invalidQuery", "injected: division by zero: 1 / 0")


def refused(_: Wire, call: Call) -> requests.Response:
    """400, nothing happened."""
    return refusal(call, 400, "invalid", "injected: invalid value")


def forbidden(_: Wire, call: Call) -> requests.Response:
    """403, nothing happened."""
    return refusal(call, 403, "accessDenied", "injected: Access Denied")


def quota(_: Wire, call: Call) -> requests.Response:
    """403 with the reason that no retry mends."""
    return refusal(call, 403, "quotaExceeded", "injected: Quota exceeded")


def slow_there(wire: Wire, call: Call) -> requests.Response:
    """The request takes longer than the lease lives before it takes effect."""
    wire.case.timeline.sleep(BEYOND_TTL_S)
    return wire.deliver(call)


def slow_back(wire: Wire, call: Call) -> requests.Response:
    """The reply takes longer than the lease lives."""
    answer = wire.deliver(call)
    wire.case.timeline.sleep(BEYOND_TTL_S)
    return answer


FAULTS: Mapping[str, Fault] = {
    "crash_before": Fault(_any, crash_before),
    "crash_after": Fault(_any, crash_after),
    "request_lost": Fault(_any, request_lost),
    "reply_lost": Fault(_any, reply_lost),
    "503_before": Fault(_any, unavailable),
    "500_after": Fault(_any, error_after),
    "429": Fault(_any, too_many),
    "outage_before": Fault(_any, outage_before),
    "outage_after": Fault(_writes, outage_after),
    "brownout_after": Fault(_writes, brownout_after),
    "twice": Fault(_writes, twice),
    "twice_answered_last": Fault(_writes, twice_answered_last),
    "late_in_recovery": Fault(_writes, late_in_recovery),
    "late_after_recovery": Fault(_writes, late_after_recovery),
    "late_and_sent_again": Fault(_writes, late_and_sent_again),
    "late_after_all": Fault(_writes, late_after_all),
    "late_then_403": Fault(_writes, late_then_forbidden),
    "409_then_404": Fault(_of("insert job"), conflict_then_missing),
    "stale_404": Fault(_of("get", "get job"), stale_missing),
    "stale_page": Fault(_of("get rows"), stale_page),
    "older_page": Fault(_of("get rows"), older_page),
    "spurious_412": Fault(_of("patch"), precondition),
    "job_backend_error": Fault(_of("insert job"), job_breaks),
    "job_fails": Fault(_of("insert job"), job_fails),
    "refused_400": Fault(_of("insert job", "create", "patch"), refused),
    "refused_403": Fault(_of("insert job", "create", "patch"), forbidden),
    "quota_403": Fault(_writes, quota),
    "slow_there": Fault(_any, slow_there),
    "slow_back": Fault(_any, slow_back),
}
# Those that a run gets over by itself.
PASSING = frozenset({
    "request_lost", "reply_lost", "503_before", "500_after", "429", "twice", "twice_answered_last", "409_then_404",
    "stale_page", "older_page", "spurious_412", "job_backend_error",
})  # fmt: skip
# Those after which the process is gone.
DEADLY = frozenset({"crash_before", "crash_after", "late_in_recovery", "late_after_recovery"})
