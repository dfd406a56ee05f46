"""The TCP port of the API, looked at before anything is started."""

from __future__ import annotations

import errno
import socket

from services.embedded.failure import CannotServe


def free_port(host: str, port: int) -> int:
    """Return `port`, or a free one if it is 0, if the API can listen there.

    Raises:
        CannotServe: somebody else listens there, or there is no such address here.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers do: connections of a service that just ended do not count as in use.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"port {port} on {host} is in use; choose another with --port") from None
        raise CannotServe(f"cannot listen on {host} port {port}: {error.strerror or error}") from None


def reachable(host: str) -> str:
    """Return an address at which a service that listens on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def url(host: str, port: int) -> str:
    """Return the address for a person to open."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
