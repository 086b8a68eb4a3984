"""initialize, server/discover, ping and logging/setLevel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_mcp.conf import conf
from django_mcp.languages import several
from django_mcp.protocol.errors import invalid_params
from django_mcp.protocol.events import Asked
from django_mcp.protocol.messages import LOG_LEVELS
from django_mcp.protocol.revisions import SUPPORTED, Revision

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer


def initialize(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Begin a session of the handshake era."""
    result = {
        "protocolVersion": event.revision.name,
        "capabilities": capabilities(server, event.revision),
        "serverInfo": server.info(event.revision),
    }
    if server.instructions:
        result["instructions"] = str(server.instructions)
    return result


def discover(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Say what is served, to anybody who may speak at all.

    All revisions are listed, those with a handshake too: a client of a later
    revision can only fall back to what it finds here.
    """
    private = not server.authenticators.open or (server.translated and several())
    result = {
        "supportedVersions": SUPPORTED,
        "capabilities": capabilities(server, event.revision),
        "ttlMs": conf.LIST_TTL,
        "cacheScope": "private" if private else "public",
    }
    if server.instructions:
        result["instructions"] = str(server.instructions)
    return result


def ping(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Answer that we are here."""
    return {}


def set_level(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Keep the least severity of log messages a session wants."""
    level = event.params.get("level")
    if type(level) is not str or level not in LOG_LEVELS:
        raise invalid_params(f"level: must be one of {', '.join(LOG_LEVELS)}")
    if event.session is not None and event.session.notes is not None:
        event.session.notes.write(log_level=level)
    return {}


def capabilities(server: MCPServer, revision: Revision) -> dict[str, Any]:
    """Return what this server can do, as a revision declares it.

    Lists may change at run time, so they are declared even while empty.
    """
    declared: dict[str, Any] = {
        "tools": {"listChanged": True},
        "resources": {"listChanged": True, "subscribe": True},
        "prompts": {"listChanged": True},
        "logging": {},
    }
    if revision.completions_capability:
        declared["completions"] = {}
    return declared
