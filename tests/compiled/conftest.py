"""Two sizes of the generated tests: a quick one for every run, and thousands of examples on request."""

from __future__ import annotations

from hypothesis import settings

#: `pytest tests/compiled --hypothesis-profile=thousands -o timeout=3600`; see `trainings.generated`.
settings.register_profile("thousands")
