"""Who tries often, from many addresses, or in many messages at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from django_mcp import Context, MCPServer
from django_mcp.auth.base import AuthRequest, Principal
from tests.clocks import stopped_clock
from tests.wire import Client, Named, message


class Counting(Named):
    """Knows how often somebody was looked up."""

    asked = 0

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        self.asked += 1
        return super().authenticate(request)


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    cache.clear()
    with stopped_clock():
        yield


def make_server(authenticator: Any = None, **throttles: Any) -> MCPServer:
    server = MCPServer(
        "shop", authenticators=[authenticator or Named()], throttles=throttles
    )

    @server.tool(read_only=True)
    async def echo() -> str:
        return "done"

    @server.tool(throttle="1/hour", read_only=True)
    async def rare(context: Context) -> str:
        return f"{await context.aconfirm('Sure?')}"

    @server.tool(throttle="1/hour", allowed=lambda context: False)
    async def hidden() -> str:
        return "never"

    return server


async def test_a_flood_of_bad_tokens_costs_no_look_up() -> None:
    """Each look-up is a query, or the work of checking a signature.

    Defence: ``auth/throttled.py``, ``address = self._arrived(request)``.
    """
    counting = Counting()
    client = Client(
        make_server(counting, address="3/min").asgi,
        headers={"authorization": "Bearer nobody"},
    )
    answers = [(await client.call("echo")).status for _ in range(10)]
    assert answers == [401] * 3 + [429] * 7
    assert counting.asked == 3


async def test_guessing_tokens_ends_after_a_few() -> None:
    """Where addresses may call often, those that guess may not.

    Defence: ``throttling.py``, ``refuse_spent`` in ``arrived``.
    """
    client = Client(make_server(failures="3/min").asgi)
    client.extra["authorization"] = "Bearer nobody"
    assert [(await client.call("echo")).status for _ in range(5)][3:] == [429] * 2
    client.extra["authorization"] = "Bearer ada"
    assert (await client.call("echo")).status == 429


@pytest.mark.parametrize("proxies", [0, 1, 2])
async def test_a_header_makes_no_new_caller(settings: Any, proxies: int) -> None:
    """Whoever writes the header would have as many addresses as they like.

    Defence: ``addresses.py``, ``forwarded.rsplit(…)[-proxies:][0]``.
    """
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "TRUSTED_PROXIES": proxies}
    app = make_server(address="1/min").asgi
    own = ["198.51.100.7", "10.0.0.2"][2 - proxies :] if proxies else []
    found = []
    for written in ("192.0.2.1", "192.0.2.2, 192.0.2.3", "x" * 5000, "\xff, ,"):
        header = ", ".join([written, *own])
        client = Client(app, headers={"x-forwarded-for": header})
        found.append((await client.call("echo")).status)
    assert found == [200, 429, 429, 429]


async def test_a_line_of_ipv6_is_one_caller(settings: Any) -> None:
    """It holds 2^64 addresses, all of them the caller's own.

    Defence: ``addresses.py``, the last line of ``_counted``.
    """
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "TRUSTED_PROXIES": 1}
    app = make_server(address="1/min").asgi
    found = []
    for address in ("2001:db8::1", "2001:db8::2:3", "2001:db8:0:1::1"):
        client = Client(app, headers={"x-forwarded-for": address})
        found.append((await client.call("echo")).status)
    assert found == [200, 429, 200]


async def test_a_batch_is_not_one_message() -> None:
    """A thousand calls in one POST are a thousand calls.

    Defence: ``transports/exchange.py``, ``too_early`` in ``_batch``.
    """
    client = await Client(make_server(address="12/min").asgi, "2025-03-26").open()
    sent = [message("tools/call", {"name": "echo"}, number) for number in range(50)]
    answer = await client.send(sent)
    assert sum("result" in reply for reply in answer.body) == 10


async def test_answers_nobody_asked_for_are_no_later_round() -> None:
    """Later rounds are not counted; what makes one is sealed by the server.

    Defence: ``throttling.py``, ``not context.asker.rounds`` in ``count_call``.
    """
    client = Client(make_server().asgi, capabilities={"elicitation": {"form": {}}})
    (key,) = (await client.call("rare")).result["inputRequests"]
    answers = {key: {"action": "accept", "content": {"confirm": True}}}
    assert (await client.call("rare", inputResponses=answers)).status == 429


async def test_a_rate_does_not_show_what_is_hidden() -> None:
    """A tool that says "too often" would say that it is there.

    Defence: ``methods/primitives.py``: ``_found`` comes before ``start``.
    """
    client = Client(make_server().asgi)
    hidden = [(await client.call("hidden")).body["error"] for _ in range(3)]
    missing = (await client.call("missing")).body["error"]
    for error in hidden:
        assert error["code"] == missing["code"]
        assert error["message"].replace("hidden", "missing") == missing["message"]


async def test_refused_calls_say_nothing_of_other_callers() -> None:
    """Everybody has counts of their own, and hears of no other.

    Defence: ``throttling.py``, ``who`` in ``_counters``.
    """
    app = make_server(user="1/min").asgi
    ada = Client(app, headers={"authorization": "Bearer ada"})
    assert [(await ada.call("echo")).status for _ in range(2)] == [200, 429]
    eve = Client(app, headers={"authorization": "Bearer eve"})
    assert (await eve.call("echo")).status == 200
