"""A site of views, a browser, and the tool of a view: side by side."""

from __future__ import annotations

import inspect
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.http import HttpRequest

from django_mcp import MCPServer, Tool
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
WHO = ("anonymous", "plain", "permitted", "staff", "clerk", "superuser")


def make_users() -> dict[str, Any]:
    """Return one user of each sort."""
    users: dict[str, Any] = {"anonymous": AnonymousUser()}
    for name in WHO[1:]:
        users[name] = User.objects.create(
            username=name,
            is_staff=name in {"staff", "clerk", "superuser"},
            is_superuser=name == "superuser",
        )
    for codename in ("change_book", "add_book", "delete_book", "view_book"):
        permission = Permission.objects.get(
            codename=codename, content_type__app_label="testapp"
        )
        for name in ("permitted", "clerk"):
            users[name].user_permissions.add(permission)
    return users


def tool_of(target: Any, **options: Any) -> Tool:
    """Return the tool of a view. Fails on a mistake."""
    server = MCPServer("tests")
    server.view(target, **options)
    server.go_live()
    assert not [m.text for m in server.declarations.mistakes if m.is_error]
    [tool] = server.registry.tools
    return tool


def mistake_of(target: Any, **options: Any) -> str:
    """Return why a view cannot be a tool."""
    server = MCPServer("tests")
    server.view(target, **options)
    server.settle()
    [mistake] = [m for m in server.declarations.mistakes if m.is_error]
    return mistake.text


def over_http(context: Any) -> HttpRequest:
    """Return what a call over HTTP brings with it."""
    request = HttpRequest()
    request.META = {
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_USER_AGENT": "client",
        "HTTP_COOKIE": "sessionid=stolen",
        "HTTP_AUTHORIZATION": "Bearer secret",
        "HTTP_X_OTHER": "kept away",
    }
    return request


def called(tool: Tool, user: Any = None, /, **arguments: Any) -> Any:
    """Return what a tool returns, or raise what it raises."""
    context = _context(tool, user, arguments)
    value = tool.call(context, arguments)
    if inspect.isawaitable(value):
        return async_to_sync(_awaited)(value)
    return value


def result_of(tool: Tool, user: Any = None, /, **arguments: Any) -> dict[str, Any]:
    """Return the members of the result that a client gets."""
    context = _context(tool, user, arguments)
    event = context._event
    value = call_tool(context.server, event, context)
    if inspect.isawaitable(value):
        value = async_to_sync(_awaited)(value)
    return members(value)


def text_of(result: dict[str, Any]) -> str:
    return "\n".join(block.get("text", "") for block in result["content"])


def _context(tool: Tool, user: Any, arguments: dict[str, Any]) -> Any:
    server = MCPServer("calls")
    server.add(tool)
    event = asked("tools/call", {"name": tool.name, "arguments": arguments})
    return context_for(server, event, user, make_request=over_http)


async def _awaited(value: Any) -> Any:
    return await value
