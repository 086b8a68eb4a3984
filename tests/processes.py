"""Servers in processes of their own, for what must meet a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: How a client starts the conformance project over stdio, in ``ROOT``.
STDIO = [sys.executable, "-m", "tests.conformance.stdio"]
#: Seconds within which a server stops, or is stopped the hard way.
PATIENCE = 5


@contextmanager
def running_server(mount: str = "asgi", **settings: Any) -> Iterator[str]:
    """Serve the conformance project over HTTP; give its URL.

    ``settings`` are keys of its ``DJANGO_MCP``.
    """
    command = [sys.executable, "-m", "tests.conformance.serve", "--port", "0"]
    with running([*command, "--mount", mount], _environment(settings)) as url:
        yield url


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Run a server that prints its URL; give it, and stop the server."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"{command} did not start.")
            yield url
        finally:
            _stop(process)


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    """Return this process's environment without the suite's own settings."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.conformance.settings",
        "DJANGO_MCP_TEST_SETTINGS": json.dumps(settings),
    }


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
