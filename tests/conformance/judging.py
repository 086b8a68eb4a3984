"""What a run of the official suite came to, read from the files it writes."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT

RESULTS = ROOT / ".cache" / "conformance"
HEADING = "mount revision    scenarios  passed  failed  warnings  skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a complete run of one revision comes to."""

    scenarios: int
    passed: int


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


def emptied(*names: str) -> Path:
    """Return the directory for the results of one run, without older ones."""
    directory = RESULTS.joinpath(*names)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def judge(mount: str, revision: str, directory: Path, goal: Goal) -> Outcome:
    """Read what the suite wrote below a directory."""
    files = sorted(directory.glob("*/checks.json"))
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
