"""Log lines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from services import logs


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_an_event_is_one_json_object_with_its_values() -> None:
    stream = io.StringIO()
    logs.setup("json", stream=stream)
    logs.get_logger("services.worker").info("job claimed", job="job_1", attempt=2)

    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("pid") > 0
    assert line == {
        "event": "job claimed",
        "job": "job_1",
        "attempt": 2,
        "level": "info",
        "logger": "services.worker",
    }


def test_every_json_line_of_a_worker_names_it() -> None:
    stream = io.StringIO()
    logs.setup("json", stream=stream, worker="a host:1")
    logs.get_logger("services.worker").info("job claimed", job="job_1")
    logging.getLogger("kombu").warning("lost the broker")
    assert [json.loads(line)["worker"] for line in stream.getvalue().splitlines()] == ["a host:1"] * 2


def test_an_event_is_one_line_of_text_for_a_person() -> None:
    stream = io.StringIO()
    logs.setup("text", stream=stream)
    logs.get_logger("services.worker").info("job claimed", job="job_1")
    assert stream.getvalue().split(" ", 1)[1] == "[info     ] job claimed job=job_1\n"


def test_what_libraries_log_comes_out_in_the_same_form() -> None:
    stream = io.StringIO()
    logs.setup("json", stream=stream)
    logging.getLogger("kombu.connection").warning("lost %s", "the broker")
    assert json.loads(stream.getvalue())["event"] == "lost the broker"


def test_routine_lines_of_libraries_are_left_out() -> None:
    stream = io.StringIO()
    logs.setup("text", stream=stream)
    logging.getLogger("celery.app.trace").info("task succeeded")
    assert stream.getvalue() == ""


def test_less_severe_events_than_asked_for_are_left_out() -> None:
    stream = io.StringIO()
    logs.setup("text", level="warning", stream=stream)
    logs.get_logger("services.api").info("request")
    assert stream.getvalue() == ""


def test_a_traceback_shows_no_values_of_variables() -> None:
    stream = io.StringIO()
    logs.setup("json", stream=stream)
    password = "hunter2"  # noqa: F841 (a local variable of the frame in the traceback)
    try:
        raise ValueError("something")
    except ValueError:
        logs.get_logger("services.api").exception("failed")
    assert "ValueError: something" in json.loads(stream.getvalue())["exception"]
    assert "hunter2" not in stream.getvalue().replace('password = "hunter2"', "")
