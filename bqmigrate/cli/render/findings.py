"""Findings in files: code, place, the line itself, help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from bqmigrate.cli.render.words import clean
from bqmigrate.errors import Finding

STYLES = {"error": "bold red", "warning": "bold yellow"}


def finding_lines(finding: Finding, *, alone: bool = False) -> Iterator[Text]:
    """Return a finding as lines; one that stands alone has its message and help told around it."""
    if not alone:
        yield Text("")
        head = f"{finding.code} {finding.severity}"
        yield Text.assemble((head, STYLES[finding.severity]), ": ", clean(finding.message))
    if finding.place is not None:
        yield Text(f"  --> {clean(str(finding.place))}")
        yield from _excerpt(finding)
    if finding.help and not alone:
        yield Text.assemble(("help:", "bold"), f" {clean(finding.help)}")


def _excerpt(finding: Finding) -> Iterator[Text]:
    place = finding.place
    if not finding.excerpt or place is None or place.line is None:
        return
    number = str(place.line)
    margin = " " * len(number)
    line = clean(finding.excerpt).replace("\t", " ")
    yield Text(f" {margin} |")
    yield Text(f" {number} | {line}")
    if place.column is not None:
        yield Text.assemble(f" {margin} | {' ' * (place.column - 1)}", ("^", STYLES[finding.severity]))


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON data."""
    return [
        {
            "code": f.code,
            "severity": f.severity,
            "file": f.place.file if f.place else None,
            "line": f.place.line if f.place else None,
            "column": f.place.column if f.place else None,
            "message": f.message,
            "help": f.help,
        }
        for f in findings
    ]
