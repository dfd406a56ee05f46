"""`/docs` in a real browser: it renders, under its content security policy, with nothing from elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from services.api.app import create_app
from tests.api.conftest import Bell

if TYPE_CHECKING:
    from services.settings import Settings
    from services.store import Store

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def address(sqlite_store: Store, settings: Settings) -> Iterator[str]:
    """Where the application is served from."""
    server = make_server("127.0.0.1", 0, create_app(sqlite_store, Bell(), settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}")
@pytest.mark.parametrize(("path", "shows"), [("/docs", "text=Submit a job"), ("/problems/enum", "h1")])
def test_a_page_renders_without_errors_and_without_the_internet(address: str, path: str, shows: str) -> None:
    from playwright.sync_api import sync_playwright

    requests: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}{path}")
        page.locator(shows).first.wait_for(timeout=20_000)
        browser.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []
