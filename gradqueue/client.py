"""The service as a Python object: one method per thing that can be asked of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast
from urllib.parse import quote

import requests

from gradqueue.problem import Problem, Unreachable
from gradqueue.transport import Transport

if TYPE_CHECKING:
    from gradqueue.documents import Dataset, DescribedDataset, Job, Predictions, Weights

DEFAULT_URL = "http://127.0.0.1:8000"
#: Seconds one long poll lasts at most: below the 30 s after which many proxies cut an idle connection.
POLL_SECONDS = 25
#: Seconds for which watching goes on while the service does not answer: several times what its restart takes.
OUTAGE_SECONDS = 30.0
#: Seconds between two tries to reach it again meanwhile.
OUTAGE_PAUSE_SECONDS = 0.5
#: Objects of a list, and epochs of a loss curve, asked for at a time: the most that the service gives.
PAGE = 100
PAGE_EPOCHS = 100_000


class Client:
    """A connection to one gradqueue service. Usable as a context manager; give each thread its own.

    Every method may raise `gradqueue.Problem`, of which `gradqueue.Unreachable` is the kind that means
    that no answer came. Connections that break and HTTP status 429 and 503 are tried again first; no
    method does its work twice because of it.
    """

    def __init__(
        self, url: str = DEFAULT_URL, *, api_key: str | None = None, timeout_seconds: float = 30.0
    ) -> None:
        """Connect to the service at `url`; an answer may take `timeout_seconds`.

        A service that asks who is there needs an `api_key`; see `gradqueue keys`.
        """
        self._transport = Transport(url, timeout_seconds, api_key)
        self._poll_seconds = POLL_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def ready(self) -> bool:
        """Whether the service can take and train jobs now."""
        try:
            self._transport.request("GET", "/readyz")
        except Problem:
            return False
        return True

    def submit(self, job: Mapping[str, Any] | bytes, *, idempotency_key: str | None = None) -> Job:
        """Submit a job: the document of `POST /v1/jobs`, as an object or as the bytes of a JSON file.

        NumPy arrays may stand for lists. Without an `idempotency_key` a new one is made for this call,
        so that a retry after a lost answer finds the job that the first try made.

        Raises:
            ValueError: a number is not finite.
        """
        body = job if isinstance(job, bytes) else _encoded(job)
        key = idempotency_key or uuid.uuid4().hex
        return _job(self._transport.request("POST", "/v1/jobs", body=body, headers={"Idempotency-Key": key}))

    def job(self, job_id: str) -> Job:
        """Return the job as it is now."""
        return _job(self._transport.request("GET", _path(job_id)))

    def jobs(
        self, *, status: str | None = None, name: str | None = None, metadata: Mapping[str, str] | None = None
    ) -> Iterator[Job]:
        """Yield the jobs, newest first, fetching a page at a time."""
        params = _given(status=status, name=name)
        params |= {f"metadata[{key}]": value for key, value in (metadata or {}).items()}
        yield from self._list("/v1/jobs", params)

    def watch(self, job_id: str, *, timeout_seconds: float | None = None) -> Iterator[Job]:
        """Yield the job now and at every change, up to and including its terminal status.

        Goes on over a restart of the service.

        Raises:
            TimeoutError: the job is not done after `timeout_seconds`.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        response = self._transport.request("GET", _path(job_id))
        while True:
            if response.status_code != requests.codes.not_modified:
                job = _job(response)
                yield job
                if job["is_terminal"]:
                    return
                etag = response.headers["ETag"]
            left = float(POLL_SECONDS) if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{job_id} is not done after {timeout_seconds} s")
            response = self._next_change(job_id, etag, max(1, int(left)))

    def _list(self, path: str, filters: Mapping[str, str]) -> Iterator[Any]:
        params: dict[str, str | int] = {"limit": PAGE, **filters}
        while True:
            page = self._transport.request("GET", path, params=params).json()
            yield from page["data"]
            if not page["has_more"]:
                return
            params["after"] = page["next_cursor"]

    def _next_change(self, job_id: str, etag: str, most: int) -> requests.Response:
        given_up_at = time.monotonic() + OUTAGE_SECONDS
        while True:
            seconds = min(most, self._poll_seconds)
            try:
                return self._transport.request(
                    "GET",
                    _path(job_id),
                    params={"wait": seconds},
                    headers={"If-None-Match": etag},
                    extra_seconds=seconds,
                )
            except Problem as problem:
                if _is_of_wait(problem) and (longest := self._longest_wait()) < seconds:
                    self._poll_seconds = longest
                    continue
                passing = isinstance(problem, Unreachable) or problem.status == requests.codes.unavailable
                if not passing or time.monotonic() > given_up_at:
                    raise
            time.sleep(OUTAGE_PAUSE_SECONDS)

    def _longest_wait(self) -> int:
        meta = self._transport.request("GET", "/v1/meta").json()
        return int(meta["limits"]["wait_seconds"])

    def wait(self, job_id: str, *, timeout_seconds: float | None = None) -> Job:
        """Return the job once its status is terminal; look at `status` for which.

        Raises:
            TimeoutError: the job is not done after `timeout_seconds`.
        """
        *_, last = self.watch(job_id, timeout_seconds=timeout_seconds)
        return last

    def loss_curve(self, job_id: str, *, after_epoch: int = 0) -> dict[str, list[float]]:
        """Return every epoch stored so far: `epochs`, `train_loss` and the other metrics, of one length."""
        curve: dict[str, list[float]] = {}
        while True:
            page = self._transport.request(
                "GET", _path(job_id, "loss-curve"), params={"after_epoch": after_epoch, "limit": PAGE_EPOCHS}
            ).json()
            for name, values in page.items():
                if isinstance(values, list):
                    curve.setdefault(name, []).extend(values)
            if not page["has_more"]:
                return curve
            after_epoch = page["next_after_epoch"]

    def loss_curve_picture(self, job_id: str, kind: Literal["png", "svg"] = "png") -> bytes:
        """Return the loss curve drawn, as the bytes of a PNG or SVG file."""
        return self._transport.request("GET", _path(job_id, "loss-curve"), params={"format": kind}).content

    def weights(self, job_id: str) -> Weights:
        """Return the trained network, or that of the newest checkpoint while the job is not done."""
        return cast("Weights", self._transport.request("GET", _path(job_id, "weights")).json())

    def predict(self, model_id: str, inputs: Any) -> Predictions:
        """Return what the model says of each row of `inputs`: lists of numbers, or an array (n, d)."""
        path = f"/v1/models/{quote(model_id, safe='')}/predictions"
        body = _encoded({"inputs": inputs})
        return cast("Predictions", self._transport.request("POST", path, body=body).json())

    def cancel(self, job_id: str) -> Job:
        """End the job for good; what it has learned so far stays readable."""
        return _job(self._transport.request("POST", _path(job_id, "cancel")))

    def pause(self, job_id: str) -> Job:
        """Stop the job until `resume`."""
        return _job(self._transport.request("POST", _path(job_id, "pause")))

    def resume(self, job_id: str) -> Job:
        """Let a paused job go on from its checkpoint."""
        return _job(self._transport.request("POST", _path(job_id, "resume")))

    def delete(self, job_id: str) -> None:
        """Delete a job whose status is terminal."""
        self._transport.request("DELETE", _path(job_id))

    def upload_dataset(
        self,
        content: Mapping[str, Any] | bytes,
        *,
        target: str | None = None,
        problem: str | None = None,
        name: str | None = None,
    ) -> DescribedDataset:
        """Store a dataset: the bytes of a CSV file, or the document of `POST /v1/datasets` as an object.

        Of a CSV file, `target` names the column of the targets (several with commas between; the last one if
        left out), and `problem` says what is to be learned: "classification" if the targets are labels. The
        same content again is the same dataset. A job takes it as `"dataset": {"id": …}`.

        Raises:
            ValueError: a number is not finite.
        """
        is_csv = isinstance(content, bytes)
        response = self._transport.request(
            "POST",
            "/v1/datasets",
            body=content if isinstance(content, bytes) else _encoded(content),
            headers={"Content-Type": "text/csv" if is_csv else "application/json"},
            params=_given(target=target, problem=problem, name=name),
        )
        return cast("DescribedDataset", response.json())

    def dataset(self, dataset_id: str) -> DescribedDataset:
        """Return what is known of a dataset: its columns, and what may be wrong with it."""
        return cast("DescribedDataset", self._transport.request("GET", _dataset_path(dataset_id)).json())

    def datasets(self) -> Iterator[Dataset]:
        """Yield the datasets, newest first, fetching a page at a time."""
        yield from self._list("/v1/datasets", {})

    def dataset_content(self, dataset_id: str, kind: Literal["csv", "json"] = "csv") -> bytes:
        """Return a dataset as a file that can be uploaded again."""
        path = f"{_dataset_path(dataset_id)}/content"
        return self._transport.request("GET", path, params={"format": kind}).content

    def delete_dataset(self, dataset_id: str) -> None:
        """Delete a dataset that no job needs any more; what was trained on it stays."""
        self._transport.request("DELETE", _dataset_path(dataset_id))


def _is_of_wait(problem: Problem) -> bool:
    return any(error["pointer"] == "/wait" for error in problem.errors)


def _given(**params: str | None) -> dict[str, str]:
    return {name: value for name, value in params.items() if value is not None}


def _dataset_path(dataset_id: str) -> str:
    return f"/v1/datasets/{quote(dataset_id, safe='')}"


def _path(job_id: str, part: str = "") -> str:
    path = f"/v1/jobs/{quote(job_id, safe='')}"
    return f"{path}/{part}" if part else path


def _job(response: requests.Response) -> Job:
    return cast("Job", response.json())


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=False, default=_as_list).encode()


def _as_list(value: Any) -> Any:
    """Return an array or an array's scalar as lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")
