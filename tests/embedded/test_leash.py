"""Whatever we start ends when we are gone, even if we are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from services import leash
from tests.support.waiting import is_alive, until

pytestmark = pytest.mark.service

#: Starts a program of ours, which arranges its own end, tells its process id, and waits to be killed.
PARENT_OF_OURS = """
import os, subprocess, sys, time
child = '''
import os, sys, time
from services import leash
leash.end_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(1000)
'''
subprocess.Popen([sys.executable, "-c", child, str(os.getpid())])
time.sleep(1000)
"""

#: The same with a program that is not ours.
PARENT_OF_ANOTHER = """
import subprocess, time
from services import leash
subprocess.Popen(leash.watched(["/bin/sh", "-c", "echo $$; exec sleep 1000"]))
time.sleep(1000)
"""


@pytest.mark.parametrize("parent", [PARENT_OF_OURS, PARENT_OF_ANOTHER])
def test_the_child_of_a_killed_process_ends(parent: str) -> None:
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert is_alive(child)
        process.kill()
        process.wait()
        until(lambda: not is_alive(child), "the end of the child")


def test_a_child_whose_parent_died_before_it_looked_ends_at_once() -> None:
    code = "import time; from services import leash; leash.end_with_parent(1 << 22); time.sleep(1000)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGTERM


def test_a_watched_program_that_is_told_to_end_ends() -> None:
    with subprocess.Popen(leash.watched(["sleep", "1000"])) as process:
        process.terminate()
        process.wait(20)


def test_where_the_kernel_does_not_tell_a_thread_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    monkeypatch.setattr(os, "kill", lambda pid, number: told.set() if (pid, number) == ME else None)
    leash._watch(os.getppid() + 1)
    assert told.is_set()


ME = (os.getpid(), signal.SIGTERM)
