"""Runs the benchmarks and prints what they found.

``python -m benchmarks [--quick] [--only http,inprocess,import,stdio,streams,models,providers,tokens]
[--strict] [--save] [--profile async-echo]``
"""

import argparse
import importlib
import importlib.metadata
import os
import platform
import sys
import time
from typing import Any

from benchmarks.processes import ROOT

PARTS = {
    "http": "benchmarks.http",
    "inprocess": "benchmarks.inprocess",
    "import": "benchmarks.imports",
    "stdio": "benchmarks.stdio",
    "streams": "benchmarks.streams",
    "models": "benchmarks.models",
    "providers": "benchmarks.providers",
    "tokens": "benchmarks.tokens",
}

#: The page that shows the figures of the last saved run, between two marks.
PAGE = "docs/benchmarks.md"
_MARK, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test of seconds")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--strict", action="store_true", help="fail on a missed goal")
    parser.add_argument("--save", action="store_true", help=f"write them to {PAGE}")
    parser.add_argument("--profile", metavar="CALL", help="profile one call in process")
    arguments = parser.parse_args()
    if arguments.save and arguments.quick:
        parser.error("--save is for a full run")
    arguments.parts = arguments.only.split(",")
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    return arguments


def _prepare() -> None:
    """Set Django up and fill the database that all processes read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
    import django  # not before the settings are named

    django.setup()
    from benchmarks.project.data import fill  # not before Django is set up

    fill()


def _save(reports: list[Any]) -> None:
    page = ROOT / PAGE
    before, _, rest = page.read_text().partition(_MARK)
    _, _, after = rest.partition(_END)
    when = time.strftime("%d %B %Y", time.gmtime())
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    python = platform.python_version()
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("django", "pydantic", "uvicorn", "mcp")
    )
    head = f"Measured on {when}: {machine}, Python {python}, {versions}."
    figures = "\n".join(map(str, reports))
    block = f"{_MARK}{head}\n\n```text\n{figures}```\n\n{_END}"
    page.write_text(before + block + after)


def main() -> int:
    """Run what was asked for; return the exit code."""
    arguments = _arguments()
    _prepare()
    if arguments.profile:
        importlib.import_module("benchmarks.inprocess").profile(arguments.profile)
        return 0
    missed, reports = [], []
    for part in arguments.parts:
        started = time.perf_counter()
        for report in importlib.import_module(PARTS[part]).run(quick=arguments.quick):
            print(report, flush=True)
            reports.append(report)
            missed += [goal for goal in report.goals if not goal.met]
        print(f"({part}: {time.perf_counter() - started:.0f} s)\n", flush=True)
    if arguments.save:
        _save(reports)
    if missed:
        print("Goals missed:", *missed, sep="\n  ")
    return 1 if missed and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
