"""Run the official conformance suite against this project, and judge it.

Starts the project twice, mounted in front of Django and as a view, and runs
the suite for each revision it knows. Fails on a failed check, on a warning,
on fewer scenarios or passed checks than the revision has, and so also when
the suite ran nothing and said nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.node import suite_command
from tests.processes import ROOT, running_server

RESULTS = ROOT / ".cache" / "conformance"
#: Seconds for one revision; it takes two or three.
PATIENCE = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a complete run of one revision comes to."""

    scenarios: int
    passed: int


#: What the reference servers reach with this version of the suite.
GOALS = {
    "2025-06-18": Goal(scenarios=27, passed=56),
    "2025-11-25": Goal(scenarios=33, passed=84),
    "2026-07-28": Goal(scenarios=40, passed=152),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run of the suite came to."""

    mount: str
    revision: str
    scenarios: int
    counts: Counter[str]
    complaints: list[str]

    @property
    def row(self) -> str:
        """One line of the table."""
        counts = self.counts
        return (
            f"{self.mount:<6}{self.revision:<12}{self.scenarios:>9}"
            f"{counts['SUCCESS']:>8}{counts['FAILURE']:>8}"
            f"{counts['WARNING']:>10}{counts['SKIPPED']:>9}"
            f"   {'FAILED' if self.complaints else 'ok'}"
        )


HEADING = "mount revision    scenarios  passed  failed  warnings  skipped"


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mount", choices=["asgi", "view"], action="append")
    parser.add_argument("--revision", choices=sorted(GOALS), action="append")
    parser.add_argument("--url", help="judge a server that runs already")
    options = parser.parse_args()

    suite = suite_command()
    revisions: list[str] = options.revision or list(GOALS)
    outcomes: list[Outcome] = []
    for mount in [options.url] if options.url else options.mount or ["asgi", "view"]:
        outcomes.extend(_outcomes(suite, mount, revisions))
    _report(outcomes)
    return 1 if any(outcome.complaints for outcome in outcomes) else 0


def _outcomes(suite: list[str], mount: str, revisions: list[str]) -> Iterator[Outcome]:
    """Run the suite for each revision; ``mount`` may be the URL of a server."""
    if "://" in mount:
        for revision in revisions:
            yield _outcome(suite, "url", mount, revision)
        return
    with running_server(mount) as url:
        for revision in revisions:
            yield _outcome(suite, mount, url, revision)


def _outcome(suite: list[str], mount: str, url: str, revision: str) -> Outcome:
    directory = RESULTS / mount / revision
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    _warm(url)
    options = ["--url", url, "--suite", "all", "--spec-version", revision]
    with (directory / "suite.log").open("w") as log:
        subprocess.run(
            [*suite, "server", *options, "-o", str(directory)],
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    return _judge(mount, revision, sorted(directory.glob("*/checks.json")))


def _warm(url: str) -> None:
    """Ask once: the suite allows half a second for some first answers."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    request = urllib.request.Request(  # noqa: S310
        url,
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        },
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
    except urllib.error.HTTPError as refusal:
        refusal.close()


def _judge(mount: str, revision: str, files: list[Path]) -> Outcome:
    counts: Counter[str] = Counter()
    complaints: list[str] = []
    for file in files:
        for check in json.loads(file.read_text()):
            counts[check["status"]] += 1
            if check["status"] in {"FAILURE", "WARNING"}:
                words = check.get("errorMessage") or check.get("description", "")
                scenario = file.parent.name
                complaints.append(
                    f"{check['status']} {scenario}: {check['id']}: {words}"
                )
    goal = GOALS[revision]
    if len(files) < goal.scenarios:
        complaints.append(f"{len(files)} scenarios ran, of {goal.scenarios}.")
    if counts["SUCCESS"] < goal.passed:
        complaints.append(f"{counts['SUCCESS']} checks passed, of {goal.passed}.")
    return Outcome(
        mount=mount,
        revision=revision,
        scenarios=len(files),
        counts=counts,
        complaints=complaints,
    )


def _report(outcomes: list[Outcome]) -> None:
    lines = [HEADING, *(outcome.row for outcome in outcomes)]
    for outcome in outcomes:
        if outcome.complaints:
            lines.append(f"\n{outcome.mount}, {outcome.revision}:")
            lines.extend(f"  {complaint}" for complaint in outcome.complaints)
    if any(outcome.complaints for outcome in outcomes):
        lines.append(f"\nEvery check is below {RESULTS}.")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
