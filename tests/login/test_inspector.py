"""The MCP Inspector logs in, as on somebody's terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.login.documents import Documents
from tests.login.visitor import Visitor
from tests.node import MODULES, install

pytestmark = [
    pytest.mark.interop,
    pytest.mark.needs("oauth"),
    pytest.mark.timeout(300),
]

LAUNCHER = MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
#: A link of a terminal has control characters around it.
INVITATION = re.compile(r"Please navigate to: .*?(https?://[^\s\x07\x1b]+)")
#: Seconds for one command.
PATIENCE = 30


class Inspector:
    """The program on the machine of somebody, who follows what it says."""

    def __init__(
        self, shop: str, era: str, home: Path, visitor: Visitor, *options: str
    ) -> None:
        server = ["--server-url", f"{shop}/mcp", "--transport", "http"]
        words = ["--cli", "--quiet", *server, "--protocol-era", era, *options]
        self.command = [install(), str(LAUNCHER), *words]
        self.visitor = visitor
        self.visits = 0
        self.environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "MCP_AUTO_OPEN_ENABLED": "false",
            "MCP_INSPECTOR_SECRET_STORE": "file",
        }

    def call(self, tool: str) -> Any:
        """Call a tool; return what is printed of the result."""
        reading, terminal = pty.openpty()
        process = subprocess.Popen(
            [*self.command, "--method", "tools/call", "--tool-name", tool],
            env=self.environment,
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
        )
        os.close(terminal)
        bell = Timer(PATIENCE, process.kill)
        bell.start()
        with process, os.fdopen(reading) as told:
            self._listen(told)
            assert process.stdout
            printed = process.stdout.read()
        bell.cancel()
        return json.loads(printed)

    def _listen(self, told: Any) -> None:
        try:
            for line in told:
                if invitation := INVITATION.search(line):
                    self.visits += 1
                    back = self.visitor.visit(invitation[1])
                    self.visitor.browser.get(back).raise_for_status()
        except OSError:
            # How Linux says that nobody writes to a terminal any more.
            return


@pytest.fixture
def inspector_document(documents: Documents) -> str:
    """What somebody published for it."""
    return documents.publish(
        "/inspector.json",
        client_name="MCP Inspector",
        redirect_uris=["http://127.0.0.1/oauth/callback"],
        token_endpoint_auth_method="none",
    )


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector_registers_and_logs_in_once(
    shop: str, alice: Visitor, tmp_path: Path, era: str
) -> None:
    assert_logs_in_once(Inspector(shop, era, tmp_path, alice))


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector_with_a_document_logs_in_once(
    shop: str, inspector_document: str, alice: Visitor, tmp_path: Path, era: str
) -> None:
    known = ["--client-metadata-url", inspector_document]
    assert_logs_in_once(Inspector(shop, era, tmp_path, alice, *known))


def assert_logs_in_once(inspector: Inspector) -> None:
    for _ in range(2):
        result = inspector.call("whoami")
        assert result["content"][0]["text"] == "alice shop:read"
    assert inspector.visits == 1
