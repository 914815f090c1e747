from __future__ import annotations

import ast
import re
from pathlib import Path

from typer.main import get_command

from bqmigrate.cli.app import application

SOURCE = Path(__file__).parents[2] / "bqmigrate"
FILLED_IN = "⟨⟩"
WORD = rf"(?:-{{1,2}}[a-z-]+|[A-Z]+|{FILLED_IN}|base|\d+)"
CALL = re.compile(rf"\bbqmigrate ((?:local )?[a-z]+|{FILLED_IN})((?: +{WORD})*)")
# Sentences about the tool, and its version: no command is meant.
NO_COMMAND = {"cli/codes.py: itself", "files/templates.py: works", f"cli/options.py: {FILLED_IN}"}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef


def texts(tree):
    """All text of a module but its docstrings; what is filled in at run time is a placeholder."""
    skipped = {
        id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, DOCUMENTED) and isinstance(n.body[0], ast.Expr)
    }
    skipped |= {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else FILLED_IN for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def named_commands():
    for path in sorted(SOURCE.rglob("*.py")):
        file = str(path.relative_to(SOURCE))
        for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            for found in CALL.finditer(text):
                if f"{file}: {found[1]}" not in NO_COMMAND:
                    yield file, found[1], found[2].split()


def problem(name, words):
    found = get_command(application())
    # What fills the gap is a direction: both have the same options.
    for word in ["upgrade"] if name == FILLED_IN else name.split():
        if word not in found.commands:
            return f"there is no command {word}"
        found = found.commands[word]
        if not hasattr(found, "commands"):
            break
    known = {"--help"} | {option for parameter in found.params for option in parameter.opts}
    wrong = [word for word in words if word.startswith("--") and word not in known]
    return f"{name} has no option {wrong}" if wrong else None


def test_every_command_that_a_hint_names_exists_with_its_options():
    named = [(file, name, words) for file, name, words in named_commands()]
    problems = [(file, wrong) for file, name, words in named if (wrong := problem(name, words))]
    assert problems == []


def test_only_the_direction_is_filled_into_a_hint():
    filled = {file for file, name, _ in named_commands() if name == FILLED_IN}
    assert filled <= {
        "cli/change.py", "cli/errors.py", "execution/executor.py", "execution/failure.py", "execution/holders.py",
        "execution/refusals.py", "planning/targets.py",
    }  # fmt: skip


def test_the_search_finds_the_hints_of_every_layer():
    found = {file.partition("/")[0] for file, _, _ in named_commands()}
    assert {"files", "planning", "execution", "configuration", "local", "cli"} <= found


def test_the_check_notices_what_does_not_exist():
    assert problem("mend", []) == "there is no command mend"
    assert problem("local serv", []) == "there is no command serv"
    assert problem("upgrade", ["--yess"]) == "upgrade has no option ['--yess']"
    assert problem("local reset", ["--yes"]) is None
