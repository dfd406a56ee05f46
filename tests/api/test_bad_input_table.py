"""What bad input is answered: one table of facts, asked over HTTP.

`FACTS` has whatever a client can get wrong about a job, a query or an address; CSV has its own table in
`test_bad_csv.py`. Nothing of it is ever stored.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from services.api.app import create_app
from services.settings import Limits
from tests.api.conftest import Bell
from tests.api.test_bad_input import is_problem
from tests.support.requests import CLASSES, LEFT_OUT, SMALLEST, TUTORIAL, changed

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store import Store

JSON = "application/json"
GOOD = json.dumps(TUTORIAL).encode()
LIMITS = Limits(
    body_bytes=200_000, rows=1000, columns=100, layer_width=1000, parameters=100_000, budget=10**8
)


@dataclass(frozen=True)
class Fact:
    """A request, and its answer: HTTP status, code, and for 422 the pointers and codes of the `errors`."""

    what: str
    body: Any
    status: int
    code: str
    errors: tuple[tuple[str, str], ...] = ()
    method: str = "POST"
    path: str = "/v1/jobs"
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def malformed(what: str, body: bytes, code: str) -> Fact:
    return Fact(what, body, 400, code)


def invalid(what: str, changes: dict[str, Any], *errors: tuple[str, str], of: Any = TUTORIAL) -> Fact:
    return Fact(what, changed(of, changes), 422, "invalid_input", errors)


def asked(
    what: str, path: str, status: int, code: str, *errors: tuple[str, str], method: str = "GET"
) -> Fact:
    return Fact(what, b"", status, code, errors, method, path)


EPOCHS = "/training/epochs"
INPUTS = "/dataset/inputs"
TARGETS = "/dataset/targets"

FACTS = [
    malformed("empty body", b"", "json_syntax"),
    malformed("only spaces", b" \n ", "json_syntax"),
    malformed("trailing comma", b'{"name": "a",}', "json_syntax"),
    malformed("comment", b'{"name": "a"} // why', "json_syntax"),
    malformed("single quotes", b"{'name': 'a'}", "json_syntax"),
    malformed("no quotes", b"{name: 1}", "json_syntax"),
    malformed("two documents", GOOD + GOOD, "json_syntax"),
    malformed("cut off", GOOD[:-1], "json_syntax"),
    malformed("leading zero", GOOD.replace(b"50,", b"050,"), "json_syntax"),
    malformed("plus sign", GOOD.replace(b"50,", b"+50,"), "json_syntax"),
    malformed("hexadecimal", GOOD.replace(b"50,", b"0x32,"), "json_syntax"),
    malformed("True of Python", GOOD.replace(b"false", b"False"), "json_syntax"),
    malformed("line end in a text", b'{"name": "a\nb"}', "json_syntax"),
    malformed("NaN", GOOD.replace(b"0.01", b"NaN"), "json_not_finite"),
    malformed("Infinity", GOOD.replace(b"0.01", b"Infinity"), "json_not_finite"),
    malformed("1e400", GOOD.replace(b"0.01", b"1e400"), "json_not_finite"),
    malformed("the same key twice", b'{"name": "a", "name": "b"}', "json_duplicate_key"),
    malformed("the same key, once escaped", b'{"name": "a", "n\\u0061me": "b"}', "json_duplicate_key"),
    malformed("100,000 [", b"[" * 100_000, "json_too_deep"),
    malformed("15,000 nested objects", b'{"dataset":' * 15_000, "json_too_deep"),
    malformed("20,000 empty objects", b"[" + b"{}," * 20_000 + b"{}]", "json_too_complex"),
    malformed("UTF-16", GOOD.decode().encode("utf-16"), "json_not_utf8"),
    malformed("UTF-32", GOOD.decode().encode("utf-32-le"), "json_not_utf8"),
    malformed("Latin-1", '{"name": "é"}'.encode("latin-1"), "json_not_utf8"),
    malformed("byte order mark", b"\xef\xbb\xbf" + GOOD, "json_not_utf8"),
    malformed("U+0000 in a string", b'{"name": "a\\u0000b"}', "json_nul"),
    malformed("U+0000 in a key", b'{"a\\u0000b": 1}', "json_nul"),
    malformed("half a surrogate pair", b'{"name": "\\ud800"}', "json_lone_surrogate"),
    Fact("body over the limit", GOOD.ljust(200_001), 413, "body_too_large"),
    Fact("gzip body", gzip.compress(GOOD), 415, "unsupported_encoding", headers={"Content-Encoding": "gzip"}),
    Fact("no content type", GOOD, 415, "unsupported_media_type", content_type=""),
    Fact("text/plain", GOOD, 415, "unsupported_media_type", content_type="text/plain"),
    Fact("a form", GOOD, 415, "unsupported_media_type", content_type="application/x-www-form-urlencoded"),
    Fact("CSV for a job", b"a,b\n", 415, "unsupported_media_type", content_type="text/csv"),
    Fact("JSON in UTF-16", GOOD, 415, "unsupported_media_type",
         content_type="application/json; charset=utf-16"),
    Fact("HTML wanted", TUTORIAL, 406, "not_acceptable", headers={"Accept": "text/html"}),
    Fact("an array", [TUTORIAL], 422, "invalid_input", (("", "type"),)),
    Fact("null", None, 422, "invalid_input", (("", "type"),)),
    Fact("a text", "job", 422, "invalid_input", (("", "type"),)),
    invalid("epochs: a text", {EPOCHS: "10"}, (EPOCHS, "type")),
    invalid("epochs: true", {EPOCHS: True}, (EPOCHS, "type")),
    invalid("epochs: null", {EPOCHS: None}, (EPOCHS, "type")),
    invalid("epochs: 0", {EPOCHS: 0}, (EPOCHS, "out_of_range")),
    invalid("epochs: -1", {EPOCHS: -1}, (EPOCHS, "out_of_range")),
    invalid("epochs: 1.5", {EPOCHS: 1.5}, (EPOCHS, "type")),
    invalid("epochs: over the limit", {EPOCHS: 10_000_001}, (EPOCHS, "out_of_range")),
    invalid("epochs: 2^64", {EPOCHS: 2**64}, (EPOCHS, "out_of_range")),
    invalid("epoch for epochs", {"/training/epoch": 5}, ("/training/epoch", "unknown_field")),
    invalid("a field from elsewhere", {"/epochs": 5}, ("/epochs", "unknown_field")),
    invalid("status sent by the client", {"/status": "queued"}, ("/status", "read_only_field")),
    invalid("id sent by the client", {"/id": "job_1"}, ("/id", "read_only_field")),
    invalid("attempt sent by the client", {"/attempt": 3}, ("/attempt", "read_only_field")),
    invalid("a layer of 1,000,000", {"/model/layers/0": 1_000_000}, ("/model/layers/0", "model_too_large")),
    invalid("too many parameters", {"/model/layers": [999, 999, 1]}, ("/model", "model_too_large")),
    invalid("too much work", {EPOCHS: 10_000_000},
            (EPOCHS, "budget_exceeded"), ("/dataset", "budget_exceeded"), ("/model", "budget_exceeded")),
    invalid("RELU", {"/model/activation": "RELU"}, ("/model/activation", "enum")),
    invalid("__import__", {"/model/activation": "__import__"}, ("/model/activation", "enum")),
    invalid("no dataset", {"/dataset": LEFT_OUT}, ("/dataset", "missing_field")),
    invalid("no samples", {INPUTS: [], TARGETS: []}, (INPUTS, "too_short"), (TARGETS, "too_short")),
    invalid("ragged inputs", {f"{INPUTS}/1": [1.0]}, (f"{INPUTS}/1", "ragged")),
    invalid("a row that is a number", {f"{INPUTS}/1": 1.0}, (f"{INPUTS}/1", "type")),
    invalid("a row without columns", {f"{INPUTS}/0": []}, (f"{INPUTS}/0", "too_short")),
    invalid("different lengths", {TARGETS: [0.0, 1.0]}, (INPUTS, "inconsistent"), (TARGETS, "inconsistent")),
    invalid("a text among numbers", {f"{INPUTS}/1": [0.4, -0.1, "0.5"]}, (f"{INPUTS}/1/2", "type")),
    invalid("true among numbers", {f"{INPUTS}/0": [True, 0.5, 0.7]}, (f"{INPUTS}/0/0", "type")),
    invalid("null among numbers", {f"{INPUTS}/0": [None, 0.5, 0.7]}, (f"{INPUTS}/0/0", "type")),
    invalid("over the limit of rows", {INPUTS: [[1]] * 1001, TARGETS: [1] * 1001},
            (INPUTS, "too_long"), (TARGETS, "too_long")),
    invalid("over the limit of columns", {INPUTS: [[1] * 101] * 3}, (f"{INPUTS}/0", "too_long")),
    invalid("labels for regression", {TARGETS: ["a", "b", "a"]},
            (TARGETS, "inconsistent"), ("/problem", "inconsistent")),
    invalid("an empty label", {f"{TARGETS}/0": ""}, (f"{TARGETS}/0", "label"), of=CLASSES),
    invalid("a name with a control character", {"/name": "a\x1b[2J"}, ("/name", "not_printable")),
    invalid("a name with an invisible character", {"/name": "a\u202eb"}, ("/name", "not_printable")),
    invalid("a name of 201 characters", {"/name": "x" * 201}, ("/name", "too_long")),
    invalid("an empty name", {"/name": ""}, ("/name", "too_short")),
    invalid("a number in metadata", {"/metadata/customer": 42}, ("/metadata/customer", "type")),
    invalid("17 entries of metadata", {"/metadata": {str(n): "" for n in range(17)}},
            ("/metadata", "too_long")),
    invalid("an unknown dataset", {"/dataset": {"id": "ds_1"}}, ("/dataset/id", "unknown_dataset")),
    invalid("two ways to give layers", {"/model/hidden_layers": [3]},
            ("/model/layers", "inconsistent"), ("/model/hidden_layers", "inconsistent")),
    invalid("a learning rate below 0", {"/training/learning_rate": -0.1},
            ("/training/learning_rate", "out_of_range")),
    invalid("priority 10", {"/priority": 10}, ("/priority", "out_of_range")),
    invalid("101 attempts", {"/limits": {"max_attempts": 101}}, ("/limits/max_attempts", "out_of_range")),
    asked("an id in hexadecimal", "/v1/jobs/0x10", 404, "not_found"),
    asked("%00", "/v1/jobs/%00", 404, "not_found"),
    asked("..%2f", "/v1/jobs/..%2f", 404, "not_found"),
    asked("another version", "/v2/jobs", 404, "not_found"),
    asked("limit=0", "/v1/jobs?limit=0", 422, "invalid_input", ("/limit", "out_of_range")),
    asked("limit=-1", "/v1/jobs?limit=-1", 422, "invalid_input", ("/limit", "type")),
    asked("limit=abc", "/v1/jobs?limit=abc", 422, "invalid_input", ("/limit", "type")),
    asked("limit over the most", "/v1/datasets?limit=101", 422, "invalid_input", ("/limit", "out_of_range")),
    asked("a forged cursor", "/v1/jobs?after=abc", 422, "invalid_input", ("/after", "invalid_cursor")),
    asked("a forged cursor of datasets", "/v1/datasets?after=abc", 422, "invalid_input",
            ("/after", "invalid_cursor")),
    asked("an unknown parameter", "/v1/jobs?limt=1", 422, "invalid_input", ("/limt", "unknown_field")),
    asked("a status that there is not", "/v1/jobs?status=done", 422, "invalid_input", ("/status", "enum")),
    asked("PUT /v1/jobs", "/v1/jobs", 405, "method_not_allowed", method="PUT"),
    asked("TRACE", "/v1/jobs", 405, "method_not_allowed", method="TRACE"),
    asked("DELETE of all datasets", "/v1/datasets", 405, "method_not_allowed", method="DELETE"),
    Fact("an idempotency key of two words", TUTORIAL, 422, "invalid_input", (("/Idempotency-Key", "header"),),
         headers={"Idempotency-Key": "a b"}),
    Fact("an event id that is none", b"", 422, "invalid_input", (("/Last-Event-ID", "header"),), "GET",
         "/v1/jobs/job_1/events", headers={"Last-Event-ID": "7"}),
]  # fmt: skip


@pytest.fixture
def strict_client(sqlite_store: Store, settings: Settings) -> FlaskClient:
    return create_app(sqlite_store, Bell(), replace(settings, limits=LIMITS)).test_client()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.what)
def test_bad_input_is_answered_as_the_table_says(strict_client: FlaskClient, fact: Fact) -> None:
    response = strict_client.open(
        fact.path,
        method=fact.method,
        data=fact.bytes(),
        content_type=fact.content_type,
        headers=fact.headers,
    )
    document = is_problem(response, fact.status, fact.code)
    assert tuple((error["pointer"], error["code"]) for error in document.get("errors", ())) == fact.errors
    assert strict_client.get("/v1/jobs").json["data"] == []
    assert strict_client.get("/v1/datasets").json["data"] == []


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE jobs; --",
    "=HYPERLINK(1)",
    "{{7*7}}",
    "%s%n",
    "../../x",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_just_a_name(client: FlaskClient, name: str) -> None:
    """It comes back as it was sent, in JSON that no browser takes for a page."""
    job = client.post("/v1/jobs", json=changed(SMALLEST, {"/name": name}))
    assert (job.status_code, job.json["name"]) == (202, name)
    (listed,) = client.get("/v1/jobs", query_string={"name": name}).json["data"]
    assert listed["id"] == job.json["id"]
    assert (job.content_type, job.headers["X-Content-Type-Options"]) == (JSON, "nosniff")
    dataset = client.post(
        "/v1/datasets", json={**SMALLEST["dataset"], "name": name, "column_names": ["a", "b", name]}
    )
    assert dataset.json["name"] == name
