"""Measurements anyone can repeat: us and our peers, side by side, in one run."""
