"""Chromium, a shop to log in to, and a client on the person's own machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.login.documents import Documents, serving_documents
from tests.login.names import LOOPBACK
from tests.login.program import Program, waiting_program
from tests.login.running import running_shop

#: Milliseconds for anything a page does; a browser that starts takes its time.
PATIENCE = 10_000


def chromium() -> str:
    """Return where Chromium is. A continuous run must have it; others may not."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    reason = "needs Chromium: install Debian's package chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; not for longer, as asyncio does nothing else meanwhile."""
    path = chromium()
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """Serve what clients publish about themselves."""
    with serving_documents(tmp_path_factory.mktemp("documents")) as documents:
        yield documents


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[str]:
    """Serve the shop."""
    place: Path = tmp_path_factory.mktemp("shop")
    with running_shop(place, documents, DJANGO_MCP={"OAUTH_RATE": None}) as url:
        yield url


@pytest.fixture
def program(shop: str, documents: Documents) -> Iterator[Program]:
    """A client that waits for its answer on this machine."""
    client_id = documents.publish(
        "/client.json", client_name="Reading Room", redirect_uris=[LOOPBACK]
    )
    with waiting_program(shop, client_id) as program:
        yield program


@pytest.fixture
def options() -> dict[str, Any]:
    """How the person's window is: a test may say otherwise."""
    return {}


@pytest.fixture
def page(browser: Browser, options: dict[str, Any]) -> Iterator[Page]:
    """A window of somebody who was never here; its console must stay empty."""
    said: list[str] = []
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
    assert said == []
