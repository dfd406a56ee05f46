"""`gradqueue health`: what a container's health check asks."""

from __future__ import annotations

import socket
from pathlib import Path

from click.testing import CliRunner, Result

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from services import workers
from services.settings import Settings
from services.store import Store
from tests.gradqueue.scripted_service import Answer, ScriptedService


def health(part: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["health", part], env=environment)


def test_an_api_that_answers_is_well(service: ScriptedService) -> None:
    """Also one that listens on every address: that is not an address to call."""
    service.script.append(Answer(200, {"status": "ok"}))
    port = service.url.rpartition(":")[2]
    assert health("api", GRADQUEUE_HOST="0.0.0.0", GRADQUEUE_PORT=port).exit_code == Exit.OK


def test_an_api_that_does_not_answer_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    result = health("api", GRADQUEUE_PORT=port)
    assert result.exit_code == Exit.UNREACHABLE
    assert f"http://127.0.0.1:{port}/healthz does not answer" in result.stderr


def test_a_worker_of_this_machine_that_the_database_heard_of_is_well(database_url: str) -> None:
    store = Store(database_url, Settings())
    workers.renew(store, f"{socket.gethostname()}:7", processes=1, seconds=60)
    store.close()
    assert health("worker", GRADQUEUE_DATABASE_URL=database_url).exit_code == Exit.OK


def test_the_worker_of_another_machine_does_not_make_this_one_s_well(database_url: str) -> None:
    store = Store(database_url, Settings())
    workers.renew(store, f"not-{socket.gethostname()}:7", processes=1, seconds=60)
    workers.renew(store, f"{socket.gethostname()}:8", processes=1, seconds=-1)
    store.close()
    result = health("worker", GRADQUEUE_DATABASE_URL=database_url)
    assert result.exit_code == Exit.UNREACHABLE
    assert "no living worker" in result.stderr


def test_a_worker_without_its_database_is_not_well(tmp_path: Path) -> None:
    result = health("worker", GRADQUEUE_DATABASE_URL=f"sqlite:///{tmp_path}")
    assert result.exit_code == Exit.UNREACHABLE
    assert "cannot use the database" in result.stderr


def test_a_database_with_this_version_s_tables_is_well(database_url: str) -> None:
    assert health("database", GRADQUEUE_DATABASE_URL=database_url).exit_code == Exit.OK


def test_a_database_that_was_not_migrated_is_not_well(tmp_path: Path) -> None:
    """New pods wait for their migration by this."""
    result = health("database", GRADQUEUE_DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert result.exit_code == Exit.UNREACHABLE
    assert "run: gradqueue migrate" in result.stderr
