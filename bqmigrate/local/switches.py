"""What a test can turn: limits, and the facts about BigQuery that its documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Switches:
    """The answers the warehouse gives where more than one is possible."""

    insert_answers: Literal["RUNNING", "DONE"] = "RUNNING"
    data_moves_etag: bool = False
    session_user: str = "local@bqmigrate.invalid"
    page_size: int = 1000
    location: str = "US"
