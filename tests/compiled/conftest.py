"""Two sizes of the generated tests: a fast one for every run, and thousands of examples on request."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: `pytest tests/compiled --hypothesis-profile=thousands`
settings.register_profile(
    "thousands", max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False
)
