"""`gradqueue keys`, and the key that commands and programs send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gradqueue import Client
from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from services import keys
from services.settings import Settings
from services.store import Store
from tests.gradqueue.scripted_service import Answer, ScriptedService, job

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str) -> Run:
    def gradqueue(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"GRADQUEUE_DATABASE_URL": sqlite_url, **environment})

    return gradqueue


def test_a_new_key_is_all_that_is_printed_and_it_works(run: Run, sqlite_url: str) -> None:
    result = run("keys", "create", "laptop")

    assert result.exit_code == Exit.OK
    store = Store(sqlite_url, Settings())
    key = keys.find(store, result.stdout.strip())
    store.close()
    assert key is not None
    assert result.stderr == f"gradqueue: this is {key.id}; nobody can show it again\n"


def test_the_list_shows_keys_without_what_it_takes_to_use_them(run: Run) -> None:
    secret = run("keys", "create", "laptop", "--scope", "metrics").stdout.strip()
    (line,) = run("keys", "list").stdout.splitlines()[1:]
    assert line.split()[1:4] == ["laptop", "metrics", secret[:15]]
    assert secret not in line


def test_a_revoked_key_stays_on_the_list(run: Run) -> None:
    run("keys", "create", "laptop")
    key_id = run("keys", "list").stdout.splitlines()[1].split()[0]

    assert run("keys", "revoke", key_id).stdout == f"{key_id} revoked\n"

    assert len(run("keys", "list").stdout.splitlines()[1].split()) == 7, "with the time"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["revoke", "key_nobody"], Exit.REFUSED),
        (["create", "second", "--shares-with", "key_nobody"], Exit.REFUSED),
        (["create", "\x1b[2J"], Exit.INVALID),
        (["create", "x", "--scope", "everything"], Exit.INVALID),
    ],
)
def test_what_cannot_be_done_is_one_readable_line(run: Run, arguments: list[str], code: Exit) -> None:
    result = run("keys", *arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_database_without_tables_is_one_readable_line(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    result = run("keys", "list", GRADQUEUE_DATABASE_URL=url)
    assert result.exit_code == Exit.UNREACHABLE
    assert result.stderr.startswith(f"gradqueue: {url}: the database is at revision nothing")
    assert result.stderr.endswith("run: gradqueue migrate\n")


def test_a_database_s_password_is_not_shown_when_it_cannot_be_reached(run: Run) -> None:
    url = "postgresql+psycopg://me:s3cret@127.0.0.1:1/gradqueue"
    result = run("keys", "list", GRADQUEUE_DATABASE_URL=url)
    assert result.exit_code == Exit.UNREACHABLE
    assert "s3cret" not in result.output


def test_commands_send_the_key_of_the_environment(service: ScriptedService) -> None:
    service.answers(Answer(document=job()))
    environment = {"GRADQUEUE_URL": service.url, "GRADQUEUE_API_KEY": "gq_1"}
    assert CliRunner().invoke(main, ["show", "job_1"], env=environment).exit_code == Exit.OK
    assert service.requests[0].headers["Authorization"] == "Bearer gq_1"


def test_a_client_without_a_key_sends_none(service: ScriptedService) -> None:
    service.answers(Answer(document=job()))
    with Client(service.url) as client:
        client.job("job_1")
    assert "Authorization" not in service.requests[0].headers


def test_a_key_goes_nowhere_else(service: ScriptedService) -> None:
    """A redirect to another place, by mistake or on purpose, must not take the key along."""
    elsewhere = ScriptedService()
    elsewhere.answers(Answer(document=job()))
    service.answers(
        Answer(status=307, headers={"Location": f"http://localhost:{elsewhere.port}/v1/jobs/job_1"})
    )
    with Client(service.url, api_key="gq_1") as client:
        client.job("job_1")
    elsewhere.stop()
    assert service.requests[0].headers["Authorization"] == "Bearer gq_1"
    assert "Authorization" not in elsewhere.requests[0].headers
