"""TCP ports for servers that come back at the same address after they were killed."""

from __future__ import annotations

import random
import socket

#: Below the range that outgoing connections get theirs from (32768 and up on Linux): while a server is
#: down, a client that tries to reach it must not be given the server's own port.
_RANGE = (15_000, 32_000)

#: Not the seeded generator of the test run, which would give every run the same ports.
_random = random.SystemRandom()


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    while True:
        port = _random.randrange(*_RANGE)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def accepts(port: int) -> bool:
    """Whether somebody takes connections at the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
