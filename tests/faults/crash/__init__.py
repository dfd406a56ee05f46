"""Dying at a chosen point."""
