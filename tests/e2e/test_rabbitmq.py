"""RabbitMQ instead of Redis, by its URL alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gradqueue import Client
from services.store import migrate
from tests.faults.parts import rabbitmq
from tests.faults.parts.service import Api, Start, Worker
from tests.faults.parts.stack import SETTINGS
from tests.support.requests import TUTORIAL
from tests.support.waiting import until

#: A node of Erlang, an API and a worker start one after the other.
pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

#: Seconds in which parts of a busy machine notice and recover.
PATIENCE = 60.0

ENDLESS = {
    "dataset": {"generator": "moons", "rows": 100, "noise": 0.1, "seed": 0},
    "model": {"hidden_layers": [8]},
    "training": {"epochs": 1_000_000, "batch_size": 1},
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[rabbitmq.Rabbitmq]:
    if rabbitmq.program() is None:
        pytest.skip("no rabbitmq-server")
    broker = rabbitmq.Rabbitmq(tmp_path)
    broker.start()
    yield broker
    broker.close()


@pytest.fixture
def api(broker: rabbitmq.Rabbitmq, sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """An API process, and a worker, that meet at the broker."""
    migrate.upgrade(sqlite_url)
    environment = {**SETTINGS, "GRADQUEUE_DATABASE_URL": sqlite_url, "GRADQUEUE_BROKER_URL": broker.url}
    # No sweeper rings again within this test: what is answered was rung over AMQP.
    environment |= {"GRADQUEUE_RING_AGAIN_SECONDS": "600", "GRADQUEUE_DEAD_MAN_SECONDS": "600"}
    start = Start((), tmp_path, environment, sqlite_url)
    api, worker = Api("api", start), Worker("worker", start)
    api.start()
    worker.start()
    yield api
    api.discard()
    worker.discard()


def _parts(api: Api) -> dict[str, bool]:
    parts: dict[str, bool] = requests.get(f"{api.url}/readyz", timeout=10).json()["parts"]
    return parts


def test_a_job_is_trained_over_amqp_and_goes_on_while_the_broker_is_away(
    broker: rabbitmq.Rabbitmq, api: Api
) -> None:
    with Client(api.url) as client:
        until(lambda: all(_parts(api).values()), "everything there", PATIENCE)
        done = client.wait(client.submit(TUTORIAL)["id"])
        assert done["status"] == "succeeded"
        endless = client.submit(ENDLESS)["id"]
        until(lambda: client.job(endless)["status"] == "running", "a job that runs", PATIENCE)

        broker.kill()
        until(lambda: not _parts(api)["broker"], "its absence noticed", PATIENCE)
        assert _parts(api)["database"]
        before = client.job(endless)["progress"]["epoch"]
        until(lambda: client.job(endless)["progress"]["epoch"] > before, "progress all the same", PATIENCE)
        waiting = client.submit(TUTORIAL)
        assert waiting["status"] == "queued", "taken, though nobody can be rung"

        broker.start()
        until(lambda: all(_parts(api).values()), "everything there again", PATIENCE)
        # A new ring, for the one above was lost with the broker; the older job is the first to be claimed.
        client.submit(TUTORIAL)
        until(lambda: client.job(waiting["id"])["is_terminal"], "the job that waited", PATIENCE)
        assert client.job(endless)["attempt"] == 1, "never interrupted"
        client.cancel(endless)
