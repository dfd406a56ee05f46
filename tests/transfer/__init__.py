"""Export and import, backup and restore."""
