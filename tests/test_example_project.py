"""The bookshop passes the checks and its own tests, under its own settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


LOGIN = pytest.param("settings_login", marks=pytest.mark.needs("oauth"))


@pytest.mark.parametrize("settings", ["settings", LOGIN])
@pytest.mark.parametrize(
    "command", ["check --fail-level WARNING", "test example_project"]
)
def test_the_bookshop_passes(command: str, settings: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"example_project.{settings}",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
