"""The one gateway to BigQuery: the only folder that imports google."""
