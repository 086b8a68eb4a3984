"""Contexts of calls that came from nowhere, for tests of primitives alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser

from django_mcp.auth.base import Principal
from django_mcp.context import Context
from django_mcp.protocol.events import Asked
from django_mcp.protocol.revisions import STATELESS
from tests.calls import Carrier

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def context_of(user: User | AnonymousUser | None = None) -> Context:
    """Return the context of a call by a user, or by nobody."""
    server: Any = None
    event = Asked(1, "tools/call", {}, STATELESS, {}, {}, {})
    return Context(server, event, Principal(user=user or AnonymousUser()), Carrier())
