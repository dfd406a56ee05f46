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
from typing import TYPE_CHECKING

from tests.faults.parts.stack import LEASE_SECONDS

if TYPE_CHECKING:
    from tests.faults.parts.service import Worker
    from tests.faults.parts.stack import Stack

#: Seconds for which something is frozen or locked: short enough for many of them, longer than a flush.
_FROZEN_SECONDS = 2.0


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
    return numbers.choice([worker for worker in stack.workers() if worker.is_running])


def _kill_training_process(stack: Stack, numbers: random.Random) -> None:
    if children := _some_worker(stack, numbers).children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(numbers.choice(children), signal.SIGKILL)


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


def _freeze_broker(stack: Stack, _: random.Random) -> None:
    stack.broker.freeze()
    let_pass(_FROZEN_SECONDS)
    stack.broker.thaw()


def _kill_database(stack: Stack, _: random.Random) -> None:
    assert stack.database
    stack.database.kill()
    stack.database.start()


def _restart_database(stack: Stack, _: random.Random) -> None:
    assert stack.database
    stack.database.stop()
    stack.database.start()


def _freeze_database(stack: Stack, _: random.Random) -> None:
    assert stack.database
    stack.database.freeze()
    let_pass(_FROZEN_SECONDS)
    stack.database.thaw()


def _cut_network(stack: Stack, _: random.Random) -> None:
    assert stack.network
    stack.network.cut()


def _swallow_commit(stack: Stack, _: random.Random) -> None:
    assert stack.network
    stack.network.swallow_reply_to(b"COMMIT\0")


def _lock_database(stack: Stack, _: random.Random) -> None:
    connection = sqlite3.connect(stack.folder / "gradqueue.db", timeout=30, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        let_pass(_FROZEN_SECONDS)


_EVERYWHERE = (
    Fault("training process killed", "worker kills", 10, _kill_training_process),
    Fault("whole worker killed", "worker kills", 4, _kill_worker),
    Fault("worker's main process killed", "worker kills", 2, _kill_main_process),
    Fault("worker told to end", "worker restarts", 1, _end_worker),
    Fault("worker frozen past its lease", "worker freezes", 1, _freeze_worker),
    Fault("API killed", "API kills", 1, _kill_api),
    Fault("broker killed, back empty", "broker wipes and freezes", 2, _wipe_broker),
    Fault("broker flushed", "broker wipes and freezes", 2, _flush_broker),
    Fault("broker frozen", "broker wipes and freezes", 1, _freeze_broker),
)

#: What can happen to each kind of stack.
MENU: dict[str, tuple[Fault, ...]] = {
    "sqlite": (
        *_EVERYWHERE,
        Fault("database locked by another process", "database faults", 3, _lock_database),
    ),
    "postgresql": (
        *_EVERYWHERE,
        Fault("PostgreSQL killed", "database restarts", 1, _kill_database),
        Fault("PostgreSQL restarted", "database restarts", 1, _restart_database),
        Fault("PostgreSQL frozen", "database faults", 1, _freeze_database),
        Fault("connections cut", "database faults", 1, _cut_network),
        Fault("COMMIT not answered", "database faults", 1, _swallow_commit),
    ),
}
