"""The supervisor, with small programs in the place of API, worker and broker."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.embedded import process
from services.embedded.failure import CannotServe
from services.embedded.process import Process, Program
from services.embedded.supervisor import MOST_EARLY_DEATHS, Supervisor
from tests.support.waiting import is_alive, until

pytestmark = pytest.mark.service

#: Says that it is there, then sleeps until it is ended.
SLEEPER = 'echo $$ >> "$0"; exec sleep 1000'
#: The same, but deaf to SIGTERM and with a child of its own.
STUBBORN = 'trap "" TERM; echo $$ >> "$0"; sleep 1000 & echo $! >> "$0"; wait'
#: Writes its name when it is asked to end.
POLITE = 'trap "echo $1 ends >> $0; exit" TERM; echo $1 >> "$0"; while :; do sleep 0.01; done'


def run(supervisor: Supervisor, is_ready: Callable[[], bool]) -> None:
    """Run until ready, then end by SIGTERM, as a person's Ctrl-C or a service manager does."""
    supervisor.run(
        is_ready=is_ready, on_ready=lambda: os.kill(os.getpid(), signal.SIGTERM), on_end=lambda: None
    )


def test_a_process_that_dies_is_started_again_and_all_are_ended(tmp_path: Path) -> None:
    there = tmp_path / "there"

    def restarted() -> bool:
        pids = _pids(there)
        if len(pids) == 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGKILL)
        return len(pids) >= 2

    run(_supervisor(_process(SLEEPER, there)), restarted)

    assert len(_pids(there)) == 2
    _all_gone(there)


def test_what_does_not_end_is_killed_with_its_own_children(tmp_path: Path) -> None:
    there = tmp_path / "there"
    began = time.monotonic()
    run(_supervisor(_process(STUBBORN, there), shutdown_seconds=0.2), lambda: len(_pids(there)) == 2)

    _all_gone(there)
    assert time.monotonic() - began < 5


def test_a_second_signal_ends_at_once_what_does_not_end(tmp_path: Path) -> None:
    there = tmp_path / "there"
    supervisor = _supervisor(_process(STUBBORN, there), shutdown_seconds=1000)
    supervisor.run(
        is_ready=lambda: len(_pids(there)) == 2,
        on_ready=lambda: os.kill(os.getpid(), signal.SIGINT),
        on_end=lambda: os.kill(os.getpid(), signal.SIGINT),
    )
    _all_gone(there)


def test_the_group_started_first_ends_last(tmp_path: Path) -> None:
    log = tmp_path / "log"
    groups = [[_process(POLITE, log, "broker")], [_process(POLITE, log, "worker")]]
    run(Supervisor(groups, shutdown_seconds=20), lambda: len(_lines(log)) == 2)

    assert _lines(log)[2:] == ["worker ends", "broker ends"]


def test_a_process_that_cannot_start_ends_the_service_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE_SECONDS", 0.001)
    there = tmp_path / "there"
    supervisor = _supervisor(_process(SLEEPER, there), Process(Program("api", ["false"])))

    with pytest.raises(CannotServe, match=r"^the api keeps ending as soon as it starts$"):
        run(supervisor, lambda: False)
    _all_gone(there)


def test_a_service_that_ran_is_never_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE_SECONDS", 0.0001)
    there = tmp_path / "there"
    dying = Process(Program("broker", ["/bin/sh", "-c", f'echo $$ >> "{there}"']))

    def wait_for_many_deaths() -> None:
        until(
            lambda: dying.keep_running() is None and len(_pids(there)) > 2 * MOST_EARLY_DEATHS, "many deaths"
        )
        os.kill(os.getpid(), signal.SIGTERM)

    _supervisor(dying).run(is_ready=lambda: True, on_ready=wait_for_many_deaths, on_end=lambda: None)


def test_ctrl_c_of_the_terminal_reaches_the_supervisor_only(tmp_path: Path) -> None:
    there = tmp_path / "there"
    run(_supervisor(_process('ps -o sid= -p $$ >> "$0"; exec sleep 1000', there)), lambda: bool(_pids(there)))
    assert os.getsid(0) not in _pids(there)


def test_the_signal_handlers_are_what_they_were(tmp_path: Path) -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in numbers]
    there = tmp_path / "there"
    run(_supervisor(_process(SLEEPER, there)), lambda: bool(_pids(there)))
    assert [signal.getsignal(number) for number in numbers] == before


def test_prepare_learns_how_often_the_process_died_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE_SECONDS", 0.001)
    deaths: list[int] = []
    dying = Process(Program("broker", ["false"], prepare=deaths.append))
    until(lambda: dying.keep_running() is None and len(deaths) == 4, "four starts")
    dying.kill()
    assert deaths == [0, 1, 2, 3]


def _all_gone(path: Path) -> None:
    # The kernel needs a moment for those whose end the supervisor cannot wait for: their parents' children.
    until(lambda: not any(is_alive(pid) for pid in _pids(path)), "the end of every process")


def _supervisor(*processes: Process, shutdown_seconds: float = 20.0) -> Supervisor:
    return Supervisor([processes], shutdown_seconds=shutdown_seconds)


def _process(script: str, path: Path, *arguments: str) -> Process:
    return Process(Program("program", ["/bin/sh", "-c", script, str(path), *arguments]))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _pids(path: Path) -> list[int]:
    return [int(line) for line in _lines(path)]
