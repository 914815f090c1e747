"""Datasets, tables and jobs as the warehouse knows them: values in a log, folded at open."""
