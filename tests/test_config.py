import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bqmigrate import config
from bqmigrate.config import Overrides
from bqmigrate.configuration import codes
from bqmigrate.errors import ConfigError
from bqmigrate.files import loader, templates

FILE = """\
[project]
name = "shop"
history_dataset = "shop_history"
environment = "dev"

[environments.dev]
project = "shop-dev-1"
location = "EU"
lock_timeout_s = 5
request_timeout_s = 20
retry_timeout_s = 0
job_timeout_s = 3600
datasets = {orders = "orders_dev", people = "people_dev"}
variables = {group = "readers@example.com"}
allow_downgrade = true

[environments.prod]
project = "shop-prod-1"
confirm = true
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "migrations.toml").write_text(FILE)
    (tmp_path / "migrations").mkdir()
    return tmp_path


def load(root, environ=None, **overrides):
    return config.load(root, Overrides(**overrides), environ or {})


def test_the_file_is_found_from_any_folder_below(root):
    below = root / "a" / "b"
    below.mkdir(parents=True)
    found = load(below)
    assert found.root == root.resolve()
    assert found.file == root / "migrations.toml"
    assert found.folder == root / "migrations"


def test_what_the_file_says_is_what_holds(root):
    found = load(root)
    assert (found.name, found.history_dataset) == ("shop", "shop_history")
    environment = found.environment
    assert (environment.name, environment.embedded, environment.endpoint) == ("dev", False, None)
    assert (environment.project, environment.location) == ("shop-dev-1", "EU")
    assert environment.datasets == {"orders": "orders_dev", "people": "people_dev"}
    assert environment.variables == {"group": "readers@example.com"}
    assert environment.lock_timeout_s == 5.0
    assert (environment.request_timeout_s, environment.retry_timeout_s, environment.job_timeout_s) == (
        20.0,
        0.0,
        3600.0,
    )
    assert (environment.allow_downgrade, environment.allow_data_loss, environment.confirm) == (True, False, False)


def test_without_a_word_requests_take_a_minute_and_jobs_as_long_as_they_take(root):
    prod = load(root, env="prod").environment
    assert (prod.request_timeout_s, prod.retry_timeout_s, prod.job_timeout_s) == (60.0, 60.0, None)


def test_nothing_dangerous_is_allowed_unless_it_is_written(root):
    prod = load(root, env="prod").environment
    assert (prod.allow_downgrade, prod.allow_data_loss, prod.confirm) == (False, False, True)


def test_local_is_known_without_being_written(root):
    local = load(root, env="local").environment
    assert local.embedded
    assert (local.project, local.location) == (config.DEFAULT_LOCAL_PROJECT, "US")
    assert not local.allow_downgrade


def test_an_empty_file_means_local(tmp_path):
    (tmp_path / "migrations.toml").write_text("")
    found = load(tmp_path)
    assert found.environment.name == "local"
    assert (found.name, found.history_dataset) == ("project", "bqmigrate")
    assert found.known_environments == ("local",)


@pytest.mark.parametrize(
    ("written", "flag", "variable", "expected"),
    [
        ('location = "EU"', "asia-east1", "europe-west6", "asia-east1"),
        ('location = "EU"', None, "europe-west6", "europe-west6"),
        ('location = "EU"', None, "", "EU"),
        ('location = "EU"', None, None, "EU"),
        ("", None, None, "US"),
    ],
)
def test_flag_beats_variable_beats_file_beats_default(tmp_path, written, flag, variable, expected):
    (tmp_path / "migrations.toml").write_text(f"[environments.local]\n{written}\n")
    environ = {} if variable is None else {"BQMIGRATE_LOCATION": variable}
    assert load(tmp_path, environ, location=flag).environment.location == expected


def test_every_override_has_a_flag_and_a_variable(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environ = {
        "BQMIGRATE_CONFIG": str(root / "migrations.toml"),
        "BQMIGRATE_ENV": "prod",
        "BQMIGRATE_PROJECT": "other-project-1",
        "BQMIGRATE_LOCK_TIMEOUT": "2.5",
    }
    environment = load(elsewhere, environ).environment
    assert (environment.name, environment.project, environment.lock_timeout_s) == ("prod", "other-project-1", 2.5)
    flags = {"config": str(root), "env": "dev", "project": "third-project-1", "lock_timeout_s": 0.0}
    environment = load(elsewhere, environ, **flags).environment
    assert (environment.name, environment.project, environment.lock_timeout_s) == ("dev", "third-project-1", 0.0)


def test_the_emulator_variable_moves_only_the_embedded_environment(root):
    environ = {"BIGQUERY_EMULATOR_HOST": "localhost:9050"}
    assert load(root, environ, env="local").environment.endpoint == "http://localhost:9050"
    assert load(root, environ, env="prod").environment.endpoint is None


def test_embedded_is_what_the_section_says(tmp_path):
    (tmp_path / "migrations.toml").write_text(
        '[environments.local]\nembedded = false\nproject = "a-project"\n[environments.ci]\nembedded = true\n'
    )
    assert not load(tmp_path, env="local").environment.embedded
    assert load(tmp_path, env="ci").environment.embedded


def test_an_environment_can_have_a_history_dataset_of_its_own(tmp_path):
    (tmp_path / "migrations.toml").write_text('[environments.local]\nhistory_dataset = "mine"\n')
    assert load(tmp_path).history_dataset == "mine"


def test_the_template_of_init_loads(tmp_path):
    (tmp_path / "migrations.toml").write_text(templates.CONFIG.format(name="shop"))
    found = load(tmp_path)
    assert found.name == "shop"
    assert found.environment.embedded
    assert found.environment.allow_downgrade


BAD = {
    # what: (content, code, line:column or nothing, words of the message, words of the hint)
    "no toml": ("[project\n", codes.NOT_TOML, "1:9", "not TOML", "quotes"),
    "an open string": ('[project]\nname = "x', codes.NOT_TOML, "", "not TOML", "quotes"),
    "a key twice": ('[project]\nname = "x"\nname = "y"\n', codes.NOT_TOML, "3", "overwrite", "quotes"),
    "a long table twice": (
        ("[a" + ".a" * 1_000 + "]\n") * 2, codes.NOT_TOML, "2:2003", "Cannot declare", "quotes",
    ),
    "absurd depth": ("a = " + "[" * 4_000, codes.NOT_TOML, "", "deep", "configuration.md"),
    "absurd dots": ("a" + ".a" * 2_000 + " = 1", codes.NOT_TOML, "", "deep", "configuration.md"),
    "an unknown table": ("[projects]\n", codes.UNKNOWN_KEY, "1:2", "projects", "did you mean project?"),
    "an unknown key": (
        '[project]\nhistory_dataste = "x"\n', codes.UNKNOWN_KEY, "2:1", "history_dataste", "did you mean h",
    ),
    "an unknown key of an environment": (
        "[environments.prod]\n\nalow_downgrade = true\n", codes.UNKNOWN_KEY, "3:1", "alow", "did you mean a",
    ),
    "an unknown key in an inline table": (
        "[environments]\nprod = {confrim = true}\n", codes.UNKNOWN_KEY, "2:9", "confrim", "did you mean c",
    ),
    "a wrong type": (
        "[environments.local]\nconfirm = 1\n", codes.BAD_VALUE, "2:1", "expected true or false", "docs",
    ),
    "a date for text": ("[project]\nname = 12:30:00\n", codes.BAD_NAME, "2:1", "12:30", "letters"),
    "an environment that is text": (
        '[environments]\nprod = "x"\n', codes.BAD_VALUE, "2:1", "expected a map", "docs",
    ),
    "a variable that is no text": (
        "[environments.local.variables]\nx = 1\n", codes.BAD_VALUE, "2:1", "expected text", "quotes",
    ),
    "an unknown environment": (
        '[project]\nenvironment = "prod"\n', codes.UNKNOWN_ENVIRONMENT, "2:1", "prod", "knows local",
    ),
    "one environment too few": (
        '[project]\nenvironment = "prod"\n' + "".join(f"[environments.e{n}]\n" for n in range(900)),
        codes.UNKNOWN_ENVIRONMENT, "2:1", "prod", "e17, e18 and 881 more",
    ),
    "an unknown environment of a long name": (
        f'[project]\nenvironment = "{"x" * 4_000}"\n', codes.UNKNOWN_ENVIRONMENT, "2:1", "xxx…", "knows local",
    ),
    "a backtick in a project": (
        '[environments.local]\nproject = "a`b-project"\n', codes.BAD_NAME, "2:1", "a`b", "lowercase",
    ),
    "a semicolon in a dataset": (
        '[environments.local]\ndatasets = {orders = "a;b"}\n', codes.BAD_NAME, "2:13", "a;b", "letters",
    ),
    "a bad location": ('[environments.local]\nlocation = "E U"\n', codes.BAD_NAME, "2:1", "E U", "EU"),
    "a bad name of a variable": (
        '[environments.local.variables]\n"a-b" = "x"\n', codes.BAD_NAME, "2:1", "a-b", "letters",
    ),
    "a bad name of an environment": ('[environments."a b"]\n', codes.BAD_NAME, "1:2", "a b", "letters"),
    "a hidden history dataset": (
        '[project]\nhistory_dataset = "_h"\n', codes.HIDDEN_DATASET, "2:1", "hides", "call it h",
    ),
    "two names for one dataset": (
        '[environments.local.datasets]\na = "x"\nb = "x"\n', codes.DATASET_CLASH, "3:1", "a and b", "own",
    ),
    "the history dataset as a dataset": (
        '[environments.local.datasets]\na = "bqmigrate"\n', codes.DATASET_CLASH, "2:1", "history", "name",
    ),
    "a folder outside": ('[project]\nfolder = "../x"\n', codes.FOLDER_OUTSIDE, "2:1", "not lie below", "below"),
    "the root as the folder": ('[project]\nfolder = "."\n', codes.FOLDER_OUTSIDE, "2:1", "not lie below", "below"),
    "an absolute folder": ('[project]\nfolder = "/"\n', codes.FOLDER_OUTSIDE, "2:1", "not lie below", "below"),
    "a NUL in the folder": (
        '[project]\nfolder = "a\\u0000b"\n', codes.FOLDER_OUTSIDE, "2:1", "not lie below", "below",
    ),
    "a negative timeout": (
        "[environments.local]\nlock_timeout_s = -1\n", codes.BAD_VALUE, "2:1", "seconds", "docs",
    ),
    "no number as timeout": (
        "[environments.local]\nlock_timeout_s = nan\n", codes.BAD_VALUE, "2:1", "seconds", "docs",
    ),
    "no time for a job": (
        "[environments.local]\njob_timeout_s = 0\n", codes.BAD_VALUE, "2:1", "above 0", "leave the key out",
    ),
    "no time for a request": (
        "[environments.local]\nrequest_timeout_s = 0\n", codes.BAD_VALUE, "2:1", "above 0", "leave the key out",
    ),
    "a bad endpoint": (
        '[environments.local]\nendpoint = "ftp://x"\n', codes.BAD_VALUE, "2:1", "endpoint", "http://HOST",
    ),
    "a password in an endpoint": (
        '[environments.local]\nendpoint = "http://who:s3cr/t@host:9"\n',
        codes.BAD_VALUE, "2:1", "'http://***@host:9'", "http://HOST",
    ),
    "a password in an endpoint without a scheme": (
        '[environments.local]\nendpoint = "who:s3cret@host:9"\n', codes.BAD_VALUE, "2:1", "'***@host:9'", "http://HOST",
    ),
    "a key in an endpoint": (
        '[environments.local]\nendpoint = "http://host:9?key=s3cret"\n',
        codes.BAD_VALUE, "2:1", "'http://host:9?***'", "http://HOST",
    ),
    "no utf-8": (b"[project]\n\xff", codes.UNREADABLE, "2", "UTF-8", "UTF-8"),
    "too large": (b"#\n" * 1024 * 33, codes.UNREADABLE, "", "64 KiB", "right file"),
    "an endless line": ("\na" + ".a" * 5_000 + " = 1", codes.UNREADABLE, "2", "4096", "several lines"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_bad_configuration_has_a_code_a_place_and_a_next_step(case, tmp_path):
    content, code, where, message, hint = case
    (tmp_path / "migrations.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.exit_code == 2
    assert caught.value.code == code
    assert caught.value.code in codes.CODES
    assert caught.value.where.startswith(f"migrations.toml:{where}" if where else "migrations.toml")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 600
    assert len(caught.value.hint) < 600


def refused(root, environ=None, **overrides):
    with pytest.raises(ConfigError) as caught:
        load(root, environ, **overrides)
    return caught.value.code, caught.value.where, caught.value.hint


def test_without_a_file_the_hint_is_init(tmp_path):
    code, where, hint = refused(tmp_path)
    assert (code, where, hint) == (codes.NO_FILE, str(tmp_path), "bqmigrate init")


def test_a_folder_above_that_may_not_be_searched_is_passed_over(tmp_path, monkeypatch):
    """As os.stat answers there; who runs the tests may be allowed everything."""
    real = Path.is_file

    def is_file(path, **options):
        if path.parent == tmp_path.parent:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert refused(tmp_path)[0] == codes.NO_FILE


def test_a_named_file_that_is_not_there_is_told(tmp_path):
    assert refused(tmp_path, config="x.toml")[0] == codes.NO_FILE


def test_a_file_that_is_a_pipe_or_unreadable_is_told(root, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert refused(root)[0] == codes.UNREADABLE


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.toml")
    assert refused(tmp_path, config="x.toml")[0] == codes.UNREADABLE


@pytest.mark.parametrize(
    ("environ", "overrides", "where"),
    [({"BQMIGRATE_ENV": "prd"}, {}, "BQMIGRATE_ENV"), ({"BQMIGRATE_ENV": "dev"}, {"env": "prd"}, "--env")],
)
def test_an_unknown_environment_names_its_source_and_the_nearest(root, environ, overrides, where):
    code, source, hint = refused(root, environ, **overrides)
    assert (code, source) == (codes.UNKNOWN_ENVIRONMENT, where)
    assert "did you mean prod?" in hint
    assert "local, dev, prod" in hint


@pytest.mark.parametrize(
    ("environ", "overrides", "code", "where"),
    [
        ({"BQMIGRATE_PROJECT": "a;b"}, {}, codes.BAD_NAME, "BQMIGRATE_PROJECT"),
        ({}, {"project": "`"}, codes.BAD_NAME, "--project"),
        ({}, {"location": "u s"}, codes.BAD_NAME, "--location"),
        ({"BQMIGRATE_LOCK_TIMEOUT": "soon"}, {}, codes.BAD_VALUE, "BQMIGRATE_LOCK_TIMEOUT"),
        ({}, {"lock_timeout_s": float("inf")}, codes.BAD_VALUE, "--lock-timeout"),
        ({"BIGQUERY_EMULATOR_HOST": "a b"}, {"env": "local"}, codes.BAD_VALUE, "BIGQUERY_EMULATOR_HOST"),
        ({}, {"env": ""}, codes.BAD_VALUE, "--env"),
    ],
)
def test_a_bad_override_names_the_flag_or_variable(root, environ, overrides, code, where):
    assert refused(root, environ, **overrides)[:2] == (code, where)


def test_an_environment_on_bigquery_needs_a_project(tmp_path):
    (tmp_path / "migrations.toml").write_text("[environments.prod]\n")
    code, where, hint = refused(tmp_path, env="prod")
    assert (code, where) == (codes.NO_PROJECT, "migrations.toml:1:2")
    assert "--project" in hint
    assert load(tmp_path, env="prod", project="a-project").environment.project == "a-project"


def test_a_placeholder_is_no_project(tmp_path):
    (tmp_path / "migrations.toml").write_text('[environments.prod]\nproject = "your-prod-project"\n')
    code, where, hint = refused(tmp_path, env="prod")
    assert (code, where) == (codes.PLACEHOLDER, "migrations.toml:2:1")
    assert "project = " in hint


def test_a_link_that_takes_the_folder_outside_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside" / "migrations.toml").write_text("")
    (tmp_path / "inside" / "migrations").symlink_to("../outside")
    assert refused(tmp_path / "inside")[0] == codes.FOLDER_OUTSIDE


def test_configuration_imports_nothing_of_googles():
    code = "import sys, bqmigrate.config, bqmigrate.files.loader; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "bqmigrate.config" in done.stdout.split()
    assert not [name for name in done.stdout.split() if name.startswith("google")]


def test_every_key_and_code_is_in_the_documentation():
    text = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
    source = (Path(config.__file__).parent / "configuration" / "written.py").read_text()
    keys = set(re.findall(r'fields\.optional\("(\w+)"', source))
    assert keys >= {"folder", "datasets", "allow_downgrade"}
    assert [word for word in (*keys, *codes.CODES, *config.VARIABLES.values()) if f"`{word}`" not in text] == []


@pytest.mark.parametrize("sign", ["\u0085", "\u2028", "\u2029"])
def test_lines_of_the_file_are_counted_as_editors_count_them(root, sign):
    (root / "migrations.toml").write_text(f'[project]\nname = "shop" # {sign}\nfoldr = "x"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(root, Overrides(), {})
    assert caught.value.where == "migrations.toml:3:1"


def test_a_folder_that_is_a_link_to_itself_is_refused(root):
    (root / "loop").symlink_to("loop")
    (root / "migrations.toml").write_text('[project]\nfolder = "loop/x"\n')
    # Python itself notices from 3.13 on only when the folder is opened.
    with pytest.raises(ConfigError) as caught:
        loader.load(root / config.load(root, Overrides(), {}).folder, root)
    assert caught.value.code in {codes.FOLDER_OUTSIDE, codes.NO_FOLDER}
    assert caught.value.where


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_config_that_can_be_no_file_is_refused(root, name):
    for overrides, environ, where in (
        (Overrides(config=name), {}, "--config"),
        (Overrides(), {"BQMIGRATE_CONFIG": name}, "BQMIGRATE_CONFIG"),
    ):
        with pytest.raises(ConfigError) as caught:
            config.load(root, overrides, environ)
        assert caught.value.code == codes.NO_FILE
        assert caught.value.where == where
        assert caught.value.hint


def test_a_very_long_value_is_told_shortly(root):
    (root / "migrations.toml").write_text(f'[environments.local]\nlocation = "{"x" * 4000}"\n')
    with pytest.raises(ConfigError) as caught:
        config.load(root, Overrides(), {})
    assert len(caught.value.message) <= 500
