"""What docs/ says about files is true: its examples load, its limits and codes are those of the code."""

import re
import tomllib
from pathlib import Path

import pytest

from bqmigrate import config
from bqmigrate.configuration import codes as configuration_codes
from bqmigrate.configuration import written
from bqmigrate.files import codes, loader, names, source, yaml_text

DOCS = Path(__file__).parents[2] / "docs"
FORMATS = (DOCS / "file-formats.md").read_text()
CONFIGURATION = (DOCS / "configuration.md").read_text()


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("language", "form"), [("yaml", "yaml"), ("sql", "sql"), ("python", "py")])
def test_every_example_loads(tmp_path, language, form):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "orders.json").write_text('[{"name": "id", "type": "STRING"}]')
    examples = blocks(FORMATS, language)
    for number, example in enumerate(examples, 1):
        (tmp_path / f"{number:04}_example.{form}").write_text(example)
    assert len(loader.load(tmp_path, tmp_path).migrations) == len(examples) > 0


def test_the_example_of_the_configuration_loads(tmp_path):
    (example,) = blocks(CONFIGURATION, "toml")
    (tmp_path / "migrations.toml").write_text(example)
    found = config.load(tmp_path, config.Overrides(env="prod"), {})
    assert found.environment.project == tomllib.loads(example)["environments"]["prod"]["project"]


def test_the_stated_limits_are_those_of_the_code():
    assert source.SIZE_LIMIT == 2**20
    assert "| 1 MiB |" in FORMATS
    assert f"| {yaml_text.DEPTH_LIMIT} levels" in FORMATS
    assert f"at most {names.NAME_LENGTH} characters" in FORMATS
    assert f"about {source.FINDINGS_LIMIT} |" in FORMATS
    assert f"at most {written.SIZE_LIMIT // 1024} KiB" in CONFIGURATION
    assert f"longer than {written.LINE_LIMIT} characters" in CONFIGURATION


@pytest.mark.parametrize(("table", "text"), [(codes.CODES, FORMATS), (configuration_codes.CODES, CONFIGURATION)])
def test_every_code_is_in_its_table(table, text):
    assert dict(re.findall(r"^\| `(BQM\d+)` \| (.*) \|$", text, re.MULTILINE)) == dict(table)
