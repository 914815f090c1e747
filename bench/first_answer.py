"""Print the seconds from opening an empty warehouse to its first answer: `python -m bench.first_answer FILE`.

In a process of its own, which has imported the official client and nothing of the warehouse.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bqmigrate.warehouse import bigquery


def main(file: Path) -> None:
    """Open the warehouse and list its datasets."""
    began = time.perf_counter()
    from bqmigrate.local import LocalWarehouse  # noqa: PLC0415 - this import is part of what is measured

    warehouse = LocalWarehouse.open(file)
    connection = bigquery.connect("bench", "US", adapter=warehouse.adapter())
    found = list(connection.client.list_datasets())
    print(time.perf_counter() - began)
    connection.close()
    warehouse.close()
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
