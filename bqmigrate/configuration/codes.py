"""The codes of everything that can be wrong with migrations.toml, an environment variable or a flag."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NO_FILE = "BQM301"
UNREADABLE = "BQM302"
NOT_TOML = "BQM303"
UNKNOWN_KEY = "BQM304"
BAD_VALUE = "BQM305"
UNKNOWN_ENVIRONMENT = "BQM306"
BAD_NAME = "BQM307"
NO_PROJECT = "BQM308"
PLACEHOLDER = "BQM309"
DATASET_CLASH = "BQM310"
FOLDER_OUTSIDE = "BQM311"
HIDDEN_DATASET = "BQM312"
NO_FOLDER = "BQM313"

CODES: Mapping[str, str] = MappingProxyType(
    {
        NO_FILE: "there is no migrations.toml here or above",
        UNREADABLE: "migrations.toml cannot be read",
        NOT_TOML: "migrations.toml is not TOML",
        UNKNOWN_KEY: "a key that migrations.toml does not have",
        BAD_VALUE: "a value of the wrong kind",
        UNKNOWN_ENVIRONMENT: "an environment that migrations.toml does not have",
        BAD_NAME: "a name that cannot be",
        NO_PROJECT: "an environment on BigQuery without a project",
        PLACEHOLDER: "a project that is still the template's placeholder",
        DATASET_CLASH: "two names for one dataset",
        FOLDER_OUTSIDE: "a migrations folder outside the project",
        HIDDEN_DATASET: "a history dataset that BigQuery would hide",
        NO_FOLDER: "there is no migrations folder",
    }
)
