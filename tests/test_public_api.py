"""The public face is small, and importing it does nothing."""

import subprocess
import sys

import pytest

import django_mcp

PUBLIC = {
    "AlreadyRegistered",
    "Audio",
    "Context",
    "File",
    "Image",
    "MCPServer",
    "ModelToolset",
    "NotRegistered",
    "PermissionRequired",
    "Prompt",
    "Resource",
    "ResourceTemplate",
    "Throttled",
    "Tool",
    "ToolError",
    "action",
    "mcp",
}


def run(code: str) -> str:
    """Return what code prints in a fresh interpreter."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_public_names_are_these() -> None:
    assert set(django_mcp.__all__) == PUBLIC


def test_each_public_name_is_there_once() -> None:
    assert len(django_mcp.__all__) == len(set(django_mcp.__all__))
    assert all(hasattr(django_mcp, name) for name in PUBLIC)


def test_importing_leaves_the_settings_alone() -> None:
    code = "import django_mcp; from django.conf import settings"
    assert run(f"{code}; print(settings.configured)") == "False"


def test_a_server_is_made_and_filled_without_settings() -> None:
    code = """
from django_mcp import MCPServer, mcp

server = MCPServer("shop")

@server.tool(read_only=True)
def add(a: int, b: int) -> int:
    return a + b

from django.conf import settings
print(settings.configured)
"""
    assert run(code) == "False"


@pytest.mark.parametrize(
    "module",
    ["anyio", "cryptography", "mcp", "mcp_types", "django.contrib.auth.models"],
)
def test_importing_does_not_import(module: str) -> None:
    assert run(f"import sys, django_mcp; print({module!r} in sys.modules)") == "False"


def test_a_server_of_functions_loads_no_models_provider() -> None:
    """``mcp_stdio`` starts anew for each client."""
    code = """
import sys
from django_mcp import MCPServer

server = MCPServer("shop")
server.tool(lambda: "open", name="hours")
print([name for name in sys.modules if name.startswith("django_mcp.providers.models")])
"""
    assert run(code) == "[]"
