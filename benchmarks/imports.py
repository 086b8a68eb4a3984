"""What ``import django_mcp`` adds to a process that has Django and pydantic.

Every figure is the difference of a pair of fresh interpreters, one with the
import and one without, started in turns. It is processor time, which a busy
machine does not stretch.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.processes import ROOT
from benchmarks.report import Goal, Report

#: What a running Django project and pydantic have imported anyway.
STARTED = """
import django, django.apps, django.conf, django.core.asgi, django.core.management
import django.db.models, django.http, django.urls, pydantic
from pydantic import BaseModel, Field, TypeAdapter
"""
#: The two names alone, and nothing of what lies behind them.
BARE = "import django, pydantic\nfrom pydantic import BaseModel, Field, TypeAdapter\n"

_TIMED = """
import time
start = time.process_time()
{imports}
print(time.process_time() - start)
"""
_INERT = """
import django_mcp
from django.apps import apps
from django.conf import settings
assert not settings.configured and not apps.ready
"""


def _python(source: str) -> str:
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def _seconds(imports: str) -> float:
    return float(_python(_TIMED.format(imports=imports)))


def added(base: str, rounds: int) -> tuple[float, float]:
    """Return the median of the base alone and of what the package adds to it."""
    alone, differences = [], []
    for _ in range(rounds):
        without = _seconds(base)
        differences.append(_seconds(base + "\nimport django_mcp") - without)
        alone.append(without)
    return statistics.median(alone), statistics.median(differences)


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure the import; check that it reads no settings."""
    rounds = 3 if quick else 9
    _python("import django_mcp\n" + STARTED)  # compiles what is not yet compiled
    _python(_INERT)
    report = Report(
        title="import django_mcp",
        columns=("beside", "alone", "added"),
        notes=["No settings were read and no apps loaded: checked."],
    )
    for name, base in (
        ("Django as a project has it, and pydantic", STARTED),
        ("the names django and pydantic alone", BARE),
    ):
        alone, more = added(base, rounds)
        report.rows.append((name, f"{alone * 1e3:.1f} ms", f"{more * 1e3:.1f} ms"))
        if base is STARTED:
            report.goals.append(
                Goal(
                    what="import django_mcp adds",
                    value=more * 1e3,
                    limit=20,
                    unit="ms",
                )
            )
    yield report
