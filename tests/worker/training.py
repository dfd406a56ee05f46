"""Jobs to train in tests, a clock that only training moves, and a store that can be away."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.reference import ReferenceTrainer
from services import jobs
from services.errors import CommitUnknown, Unavailable
from services.schemas import parse_job
from services.settings import Limits, Settings
from services.worker.attempt import Attempt

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Progress, Trainer
    from services.store import Store
    from services.store.rows import JobRow

TUTORIAL = json.loads((Path(__file__).parents[2] / "examples" / "tutorial.json").read_text())


#: A training of the tutorial's job whose loss first falls, then rises until it is no number any more.
DIVERGING = {"model": {"activation": "linear"}, "training": {"learning_rate": 0.1}}


def submitted(store: Store, **changes: dict[str, Any]) -> str:
    """Submit the tutorial's job with changes to its parts, and return its id."""
    document = copy.deepcopy(TUTORIAL)
    for part, values in changes.items():
        document[part] = {**document.get(part, {}), **values}
    submission = parse_job(json.dumps(document).encode(), Limits(), lambda _id: None)
    return jobs.submit(store, submission, queue_limit=100).job.id


@dataclasses.dataclass
class Training:
    """One attempt on a clock of its own: a call of the trainer lasts `seconds` and does `work`, or an epoch.

    `each_call` is called after each of them, before the attempt looks at anything.
    """

    store: Any
    settings: Settings = dataclasses.field(default_factory=Settings)
    work: int | None = None
    seconds: float = 0.1
    each_call: Callable[[], None] = lambda: None
    should_stop: Callable[[], bool] = lambda: False
    start: Callable[[Spec, Prepared, bytes | None], Trainer] = ReferenceTrainer
    now: float = 1000.0
    calls: int = 0

    def run(self, claim: jobs.Claim | None = None) -> JobRow | None:
        """Claim the next job, if none is given, and train it to the end of the attempt."""
        claim = claim or claimed(self.store)
        return Attempt(
            self.store,
            claim,
            self.settings,
            should_stop=self.should_stop,
            clock=lambda: self.now,
            pause=self.pause,
            start=lambda *arguments: _Clocked(self.start(*arguments), self),
        ).run()

    def pause(self, seconds: float) -> None:
        self.now += seconds


def interrupted(store: Any, *, after_calls: int, work: int | None = None) -> None:
    """Train the next job for so many calls, then hand it back."""
    training = Training(store, work=work)
    training.should_stop = lambda: training.calls == after_calls
    training.run()


class _Clocked:
    def __init__(self, trainer: Trainer, training: Training) -> None:
        self._trainer, self._training = trainer, training

    def advance(self, work: int) -> Progress:
        training = self._training
        training.now += training.seconds
        training.calls += 1
        try:
            return self._epoch() if training.work is None else self._trainer.advance(training.work)
        finally:
            training.each_call()

    def _epoch(self) -> Progress:
        while True:
            progress = self._trainer.advance(1)
            if progress.stop_reason is not None or any(map(len, progress.curve.values())):
                return progress

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trainer, name)


class MovingStore:
    """A store that is away while `is_away` says so. With `commit_unknown` the next commit's reply is lost."""

    def __init__(self, store: Store, is_away: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self.is_away = is_away
        self.commit_unknown = False
        self.on_transaction: Callable[[], None] = lambda: None

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connection]:
        if self.is_away():
            raise Unavailable("the database cannot be reached")
        self.on_transaction()
        with self._store.transaction(durable=durable) as connection:
            yield connection
        if self.commit_unknown:
            self.commit_unknown = False
            raise CommitUnknown("the connection broke during COMMIT")

    def reading(self) -> Any:
        return self._store.reading()


def claimed(store: Any) -> jobs.Claim:
    claim = jobs.claim(store, worker="a worker", lease_seconds=10.0)
    assert claim is not None, "no job was queued"
    return claim


def curve_bytes(store: Store, job_id: str) -> dict[str, bytes]:
    """The whole loss curve, to be compared bit for bit."""
    curve = jobs.loss_curve(store, job_id, limit=100_000)
    return {name: column.tobytes() for name, column in curve.metrics.items()}
