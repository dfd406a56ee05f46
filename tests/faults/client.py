"""A client that writes down every answer. It insists where a person would: on being answered."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from tests.faults.judge.history import Answer, CurveSeen, EventSeen, History, JobDeleted, JobSeen
from tests.faults.parts.waiting import wait_until

#: Seconds until no answer is an answer; more than the judge allows any request.
TIMEOUT_SECONDS = 20.0
#: Seconds for which a client insists while parts of the service are away.
PATIENCE_SECONDS = 180.0
PAGE_EPOCHS = 100_000
#: Seconds in which the events of a job end, and between two tries to go on with them.
STREAM_SECONDS = 1000.0
PAUSE_SECONDS = 0.1


class RecordingClient:
    """One per thread."""

    def __init__(self, url: str, history: History) -> None:
        self._url = url
        self._history = history
        self._session = requests.Session()

    def close(self) -> None:
        self._session.close()

    def ask(
        self, method: str, path: str, *, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """Send a request once; None if no answer came."""
        began = time.monotonic()
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=None if document is None else json.dumps(document).encode(),
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException:
            self._history.note(Answer(f"{method} {path}", 0, time.monotonic() - began))
            return None
        self._history.note(_answer(f"{method} {path}", response, time.monotonic() - began))
        return response

    def post_job(self, document: Mapping[str, Any], key: str | None = None) -> requests.Response | None:
        """Submit once, whatever comes of it."""
        headers = {} if key is None else {"Idempotency-Key": key}
        response = self.ask("POST", "/v1/jobs", document=document, headers=headers)
        if response is not None and response.ok:
            self._history.note(JobSeen.of(response.json(), key))
        return response

    def submit(self, document: Mapping[str, Any], key: str | None = None) -> str:
        """Submit until it is accepted, under one idempotency key, and return the job's id."""
        key = key or uuid.uuid4().hex

        def accepted() -> requests.Response | None:
            response = self.post_job(document, key)
            assert response is None or response.ok or response.status_code == 503, response.text
            return response if response is not None and response.ok else None

        return str(wait_until(accepted, PATIENCE_SECONDS, "the job is accepted").json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job as soon as somebody answers."""
        document: dict[str, Any] = self._insist("GET", f"/v1/jobs/{job_id}").json()
        self._history.note(JobSeen.of(document))
        return document

    def act(self, job_id: str, action: str) -> dict[str, Any] | None:
        """Cancel, pause or resume; None if the job's status does not allow it."""
        response = self._insist("POST", f"/v1/jobs/{job_id}/{action}")
        if response.status_code == 409:
            return None
        document: dict[str, Any] = response.json()
        self._history.note(JobSeen.of(document))
        return document

    def delete(self, job_id: str) -> None:
        response = self._insist("DELETE", f"/v1/jobs/{job_id}")
        assert response.status_code in (204, 404), response.text
        self._history.note(JobDeleted(job_id))

    def curve(self, job_id: str, after_epoch: int = 0) -> int:
        """Read the loss curve after `after_epoch` to its end; return the last epoch in it."""
        while True:
            query = f"?after_epoch={after_epoch}&limit={PAGE_EPOCHS}"
            page = self._insist("GET", f"/v1/jobs/{job_id}/loss-curve{query}").json()
            self._history.note(CurveSeen.of(job_id, page))
            after_epoch = page["epochs"][-1] if page["epochs"] else after_epoch
            if not page["has_more"]:
                return after_epoch

    def follow(self, job_id: str, reader: str) -> None:
        """Read the job's event stream to its end, going on from the last event wherever it is cut."""
        last_id = ""
        given_up_at = time.monotonic() + STREAM_SECONDS
        while time.monotonic() < given_up_at:
            began, path = time.monotonic(), f"/v1/jobs/{job_id}/events"
            with contextlib.suppress(requests.RequestException):
                response = self._session.get(
                    self._url + path,
                    headers={"Last-Event-ID": last_id} if last_id else {},
                    timeout=TIMEOUT_SECONDS,
                    stream=True,
                )
                self._history.note(_answer(f"GET {path}", response, time.monotonic() - began))
                with response:
                    if response.ok:
                        for event_id, name, data in _events(response):
                            last_id = event_id
                            self._note_event(job_id, reader, name, json.loads(data))
                            if name == "end":
                                return
            threading.Event().wait(PAUSE_SECONDS)  # as every client of such a stream does
        raise AssertionError(f"the events of {job_id} have no end")

    def _note_event(self, job_id: str, reader: str, name: str, document: dict[str, Any]) -> None:
        if name == "epochs":
            self._history.note(CurveSeen.of(job_id, document))
            self._history.note(EventSeen(job_id, reader, document["epochs"][0], document["epochs"][-1]))
        else:
            self._history.note(JobSeen.of(document))
        if name == "end":
            epoch = document["progress"]["epoch"]
            self._history.note(EventSeen(job_id, reader, epoch, epoch, is_end=True))

    def _insist(self, method: str, path: str) -> requests.Response:
        def answer() -> requests.Response | None:
            response = self.ask(method, path)
            return response if response is not None and response.status_code != 503 else None

        # A response that is an error is false; only None means that there is none.
        found = wait_until(
            lambda: [r] if (r := answer()) is not None else [], PATIENCE_SECONDS, f"{method} {path}"
        )
        return found[0]


def _answer(request: str, response: requests.Response, seconds: float) -> Answer:
    headers = response.headers
    content_type = headers.get("Content-Type", "").partition(";")[0]
    return Answer(request, response.status_code, seconds, content_type, headers.get("Retry-After", ""))


def _events(response: requests.Response) -> Iterator[tuple[str, str, str]]:
    """Yield the id, name and data of every event that is complete (the HTML standard, server-sent events)."""
    fields: dict[str, str] = {}
    for line in response.iter_lines(chunk_size=1024):
        name, _, value = line.decode().partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield fields["id"], fields["event"], fields["data"]
            fields = {}
