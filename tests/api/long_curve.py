"""A job whose curve is longer than what fits between a server and a client that does not read."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from services import jobs
from services.jobs import Flush
from services.settings import Settings
from services.store import Store
from tests.support.requests import TUTORIAL, changed

if TYPE_CHECKING:
    from tests.api.test_server import Server

#: Their text is more than the buffers hold.
EPOCHS = 400_000
#: Bytes that a client which does not read has room for.
_LITTLE_ROOM = 4096


def long_job(server: Server, folder: Path) -> str:
    """Return the address of a job that trains and has a long curve; the server's store is in the folder."""
    body = changed(TUTORIAL, {"/training/epochs": 10 * EPOCHS})
    _, headers, _ = server.ask_json("POST", "/v1/jobs", body)
    store = Store(f"sqlite:///{folder}/gradqueue.db", Settings())
    claim = jobs.claim(store, worker="a worker", lease_seconds=1000.0)
    assert claim is not None
    progress = Flush(
        first_epoch=1,
        curve={"train_loss": np.random.default_rng(0).random(EPOCHS)},
        epoch=EPOCHS,
        checkpoint=b"state",
        epochs_per_second=1.0,
        best=None,
        trainer="compiled",
    )
    jobs.flush(store, claim, progress, 1000.0)
    store.close()
    return str(headers["Location"])


def connect(server: Server, *, is_lazy: bool) -> socket.socket:
    """Connect; a lazy client has little room for what it does not read."""
    connection = socket.socket()
    if is_lazy:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LITTLE_ROOM)
    connection.connect(("127.0.0.1", server.port))
    return connection
