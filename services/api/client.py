"""The client of one request: what it sends, what it takes, and whether it is still there.

All waiting for clients happens on the event loop, where every wait has an end: a thread that reads from a
socket cannot be interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Message = dict[str, Any]
Result = TypeVar("Result")


class TooSlow(Exception):
    """The client was silent for too long, or took too long for the whole."""


class Gone(Exception):
    """The client ended the connection."""


class Patience:
    """How long this process waits for its clients, in seconds: for the next bytes, and for the whole."""

    def __init__(self, silence: float, whole: float) -> None:
        self.silence = silence
        self.whole = whole
        self._waits: set[asyncio.Timeout] = set()

    async def wait_for(self, awaitable: Awaitable[Result], seconds: float) -> Result:
        """Return what comes, if it comes in time.

        Raises:
            TooSlow: it does not.
        """
        try:
            async with asyncio.timeout(min(seconds, self.silence)) as wait:
                self._waits.add(wait)
                try:
                    return await awaitable
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            raise TooSlow from None

    def shorten(self, silence: float) -> None:
        """Wait no longer than this from now on, for those who are waited for already as well."""
        self.silence = min(silence, self.silence)
        end = asyncio.get_running_loop().time() + self.silence
        for wait in self._waits:
            wait.reschedule(min(end, wait.when() or end))


class Client:
    """Receives from and sends to one client. Made on the event loop; its methods are for another thread.

    `length` is how many bytes of a body were announced: 0 if there is none, None if that is not known.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        patience: Patience,
        length: int | None,
    ) -> None:
        self._receive = receive
        self._send = send
        self._patience = patience
        self._left = length
        self._loop = asyncio.get_running_loop()
        self._deadline: float | None = None
        # Most bodies are here before the application asks for them: then its thread waits for nobody.
        self._first = None if length == 0 else self._loop.create_task(self._message())
        self._listens = False
        self._listening: asyncio.Task[None] | None = None
        self._is_gone = False

    def read(self) -> bytes:
        """Return the next bytes of the body as they come; none at its end.

        Raises:
            TooSlow: nothing came for too long, or the whole takes too long.
            Gone: the client ended the connection before the body's end.
        """
        while self._left != 0:
            message = self._next()
            if message["type"] == "http.disconnect":
                raise Gone
            body: bytes = message["body"]
            if not message["more_body"]:
                self._left = 0
            elif self._left is not None:
                self._left -= len(body)
            if body:
                return body
        return b""

    def answer(self, start: Message, body: bytes) -> None:
        """Send a whole answer, which the server takes at once.

        Not from the event loop: granian takes messages from any thread, and one that has to be woken first
        costs a POST about a millisecond (docs/decisions/http-server.md).
        """
        self._send(start)
        self._send({"type": "http.response.body", "body": body})

    def send(self, message: Message) -> None:
        """Send a part of the answer, as soon as the client took enough of what was sent before.

        Raises:
            TooSlow: it takes too long.
            Gone: the client ended the connection.
        """
        if self.is_gone():
            raise Gone
        self._on_the_loop(self._give(message))

    def is_gone(self) -> bool:
        """Whether the client ended the connection, as far as is known: the first question makes us listen."""
        if not self._listens:
            self._listens = True
            self._loop.call_soon_threadsafe(self._begin_to_listen)
        return self._is_gone

    def forget(self) -> None:
        """Wait for nothing any more; to be called on the event loop.

        The server goes on with the connection when nobody can ask for the rest of the body any more, and
        requests are parts of cycles: they live until the garbage collector comes.
        """
        for task in (self._first, self._listening):
            if task is not None:
                task.cancel()
        self._first = self._listening = None
        self._receive, self._send = _from_nobody, _to_nobody

    def _on_the_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _next(self) -> Message:
        first, self._first = self._first, None
        if first is not None and first.done():
            return first.result()
        return self._on_the_loop(self._wait_for(first or self._message()))

    async def _message(self) -> Message:
        return await self._receive()

    async def _wait_for(self, message: Awaitable[Message]) -> Message:
        if self._deadline is None:
            self._deadline = self._loop.time() + self._patience.whole
        return await self._patience.wait_for(message, max(0.0, self._deadline - self._loop.time()))

    async def _give(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._patience.whole):
                await self._send(message)
        except TimeoutError:
            raise TooSlow from None

    def _begin_to_listen(self) -> None:
        self._listening = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        """Wait for the end of the connection. More of a body that nobody wanted ends the listening."""
        message = await (self._first or self._message())
        if message["type"] == "http.request" and not message["more_body"]:
            message = await self._receive()
        self._is_gone = message["type"] == "http.disconnect"


async def _from_nobody() -> Message:
    """Stand for `receive` when the request is over."""
    raise Gone


async def _to_nobody(_message: Message) -> None:
    """Stand for `send` when the request is over."""
    raise Gone
