"""A TCP proxy on loopback that can be slow, freeze, cut, and swallow the answer to a COMMIT."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.faults.parts.ports import free_port

_CHUNK = 65_536


class Proxy:
    """Forwards connections to a port of this machine, and can misbehave. Stop it with `close`."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        #: Seconds that everything takes longer, in each direction.
        self.delay = 0.0
        self._target = target
        self._flowing = threading.Event()
        self._flowing.set()
        self._refusing = False
        self._swallow_replies_to: list[bytes] = []
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._delayed = threading.Event()  # never set: waiting for it is how time passes
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=self._accept_all, daemon=True)]
        self._threads[0].start()

    def freeze(self) -> None:
        """Forward nothing, and close nothing: a network that went dead."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self, *, refuse: bool = False) -> None:
        """Break every connection; with `refuse`, new ones too until `mend`."""
        self._refusing = refuse
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _break(pair)

    def mend(self) -> None:
        """Be a good network again."""
        self._refusing, self.delay = False, 0.0
        self._swallow_replies_to.clear()
        self.thaw()

    def swallow_reply_to(self, words: bytes) -> None:
        """Let the next request that holds `words` be carried out, and cut before its answer."""
        self._swallow_replies_to.append(words)

    @property
    def has_swallowed(self) -> bool:
        """Whether every answer that was to be swallowed has been."""
        return not self._swallow_replies_to

    def close(self) -> None:
        """End every connection and thread."""
        self.thaw()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut(refuse=True)
        for thread in self._threads:
            thread.join()

    def _accept_all(self) -> None:
        with contextlib.suppress(OSError):  # the end, by `close`
            while True:
                client, _ = self._listener.accept()
                self._forward(client)

    def _forward(self, client: socket.socket) -> None:
        """Join a connection with one to the target. One that breaks meanwhile breaks alone."""
        try:
            if self._refusing:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        try:
            self._join(client, server)
        except OSError:
            _break((client, server))

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            self._pairs.append((client, server))
        doomed = threading.Event()
        for source, sink, watch in ((client, server, True), (server, client, False)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._pump, args=(source, sink, watch, doomed), daemon=True)
            self._threads.append(thread)
            thread.start()
        self._threads = [thread for thread in self._threads if thread.is_alive()]

    def _pump(
        self, source: socket.socket, sink: socket.socket, from_client: bool, doomed: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flowing.wait()
                if self.delay:
                    self._delayed.wait(self.delay)
                if from_client and self._is_to_be_swallowed(data):
                    doomed.set()
                if not from_client and doomed.is_set():
                    break  # the answer has come: what was asked for is done, and nobody will know
                sink.sendall(data)
        self._flowing.wait()
        _break((source, sink))

    def _is_to_be_swallowed(self, data: bytes) -> bool:
        with self._lock:
            for words in self._swallow_replies_to:
                if words in data:
                    self._swallow_replies_to.remove(words)
                    return True
        return False


def _break(pair: tuple[socket.socket, socket.socket]) -> None:
    for end in pair:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
