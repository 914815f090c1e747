"""What `new` and `init` write: files that explain themselves, and do nothing until they are filled in.

An untouched template is refused when it is loaded, so that it can never count as applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bqmigrate.files.migration import Format

YAML = """\
# Operations run from top to bottom. Every operation and its keys: docs/operations.md
# Without `downgrade:` the way back is worked out; write it yourself only where that cannot be.
# Names are dataset.table; the dataset is a logical name, mapped in migrations.toml.
description: {description}
upgrade:
#  - add_columns:
#      table: tenants.tenant_profiles
#      columns:
#        - {{name: region, type: STRING, description: Where the tenant's data must stay.}}
"""

SQL = """\
-- description: {description}
-- What stands below `migrate:up` is sent to BigQuery as one job, exactly as written.
-- ${{datasets.tenants}} becomes the dataset's name in the environment, ${{project}} the project.
-- A crash can leave a script half done: write one statement, or statements that can run twice.
-- For a way back, end the file with a line that says only `-- migrate:down`, and statements below it.
-- migrate:up
-- UPDATE `${{datasets.tenants}}.tenant_profiles` SET status = 'ACTIVE' WHERE status = 'active';
"""

PYTHON = '''\
"""{description}

Each method of op is an operation of the YAML form, its keys as keyword arguments: docs/operations.md.
op.run(function) calls code of your own, at least once. Keep all code here: the checksum covers this file.
Without downgrade(op) the way back is worked out, except for op.sql and op.run.
"""


def upgrade(op):
    """Build the operations."""
    # op.add_columns(table="tenants.tenant_profiles", columns=[dict(name="region", type="STRING")])
'''

MIGRATIONS: Mapping[Format, str] = MappingProxyType({"yaml": YAML, "sql": SQL, "py": PYTHON})

CONFIG = """\
# What bqmigrate works with. Every key is described in docs/configuration.md.
# A flag outranks an environment variable (BQMIGRATE_ENV, ...), which outranks this file.
# No secret belongs here: on BigQuery, application default credentials are used.

[project]
name = "{name}"
folder = "migrations"
history_dataset = "bqmigrate"   # holds the history; made by the first upgrade
environment = "local"           # used when --env is not given

# The embedded warehouse: no account, no network. It lives under .bqmigrate/, which git should ignore.
[environments.local]
location = "US"
allow_downgrade = true          # `bqmigrate downgrade` is refused where this is not set

# [environments.prod]
# project = "your-prod-project"
# location = "US"               # a dataset can never be moved: choose before the first upgrade
# confirm = true                # ask before every upgrade
# datasets = {{tenants = "tenants_prod"}}   # the dataset's name here, where it is another one
"""
