"""Servers with files, and what somebody finds there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp import MCPServer
from django_mcp.declarations import Mistake
from django_mcp.methods.completion import complete
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for
from tests.providers.models.asking import read, suggested

__all__ = ["contents", "is_missing", "listed", "read", "suggested"]


def settled(declare: Callable[[MCPServer], None]) -> MCPServer:
    """Return a server that is ready to serve what was declared."""
    server = MCPServer("tests", version="1")
    declare(server)
    server.settle()
    return server


def mistakes_of(declare: Callable[[MCPServer], None]) -> list[Mistake]:
    """Return what is wrong with a declaration, in the words of the checks."""
    return settled(declare).declarations.mistakes


def refused(declare: Callable[[MCPServer], None]) -> str:
    """Return why a declaration is refused, at once or when it is made."""
    try:
        [mistake] = mistakes_of(declare)
    except ImproperlyConfigured as error:
        return str(error)
    assert mistake.is_error
    return mistake.text


def serving(prefix: str, *args: Any, **options: Any) -> MCPServer:
    """Return a server with a storage resource and nothing wrong about it."""
    server = settled(lambda server: server.storage_resource(prefix, *args, **options))
    assert not [one for one in server.declarations.mistakes if one.is_error]
    return server


def is_missing(server: MCPServer, uri: str, user: Any = None) -> bool:
    """Is there nothing at a URI, in the words for everything that is not?"""
    with pytest.raises(ProtocolError) as caught:
        read(server, uri, user)
    error = caught.value
    code = asked("resources/read").revision.resource_not_found
    assert error.data == {"uri": uri[:2000]}
    return (error.code, error.message) == (code, "Resource not found")


def contents(server: MCPServer, uri: str, user: Any = None) -> str | None:
    """Return the text at a URI, or nothing, where nothing is."""
    try:
        found: str = read(server, uri, user)["text"]
    except ProtocolError as error:
        assert error.message == "Resource not found"
        return None
    return found


def listed(server: MCPServer, uri: str, user: Any = None) -> Any:
    """Return the page of a folder."""
    found = read(server, uri, user)
    assert found["mimeType"] == "application/json"
    return json.loads(found["text"])


def names(server: MCPServer, uri: str, user: Any = None) -> list[str]:
    """Return the names that the page of a folder shows."""
    return [entry["name"] for entry in listed(server, uri, user)["entries"]]


def completed(server: MCPServer, uri: str, value: str) -> dict[str, Any]:
    """Return a whole completion of the path."""
    ref = {"type": "ref/resource", "uri": uri}
    params = {"ref": ref, "argument": {"name": "path", "value": value}}
    event = asked("completion/complete", params)
    result: Any = complete(server, event, context_for(server, event))
    found: dict[str, Any] = result["completion"]
    return found


def grow(folder: Path, *names: str, **links: str) -> None:
    """Make files whose words are their names, and links."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, "utf-8")
    for name, target in links.items():
        os.symlink(target, folder / name)
