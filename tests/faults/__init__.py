"""Faults on purpose, in real processes, and a judge of what they did. README.md maps faults to tests."""
