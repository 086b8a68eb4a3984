"""The served project under each ASGI server, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

PATIENCE = 10

#: How each server is started, once it is known where.
COMMANDS = {
    "uvicorn": ["uvicorn", "--port", "{port}", "--log-level", "warning", "{app}"],
    "daphne": ["daphne", "-p", "{port}", "-v", "0", "{app}"],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:{port}", "{app}"],
    "granian": [
        "granian", "--interface", "asgi", "--port", "{port}",
        "--log-level", "warning", "{app}",
    ],
}  # fmt: skip
#: What serves the same project without streams.
WSGI = {"wsgiref": ["tests.served.wsgi", "{port}"]}


@dataclass
class Running:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    port: int
    place: Path
    noise: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> float:
        """Ask it to end, as a service manager does; return the seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - begin

    @property
    def log(self) -> str:
        """What it has printed."""
        return self.noise.read_text()


@contextmanager
def serving(
    server: str,
    place: Path,
    app: str = "tests.served.asgi:application",
    **settings: Any,
) -> Iterator[Running]:
    """Start a server on a free port, and wait until it accepts connections."""
    parts = (COMMANDS | WSGI)[server]
    if find_spec(parts[0]) is None:  # daphne and uvicorn are extras
        pytest.skip(f"needs {parts[0]!r}")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [part.format(port=port, app=app) for part in parts]
    with tempfile.NamedTemporaryFile(dir=place, suffix=".log", delete=False) as noise:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment(place, settings),
            stdout=noise,
            stderr=noise,
        )
    running = Running(process, port, place, Path(noise.name))
    try:
        _wait_until_it_answers(running)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(place: Path, settings: dict[str, Any]) -> dict[str, str]:
    """Return what the served project needs to know."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.served.settings",
        "SERVED_PLACE": str(place),
        "SERVED": json.dumps(settings),
    }


def make_database(place: Path) -> None:
    """Make the database of the served project."""
    command = [sys.executable, "-m", "django", "migrate", "-v", "0"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(place, {}))


def _wait_until_it_answers(running: Running) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and running.process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", running.port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{running.log}")
