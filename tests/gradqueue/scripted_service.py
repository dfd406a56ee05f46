"""A small real HTTP server that answers from a script, for what a real service does too seldom."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server sends back. `status` None: it closes the connection without a word."""

    status: int | None = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedService:
    """Gives the answers of its script, in order, and keeps the requests. `url` is where it listens."""

    def __init__(self, port: int = 0) -> None:
        self.script: deque[Answer] = deque()
        self.requests: list[Request] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.requests.append(Request(self.command, self.path, dict(self.headers), body))
                answer = service.script.popleft()
                if answer.status is None:
                    self.close_connection = True
                    return
                content = answer.body if answer.body is not None else json.dumps(answer.document).encode()
                if answer.status in (204, 304):
                    content = b""
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answers(self, *answers: Answer) -> None:
        self.script.extend(answers)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def job(status: str = "queued", epoch: int = 0, **more: Any) -> dict[str, Any]:
    """A job as the service sends it."""
    document = {
        "id": "job_1",
        "object": "job",
        "name": "tutorial",
        "status": status,
        "is_terminal": status in ("succeeded", "failed", "cancelled"),
        "created_at": "2026-01-02T03:04:05.000006Z",
        "started_at": None,
        "finished_at": None,
        "attempt": 1,
        "resolved": {},
        "dataset_id": "ds_1",
        "progress": {
            "epoch": epoch,
            "epochs": 50,
            "fraction": epoch / 50,
            "epochs_per_second": 10.0,
            "eta_seconds": 1.5,
        },
        "latest": {"train_loss": 0.25} if epoch else None,
        "best": None,
        "durations": {"queued_seconds": 0.1, "running_seconds": None},
        "stop_reason": "max_epochs" if status == "succeeded" else None,
        "error": {"code": "diverged", "detail": "the loss is no longer finite"}
        if status == "failed"
        else None,
        "fingerprint": "f" * 64,
        "weights_sha256": "a" * 64 if status == "succeeded" else None,
        "trainer": "compiled" if epoch else None,
        "model_id": "mdl_1" if status == "succeeded" else None,
        "metadata": {"customer": "42"},
        "links": {},
    }
    return document | more


def problem(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> Answer:
    """An error as the service sends it."""
    document: dict[str, Any] = {"type": f"/problems/{code}", "status": status, "code": code, "detail": detail}
    if errors is not None:
        document["errors"] = errors
    return Answer(status, document, {"Content-Type": "application/problem+json"})
