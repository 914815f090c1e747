"""FORMAT, as far as it has been taught; what has not been says so.

https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements
"""

from __future__ import annotations

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour, refused

ANSWERS = {
    "FORMAT": {
        "FORMAT('%s-%s', 'a', 'é')": "a-é",
        "FORMAT('%d', -10)": "-10",
        "FORMAT('%5d|%05d', 10, 10)": "   10|00010",
        "FORMAT('%.2f', 1.255)": "1.25",
        "FORMAT('%.1f', 2)": "2.0",
        "FORMAT('%t', 1.0)": "1.0",
        "FORMAT('%t', NUMERIC '2')": "2.0",
        "FORMAT('%t', 1.5)": "1.5",
        "FORMAT('%t %t', TRUE, 'a')": "true a",
        "FORMAT('%t', DATE '2024-02-29')": "2024-02-29",
        "FORMAT('%t', TIMESTAMP '2024-02-29 12:00:00')": "2024-02-29 12:00:00+00",
        "FORMAT('%t', CAST(NULL AS INT64))": "NULL",
        "FORMAT('%d', CAST(NULL AS INT64))": None,
        "FORMAT('100%%')": "100%",
        "FORMAT('')": "",
    },
}
FAILURES = ["FORMAT('%d')", "FORMAT('%d', 1, 2)", "FORMAT('%d', 'a')", "FORMAT('%s', 1)", "FORMAT()", "FORMAT(1)"]


@behaviour("standard-sql/format-elements: FORMAT")
def test_format_answers(rows):
    check(rows, ANSWERS["FORMAT"])


@behaviour("standard-sql/format-elements: FORMAT with wrong arguments")
def test_format_refuses(rows):
    fail(rows, FAILURES)
    check(rows, ANSWERS["FORMAT"])


@behaviour("standard-sql/format-elements: elements of FORMAT that have not been taught")
@pytest.mark.switches
@pytest.mark.parametrize(
    "expression", ["FORMAT('%T', 'a')", "FORMAT('%x', 1)", "FORMAT('%t', [1])", "FORMAT('%t', b'a')"]
)
def test_an_element_is_never_guessed(rows, expression):
    with refused(501, "notImplemented", "FORMAT element"):
        rows(f"SELECT {expression}")
    check(rows, ANSWERS["FORMAT"])
