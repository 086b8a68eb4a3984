"""Who calls over stdio: a user somebody named, or whoever has a key.

The process may live for days, so each call asks anew. It costs one query, as
it does over HTTP; what is remembered for some seconds would be that long wrong.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from typing import TYPE_CHECKING, Protocol

from django_mcp.auth.base import AuthError, AuthRequest, Principal, anonymous
from django_mcp.protocol.errors import INVALID_REQUEST, ProtocolError
from django_mcp.protocol.headers import Headers
from django_mcp.threads import in_pool
from django_mcp.transports.http import authenticated

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


class Caller(Protocol):
    """Who calls, asked for each call."""

    @property
    def is_known(self) -> bool:
        """May the caller hear of what changes?"""
        ...

    async def principal(self) -> Principal:
        """Return who calls now. Raises: ProtocolError"""
        ...


class NamedCaller:
    """A user whom whoever started the process named, or nobody known."""

    is_known = True

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    async def principal(self) -> Principal:
        """See `Caller`."""
        # User and principal remember permissions: each call has its own.
        user = copy.copy(self._principal.user)
        return dataclasses.replace(self._principal, user=user, verdicts={})


class KeyCaller:
    """Whoever the server's authenticators find for a key, or another token."""

    def __init__(self, server: MCPServer, key: str) -> None:
        # What is no ASCII is no token, and refused as such.
        token = key.strip().encode("ascii", "replace")
        headers = Headers([(b"authorization", b"Bearer " + token)])
        self._request = AuthRequest(server, headers)
        self._last: Principal | None = None

    @property
    def is_known(self) -> bool:
        """Was the caller known when last asked, and is it still?"""
        if self._last is None:
            return False
        expires_at = self._last.expires_at
        return expires_at is None or time.time() < expires_at

    async def principal(self) -> Principal:
        """See `Caller`."""
        server, words = self._request.server, AuthError().message
        try:
            principal = await authenticated(server, self._request, in_pool)
        except AuthError as error:
            principal, words = anonymous(), error.message
        # Where everybody is let in, a key that nobody knows is still a bad one:
        # whoever shows it does not mean to be anybody.
        self._last = None if principal.user.is_anonymous else principal
        if self._last is None:
            raise ProtocolError(INVALID_REQUEST, words)
        return principal
