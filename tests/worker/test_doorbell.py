"""The doorbell: quick when the broker is there, and nobody's problem when it is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.doorbell import Doorbell, Ringer
from services.settings import Settings
from tests.support.brokers import Broker
from tests.support.waiting import until

pytestmark = pytest.mark.service

#: Time that a machine with other work may lose, in seconds.
SLACK = 0.5


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def settings(broker: Broker) -> Settings:
    return Settings(broker_url=broker.url, broker_wait_seconds=0.5)


@pytest.fixture
def ringer(settings: Settings) -> Iterator[Ringer]:
    ringer = Ringer(settings)
    yield ringer
    ringer.close()


@pytest.fixture
def doorbell(settings: Settings) -> Iterator[Doorbell]:
    doorbell = Doorbell(settings)
    yield doorbell
    doorbell.close()


def test_each_job_gets_one_ring(ringer: Ringer) -> None:
    assert ringer.waiting() == 0
    assert ringer.ring(["job_1", "job_2", "job_3"]) == 3
    assert ringer.waiting() == 3


def test_a_frozen_broker_costs_one_wait_however_many_jobs(broker: Broker, ringer: Ringer) -> None:
    ringer.ring(["job_1"])
    broker.freeze()
    began = time.monotonic()
    assert ringer.ring([f"job_{number}" for number in range(100)]) == 0
    assert time.monotonic() - began < 0.5 + SLACK
    assert ringer.waiting() is None
    broker.thaw()
    assert ringer.ring(["job_2"]) == 1


def test_a_broker_that_refuses_costs_nothing(broker: Broker, ringer: Ringer) -> None:
    ringer.ring(["job_1"])
    broker.kill()
    began = time.monotonic()
    assert [ringer.ring(["job_2"]) for _ in range(10)] == [0] * 10
    assert time.monotonic() - began < SLACK
    broker.start()
    assert ringer.ring(["job_3"]) == 1


def test_a_broker_that_nobody_ever_started_costs_nothing(tmp_path: Path) -> None:
    ringer = Ringer(Settings(broker_url="redis://127.0.0.1:1/0"))
    began = time.monotonic()
    assert ringer.ring(["job_1"]) == 0
    assert time.monotonic() - began < SLACK
    ringer.close()


def test_a_request_does_not_wait_for_a_frozen_broker(
    broker: Broker, doorbell: Doorbell, ringer: Ringer
) -> None:
    ringer.ring(["job_1"])
    broker.freeze()
    began = time.monotonic()
    for number in range(1000):
        doorbell.ring([f"job_{number}"])
    assert time.monotonic() - began < SLACK
    broker.thaw()


def test_waits_do_not_pile_up_behind_a_frozen_broker(
    broker: Broker, doorbell: Doorbell, ringer: Ringer
) -> None:
    ringer.ring(["job_1"])
    broker.freeze()
    doorbell.ring([f"job_{number}" for number in range(1000)])
    # Rings that are given up are dropped, and the broker is asked again only when there is another.
    until(lambda: doorbell._pending.empty(), "the end of the wait", seconds=0.5 + SLACK)
    broker.thaw()
    doorbell.ring(["job_2"])
    until(lambda: (ringer.waiting() or 0) >= 2, "a ring after the thaw")


def test_fifty_threads_may_ring_at_once(doorbell: Doorbell, ringer: Ringer) -> None:
    threads = [threading.Thread(target=doorbell.ring, args=([f"job_{n}"],)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: ringer.waiting() == 50, "fifty rings")


def test_many_who_ask_for_a_frozen_broker_wait_once(broker: Broker, doorbell: Doorbell) -> None:
    assert doorbell.answers()
    broker.freeze()
    until(lambda: not doorbell.answers(), "the end of the answers")
    doorbell._asked = -1e9
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(doorbell.answers())) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [False] * 20
    assert time.monotonic() - began < 0.5 + SLACK
    broker.thaw()
    until(doorbell.answers, "an answer after the thaw")


def test_closing_does_not_wait_for_rings_that_cannot_be_sent(
    broker: Broker, doorbell: Doorbell, ringer: Ringer
) -> None:
    ringer.ring(["job_1"])
    broker.freeze()
    doorbell.ring([f"job_{number}" for number in range(1000)])
    began = time.monotonic()
    doorbell.close()
    assert time.monotonic() - began < 0.5 + SLACK
    broker.thaw()


def test_the_message_holds_the_job_id_and_nothing_else(broker: Broker, ringer: Ringer) -> None:
    from services import broker as wire

    ringer.ring(["job_1"])
    app = wire.make_app(broker.url, wait_seconds=1.0, redis_options={})
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(app.amqp.queues[wire.QUEUE]).get(timeout=5)
        assert message.headers["task"] == "gradqueue.train"
        assert message.payload[:2] == [["job_1"], {}]
