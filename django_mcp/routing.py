"""MCP servers in front of a project's own ASGI application.

The shortest way from the socket to a tool: one look into a dictionary, and
Django's handler and middleware only for what is not MCP. A project that
routes with Channels already needs nothing of this: ``mcp.asgi`` goes into its
``URLRouter``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_mcp.transports.asgi import Application, Scope, serve_lifespan
from django_mcp.transports.http import Receive, Send

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


class Front:
    """Serve MCP servers at their paths, and all else by another application.

    ``application = Front(get_asgi_application(), {"mcp": mcp})``
    """

    def __init__(self, application: Any, servers: Mapping[str, MCPServer]) -> None:
        self._application = application
        self._servers = tuple(servers.values())
        self._by_path = {
            f"/{path.strip('/')}{slash}": _serve_of(server.asgi)
            for path, server in servers.items()
            for slash in ("", "/")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one connection to whom it belongs."""
        kind = scope["type"]
        if kind == "http":
            path = scope["path"]
            if root := scope.get("root_path", ""):
                path = path.removeprefix(root)
            serve = self._by_path.get(path)
            if serve is not None:
                await serve(scope, receive, send)
                return
        elif kind == "lifespan":
            await serve_lifespan(self._servers, receive, send)
            return
        await self._application(scope, receive, send)


def _serve_of(application: Application) -> Any:
    """Return the short way into our own application; another keeps its front door."""
    return application.serve if type(application) is Application else application
