"""The supervisor: keeps processes running until it is told to end, then ends them in order."""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.embedded.failure import CannotServe
from services.logs import get_logger

if TYPE_CHECKING:
    from services.embedded.process import Process

log = get_logger(__name__)

#: Seconds between two looks at the processes; a death or a signal is noticed at once all the same.
LOOK_SECONDS = 1.0
#: Seconds between two looks while the processes start or end.
BUSY_LOOK_SECONDS = 0.05
#: After this many early deaths in a row there is no hope that the service will start.
MOST_EARLY_DEATHS = 6

#: Sleeps for some seconds, or less if there was a signal; returns how many of them said to end.
Wait = Callable[[float], int]


class Supervisor:
    """Runs processes. It has one thread, which sleeps until a signal comes."""

    def __init__(self, groups: Sequence[Sequence[Process]], *, shutdown_seconds: float) -> None:
        """The groups start in this order and end in the opposite one, each within `shutdown_seconds`."""
        self._groups = groups
        self._shutdown_seconds = shutdown_seconds

    def run(
        self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        """Run until a signal says to end. `on_ready` is called once, when `is_ready`; `on_end` at the end.

        Raises:
            CannotServe: before all was ready, a process kept dying as soon as it started.
        """
        ready = False
        with _woken_by_signals() as wait:
            try:
                told_to_end = 0
                while not told_to_end:
                    self._keep_running()
                    if not ready:
                        self._give_up_if_hopeless()
                        ready = is_ready()
                        if ready:
                            on_ready()
                    told_to_end = wait(LOOK_SECONDS if ready else BUSY_LOOK_SECONDS)
                on_end()
            finally:
                self._end(wait)

    def _keep_running(self) -> None:
        for group in self._groups:
            for process in group:
                ended = process.keep_running()
                if ended is not None:
                    log.warning(f"the {process.name} ended and is started again", how=ended)

    def _give_up_if_hopeless(self) -> None:
        """End a start that cannot succeed. What ran once is not given up: a full disk gets space again."""
        for group in self._groups:
            for process in group:
                if process.early_deaths >= MOST_EARLY_DEATHS:
                    raise CannotServe(f"the {process.name} keeps ending as soon as it starts")

    def _end(self, wait: Wait) -> None:
        """End everything, in order; a further signal ends it at once."""
        impatient = False
        for group in reversed(self._groups):
            for process in group:
                process.ask_to_end()
            deadline = time.monotonic() + self._shutdown_seconds
            while any(process.pid for process in group) and time.monotonic() < deadline and not impatient:
                impatient = wait(BUSY_LOOK_SECONDS) > 0
            for process in group:
                if process.pid is not None:
                    log.warning(f"the {process.name} does not end and is killed")
                process.kill()


@contextmanager
def _woken_by_signals() -> Iterator[Wait]:
    """Take over the signals that say to end, and the one that says that a child died."""
    ending = {number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if _is_wanted(number)}
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = {number: signal.signal(number, _do_nothing) for number in (*ending, signal.SIGCHLD)}
        # The interpreter writes the number of each signal into the socket, which ends the select below.
        fd_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

        def wait(seconds: float) -> int:
            if not select.select([reader], [], [], seconds)[0]:
                return 0
            return sum(number in ending for number in reader.recv(4096))

        try:
            yield wait
        finally:
            signal.set_wakeup_fd(fd_before)
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_wanted(number: signal.Signals) -> bool:
    """Return false for a signal that whoever started us wants ignored, as `nohup` does with SIGHUP."""
    return signal.getsignal(number) is not signal.SIG_IGN


def _do_nothing(_number: int, _frame: object) -> None:
    pass
