"""A stream of a job that trains, cut off again and again: gone on with, it has every epoch once (I13)."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serve import Serve
from tests.support.waiting import until

pytestmark = pytest.mark.service

#: Trains for as long as nobody cancels it, some thousand epochs a second.
ENDLESS = {
    "dataset": {"generator": "moons", "rows": 200, "noise": 0.1, "seed": 0},
    "model": {"hidden_layers": [16, 16]},
    "training": {"epochs": 10_000_000, "batch_size": None},
}
CUTS = 30
#: Where a connection is cut, at the latest; some events are longer, and most are shorter.
LATEST_CUT = 60_000


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    # Threads enough for the streams whose readers are gone and which have not noticed yet.
    serve = Serve(tmp_path, GRADQUEUE_LIMITS_STREAM_SECONDS="2", GRADQUEUE_API_THREADS="64")
    serve.start()
    yield serve
    serve.discard()


class Reader:
    """A client that goes on behind the last event that came whole, as browsers do."""

    def __init__(self, serve: Serve, job_id: str) -> None:
        self._port = serve.port
        self._path = f"/v1/jobs/{job_id}/events"
        self.last_id: str | None = None
        self.names: list[str] = []
        self.epochs: list[int] = []
        self.losses: list[float] = []
        self.statuses: list[tuple[str, int]] = []

    def read(self, cut: int | None) -> int:
        """Read one stream up to `cut` bytes, or to its end; return the HTTP status."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30.0)
        connection.request(
            "GET", self._path, headers={} if self.last_id is None else {"Last-Event-ID": self.last_id}
        )
        response = connection.getresponse()
        body = response.read(cut) if cut is not None else response.read()
        connection.close()
        *whole, _cut_off = body.decode(errors="replace").split("\n\n")
        for block in whole:
            self._take(block)
        return response.status

    def _take(self, block: str) -> None:
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        if "id" not in lines:  # a comment, or when to come again
            return
        self.last_id = lines["id"]
        self.names.append(lines["event"])
        data: Any = json.loads(lines["data"])
        if lines["event"] == "epochs":
            self.epochs += data["epochs"]
            self.losses += data["train_loss"]
        else:
            self.statuses.append((data["status"], data["attempt"]))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_stream_cut_at_random_places_has_no_gap_and_no_repeat(serve: Serve, seed: int) -> None:
    job = serve.client.submit(ENDLESS)
    reader, cuts = Reader(serve, job["id"]), random.Random(seed)
    until(lambda: serve.client.job(job["id"])["progress"]["epoch"], "the first epoch", 60.0)

    for _ in range(CUTS):
        assert reader.read(cuts.randrange(LATEST_CUT)) == 200
        assert reader.epochs == list(range(1, len(reader.epochs) + 1)), f"seed {seed}"
    serve.client.cancel(job["id"])
    until(lambda: reader.read(None) == 204, "the end of the stream", 60.0)

    assert reader.epochs == list(range(1, len(reader.epochs) + 1)), f"seed {seed}"
    curve = serve.client.loss_curve(job["id"])
    assert (reader.epochs, reader.losses) == (curve["epochs"], curve["train_loss"])
    assert reader.names.count("end") == 1
    assert reader.names[-2:] == ["status", "end"]
    assert reader.statuses[-1] == reader.statuses[-2]
    told = reader.statuses[:-1]
    assert len(told) == len(set(told)), "no status is told twice"
