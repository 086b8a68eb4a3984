"""Run the official conformance suite against this project, and judge it.

Starts the project twice, mounted in front of Django and as a view, and a
third one that people log in to, and runs the suite for each revision it knows.
Fails on a failed check, on a warning, on fewer scenarios or passed checks than
the revision has, and so also when the suite ran nothing and said nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from tests.conformance.authorization import authorization_outcomes
from tests.conformance.judging import HEADING, RESULTS, Goal, Outcome, emptied, judge
from tests.node import suite_command
from tests.processes import running_server

#: Seconds for one revision; it takes two or three.
PATIENCE = 180
#: What the reference servers reach with this version of the suite.
GOALS = {
    "2025-06-18": Goal(scenarios=27, passed=56),
    "2025-11-25": Goal(scenarios=33, passed=84),
    "2026-07-28": Goal(scenarios=40, passed=152),
}
#: How the project is started; ``login``: its authorization server is judged.
MOUNTS = ["asgi", "view", "login"]


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mount", choices=MOUNTS, action="append")
    parser.add_argument("--revision", choices=sorted(GOALS), action="append")
    parser.add_argument("--url", help="judge a server that runs already")
    options = parser.parse_args()

    suite = suite_command()
    revisions: list[str] = options.revision or list(GOALS)
    outcomes: list[Outcome] = []
    for mount in [options.url] if options.url else options.mount or MOUNTS:
        outcomes.extend(_outcomes(suite, mount, revisions))
    _report(outcomes)
    return 1 if any(outcome.complaints for outcome in outcomes) else 0


def _outcomes(suite: list[str], mount: str, revisions: list[str]) -> Iterator[Outcome]:
    """Run the suite for each revision; ``mount`` may be the URL of a server."""
    if "://" in mount:
        for revision in revisions:
            yield _outcome(suite, "url", mount, revision)
        return
    if mount == "login":
        yield from authorization_outcomes(suite, revisions)
        return
    with running_server(mount) as url:
        for revision in revisions:
            yield _outcome(suite, mount, url, revision)


def _outcome(suite: list[str], mount: str, url: str, revision: str) -> Outcome:
    directory = emptied(mount, revision)
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
    return judge(mount, revision, directory, GOALS[revision])


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
