"""INFORMATION_SCHEMA: the catalog as tables, one file per subject, the list of views in `views`."""
