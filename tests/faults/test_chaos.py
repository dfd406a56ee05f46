"""A seeded campaign of everything: a short one here, a long one by `make chaos MINUTES=30`."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.faults.chaos import campaign
from tests.faults.chaos.kills import RESCUE_SECONDS

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

#: Seconds of the campaign in the suite.
SHORT_SECONDS = 30.0
MINUTES = float(os.environ.get("GRADQUEUE_TEST_CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("GRADQUEUE_TEST_CHAOS_SEED") or secrets.randbelow(1_000_000))

#: Seconds for what comes before and after: starting, coming to rest, judging.
_AROUND_SECONDS = 900.0


@pytest.mark.service
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.timeout(MINUTES * 60 + SHORT_SECONDS + _AROUND_SECONDS)
def test_no_promise_is_broken_whatever_breaks(
    own_stack: Callable[..., Stack], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = own_stack(kind, settings=campaign.SETTINGS)
    figures = campaign.run(stack, SEED, MINUTES * 60 or SHORT_SECONDS)
    violations = stack.violations()
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    again = f"make chaos MINUTES={MINUTES or SHORT_SECONDS / 60:g} SEED={SEED}"
    assert violations == [], f"{len(violations)} violations; repeat with: {again}"
    assert max(figures.rescues, default=0.0) <= RESCUE_SECONDS, f"a late rescue; repeat with: {again}"
