"""Migration files: read, checked and written."""
