"""Calling a tool as a client's message would, and the same over HTTP."""

from __future__ import annotations

import json
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.http.response import HttpResponseBase
from django.test import Client

from django_mcp import MCPServer, dispatch
from django_mcp.dispatch import Reply
from django_mcp.primitives import Tool
from tests.calls import asked, context_for


def tool_of(server: MCPServer, name: str) -> Tool:
    """Return a tool of a server that was settled."""
    server.settle()
    tool = server.registry.tools.peek(name)
    assert tool is not None, [one.name for one in server.registry.tools]
    return tool


def names(server: MCPServer) -> set[str]:
    """Return the names of the tools of a server without mistakes."""
    server.settle()
    assert not [one for one in server.declarations.mistakes if one.is_error]
    return {tool.name for tool in server.registry.tools}


def mistake_of(server: MCPServer) -> str:
    """Return what is wrong with the only line of a server, which serves nothing."""
    server.settle()
    [mistake] = server.declarations.mistakes
    assert mistake.is_error
    assert not list(server.registry.tools)
    return mistake.text


def called(
    server: MCPServer,
    name: str,
    arguments: dict[str, Any] | None = None,
    user: Any = None,
    **options: Any,
) -> dict[str, Any]:
    """Return the result of a tool, or its error."""
    server.settle()
    event = asked("tools/call", {"name": name, "arguments": arguments or {}})
    context = context_for(server, event, user, **options)
    outcome: Any = dispatch.serve(server, event, context)
    if not isinstance(outcome, Reply):
        outcome = async_to_sync(_awaited)(outcome)
    whole: dict[str, Any] = json.loads(outcome.body)
    result: dict[str, Any] = whole.get("result", whole)
    return result


async def _awaited(outcome: Any) -> Any:
    return await outcome


def value_of(*arguments: Any, **options: Any) -> Any:
    """Return what a tool answered: data, or else text."""
    result = called(*arguments, **options)
    assert "isError" not in result and "error" not in result, result
    if "structuredContent" in result or not result["content"]:
        return result.get("structuredContent")
    return result["content"][0]["text"]


def refusal_of(*arguments: Any, **options: Any) -> str:
    """Return the words with which a tool refused."""
    result = called(*arguments, **options)
    assert result.get("isError"), result
    text: str = result["content"][0]["text"]
    return text


def browser(user: User | AnonymousUser | None = None) -> Client:
    """Return a browser in which somebody is logged in, or nobody."""
    client = Client(raise_request_exception=False)
    if user is not None and not user.is_anonymous:
        client.force_login(user)
    return client


def body(response: HttpResponseBase) -> Any:
    """Return the data of an HTTP answer."""
    return json.loads(response.content)  # type: ignore[attr-defined]
