"""A real worker, with processes and a broker of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from services import workers
from services.doorbell import Ringer
from services.settings import Settings
from tests.support.brokers import Broker
from tests.support.waiting import until

if TYPE_CHECKING:
    from services.store import Store

#: Seconds in which a worker starts and ends on a machine that is busy with other tests.
PATIENCE = 90.0

#: What `gradqueue worker` does.
_CODE = """
import os
from services.settings import Settings
from services.worker.main import run
raise SystemExit(run(Settings.from_environment(os.environ)))
"""
RUN = ("-c", _CODE)


@contextmanager
def a_worker(
    store: Store | Callable[[], object],
    url: str,
    folder: Path,
    *,
    command: Sequence[str] = RUN,
    **settings: str,
) -> Iterator[tuple[subprocess.Popen[bytes], Ringer]]:
    """Run a worker of one process on the database `url`; yield it and somebody to ring it.

    `store` tells whether it is alive; or a function does.
    """
    is_alive = store if callable(store) else partial(workers.alive, store)
    with Broker(folder) as broker:
        environment = {
            "GRADQUEUE_DATABASE_URL": url,
            "GRADQUEUE_BROKER_URL": broker.url,
            "GRADQUEUE_WORKERS": "1",
            "GRADQUEUE_SWEEP_SECONDS": "0.1",
            "GRADQUEUE_RING_AGAIN_SECONDS": "1",
            **settings,
        }
        log = (folder / "worker.log").open("ab")
        worker = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        ringer = Ringer(Settings(broker_url=broker.url))
        try:
            until(lambda: is_alive() or worker.poll() is not None, "a living worker", PATIENCE)
            assert worker.poll() is None, Path(log.name).read_text()
            yield worker, ringer
        finally:
            ringer.close()
            if worker.poll() is None:
                worker.terminate()
            worker.wait(PATIENCE)
            log.close()
