"""Servers with toolsets, and calls to them by somebody."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import Permission, User

from django_mcp import MCPServer, ModelToolset
from django_mcp.context import Context
from django_mcp.methods.completion import complete
from django_mcp.methods.primitives import call_tool, read_resource
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.toolset import ModelToolset as Toolset
from tests.calls import asked, context_for, members


class Open(ModelToolset):
    """A toolset that asks for no permission."""

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        """See `ModelToolset`."""
        return True


def server_with(*pairs: tuple[Any, Any]) -> MCPServer:
    """Return a server with toolsets: a class, or attributes of an open one."""
    server = MCPServer("tests")
    for model, given in pairs:
        if isinstance(given, dict):
            server.register(model, Open, **given)
        else:
            server.register(model, given)
    return server


def result_of(
    server: MCPServer, tool: str, arguments: Any = None, user: Any = None
) -> dict[str, Any]:
    """Call a tool and return the whole result."""
    event = asked("tools/call", {"name": tool, "arguments": arguments or {}})
    result: Any = call_tool(server, event, context_for(server, event, user))
    return members(result)


def call(
    server: MCPServer, tool: str, arguments: Any = None, user: Any = None, **more: Any
) -> Any:
    """Call a tool and return what it says."""
    result = result_of(server, tool, {**(arguments or {}), **more}, user)
    text = result["content"][0]["text"]
    assert not result.get("isError"), text
    return json.loads(text)


def refusal(
    server: MCPServer, tool: str, arguments: Any = None, user: Any = None, **more: Any
) -> str:
    """Call a tool that refuses, and return its words."""
    result = result_of(server, tool, {**(arguments or {}), **more}, user)
    assert result.get("isError"), result
    text: str = result["content"][0]["text"]
    return text


def read(server: MCPServer, uri: str, user: Any = None) -> dict[str, Any]:
    """Read a resource and return its only contents. Raises: ProtocolError"""
    event = asked("resources/read", {"uri": uri})
    result: Any = read_resource(server, event, context_for(server, event, user))
    [contents] = members(result)["contents"]
    assert contents["uri"] == uri
    found: dict[str, Any] = contents
    return found


def suggested(
    server: MCPServer, uri: str, name: str, value: str = "", user: Any = None
) -> list[str]:
    """Complete a variable of a resource template."""
    ref = {"type": "ref/resource", "uri": uri}
    params = {"ref": ref, "argument": {"name": name, "value": value}}
    event = asked("completion/complete", params)
    result: Any = complete(server, event, context_for(server, event, user))
    values: list[str] = result["completion"]["values"]
    return values


def access_of(toolset: Toolset, user: Any = None) -> Access:
    """Return what somebody may see of a toolset's rows."""
    server = MCPServer("tests")
    return Access(toolset, context_for(server, asked("tools/call"), user))


def person(name: str, *permissions: str) -> User:
    """Return a user with permissions such as ``testapp.view_book``."""
    user = User.objects.create(username=name)
    for permission in permissions:
        app, codename = permission.split(".")
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        user.user_permissions.add(found)
    return user
