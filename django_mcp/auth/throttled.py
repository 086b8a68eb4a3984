"""Authenticators that count who comes, before and after they ask who it is.

In the place of a server's own, and only where something is to be counted: a
server without limits does nothing for them. Counting may block, and happens
in the same crossing as the look-up. Over stdio there is no scope and no
address: there, each call is counted by itself (``transports/call.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django_mcp.addresses import address_of_scope
from django_mcp.auth.base import (
    Authenticators,
    AuthError,
    AuthRequest,
    BaseAuthenticator,
    Principal,
)

if TYPE_CHECKING:
    from django_mcp.threads import Cross


class ThrottledAuthenticators(Authenticators):
    """See `Authenticators`; these raise `Throttled` too."""

    __slots__ = ()

    def __init__(self, authenticators: Iterable[BaseAuthenticator] = ()) -> None:
        super().__init__(authenticators)
        self.blocking = not self.awaits
        self.asks = True

    def authenticate(self, request: AuthRequest) -> Principal:
        """Return who is calling. Raises: AuthError, Throttled"""
        if not request.scope:
            return super().authenticate(request)
        address = self._arrived(request)
        try:
            principal = super().authenticate(request)
        except AuthError as error:
            self._failed(request, address, error)
            raise
        self._called(request, principal, address)
        return principal

    async def aauthenticate(self, request: AuthRequest, cross: Cross) -> Principal:
        """See `authenticate`; ``cross`` leads to a thread."""
        if not request.scope:
            return await super().aauthenticate(request, cross)
        address = await cross(self._arrived, request)
        try:
            principal = await super().aauthenticate(request, cross)
        except AuthError as error:
            await cross(self._failed, request, address, error)
            raise
        await cross(self._called, request, principal, address)
        return principal

    def _arrived(self, request: AuthRequest) -> str:
        address = address_of_scope(request.scope)
        request.server.throttles.arrived(request.server.name, address)
        return address

    def _failed(self, request: AuthRequest, address: str, error: AuthError) -> None:
        # Without credentials there are none that failed: so begins every client
        # that is about to log in. Nor do credentials fail that nobody could judge:
        # a server that is down must not lock everybody out for longer.
        if error.code and error.status != 503:
            request.server.throttles.failed(request.server.name, address)

    def _called(self, request: AuthRequest, principal: Principal, address: str) -> None:
        request.server.throttles.called(request.server.name, principal, address)
