"""Several programs that take turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.peers import REPOSITORY

#: Settings of OpenBLAS that may have been made for another machine; each library decides by itself.
_SLOWS_PEERS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Contender:
    """A process that does one piece of work per line it is sent, and answers each with a line of JSON.

    It runs on one core, `core`, with one thread per numeric library. Use it in a `with` statement: the
    process ends with it.
    """

    def __init__(self, name: str, python: Path, script: Path, *arguments: str, core: int = 0) -> None:
        self.name = name
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {name: value for name, value in os.environ.items() if name not in _SLOWS_PEERS}
        command = [python, script, *arguments]
        if hasattr(os, "sched_setaffinity"):
            command = ["taskset", "--cpu-list", str(core), *command]
        self._process = subprocess.Popen(
            command,
            env={**environment, **one_thread, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, what: str) -> dict[str, Any]:
        """Have the process do `what` and return its answer.

        Raises:
            RuntimeError: the process ended instead of answering.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended while doing {what}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.communicate()


@dataclass(frozen=True)
class Measured:
    """The answer of one contender to one piece of work: its best time and what it computed then."""

    seconds: float
    answer: dict[str, Any]


def measure(contenders: Sequence[Contender], what: str, repetitions: int) -> list[Measured]:
    """Let every contender do `what` in turn, `repetitions` times, and return the best of each.

    Each answer must have `seconds`. The best is the least disturbed: noise on a shared machine only adds.
    """
    rounds = [[contender.work(what) for contender in contenders] for _ in range(repetitions)]
    return [
        Measured(best["seconds"], best)
        for best in (
            min(answers, key=lambda answer: answer["seconds"]) for answers in zip(*rounds, strict=True)
        )
    ]
