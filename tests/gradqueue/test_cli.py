"""The command line against a server that answers from a script: what it prints and how it exits."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from tests.gradqueue.scripted_service import Answer, ScriptedService, job, problem


def gradqueue(*arguments: str, url: str = "", stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, arguments, input=stdin, env={"GRADQUEUE_URL": url} if url else {})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_submit_prints_the_id_and_nothing_else(service: ScriptedService, tmp_path: Path) -> None:
    service.answers(Answer(202, job()))
    file = tmp_path / "job.json"
    file.write_bytes(b'{"name": "tutorial"}')
    result = gradqueue("submit", str(file), url=service.url)
    assert (result.stdout, result.exit_code) == ("job_1\n", Exit.OK)
    assert service.requests[0].body == b'{"name": "tutorial"}'


def test_submit_reads_standard_input(service: ScriptedService) -> None:
    service.answers(Answer(202, job()))
    assert gradqueue("submit", "-", url=service.url, stdin=b"{}").exit_code == Exit.OK
    assert service.requests[0].body == b"{}"


def test_watching_a_job_that_succeeds_shows_its_end(service: ScriptedService) -> None:
    service.answers(Answer(202, job()), Answer(200, job("succeeded", 50), {"ETag": '"1"'}))
    result = gradqueue("submit", "-", "--watch", url=service.url, stdin=b"{}")
    assert result.exit_code == Exit.OK
    assert "epoch 50/50 loss 0.25" in result.stderr
    assert "job_1 succeeded after 50 epochs; weights sha256 aaaa" in result.stderr
    assert result.stdout == "job_1\n"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", "job_1 failed after 3 epochs: the loss is no longer finite (diverged)"),
        ("cancelled", "job_1 cancelled"),
    ],
)
def test_watching_a_job_that_does_not_succeed_exits_with_1(
    service: ScriptedService, status: str, said: str
) -> None:
    service.answers(Answer(202, job()), Answer(200, job(status, 3), {"ETag": '"1"'}))
    result = gradqueue("submit", "-", "--watch", url=service.url, stdin=b"{}")
    assert result.exit_code == Exit.NOT_SUCCEEDED
    assert said in result.stderr


def test_invalid_input_names_every_place(service: ScriptedService) -> None:
    errors = [
        {"pointer": "/training/epochs", "code": "out_of_range", "detail": "must be at least 1"},
        {"pointer": "", "code": "missing", "detail": "a dataset is needed"},
    ]
    service.answers(problem(422, "invalid_input", "2 problems were found", errors))
    result = gradqueue("submit", "-", url=service.url, stdin=b"{}")
    assert result.exit_code == Exit.INVALID
    assert result.stderr.splitlines() == [
        "gradqueue: 2 problems were found",
        "  /training/epochs: must be at least 1",
        "  /: a dataset is needed",
    ]


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    result = gradqueue("submit", "no-such-file.json")
    assert result.exit_code == Exit.INVALID
    assert "No such file" in result.stderr


def test_no_service_is_one_readable_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    result = gradqueue("jobs", url=url)
    assert result.exit_code == Exit.UNREACHABLE
    assert result.stderr == f"gradqueue: no gradqueue service answers at {url}\n"


@pytest.mark.parametrize(
    ("answer", "exit_code"),
    [
        (problem(404, "not_found", "there is no such job"), Exit.REFUSED),
        (problem(409, "invalid_status", "the job is succeeded"), Exit.REFUSED),
        (Answer(502, body=b"<html>"), Exit.UNREACHABLE),
    ],
)
def test_refusals_have_their_exit_code(service: ScriptedService, answer: Answer, exit_code: Exit) -> None:
    service.answers(answer)
    assert gradqueue("cancel", "job_1", url=service.url).exit_code == exit_code


@pytest.mark.parametrize("action", ["cancel", "pause", "resume"])
def test_actions_print_the_new_status(service: ScriptedService, action: str) -> None:
    service.answers(Answer(200, job("cancelled")))
    assert gradqueue(action, "job_1", url=service.url).stdout == "job_1 cancelled\n"
    assert service.requests[0].path == f"/v1/jobs/job_1/{action}"


def test_delete_says_what_is_gone(service: ScriptedService) -> None:
    service.answers(Answer(204))
    assert gradqueue("delete", "job_1", url=service.url).stdout == "job_1 deleted\n"


def test_jobs_lists_one_per_line_in_a_pipe(service: ScriptedService) -> None:
    long = "a name that is much longer than a terminal is wide, " * 4
    page = {"data": [job("running", 7), job(id="job_0", name=long)], "has_more": True, "next_cursor": "c"}
    service.answers(Answer(200, page))
    lines = gradqueue("jobs", "--limit", "2", url=service.url).stdout.splitlines()
    assert lines[0].split() == ["job", "name", "status", "epoch", "train", "loss", "created"]
    assert lines[1].split() == ["job_1", "tutorial", "running", "7/50", "0.25", "2026-01-02", "03:04:05"]
    assert long.strip() in lines[2]


def test_show_tells_why_a_job_failed(service: ScriptedService) -> None:
    service.answers(Answer(200, job("failed", 3)))
    text = gradqueue("show", "job_1", url=service.url).stdout
    assert "the loss is no longer finite (diverged)" in text
    assert "customer=42" in text


def test_show_json_is_the_service_s_document(service: ScriptedService) -> None:
    service.answers(Answer(200, job("running", 3)))
    assert json.loads(gradqueue("show", "job_1", "--json", url=service.url).stdout) == job("running", 3)


def test_curve_draws_the_loss(service: ScriptedService) -> None:
    page = {"epochs": [1, 2, 3], "train_loss": [0.9, 0.5, 0.2], "has_more": False}
    service.answers(Answer(200, page))
    lines = gradqueue("curve", "job_1", url=service.url).stdout.splitlines()
    assert "(train_loss)" in lines[0]
    assert any("\u2800" < dot <= "\u28ff" for line in lines for dot in line)


@pytest.mark.parametrize(
    ("values", "said"),
    [([], "no epoch is done yet"), ([0.0], "(train_loss)"), ([-1.0, -2.0], "(train_loss)")],
    ids=["no epochs", "one epoch of zero", "negative losses"],
)
def test_curve_copes_with_odd_curves(service: ScriptedService, values: list[float], said: str) -> None:
    epochs = list(range(1, len(values) + 1))
    service.answers(Answer(200, {"epochs": epochs, "train_loss": values, "has_more": False}))
    assert said in gradqueue("curve", "job_1", url=service.url).stdout


def test_curve_names_the_metrics_there_are(service: ScriptedService) -> None:
    page = {"epochs": [1], "train_loss": [0.9], "accuracy": [0.5], "has_more": False}
    service.answers(Answer(200, page))
    result = gradqueue("curve", "job_1", "--metric", "acuracy", url=service.url)
    assert result.exit_code == Exit.INVALID
    assert "the job has train_loss, accuracy" in result.stderr


def test_curve_saves_a_picture_of_the_kind_its_name_says(service: ScriptedService, tmp_path: Path) -> None:
    service.answers(Answer(200, body=b"<svg/>"))
    assert (
        gradqueue("curve", "job_1", "--save", str(tmp_path / "loss.svg"), url=service.url).exit_code
        == Exit.OK
    )
    assert (tmp_path / "loss.svg").read_bytes() == b"<svg/>"
    assert service.requests[0].path.endswith("?format=svg")
    assert gradqueue("curve", "job_1", "--save", "loss.gif", url=service.url).exit_code == Exit.INVALID


def test_weights_are_json_on_standard_output_or_in_a_file(service: ScriptedService, tmp_path: Path) -> None:
    document = {"object": "weights", "layers": []}
    service.answers(Answer(200, document), Answer(200, document))
    assert json.loads(gradqueue("weights", "job_1", url=service.url).stdout) == document
    assert (
        gradqueue("weights", "job_1", "--out", str(tmp_path / "w.json"), url=service.url).exit_code == Exit.OK
    )
    assert json.loads((tmp_path / "w.json").read_bytes()) == document


@pytest.mark.parametrize("command", ["submit", "jobs", "show", "cancel", "serve", "train"])
def test_help_loads_nothing_heavy(command: str) -> None:
    """A fresh interpreter, because the tests themselves have long loaded everything."""
    heavy = {"requests", "rich", "numpy", "numba", "celery", "flask", "sqlalchemy", "matplotlib", "plotille"}
    code = f"""
import sys
from gradqueue.cli import main
try:
    main([{command!r}, "--help"])
finally:
    print(sorted({heavy!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
