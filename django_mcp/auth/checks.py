"""What is wrong with who may call: a part of the system checks.

``django_mcp/checks.py`` registers it. Each authenticator tells its own
problems (`BaseAuthenticator.check`); here is only what none can know of itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.module_loading import import_string

from django_mcp.auth.base import AllowAnonymous, BaseAuthenticator
from django_mcp.auth.resources import METADATA_PATH, canonical, is_loopback
from django_mcp.conf import conf

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


def problems_of_paths(paths: Iterable[Any]) -> list[CheckMessage]:
    """E005: what the settings name can be imported, and authenticates."""
    return [
        Error(
            f"DJANGO_MCP['AUTHENTICATORS']: {path!r} {problem}.",
            hint="Name the path of a subclass of django_mcp.auth.BaseAuthenticator.",
            id="django_mcp.E005",
        )
        for path in paths
        if (problem := _problem(path))
    ]


def _problem(path: Any) -> str:
    try:
        authenticator = import_string(path)
    except (ImportError, AttributeError, TypeError, ImproperlyConfigured) as error:
        return f"cannot be imported ({error})"
    if isinstance(authenticator, type) and issubclass(authenticator, BaseAuthenticator):
        return ""
    return "is no authenticator"


def problems_of_authenticators(servers: Iterable[MCPServer]) -> list[CheckMessage]:
    """Return what authenticators find; several servers may have the same ones."""
    found: list[CheckMessage] = []
    for server in servers:
        for message in server.authenticators.check():
            if message not in found:
                found.append(message)
    return found


def authenticators_nobody_asks(servers: Iterable[MCPServer]) -> list[CheckMessage]:
    """W020: whoever lets everybody in comes last."""
    return [
        Warning(
            f"{server!r} asks no authenticator after AllowAnonymous, which knows all.",
            hint="Name AllowAnonymous last.",
            id="django_mcp.W020",
        )
        for server in servers
        if any(isinstance(one, AllowAnonymous) for one in server.authenticators[:-1])
    ]


def authenticators_without_tokens(servers: Iterable[MCPServer]) -> list[CheckMessage]:
    """W021: who knows some tokens by sight is asked before who judges every one."""
    found: list[CheckMessage] = []
    for server in servers:
        judge = ""
        for one in server.authenticators:
            name = type(one).__name__
            if judge and one.bearer:
                found.append(
                    Warning(
                        f"{name} of {server!r} never sees a token: {judge} stands"
                        " before it, and judges every one.",
                        hint=f"Name {judge} after it.",
                        id="django_mcp.W021",
                    )
                )
            elif one.bearer == "every":
                judge = name
    return found


def servers_nobody_may_call(servers: Iterable[MCPServer]) -> list[CheckMessage]:
    """E004: somebody decides who may call."""
    return [
        Error(
            f"Nobody may call {server!r}: it has no authenticator.",
            hint=(
                "Name one in DJANGO_MCP['AUTHENTICATORS'], or let everybody in"
                " with 'django_mcp.auth.AllowAnonymous'."
            ),
            id="django_mcp.E004",
        )
        for server in servers
        if server.used and not server.authenticators
    ]


def problems_of_address() -> list[CheckMessage]:
    """E018, W017: ``BASE_URL`` is an address tokens can be made out to."""
    base = conf.BASE_URL
    if base == "":
        return []
    parts = urlsplit(canonical(base) if isinstance(base, str) else "")
    if parts.scheme not in {"http", "https"} or parts.query:
        return [
            Error(
                f"DJANGO_MCP['BASE_URL']: {base!r} is no address of a site.",
                hint="Write it as https://shop.example, no query, no fragment.",
                id="django_mcp.E018",
            )
        ]
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return [
            Warning(
                f"DJANGO_MCP['BASE_URL']: tokens travel to {base} unencrypted.",
                hint="Use https; clients refuse to log in over http elsewhere"
                " than on their own machine.",
                id="django_mcp.W017",
            )
        ]
    return []


def problems_of_tokens(servers: Iterable[MCPServer]) -> list[CheckMessage]:
    """E019, W015, W016, W018: clients find who gives tokens, and for which server."""
    found: list[CheckMessage] = []
    known: dict[str, MCPServer] = {}
    for server in servers:
        if not server.used or not server.metadata_url:
            continue
        other = known.setdefault(server.url, server)
        if other is not server:
            found.append(_same_address(server, other))
        found += [*_doubled(server), *_unserved(server)]
    return found


def _doubled(server: MCPServer) -> list[CheckMessage]:
    """W018: ``BASE_URL`` is the site's address, and not a server's."""
    below = urlsplit(canonical(conf.BASE_URL)).path
    if server.path.strip("/") == "" or not below.endswith(server.path.rstrip("/")):
        return []
    return [
        Warning(
            f"DJANGO_MCP['BASE_URL'] ends with the path of {server!r}: its tokens"
            f" are made out to {server.url}.",
            hint="Name the site alone; the path is added.",
            id="django_mcp.W018",
        )
    ]


def _same_address(server: MCPServer, other: MCPServer) -> CheckMessage:
    return Error(
        f"{server!r} and {other!r} have one address, {server.url}: a token for"
        " one is good for the other.",
        hint="Give each its own path: MCPServer(path=…).",
        id="django_mcp.E019",
    )


def _unserved(server: MCPServer) -> list[CheckMessage]:
    """Look for the server and its metadata in the project's URLconf."""
    found: list[CheckMessage] = []
    path = server.path.strip("/")
    try:
        resolve(f"/{METADATA_PATH}/{path}".rstrip("/"))
    except Resolver404:
        found.append(
            Warning(
                f"Clients cannot learn where to log in for {server!r}:"
                f" nothing is served at {server.metadata_url}.",
                hint='Add path("", include("django_mcp.urls")) to the root URLconf;'
                ' where this site logs people in, "django_mcp.oauth.urls" instead.',
                id="django_mcp.W015",
            )
        )
    with suppress(NoReverseMatch):  # mounted in front of Django, or not at all
        mounted = reverse(f"{server.name}:endpoint", current_app=server.name)
        mounted = mounted.removeprefix(get_script_prefix().rstrip("/"))
        if mounted.strip("/") != path:
            found.append(
                Warning(
                    f"{server!r} is served at {mounted}, but its tokens are made"
                    f" out to {server.url}: no client will get in.",
                    hint=f"Set its path to {mounted!r}.",
                    id="django_mcp.W016",
                )
            )
    return found
