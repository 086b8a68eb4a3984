"""Clients that run as scripts, each in an environment of its own.

Environments are made once, below ``.cache`` of the checkout. A script prints
one line per check, ``ok …`` or ``FAILED …``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from tests.node import HOME, install
from tests.processes import ROOT

HERE = Path(__file__).resolve().parent
#: The last client before 2.0.
PYTHON_CLIENT = "mcp==1.30.0"
#: Seconds for one script, which makes about a dozen checks.
PATIENCE = 60


def python1(script: str = "python1.py") -> list[str]:
    """Return the command that runs a script of the client before 2.0."""
    home = ROOT / ".cache" / "python1"
    stamp, python = home / "installed", home / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != PYTHON_CLIENT:
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", PYTHON_CLIENT]
        subprocess.run(pip, check=True, stdout=2)
        stamp.write_text(PYTHON_CLIENT)
    return [str(python), str(HERE / script)]


def typescript(script: str) -> list[str]:
    """Return the command that runs a JavaScript client.

    A script finds its packages beside itself, so copies of all are run.
    """
    node = install()
    for source in (HERE / "typescript").glob("*.mjs"):
        shutil.copyfile(source, HOME / source.name)
    return [node, str(HOME / script)]


def checks_of(command: list[str]) -> list[str]:
    """Run a script; return the lines that it printed.

    Raises: AssertionError
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


def checks_with(command: list[str], visit: Callable[[str], str]) -> list[str]:
    """Run a script that sends a person somewhere; return the lines it printed.

    ``visit`` goes to a URL, and returns where that led in the end.

    Raises: AssertionError
    """
    lines: list[str] = []
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    assert process.stdin
    assert process.stdout
    bell = Timer(PATIENCE, process.kill)
    bell.start()
    try:
        with process:
            for line in process.stdout:
                verb, _, url = line.rstrip().partition(" ")
                if verb == "visit":
                    process.stdin.write(f"{visit(url)}\n")
                    process.stdin.flush()
                else:
                    lines.append(line.rstrip())
    finally:
        bell.cancel()
    assert process.returncode == 0, lines
    return lines
