"""The use cases of jobs. Each is one short transaction, whatever the caller: API, worker or sweeper.

| who | |
|---|---|
| client | `submit`, `get`, `list_jobs`, `loss_curve`, `follow`, `weights`, `cancel`, `pause`, `resume`,
| | `delete` |
| whoever watches | `count`, `not_understood` |
| worker | `claim`, then `flush` until `finish`, `fail` or `hand_back` |
| sweeper | `sweep` |
| whoever restored a database | `hand_back_all` |
"""

from services.jobs.claiming import Claim, claim
from services.jobs.controlling import cancel, delete, pause, resume
from services.jobs.counting import Counts, count, not_understood
from services.jobs.downloading import weights
from services.jobs.progress import Flush
from services.jobs.reading import JobFilters, follow, get, list_jobs, loss_curve, versions
from services.jobs.running import fail, finish, flush, hand_back, hand_back_all
from services.jobs.submitting import Submitted, submit
from services.jobs.sweeping import Swept, sweep
from services.submission import Submission

__all__ = [
    "Claim",
    "Counts",
    "Flush",
    "JobFilters",
    "Submission",
    "Submitted",
    "Swept",
    "cancel",
    "claim",
    "count",
    "delete",
    "fail",
    "finish",
    "flush",
    "follow",
    "get",
    "hand_back",
    "hand_back_all",
    "list_jobs",
    "loss_curve",
    "not_understood",
    "pause",
    "resume",
    "submit",
    "sweep",
    "versions",
    "weights",
]
