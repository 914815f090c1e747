"""Pure values: names, types, columns, the catalog, and what BigQuery lets one change in place."""
