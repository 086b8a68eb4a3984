"""The suite's scenarios for authorization servers, which need a person.

The suite is the client: it prints where a person must go, and waits at an
address of its own for what they come back with.
"""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

from tests.conformance.judging import Goal, Outcome, emptied, judge
from tests.login.running import running_shop
from tests.login.visitor import Visitor

#: Seconds for one revision; it takes one.
PATIENCE = 60
#: Both scenarios, with all of their checks: documents that clients publish of
#: themselves came with 2025-11-25.
GOALS = {
    "2025-06-18": Goal(scenarios=2, passed=2),
    "2025-11-25": Goal(scenarios=2, passed=3),
    "2026-07-28": Goal(scenarios=2, passed=3),
}
#: The line that says where the person must go.
INVITATION = re.compile(r"https?://\S+[?&]client_id=\S+")


def authorization_outcomes(suite: list[str], revisions: list[str]) -> Iterator[Outcome]:
    """Run the scenarios against the shop that people log in to."""
    with tempfile.TemporaryDirectory() as place, running_shop(Path(place)) as url:
        for revision in revisions:
            directory = emptied("login", revision)
            _run(suite, url, revision, directory)
            yield judge("login", revision, directory, GOALS[revision])


def _run(suite: list[str], url: str, revision: str, directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    client = ["--client-id", "by-hand", "--resource", f"{url}/mcp", "--port", port]
    options = ["--url", url, "--spec-version", revision, "-o", str(directory)]
    command = [*suite, "authorization", *options, *client]
    with (
        (directory / "suite.log").open("w") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        bell = Timer(PATIENCE, process.kill)
        bell.start()
        assert process.stdout
        for line in process.stdout:
            log.write(line)
            invitation = INVITATION.search(line)
            if invitation:
                _come_back(invitation[0])
        bell.cancel()


def _come_back(url: str) -> None:
    """Log in, allow, and go where that leads."""
    with Visitor() as visitor:
        visitor.browser.get(visitor.visit(url)).raise_for_status()
