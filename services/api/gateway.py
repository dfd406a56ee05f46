"""ASGI outside, WSGI inside: the server's event loop waits for clients, threads run the application.

Libraries that do this were looked at: docs/decisions/http-server.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from services.api.client import Client, Gone, Patience, TooSlow
from services.api.connections import LAST_SECONDS
from services.api.environ import environ_of
from services.api.presence import IS_GONE
from services.api.upload import upload
from services.logs import get_logger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from services.api.client import Message
    from services.api.connections import Connections
    from services.api.threads import Threads

log = get_logger(__name__)

#: Most bytes sent at once: what a client has to take within its time.
_PIECE_BYTES = 64 * 1024


class Gateway:
    """The application as the server calls it."""

    def __init__(
        self, app: WSGIApplication, threads: Threads, patience: Patience, connections: Connections
    ) -> None:
        self._app = app
        self._threads = threads
        self._patience = patience
        self._connections = connections
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Have a thread answer one request."""
        self._loop = asyncio.get_running_loop()
        self._connections.port = int(scope["server"][1])
        client = Client(receive, send, self._patience, _announced(scope["headers"]))
        try:
            await self._in_a_thread(partial(self._answer, scope, client))
        finally:
            client.forget()

    async def _in_a_thread(self, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def run() -> None:
            try:
                work()
            except BaseException as error:  # the server answers 500 where nothing was sent
                log.error("request failed", code="internal", exc_info=error)
            finally:
                loop.call_soon_threadsafe(done.set_result, None)

        self._threads.run(run)
        await done

    def run_out_of_patience(self) -> None:
        """Wait a moment longer, and no more, for those who are silent; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._patience.shorten, LAST_SECONDS)

    def _answer(self, scope: dict[str, Any], client: Client) -> None:
        """Call the application and send what it answers."""
        head = _Head()
        environ = environ_of(scope, upload(client)) | {IS_GONE: client.is_gone}
        pieces = self._app(environ, head)
        try:
            if head.is_of_known_length:
                client.answer(head.message, b"".join(pieces))
            else:
                self._stream(scope, client, head.message, pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def _stream(self, scope: dict[str, Any], client: Client, start: Message, pieces: Iterable[bytes]) -> None:
        try:
            client.send(start)
            for piece in _small(pieces):
                client.send({"type": "http.response.body", "body": piece, "more_body": True})
            client.send({"type": "http.response.body", "body": b""})
        except Gone:
            pass
        except BaseException as error:
            # Only a connection that breaks tells the client that this is not all.
            self._connections.cut(scope["client"])
            if not isinstance(error, TooSlow):
                log.error("answer broken off", exc_info=error)


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return how long the body is: the server has checked it; None for a chunked one."""
    length: int | None = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


@dataclass(slots=True)
class _Head:
    """Status and headers of an answer, as the application gives them to `start_response`."""

    message: Message = field(default_factory=dict)
    is_of_known_length: bool = False

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        code = int(status[:3])
        self.is_of_known_length = code in (204, 304) or any(name == b"content-length" for name, _ in encoded)
        self.message = {"type": "http.response.start", "status": code, "headers": encoded}
        return None


def _small(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for begin in range(0, len(piece), _PIECE_BYTES):
            yield piece[begin : begin + _PIECE_BYTES]
