"""migrations.toml, broken: tables, kinds, keys written twice, huge numbers, dates, odd keys."""

from __future__ import annotations

import random

from tests.fuzz.case import Case, bytes_of, cut
from tests.fuzz.material import ODD_SIGNS, odd_text, several
from tests.fuzz.variables import toml_text

GOOD = """\
[project]
name = "tenants"   # recorded
folder = "migrations"
history_dataset = "bqmigrate"
environment = "local"

[environments.local]
embedded = true
project = "some-project-1"
location = "US"
allow_downgrade = true
allow_data_loss = false
confirm = true
lock_timeout_s = 60.5
endpoint = "http://localhost:9050"
datasets = {shop = "shop_1", stock = "stock_1"}
variables = {group = "a@example.com", table = "x"}

[environments.dev]
project = "your-dev-project"
"""
VALUES = (
    "1", "-1", "0x" + "f" * 4000, "0o7", "0b1", "9" * 4000, "9223372036854775808", "1e400", "-1e-400", "nan", "inf",
    "-inf", "1_000", "true", "false", "2024-01-01", "2024-01-01T00:00:00Z", "07:32:00.999", "1979-05-27 07:32:00",
    "[]", "{}", '[1, "a"]', "{a = 1}", "[" * 200 + "]" * 200, "[" * 1900 + "]" * 1900,
    "{a = " * 100 + "1" + "}" * 100, "'''a\nb'''", '"""a\\\n b"""', '"\\ud800"', '"\\U00110000"', '"\\u0000"', '""',
    '"~"', '"/"', '".."', '"."', '"a/../.."', '"migrations.toml"', '"loop"', '"migrations/x"', f'"{"a" * 300}"',
    f'"{"a/" * 1000}"', '"http://["', '"http://a b"', '"bqmigrate"', '"_hidden"', '"local"', '"nobody"', '"\u202e"',
    "0.1", "86401", "-0.0", "", "=", "#",
)  # fmt: skip
KEYS = (
    "project", "name", "folder", "environment", "history_dataset", "location", "datasets", "variables", "endpoint",
    "confirm", '""', '"a b"', "'\u202e'", "a.b.c", "project.name", "environments.local.project", '"\\u0000"',
    '"\\n"', "é", "1", "-", "_", "lock_timeout_s", ".".join("a" * 900), '"' + "k" * 500 + '"', "embedded",
    "datasets.shop", "variables.x", 'variables."odd key"', 'datasets."a`b"',
)  # fmt: skip
HEADERS = (
    "[project]", "[[project]]", "[environments]", "[environments.local]", "[[environments.local]]",
    '[environments."a b"]', "[]", "[", "[environments.local.datasets]", "[environments.local.variables]",
    "[ environments . 'local' ]", "[environments.é]", "[x]", "[a]\n[a]", "[environments." + "x" * 64 + "]",
    '[environments."\\u0000"]', '[""]', "[a." + ".".join("b" * 1500) + "]",
)  # fmt: skip


def case(seed: int) -> Case:
    """Return the case of a seed."""
    rng = random.Random(seed)
    text = GOOD
    for _ in range(several(rng, 4)):
        text = rng.choice((_valued, _valued, _valued, _keyed, _headed, _doubled, _dropped, _odd, _grown))(rng, text)
    content = bytes_of(text)
    if rng.random() < 0.2:
        content = cut(rng, content)
    environ = {}
    if rng.random() < 0.2:
        name = rng.choice(("ENV", "PROJECT", "LOCATION", "LOCK_TIMEOUT", "CONFIG"))
        environ[f"BQMIGRATE_{name}"] = odd_text(rng).replace("\0", "")[:200]
    files = {"migrations/0001_one.sql": b"-- migrate:up\nSELECT 1 FROM `${datasets.shop}.${variables.table}`\n"}
    return Case(files, content, environ=environ, others=_loop())


def _loop() -> tuple:
    from tests.fuzz.case import Other  # noqa: PLC0415

    return (Other("link", "loop", "loop"),)


def _valued(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    key = lines[at].partition("=")[0].strip() or "name"
    value = rng.choice(VALUES) if rng.random() < 0.7 else toml_text(rng, odd_text(rng)[:5000])
    lines[at] = f"{key} = {value}"
    return "\n".join(lines)


def _keyed(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    lines.insert(at, f"{rng.choice(KEYS)} = {rng.choice(VALUES)}")
    return "\n".join(lines)


def _headed(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    lines.insert(at, rng.choice(HEADERS))
    return "\n".join(lines)


def _doubled(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _dropped(rng: random.Random, text: str) -> str:
    lines, at = _line(rng, text)
    return "\n".join([*lines[:at], *lines[at + 1 :]])


def _odd(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice((odd_text(rng)[:200], rng.choice(ODD_SIGNS))) + text[at:]


def _grown(rng: random.Random, text: str) -> str:
    more = rng.choice((
        "\n".join(f"[environments.e{n}]" for n in range(2000)), "# " + "x" * 4000, "\n" * 60_000,
        "\n".join(".".join("a" * 1000) + f".x{n} = 1" for n in range(15)),
        "\n[environments.z]\nvariables = {" + ", ".join(f"v{n} = 'x'" for n in range(300)) + "}",
        "\n".join(f"[environments.e{n}]\nproject = 'p'" for n in range(500)), "x = [" + "1,\n" * 15_000 + "]",
        "x = '" + "\u2028" * 900 + "'\ny = 1",
    ))  # fmt: skip
    return rng.choice((f"{text}\n{more}\n", f"{more}\n{text}"))


def _line(rng: random.Random, text: str) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, rng.randrange(len(lines))
