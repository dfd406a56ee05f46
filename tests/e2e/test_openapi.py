"""The running service answers as its OpenAPI document says, whatever is sent: schemathesis tries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradqueue import Client
from services import keys
from services.settings import Settings
from services.store import Store
from tests.e2e.serve import Serve
from tests.faults.work import short_job

pytestmark = pytest.mark.service

PATIENCE = 60.0

#: Every check there is. A request may be in the form that the document gives and still make no sense (a
#: cursor that no list returned, a loss that does not fit the targets), so 422 is an answer to those, and
#: 400 to a text with U+0000, which JSON Schema lets pass.
#: The ids are of a job that is done, so that more than 404 is seen; what deletes is given random ones.
CONFIGURATION = """
base-url = "{url}"
request-timeout = 10
max-time = 30
[headers]
Authorization = "Bearer {key}"
[generation]
deterministic = true
database = "none"
max-examples = 5
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "404", "409", "422"]
[[operations]]
exclude-method = "DELETE"
[operations.parameters]
"path.job_id" = "{job_id}"
"path.model_id" = "{model_id}"
"path.dataset_id" = "{dataset_id}"
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    serve = Serve(
        tmp_path,
        GRADQUEUE_AUTHENTICATION="required",
        GRADQUEUE_LIMITS_REQUESTS_PER_SECOND="0",
    )
    serve.start()
    yield serve
    serve.discard()


@pytest.mark.timeout(240)
def test_every_answer_is_one_that_the_document_describes(serve: Serve, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{serve.data / 'gradqueue.db'}", Settings())
    _, key = keys.create(store, "schemathesis")
    store.close()
    with Client(serve.url, api_key=key) as client:
        job = client.wait(client.submit(short_job())["id"], timeout_seconds=PATIENCE)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(
        CONFIGURATION.format(
            url=serve.url,
            key=key,
            job_id=job["id"],
            model_id=job["model_id"],
            dataset_id=job["dataset_id"],
        )
    )

    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", configuration),
            *("run", f"{serve.url}/openapi.json", "--checks", "all", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-20_000:]
    assert "Traceback" not in serve.log.read_text()
