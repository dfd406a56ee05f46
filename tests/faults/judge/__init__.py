"""Decides from what was stored and what was seen whether the promises were kept."""
