"""Jobs, datasets, models and keys from one database to another, as one file: docs/decisions/export.md."""
