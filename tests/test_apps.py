"""What the app does when Django loads it, and what it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: A project of one file, with an app whose ``mcp`` module has one tool.
SCRIPT = """
import sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "shop", *sys.argv[1:],
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
    }],
)
django.setup()

from django.core.checks.registry import registry
from django_mcp import mcp

checks = [c for c in registry.get_checks() if c.__module__ == "django_mcp.checks"]
print(len(mcp.registry.tools), bool(checks), end="")
assert not len(mcp.registry.prompts)
mcp.settle()
print("", *(prompt.name for prompt in mcp.registry.prompts))
"""
TOOL = """
from django_mcp import mcp

@mcp.tool
def stock() -> int:
    return 7
"""


def loaded(place: Path, app: str, module: str = TOOL) -> str:
    """Load Django with an app in a fresh interpreter; return what it prints."""
    (place / "shop").mkdir(exist_ok=True)
    (place / "shop" / "__init__.py").touch()
    (place / "shop" / "mcp.py").write_text(module)
    (place / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error", "script.py", app],
        cwd=place,
        env={"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("app", ["django_mcp", "django_mcp.apps.MCPConfig"])
def test_the_mcp_module_of_each_app_is_found(tmp_path: Path, app: str) -> None:
    assert loaded(tmp_path, app) == "1 True"


def test_the_simple_config_finds_nothing_and_still_checks(tmp_path: Path) -> None:
    assert loaded(tmp_path, "django_mcp.apps.SimpleMCPConfig") == "0 True"


@pytest.mark.parametrize(
    ("app", "found"),
    [("django_mcp", "1 True review"), ("django_mcp.apps.SimpleMCPConfig", "0 True")],
)
def test_the_prompts_of_each_app_are_found(
    tmp_path: Path, app: str, found: str
) -> None:
    folder = tmp_path / "shop" / "templates" / "shop" / "prompts"
    folder.mkdir(parents=True)
    (folder / "review.md").write_text("Review {{ book }}.")
    (folder.parent / "page.md").write_text("No prompt.")
    assert loaded(tmp_path, app) == found


def test_an_app_without_an_mcp_module_is_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, "django_mcp", "") == "0 True"


def test_an_mcp_module_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    noise = loaded(tmp_path, "django_mcp", "import a_module_that_is_not_there")
    assert "No module named 'a_module_that_is_not_there'" in noise
