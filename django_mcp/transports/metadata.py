"""Where clients read who gives tokens for an endpoint (RFC 9728).

An ordinary Django view, public and the same for everybody. It says nothing
about paths at which no server stands, or whose server takes no tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.http.response import HttpResponseBase

from django_mcp.auth.challenges import OFFLINE
from django_mcp.server import MCPServer, all_servers

#: Seconds for which a client may keep what it read.
MAX_AGE = 300
METHODS = "GET, HEAD, OPTIONS"


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Let a page of any origin read what a view says: metadata is no secret.

    Browsers ask first, because clients send ``MCP-Protocol-Version``.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            response = preflight(request, METHODS)
        elif request.method not in {"GET", "HEAD"}:
            response = HttpResponse(status=405, headers={"Allow": METHODS})
        else:
            response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    # Metadata is read before anybody has logged in, whatever the middleware.
    wrapped.login_required = False  # type: ignore[attr-defined]
    return wrapped


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Answer a browser that asks before it sends: any header may come along."""
    response = HttpResponse(status=204)
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    response["Access-Control-Allow-Methods"] = methods
    response["Access-Control-Allow-Headers"] = wanted[:1000]
    response["Access-Control-Max-Age"] = "86400"
    return response


@public
def protected_resource(request: HttpRequest, path: str = "") -> HttpResponse:
    """Describe the server at a path; without one, the only server there is."""
    servers = described_servers()
    found = [one for one in servers if one.path.strip("/") == path.strip("/")]
    if not path.strip("/") and not found:
        found = servers
    if len(found) != 1:
        return HttpResponseNotFound(headers={"Content-Type": "text/plain"})
    response = JsonResponse(described(found[0]))
    response["Cache-Control"] = f"public, max-age={MAX_AGE}"
    return response


def described_servers() -> list[MCPServer]:
    """Return the servers that take tokens of an authorization server."""
    found = (one for one in all_servers if one.used and one.metadata_url)
    return sorted(found, key=lambda one: one.path)


def described(server: MCPServer) -> dict[str, Any]:
    """Return a server's metadata."""
    scopes = sorted(scope for scope in server.base_scopes if scope != OFFLINE)
    document: dict[str, Any] = {
        "resource": server.url,
        "authorization_servers": server.authenticators.authorization_servers(),
        "bearer_methods_supported": ["header"],
        "resource_name": str(server.title or server.name),
    }
    if scopes:
        # The least a client needs to begin; more is asked for when it is used
        # (2026-07-28, basic/authorization, "Scope Selection Strategy").
        document["scopes_supported"] = scopes
    return document
