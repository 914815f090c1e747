"""Rows on disk: the DuckDB file, its physical tables and its transactions."""
