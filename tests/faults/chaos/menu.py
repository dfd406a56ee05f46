"""The faults of a campaign. Each hurts the service and leaves it to get well by itself, or with a restart."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.faults.chaos.kills import process_of
from tests.faults.parts import damage
from tests.faults.parts.stack import LEASE_SECONDS
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.parts.service import Worker
    from tests.faults.parts.stack import Stack

#: Seconds for which something is frozen or locked: short enough for many of them, longer than a flush.
_FROZEN_SECONDS = 2.0

#: Seconds in which one of the workers must be there again, to be hurt once more.
_BACK_SECONDS = 180.0

WORKER_KILLS = "worker kills"


@dataclass(frozen=True, slots=True)
class Fault:
    """`group` is what is counted together; `weight` how often it comes, compared with the others."""

    name: str
    group: str
    weight: int
    happen: Callable[[Stack, random.Random], None]


def let_pass(seconds: float) -> None:
    """Let an outage last. Nothing is waited for here: it is the outage."""
    time.sleep(seconds)


def _some_worker(stack: Stack, numbers: random.Random) -> Worker:
    """Choose a worker that has training processes: to kill one that only starts would be no fault."""

    def busy() -> list[Worker]:
        stack.supervise()
        return [worker for worker in stack.workers() if worker.children() and worker.is_answering()]

    return numbers.choice(wait_until(busy, _BACK_SECONDS, "a worker is there", stack.tails))


def _kill_training_process(stack: Stack, numbers: random.Random) -> None:
    """Kill one that trains, if there is any."""
    busy = [process_of(job.worker) for job in _running(stack)]
    victims = busy or _some_worker(stack, numbers).children()
    _kill(numbers.choice(victims))


def _kill_and_damage(stack: Stack, numbers: random.Random) -> None:
    """Have the next attempt find its newest checkpoint damaged."""
    if not (running := _running(stack)):
        _kill_training_process(stack, numbers)
        return
    job = numbers.choice(running)
    _kill(process_of(job.worker))
    for version, data in damage.checkpoints(stack, job.id)[-1:]:
        damage.flip_a_bit(stack, job.id, version, data)


def _running(stack: Stack) -> list[Any]:
    return stack.query("SELECT id, worker FROM jobs WHERE status = 'running' ORDER BY id")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _kill_worker(stack: Stack, numbers: random.Random) -> None:
    _some_worker(stack, numbers).kill()


def _kill_main_process(stack: Stack, numbers: random.Random) -> None:
    _some_worker(stack, numbers).kill_main()


def _end_worker(stack: Stack, numbers: random.Random) -> None:
    _some_worker(stack, numbers).stop()


def _freeze_worker(stack: Stack, numbers: random.Random) -> None:
    worker = _some_worker(stack, numbers)
    worker.freeze()
    let_pass(LEASE_SECONDS + 1.0)
    worker.thaw()


def _kill_api(stack: Stack, _: random.Random) -> None:
    stack.api.kill()


def _wipe_broker(stack: Stack, _: random.Random) -> None:
    stack.broker.kill()
    stack.broker.start()


def _flush_broker(stack: Stack, _: random.Random) -> None:
    stack.broker.ask("FLUSHALL")


def _freeze_broker(stack: Stack, _: random.Random, seconds: float = _FROZEN_SECONDS) -> None:
    stack.broker.freeze()
    let_pass(seconds)
    stack.broker.thaw()


def _kill_database(stack: Stack, _: random.Random) -> None:
    assert stack.database
    stack.database.kill()
    stack.database.start()


def _restart_database(stack: Stack, _: random.Random) -> None:
    assert stack.database
    stack.database.stop()
    stack.database.start()


def _freeze_database(stack: Stack, _: random.Random, seconds: float = _FROZEN_SECONDS) -> None:
    assert stack.database
    stack.database.freeze()
    let_pass(seconds)
    stack.database.thaw()


def _cut_network(stack: Stack, _: random.Random) -> None:
    assert stack.network
    stack.network.cut()


def _swallow_commit(stack: Stack, _: random.Random) -> None:
    assert stack.network
    stack.network.swallow_reply_to(b"COMMIT\0")


def _lock_database(stack: Stack, _: random.Random, seconds: float = _FROZEN_SECONDS) -> None:
    connection = sqlite3.connect(stack.folder / "gradqueue.db", timeout=30, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        let_pass(seconds)


_WIPES = "broker wipes and freezes"
_RESTARTS = "database restarts"
_OUTAGES = "other database faults"

_EVERYWHERE = (
    Fault("training process killed", WORKER_KILLS, 12, _kill_training_process),
    Fault("training process killed, its newest checkpoint damaged", WORKER_KILLS, 2, _kill_and_damage),
    Fault("whole worker killed", WORKER_KILLS, 2, _kill_worker),
    Fault("worker's main process killed", WORKER_KILLS, 1, _kill_main_process),
    Fault("worker told to end", "worker restarts", 1, _end_worker),
    Fault("worker frozen past its lease", "worker freezes", 1, _freeze_worker),
    Fault("API killed", "API kills", 1, _kill_api),
    Fault("broker killed, back empty", _WIPES, 2, _wipe_broker),
    Fault("broker flushed", _WIPES, 2, _flush_broker),
    Fault("broker frozen", _WIPES, 1, _freeze_broker),
)

#: What can happen to each kind of stack.
MENU: dict[str, tuple[Fault, ...]] = {
    "sqlite": (
        *_EVERYWHERE,
        Fault("database locked by another process", _OUTAGES, 3, _lock_database),
    ),
    "postgresql": (
        *_EVERYWHERE,
        Fault("PostgreSQL killed", _RESTARTS, 1, _kill_database),
        Fault("PostgreSQL restarted", _RESTARTS, 1, _restart_database),
        Fault("PostgreSQL frozen", _OUTAGES, 1, _freeze_database),
        Fault("connections cut", _OUTAGES, 1, _cut_network),
        Fault("COMMIT not answered", _OUTAGES, 1, _swallow_commit),
    ),
}

_LONG_BROKER_FREEZE = Fault("broker frozen for 75 s", _WIPES, 0, partial(_freeze_broker, seconds=75.0))

#: What happens once in a long campaign.
LONG_OUTAGES: dict[str, tuple[Fault, ...]] = {
    "sqlite": (
        _LONG_BROKER_FREEZE,
        Fault("database locked for 30 s", _OUTAGES, 0, partial(_lock_database, seconds=30.0)),
    ),
    "postgresql": (
        _LONG_BROKER_FREEZE,
        Fault("PostgreSQL frozen for 30 s", _OUTAGES, 0, partial(_freeze_database, seconds=30.0)),
    ),
}
