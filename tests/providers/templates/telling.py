"""Templates in a folder of the test's own, and calls to the servers they are on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from django.contrib.auth.models import Permission, User
from django.test import override_settings

from django_mcp import MCPServer
from django_mcp.methods.completion import complete
from django_mcp.methods.lists import prompts as list_prompts
from django_mcp.methods.primitives import get_prompt, read_resource
from django_mcp.protocol.errors import ProtocolError
from django_mcp.protocol.revisions import STATELESS
from tests.calls import asked, context_for, members

#: ``write(name, text)``: a template of the test.
Write: TypeAlias = Callable[[str, str], None]

DJANGO = "django.template.backends.django.DjangoTemplates"
JINJA = "django.template.backends.jinja2.Jinja2"


def engines_in(folder: Path, backend: str = DJANGO, **options: Any) -> Any:
    """Let engines find the templates of a folder, and those of apps."""
    engine = {
        "BACKEND": backend,
        "DIRS": [folder],
        "APP_DIRS": True,
        "OPTIONS": options,
    }
    return override_settings(TEMPLATES=[engine])


def server_with(*templates: str, **options: Any) -> MCPServer:
    """Return a server whose prompts are these templates, none of them wrong."""
    server = MCPServer("tests")
    for template in templates:
        server.prompt_template(template, **options)
    return served(server)


def served(server: MCPServer) -> MCPServer:
    """Return a server on which nothing is wrong."""
    server.settle()
    assert not [one.text for one in server.declarations.mistakes]
    return server


def mistakes_of(server: MCPServer) -> list[tuple[str, str]]:
    """Return what is wrong on a server: check ids and words."""
    server.settle()
    return [(one.id, one.text) for one in server.declarations.mistakes]


def wrong(template: str, **options: Any) -> str:
    """Return why a template cannot be a prompt."""
    server = MCPServer("tests")
    server.prompt_template(template, **options)
    [(check, text)] = mistakes_of(server)
    assert check == "django_mcp.E016", text
    assert not len(server.registry.prompts)
    return text


def listed(
    server: MCPServer, user: Any = None, revision: str = STATELESS.name
) -> list[dict[str, Any]]:
    """Return the prompts that somebody sees."""
    event = asked("prompts/list", revision=revision)
    result: Any = list_prompts(server, event, context_for(server, event, user))
    prompts: list[dict[str, Any]] = members(result)["prompts"]
    return prompts


def messages(
    server: MCPServer,
    name: str,
    arguments: Any = None,
    user: Any = None,
    revision: str = STATELESS.name,
    **carrier: Any,
) -> list[dict[str, Any]]:
    """Get a prompt, and return its messages."""
    params = {"name": name, "arguments": arguments or {}}
    event = asked("prompts/get", params, revision)
    context = context_for(server, event, user, **carrier)
    result: Any = get_prompt(server, event, context)
    found: list[dict[str, Any]] = members(result)["messages"]
    return found


def said(
    server: MCPServer, name: str, arguments: Any = None, user: Any = None, **more: Any
) -> list[tuple[str, str]]:
    """Get a prompt of nothing but text: who speaks, and what they say."""
    found = messages(server, name, arguments, user, **more)
    return [(one["role"], one["content"]["text"]) for one in found]


def refused(
    server: MCPServer, name: str, arguments: Any = None, user: Any = None
) -> str:
    """Get a prompt that refuses, and return its words."""
    try:
        messages(server, name, arguments, user)
    except ProtocolError as error:
        return str(error)
    raise AssertionError("It was not refused.")


def suggested(
    server: MCPServer,
    name: str,
    argument: str,
    value: str = "",
    user: Any = None,
    *,
    revision: str = STATELESS.name,
) -> list[str]:
    """Complete an argument of a prompt."""
    params = {
        "ref": {"type": "ref/prompt", "name": name},
        "argument": {"name": argument, "value": value},
    }
    event = asked("completion/complete", params, revision)
    result: Any = complete(server, event, context_for(server, event, user))
    values: list[str] = result["completion"]["values"]
    return values


def contents(server: MCPServer, uri: str, user: Any = None) -> dict[str, Any]:
    """Read a resource that has one content."""
    event = asked("resources/read", {"uri": uri})
    result: Any = read_resource(server, event, context_for(server, event, user))
    [content] = members(result)["contents"]
    found: dict[str, Any] = content
    return found


def person(name: str, *permissions: str) -> User:
    """Return a user with permissions, as ``app.codename``."""
    user = User.objects.create_user(name)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user
