"""What a sweep came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.exactly_once.case import Landed

SHOWN = 12


@dataclass(frozen=True)
class Bad:
    """A case in which an invariant does not hold."""

    seed: int
    what: str
    findings: tuple[str, ...]


@dataclass
class Result:
    """The figures of a sweep; they add up over its workers."""

    cases: int = 0
    requests: int = 0
    landed: Landed = field(default_factory=Landed)
    struck: Counter[str] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Add what another worker found."""
        self.cases += other.cases
        self.requests += other.requests
        self.landed.add(other.landed)
        self.struck += other.struck
        self.bad += other.bad

    def lines(self, sweep: str, seconds: float) -> list[str]:
        """Return the result in words."""
        late = self.landed
        requests = f"{self.requests:,} requests through the adapter"
        out = [f"{sweep}: {self.cases:,} cases, {requests}, {len(self.bad)} bad, {seconds:.0f} s"]
        if late.takeover or late.release or late.downgrade:
            out.append(
                f"  late deliveries that landed after a take-over: {late.takeover}, a release: {late.release}, "
                f"a downgrade: {late.downgrade}"
            )
        if self.struck:
            out.append(f"  {', '.join(f'{count} {what}' for what, count in self.struck.most_common())}")
        for bad in self.bad[:SHOWN]:
            out.append(f"  {bad.what}: python -m tests.exactly_once {sweep} --replay {bad.seed}")
            out += [f"      {finding[:400]}" for finding in bad.findings[:4]]
        if len(self.bad) > SHOWN:
            out.append(f"  ... and {len(self.bad) - SHOWN} more")
        return out


def unheard(_: Result) -> None:
    """Say to nobody how far a sweep is."""
