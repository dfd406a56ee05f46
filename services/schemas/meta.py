"""What the service is and allows: statuses, transitions, limits, versions."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from nn.generators import GENERATORS
from nn.losses import LOSSES
from nn.numerics import NUMERICS_VERSION
from services.schemas.weights import FORMAT_VERSION
from services.status import TERMINAL, TRANSITIONS, JobError, Status

if TYPE_CHECKING:
    from services.schemas.documents import MetaDocument
    from services.settings import Limits


def present(limits: Limits) -> MetaDocument:
    """Return the document of `GET /v1/meta`."""
    return {
        "object": "meta",
        "versions": {
            "gradqueue": version("gradqueue"),
            "api": "v1",
            "numerics": NUMERICS_VERSION,
            "weights_format": FORMAT_VERSION,
        },
        "statuses": [{"status": status, "is_terminal": status in TERMINAL} for status in Status],
        "transitions": [
            {
                "event": transition.event,
                "from": sorted(transition.sources),
                "to": transition.target,
                "by": transition.by,
                "meaning": transition.meaning,
            }
            for transition in TRANSITIONS.values()
        ],
        "job_errors": list(JobError),
        "losses": {name: row.problem for name, row in LOSSES.items()},
        "generators": list(GENERATORS),
        "limits": asdict(limits),
    }
