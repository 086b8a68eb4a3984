"""The official SDK's server with the same tools, at its best settings.

JSON answers, no sessions, no log lines, no tracing middleware (its own
documented way out), no Host check: everything that could be left out is, so
that what remains is what its users cannot avoid.
"""

from typing import Any

import django
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from benchmarks.functions import MANY, add, add_sync, echo, echo_sync, others, rows

OPEN = TransportSecuritySettings(enable_dns_rebinding_protection=False)


def server(name: str, *functions: Any) -> MCPServer[Any]:
    """Return a server with these tools."""
    built: MCPServer[Any] = MCPServer(name, version="1", log_level="CRITICAL")
    built.middleware[:] = [
        m for m in built.middleware if type(m).__name__ != "OpenTelemetryMiddleware"
    ]
    for function in functions:
        built.tool()(function)
    return built


def application(built: MCPServer[Any], *, stateless: bool = True) -> Any:
    """Return the ASGI application of a server."""
    return built.streamable_http_app(
        json_response=True, stateless_http=stateless, transport_security=OPEN
    )


def one() -> Any:
    """Serve one tool."""
    return application(server("one", echo))


def few() -> Any:
    """Serve the other tools."""
    django.setup()
    return application(server("few", echo_sync, add, add_sync, rows))


def many() -> Any:
    """Serve 300 tools."""
    return application(server("many", echo, *others(MANY - 1)))
