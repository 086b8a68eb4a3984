"""Tools of views, and the same views over HTTP, side by side."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.test import APIClient

from django_mcp import MCPServer, Tool, ToolError
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members
from tests.providers.callers import context_of
from tests.testapp.models import Author, Book

#: Those who call, from the least to the most powerful.
CALLERS = ("nobody", "plain", "permitted", "staff", "super")


def served(target: Any, **options: Any) -> MCPServer:
    """Return a server that serves a view and is ready."""
    server = MCPServer("tests")
    server.viewset(target, **options)
    server.go_live()
    errors = [one.text for one in server.declarations.mistakes if one.is_error]
    assert not errors, errors
    return server


def mistake(target: Any, **options: Any) -> Any:
    """Return the one thing that is wrong with what is served."""
    server = MCPServer("tests")
    server.viewset(target, **options)
    server.settle()
    [found] = server.declarations.mistakes
    return found


def names(server: MCPServer) -> list[str]:
    return [one.name for one in server.registry.tools]


def tool(server: MCPServer, name: str) -> Tool:
    found = server.registry.tools.peek(name)
    assert found is not None, names(server)
    return found


def properties(server: MCPServer, name: str) -> dict[str, Any]:
    found: dict[str, Any] = tool(server, name).input_schema["properties"]
    return found


def run(server: MCPServer, name: str, user: Any = None, /, **arguments: Any) -> Any:
    """Return what a tool returns, with whatever it raises."""
    return tool(server, name).call(context_of(user), arguments)


def result(server: MCPServer, name: str, user: Any = None, /, **arguments: Any) -> Any:
    """Return the members of a result, as a client gets them."""
    event = asked("tools/call", {"name": name, "arguments": arguments})
    return members(call_tool(server, event, context_for(server, event, user)))


def said(server: MCPServer, name: str, user: Any = None, /, **arguments: Any) -> str:
    """Return the words of a refusal."""
    found = result(server, name, user, **arguments)
    assert found.get("isError"), found
    text: str = found["content"][0]["text"]
    return text


def outcome(server: MCPServer, name: str, user: Any, /, **arguments: Any) -> Any:
    """Return what came of a call, as HTTP would have it: a status and data."""
    try:
        return 200, run(server, name, user, **arguments)
    except PermissionDenied:
        return 403, None
    except Http404:
        return 404, None
    except ToolError:
        return 400, None


def over_http(
    user: Any, method: str, path: str, data: Any = None, **options: Any
) -> Any:
    """Return what comes of a request, in the same terms."""
    client = APIClient(raise_request_exception=False)
    if not user.is_anonymous:
        client.force_authenticate(user)
    response = getattr(client, method)(path, data, format="json", **options)
    if response.status_code >= 400:
        status = 403 if response.status_code == 401 else response.status_code
        return (400 if status in {405, 429} else status), None
    return 200, json.loads(response.content) if response.content else "Done."


def people() -> dict[str, Any]:
    """Return one of each sort of callers."""
    permitted = User.objects.create_user("permitted")
    for app_label, codename in (
        ("testapp", "view_book"),
        ("testapp", "add_book"),
        ("testapp", "change_book"),
        ("testapp", "delete_book"),
        ("auth", "view_user"),
    ):
        permitted.user_permissions.add(
            Permission.objects.get(content_type__app_label=app_label, codename=codename)
        )
    Group.objects.create(name="clerks").user_set.add(permitted)
    return {
        "nobody": AnonymousUser(),
        "plain": User.objects.create_user("plain", email="plain@example.org"),
        "permitted": permitted,
        "staff": User.objects.create_user("staff", is_staff=True),
        "super": User.objects.create_superuser("super"),
    }


def book(title: str = "Emma", **values: Any) -> Book:
    author = values.pop("author", None)
    if author is None:
        author = Author.objects.create(name="Jane")
    return Book.objects.create(title=title, author=author, **values)
