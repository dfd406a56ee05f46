"""HTTP with a time limit on everything, retries, and problems as exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from gradqueue.problem import Problem, Unreachable

#: Seconds for the connection to be made: a service that is there accepts at once, or is too busy to help.
CONNECT_SECONDS = 5.0
#: Tries after the first one, for a refused or broken connection, for half an answer, and for HTTP status 429
#: and 503.
RETRIES = 3
#: Seconds before the second retry; doubled for each further one. With `RETRIES` a dead service costs 0.6 s.
BACKOFF_SECONDS = 0.1
#: The longest pause, in seconds, that the service's Retry-After may ask of us.
RETRY_AFTER_SECONDS = 5


class Transport:
    """Requests to one service. Any of them may be sent again, so callers send only what is safe to repeat."""

    def __init__(self, url: str, timeout_seconds: float, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self._session = requests.Session()
        if api_key:
            # As `auth` and not as a header, or a password from ~/.netrc would replace it.
            self._session.auth = _Bearer(api_key)
        retry = Retry(
            total=RETRIES,
            backoff_factor=BACKOFF_SECONDS,
            status_forcelist=[429, 503],
            allowed_methods=None,
            raise_on_status=False,
            retry_after_max=RETRY_AFTER_SECONDS,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        # "Not ready" is an answer, not a failure.
        self._session.mount(f"{self.url}/readyz", HTTPAdapter())

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        extra_seconds: float = 0.0,
    ) -> requests.Response:
        """Send one request. `extra_seconds` is how long the service was asked to hold its answer back.

        Raises:
            Unreachable: no answer came.
            Problem: the answer is an error.
        """
        sent = {"Content-Type": "application/json"} if body is not None else {}
        request = partial(
            self._session.request,
            method,
            self.url + path,
            data=body,
            params=params,
            headers={**sent, **(headers or {})},
            timeout=(CONNECT_SECONDS, self.timeout_seconds + extra_seconds),
        )
        try:
            response = _whole(request)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise Unreachable(f"no gradqueue service answers at {self.url}") from error
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} cannot be asked: {error}") from error
        if response.status_code >= 400:
            raise problem_of(response)
        return response


def _whole(request: Callable[[], requests.Response]) -> requests.Response:
    """Ask until an answer is complete: urllib3 tries again only until the first byte of one has come."""
    for left in range(RETRIES, -1, -1):
        try:
            return request()
        except requests.exceptions.ChunkedEncodingError:  # also what a body shorter than announced is called
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


class _Bearer(requests.auth.AuthBase):
    """Sends an API key with every request. It is not passed on to another host by a redirect."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Bearer {api_key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def problem_of(response: requests.Response) -> Problem:
    """Return the answer's problem document as an exception; a foreign error body gives "http_<status>"."""
    try:
        document: Any = response.json()
    except requests.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or "code" not in document:
        status = response.status_code
        return Problem(f"http_{status}", f"HTTP status {status} {response.reason}".rstrip(), status=status)
    return Problem(
        document["code"],
        document.get("detail") or document.get("title") or document["code"],
        status=response.status_code,
        errors=document.get("errors", ()),
    )
