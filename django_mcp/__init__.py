"""Expose a Django project as an MCP server.

    # shop/mcp.py, found by itself, as admin.py is
    from django_mcp import mcp

    @mcp.tool(read_only=True)
    def stock_of(isbn: str) -> int:
        "How many copies of one book are on the shelf."
        return Product.objects.get(isbn=isbn).stock

These names are the public face; everything else is reached by its module.
They are loaded when first used, because ``INSTALLED_APPS`` imports this file
in every command of a project. Nothing inside the package imports it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_mcp.content import Audio, File, Image
    from django_mcp.context import Context
    from django_mcp.exceptions import (
        AlreadyRegistered,
        NotRegistered,
        PermissionRequired,
        Throttled,
        ToolError,
    )
    from django_mcp.primitives import Prompt, Resource, ResourceTemplate, Tool
    from django_mcp.providers.models.actions import action
    from django_mcp.providers.models.toolset import ModelToolset
    from django_mcp.server import MCPServer, mcp

__all__ = [
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
]

_MODULES = {
    "AlreadyRegistered": "exceptions",
    "Audio": "content",
    "Context": "context",
    "File": "content",
    "Image": "content",
    "MCPServer": "server",
    "ModelToolset": "providers.models.toolset",
    "NotRegistered": "exceptions",
    "PermissionRequired": "exceptions",
    "Prompt": "primitives",
    "Resource": "primitives",
    "ResourceTemplate": "primitives",
    "Throttled": "exceptions",
    "Tool": "primitives",
    "ToolError": "exceptions",
    "action": "providers.models.actions",
    "mcp": "server",
}


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
