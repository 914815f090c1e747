"""Versioned schema migrations for Google BigQuery."""
