"""What is secret stays so: keys and passwords are in no answer, no log line and no listing."""

from __future__ import annotations

import ast
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradqueue.cli import main
from services import broker, logs
from services.settings import Settings
from services.store import Store
from tests.security.service import GuardedService
from tests.support.requests import SMALLEST

ROOT = Path(__file__).parents[2]
PASSWORD = "s3cret-p4ssword"
NOWHERE = f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/nothing"
OUR_CODE = sorted(
    file for package in ("engine", "nn", "services", "gradqueue") for file in (ROOT / package).rglob("*.py")
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that this process logs, as production has it, in full."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.setup("json", level="debug", stream=stream)
    yield stream
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = Store(sqlite_url, Settings())
    yield store
    store.close()


def test_a_key_is_never_logged_nor_answered(store: Store, log: io.StringIO) -> None:
    guarded = GuardedService(store, database_url=NOWHERE)
    key = guarded.new_key()
    caller, wrong = guarded.caller(key), guarded.caller(key[:-1] + "_")
    with guarded.app.app_context():
        guarded.app.add_url_rule("/v1/broken", view_func=lambda: 1 / 0)

    answers = [
        caller.ask("POST", "/v1/jobs", SMALLEST),
        caller.ask("GET", "/v1/meta"),
        caller.ask("GET", "/v1/broken"),
        caller.ask("GET", f"/v1/jobs?name={key}"),
        wrong.ask("GET", "/v1/jobs"),
        guarded.caller().ask("GET", "/openapi.json"),
    ]

    assert [answer.status_code for answer in answers] == [202, 200, 500, 200, 401, 200]
    everything = log.getvalue() + "".join(f"{answer.headers}{answer.text}" for answer in answers)
    assert "ZeroDivisionError" in log.getvalue(), "the error itself is logged"
    for secret in (key, key[:-1], key.split("_", 2)[2], PASSWORD):
        assert secret not in everything


def test_a_database_s_password_is_neither_logged_nor_answered(log: io.StringIO) -> None:
    store = Store(NOWHERE, Settings(database_url=NOWHERE))
    guarded = GuardedService(store, authentication="off", database_url=NOWHERE)
    answers = [guarded.caller().ask("GET", path) for path in ("/v1/jobs", "/readyz", "/v1/meta", "/metrics")]
    assert [answer.status_code for answer in answers] == [503, 503, 200, 200]
    assert PASSWORD not in log.getvalue() + "".join(answer.text for answer in answers)


def test_commands_show_no_password() -> None:
    environment = {
        "GRADQUEUE_DATABASE_URL": NOWHERE,
        "GRADQUEUE_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:1/0",
        "GRADQUEUE_DATABASE_STATEMENT_SECONDS": "0.5",
    }
    for command in (["settings"], ["migrate"], ["keys", "list"]):
        assert PASSWORD not in CliRunner().invoke(main, command, env=environment).output


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return names


def test_nothing_of_ours_unpickles_or_runs_text() -> None:
    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    calls = re.compile(r"(?<![\w.])(eval|exec)\(|allow_pickle=True|yaml\.load\(")
    for file in OUR_CODE:
        assert not imported(file) & forbidden, file
        if not file.is_relative_to(ROOT / "engine") and not file.is_relative_to(ROOT / "nn"):
            assert not calls.search(file.read_text()), file


def test_messages_of_the_broker_are_json_or_refused() -> None:
    app = broker.make_app("memory://", wait_seconds=1.0, redis_options={})
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == "json"


def test_the_service_asks_nobody_outside() -> None:
    """Only the client of the command line, and the look whether our own API is ready, speak HTTP."""
    clients = {"requests", "urllib.request", "http.client", "httpx", "aiohttp", "ftplib", "smtplib"}
    speaking = {str(file.relative_to(ROOT)) for file in OUR_CODE if imported(file) & clients}
    assert {name for name in speaking if not name.startswith("gradqueue/")} == {"services/embedded/serve.py"}


def test_pages_load_nothing_from_elsewhere(store: Store) -> None:
    guarded = GuardedService(store, authentication="off")
    for path in ("/docs", "/problems/not_found", "/openapi.json", "/v1/jobs", "/nothing"):
        answer = guarded.caller().ask("GET", path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert not re.search(r"https?:|\*|unsafe", policy), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert "Access-Control-Allow-Origin" not in answer.headers, path
