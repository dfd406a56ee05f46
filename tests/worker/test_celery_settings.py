"""Celery's settings: each was measured (docs/decisions/broker.md), and none may get lost in an edit."""

from __future__ import annotations

from typing import Any

import pytest

from services.settings import Settings
from services.worker.app import make_worker_app


def conf(**changes: Any) -> Any:
    values: dict[str, Any] = {"broker_url": "redis://127.0.0.1:6379/0"}
    return make_worker_app(Settings(**values | changes), processes=3).conf


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("result_backend", None),
        ("task_ignore_result", True),
        ("task_serializer", "json"),
        ("accept_content", ["json"]),
        ("task_acks_late", True),
        ("worker_prefetch_multiplier", 1),
        ("task_reject_on_worker_lost", False),
        ("worker_cancel_long_running_tasks_on_connection_loss", False),
        ("worker_enable_remote_control", True),
        ("worker_send_task_events", False),
        ("broker_connection_retry_on_startup", True),
        ("broker_connection_max_retries", None),
        ("worker_pool", "services.worker.pool:TaskPool"),
        ("worker_concurrency", 3),
    ],
)
def test_a_setting_is_what_was_measured(name: str, value: object) -> None:
    assert conf()[name] == value


def test_a_control_queue_outlives_a_busy_minute() -> None:
    assert conf().control_queue_ttl >= 60
    assert conf().control_queue_expires >= 60


def test_waits_for_redis_are_bounded_and_longer_than_its_own_blocking_read() -> None:
    options = conf().broker_transport_options
    assert 1.0 < options["socket_timeout"] <= 10.0
    assert options["socket_connect_timeout"] <= 2.0
    assert options["socket_keepalive"]
    assert options["health_check_interval"] <= 30


def test_redis_is_not_made_to_imitate_acknowledgements() -> None:
    assert conf().broker_transport_options["ack_emulation"] is False


def test_all_keys_in_redis_are_ours_to_see() -> None:
    assert conf().broker_transport_options["global_keyprefix"] == "gradqueue:"


def test_another_kind_of_broker_is_given_no_options_of_redis() -> None:
    assert conf(broker_url="amqp://127.0.0.1//").broker_transport_options == {}


def test_a_process_is_replaced_after_many_jobs_or_much_memory() -> None:
    settings = conf(worker_jobs_per_process=500, worker_memory_bytes=2 * 2**30)
    assert settings.worker_max_tasks_per_child == 500
    assert settings.worker_max_memory_per_child == 2**20, "in KiB: half of the limit"


def test_both_limits_can_be_taken_off() -> None:
    settings = conf(worker_jobs_per_process=0, worker_memory_bytes=0)
    assert settings.worker_max_tasks_per_child is None
    assert settings.worker_max_memory_per_child is None
