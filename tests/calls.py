"""Events and contexts made by hand, for what stands below the transports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from django_mcp import Context, MCPServer
from django_mcp.auth.base import Principal
from django_mcp.protocol.events import Asked, Session
from django_mcp.protocol.messages import Fields
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.threads import in_pool
from django_mcp.transports.call import Carries
from django_mcp.transports.stdio import MemoryNotes


def asked(
    method: str,
    params: dict[str, Any] | None = None,
    revision: str = STATELESS.name,
    *,
    capabilities: Mapping[str, Any] | None = None,
    session: Session | None = None,
    headers: Any = None,
) -> Asked:
    """Return the event of a message."""
    return Asked(
        1,
        method,
        params or {},
        REVISIONS[revision],
        (params or {}).get("_meta", {}),
        {},
        capabilities or {},
        None,
        headers,
        session,
    )


def session_of(revision: str) -> Session:
    """Return a session whose notes are in memory."""
    return Session(REVISIONS[revision], {}, {}, "id", MemoryNotes())


class Carrier(Carries):
    """A transport that has what a test gives it."""

    outlet: Any = None
    loop: Any = None
    lifespan: Any = None
    cross = staticmethod(in_pool)

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)


def context_for(
    server: MCPServer, event: Asked, user: Any = None, **options: Any
) -> Context:
    """Return the context of a call by somebody."""
    scopes = options.pop("scopes", None)
    principal = Principal(user=user or AnonymousUser(), scopes=scopes)
    return Context(server, event, principal, Carrier(**options))


def members(result: Any) -> dict[str, Any]:
    """Return a result as a dictionary, however it came."""
    if isinstance(result, Fields):
        parsed: dict[str, Any] = json.loads(b"{%b}" % result)
        return parsed
    assert isinstance(result, dict)
    return result
