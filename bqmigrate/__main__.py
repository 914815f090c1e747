"""`python -m bqmigrate`: the same as `bqmigrate`."""

from __future__ import annotations

import sys

from bqmigrate.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
