"""How soon ``mcp_stdio`` answers, beside an empty Django project's own start.

The empty project is the same one without the package, and its command prints
a line as soon as Django is up. Both are started in turns.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import messages
from benchmarks.processes import ROOT
from benchmarks.report import Goal, Report

_OPENING = {
    "a handshake-era client (initialize)": messages.message(
        "initialize",
        {
            "protocolVersion": messages.HANDSHAKE,
            "capabilities": {},
            "clientInfo": messages.CLIENT,
        },
        1,
    ),
    "a stateless client (server/discover)": messages.stateless("server/discover", {}),
}


def _first_line(settings: str, command: str, opening: bytes = b"") -> float:
    """Return the seconds until a command has printed its first line."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
    # What pip installs has its bytecode beside it, and so should what is measured.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.project.manage", command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    if opening:
        process.stdin.write(opening + b"\n")
        process.stdin.flush()
    line = process.stdout.readline()
    took = time.perf_counter() - start
    process.communicate(timeout=10)
    assert process.returncode == 0, process.returncode
    if opening:
        messages.result_of(line, 1)
    else:
        assert line.strip() == b"{}", line
    return took


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure pairs of starts."""
    rounds = 2 if quick else 9
    report = Report(
        title="manage.py mcp_stdio: the first answer",
        columns=("what", "median", "beyond the empty project"),
    )
    empty: list[float] = []
    rows = []
    for title, opening in _OPENING.items():
        _first_line("benchmarks.project.local", "mcp_stdio", opening)
        answered, beyond = [], []
        for _ in range(rounds):
            empty.append(_first_line("benchmarks.project.empty", "started"))
            answered.append(
                _first_line("benchmarks.project.local", "mcp_stdio", opening)
            )
            beyond.append(answered[-1] - empty[-1])
        more = statistics.median(beyond) * 1e3
        rows.append(
            (
                title,
                f"{statistics.median(answered) * 1e3:.0f} ms",
                f"{more:.0f} ms",
            )
        )
        report.goals.append(
            Goal(what=f"first answer to {title}", value=more, limit=150, unit="ms")
        )
    report.rows.append(
        (
            "an empty Django project's start",
            f"{statistics.median(empty) * 1e3:.0f} ms",
            "",
        )
    )
    report.rows += rows
    yield report
