"""Cases of every kind through the command line: an exit code, and one JSON document on stdout."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from bqmigrate.cli.app import main
from tests.fuzz import filenames, sqls, tomls, variables, yamls
from tests.fuzz.case import Case

MAKERS = (yamls.case, sqls.case, variables.case, tomls.case, filenames.case)
# Done, configuration, files: offline, nothing else can happen.
EXITS = {0, 2, 3}


def case(seed: int) -> Case:
    """Return the case of a seed, of one kind after another."""
    return MAKERS[seed % len(MAKERS)](seed // len(MAKERS))


def run(root: Path, made: Case, seed: int) -> tuple[str, list[str]]:
    """Run `plan --offline` in the folder, with --json and without, and judge what it wrote."""
    rng = random.Random(seed)
    sql = ["--sql"] if rng.random() < 0.5 else []
    code, out, err = _called(root, made, ["plan", "--offline", "--json", *sql], "utf-8")
    findings = list(_judge_json(code, out))
    plain, _, shown = _called(root, made, ["plan", "--offline", *sql], rng.choice(("utf-8", "ascii", "latin-1")))
    if plain != code:
        findings.append(f"exit {plain} without --json, {code} with it")
    findings += [f"a traceback on stderr: {text[-300:]!r}" for text in (err, shown) if "Traceback" in text]
    findings += [
        f"a control sign on stderr: {text[:200]!r}" for text in (err, shown) if "\x1b" in text or "\x07" in text
    ]
    return f"exit {code}", findings


def _judge_json(code: int, out: str) -> Iterator[str]:
    if code not in EXITS:
        yield f"exit {code}: {out[:300]}"
    try:
        document = json.loads(out)
    except ValueError as error:
        yield f"not one JSON document, {error}: {out[:200]!r}"
        return
    error = document.get("error")
    if bool(error) != bool(code):
        yield f"exit {code} with error {error}"
    if error and not all(error[key] for key in ("code", "message", "hint")):
        yield f"an error without code, message or hint: {error}"
    if error and error["code"] == "BQM999":
        yield f"internal: {error['message']}"


def _called(root: Path, made: Case, words: list[str], encoding: str) -> tuple[int, str, str]:
    out, err = _stream(encoding), _stream(encoding)
    here = Path.cwd()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BQMIGRATE_", "BIGQUERY_"))}
    with mock.patch.dict(os.environ, {**kept, **_possible(made)}, clear=True):
        os.chdir(root)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(words)
        finally:
            os.chdir(here)
    return code, _text(out), _text(err)


def _possible(made: Case) -> dict[str, str]:
    """Return the environment variables that an operating system can hold."""
    return {k: v.encode("utf-8", "replace").decode() for k, v in made.environ.items() if "\0" not in v}


def _stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)
