"""What is counted around the question who is calling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from django_mcp import MCPServer, Throttled
from django_mcp.auth.base import AuthError, AuthRequest, BaseAuthenticator, Principal
from django_mcp.auth.throttled import ThrottledAuthenticators
from django_mcp.protocol.headers import Headers
from tests.clocks import stopped_clock
from tests.wire import Named


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    cache.clear()
    with stopped_clock():
        yield


class Awaiting(Named):
    """Looks callers up on the loop."""

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        return self.authenticate(request)


async def here(function: Any, *args: Any) -> Any:
    """Stand for the way to a thread."""
    return function(*args)


class Door:
    """A server's authenticators, asked in one of both ways."""

    def __init__(self, authenticator: BaseAuthenticator, throttles: Any) -> None:
        self.server = MCPServer(
            "shop", authenticators=[authenticator], throttles=throttles
        )

    async def ask(self, token: str = "", address: str = "192.0.2.1") -> Any:
        """Ask who it is; return that, or what was raised."""
        pairs = [(b"authorization", f"Bearer {token}".encode())] if token else []
        request = AuthRequest(self.server, Headers(pairs), {"client": (address, 1)})
        asked = self.server.authenticators
        try:
            if asked.awaits:
                return await asked.aauthenticate(request, here)
            return asked.authenticate(request)
        except (AuthError, Throttled) as error:
            return error


@pytest.fixture(params=[Named, Awaiting])
def named(request: Any) -> Any:
    return request.param


async def test_an_address_is_counted_before_anybody_is_looked_up(named: Any) -> None:
    looked_up = []

    class Counting(named):  # type: ignore[misc]
        def authenticate(self, request: AuthRequest) -> Principal | None:
            looked_up.append(request)
            found: Principal | None = super().authenticate(request)
            return found

    door = Door(Counting(), {"address": "2/min"})
    for _ in range(5):
        last = await door.ask("nobody")
    assert isinstance(last, Throttled)
    assert len(looked_up) == 2
    assert isinstance(await door.ask("ada", "192.0.2.2"), Principal)


async def test_a_caller_is_counted_wherever_it_comes_from(named: Any) -> None:
    door = Door(named(), {"user": "2/min"})
    for number in range(2):
        assert isinstance(await door.ask("ada", f"192.0.2.{number}"), Principal)
    assert isinstance(await door.ask("ada", "192.0.2.9"), Throttled)
    assert isinstance(await door.ask("grace", "192.0.2.9"), Principal)


async def test_refused_credentials_are_counted_and_missing_ones_are_not(
    named: Any,
) -> None:
    door = Door(named(anonymous=False), {"failures": "2/min"})
    for _ in range(5):
        assert isinstance(await door.ask(), AuthError)
        assert isinstance(await door.ask("ada"), Principal)
    for _ in range(2):
        assert isinstance(await door.ask("nobody"), AuthError)
    assert isinstance(await door.ask("nobody"), Throttled)
    # A guess that would have been right is not looked at either.
    assert isinstance(await door.ask("ada"), Throttled)
    assert isinstance(await door.ask("ada", "192.0.2.2"), Principal)


async def test_credentials_that_nobody_could_judge_have_not_failed(named: Any) -> None:
    class Down(named):  # type: ignore[misc]
        down = True

        def authenticate(self, request: AuthRequest) -> Principal | None:
            if self.down:
                raise AuthError(code="temporarily_unavailable")
            found: Principal | None = super().authenticate(request)
            return found

    authenticator = Down()
    door = Door(authenticator, {"failures": "2/min"})
    for _ in range(5):
        assert isinstance(await door.ask("ada"), AuthError)
    authenticator.down = False
    assert isinstance(await door.ask("ada"), Principal)


def test_a_server_without_rates_asks_as_ever(settings: Any) -> None:
    plain = MCPServer("shop", authenticators=[Named()])
    assert type(plain.authenticators) is not ThrottledAuthenticators
    settings.DJANGO_MCP = {"THROTTLES": {"user": "1/s"}}
    throttled = plain.authenticators
    assert throttled.blocking
    assert type(throttled) is ThrottledAuthenticators
    free = MCPServer("free", authenticators=[Named()], throttles={})
    assert not free.throttles
    assert type(free.authenticators) is not ThrottledAuthenticators


async def test_servers_count_apart() -> None:
    one, other = (Door(Named(), {"user": "1/min"}) for _ in range(2))
    other.server._name = "other"
    assert isinstance(await one.ask("ada"), Principal)
    assert isinstance(await other.ask("ada"), Principal)
    assert isinstance(await one.ask("ada"), Throttled)
