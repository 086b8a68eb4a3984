"""What a client meets that comes too often: over HTTP, and over stdio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import path

from django_mcp import Context, MCPServer, Throttled, sessions
from django_mcp.auth.base import AuthRequest, Principal
from django_mcp.conf import conf
from django_mcp.transports.caller import KeyCaller
from tests.clocks import Clock, stopped_clock
from tests.wire import (
    REVISIONS,
    Client,
    Named,
    initialize,
    message,
    note,
    routing_headers,
    standard_headers,
    stateless,
    stdio_client,
)

ASKABLE = {"elicitation": {"form": {}}}


class Awaiting(Named):
    """Looks callers up on the loop."""

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        return self.authenticate(request)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    cache.clear()
    sessions.forget_all()
    with stopped_clock() as clock:
        yield clock


def make_server(authenticator: Any = None, **throttles: Any) -> MCPServer:
    server = MCPServer(
        "shop", authenticators=[authenticator or Named()], throttles=throttles
    )

    @server.tool(read_only=True)
    def echo(text: str = "") -> str:
        return text

    @server.tool(throttle="2/hour", read_only=True)
    def rare() -> str:
        return "rare"

    @server.tool(throttle="2/hour", read_only=True)
    async def arare() -> str:
        return "rare"

    @server.tool(throttle="1/hour", read_only=True)
    def asking(context: Context) -> str:
        return f"{context.confirm('Sure?')}"

    @server.tool(read_only=True)
    def later(context: Context) -> str:
        raise Throttled("The warehouse is closed.", retry_after=90)

    @server.tool
    async def reading(context: Context) -> str:
        return str(len(await context.aread_resource("shop://hours")))

    @server.resource("shop://hours", throttle="2/hour")
    def hours() -> str:
        return "9 to 5"

    @server.prompt(throttle="2/hour")
    def greet() -> str:
        return "Hello"

    return server


@pytest.fixture(params=["mount", "awaiting mount", "view"])
def serve(request: Any, settings: Any) -> Any:
    """Return a function that mounts a server in one of the ways."""

    def mount(**throttles: Any) -> Any:
        awaits = request.param == "awaiting mount"
        server = make_server(Awaiting() if awaits else None, **throttles)
        if request.param != "view":
            return server.asgi
        settings.ROOT_URLCONF = (path("mcp", server.urls),)
        return ASGIHandler()

    return mount


@pytest.fixture(params=REVISIONS)
def revision(request: Any) -> str:
    found: str = request.param
    return found


async def test_an_address_that_calls_too_often_is_told_when_to_come_back(
    serve: Any, revision: str, clock: Clock
) -> None:
    client = await Client(serve(address="3/min"), revision).open()
    while (answer := await client.call("echo", {"text": "x"})).status == 200:
        assert answer.text == "x"
    assert answer.status == 429
    assert answer.headers["content-type"] == "application/json"
    seconds = int(answer.headers["retry-after"])
    assert answer.code == 429
    assert answer.data == {"retryAfter": seconds}
    assert str(seconds) in answer.text
    clock.pass_by(seconds)
    assert (await client.call("echo")).status == 200


async def test_a_caller_that_calls_too_often_leaves_the_others_alone(
    serve: Any, revision: str
) -> None:
    app = serve(user="4/min")
    ada = await Client(app, revision, headers={"authorization": "Bearer ada"}).open()
    grace = await Client(app, revision, headers={"authorization": "Bearer eve"}).open()
    for _ in range(5):
        last = await ada.ask("tools/list")
    assert last.status == 429
    assert int(last.headers["retry-after"]) > 0
    assert (await grace.ask("tools/list")).status == 200


async def test_the_page_of_an_allowed_origin_reads_when_to_come_back(
    serve: Any,
) -> None:
    client = Client(serve(address="1/min"), headers={"origin": "http://testserver"})
    await client.call("echo")
    answer = await client.call("echo")
    assert answer.status == 429
    assert answer.headers["access-control-allow-origin"] == "http://testserver"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": "rare"}),
        ("tools/call", {"name": "arare"}),
        ("resources/read", {"uri": "shop://hours"}),
        ("prompts/get", {"name": "greet"}),
    ],
)
async def test_a_primitive_has_its_own_rate_for_each_caller(
    serve: Any, revision: str, method: str, params: dict[str, Any], clock: Clock
) -> None:
    app = serve()
    ada = await Client(app, revision, headers={"authorization": "Bearer ada"}).open()
    for _ in range(2):
        assert (await ada.ask(method, params)).status == 200
    answer = await ada.ask(method, params)
    assert (answer.status, answer.code) == (429, 429)
    assert answer.body["id"]
    assert answer.data == {"retryAfter": int(answer.headers["retry-after"])}
    assert (await ada.call("echo")).status == 200
    other = await Client(app, revision).open()
    assert (await other.ask(method, params)).status == 200
    clock.pass_by(int(answer.headers["retry-after"]))
    assert (await ada.ask(method, params)).status == 200


@pytest.mark.redis
@pytest.mark.needs("redis")
async def test_calls_that_are_counted_share_their_connections(redis_cache: Any) -> None:
    client = Client(make_server(address="900/min", user="900/min").asgi)
    for _ in range(20):
        assert (await client.call("echo")).status == 200
    assert 1 <= redis_cache.connected <= conf.THREADS + 1


async def test_who_is_not_counted_may_call_whatever_as_often_as_they_like(
    serve: Any,
) -> None:
    client = Client(serve(user="1/min", key=lambda principal, address: None))
    assert {(await client.call("rare")).status for _ in range(5)} == {200}


async def test_what_a_caller_may_not_use_is_not_counted(serve: Any) -> None:
    app = serve()
    strange = Client(app)
    for _ in range(4):
        assert (await strange.call("missing")).code != 429


async def test_a_resource_that_a_tool_reads_is_counted(serve: Any) -> None:
    client = Client(serve())
    assert [(await client.call("reading")).status for _ in range(3)] == [200, 200, 429]


async def test_the_rounds_of_a_call_that_asks_are_one_call(serve: Any) -> None:
    client = Client(serve(), capabilities=ASKABLE)
    first = (await client.call("asking")).result
    assert first["resultType"] == "input_required"
    (key,) = first["inputRequests"]
    answers = {key: {"action": "accept", "content": {"confirm": True}}}
    state = first["requestState"]
    done = await client.call("asking", inputResponses=answers, requestState=state)
    assert done.status == 200, done.body
    assert (await client.call("asking")).status == 429
    # Answers nobody asked for do not pass for a later round.
    assert (await client.call("asking", inputResponses=answers)).status == 429


async def test_a_tool_may_say_later_itself(serve: Any, revision: str) -> None:
    client = await Client(serve(), revision).open()
    answer = await client.call("later")
    assert (answer.status, answer.headers["retry-after"]) == (429, "90")
    assert answer.text == "The warehouse is closed."


async def test_each_message_of_a_batch_counts(serve: Any) -> None:
    client = await Client(serve(user="6/min"), "2025-03-26").open()
    sent = [message("tools/call", {"name": "echo"}, number) for number in range(10)]
    answer = await client.send([*sent, note("notifications/cancelled")])
    assert answer.status == 200
    codes = [reply.get("error", {}).get("code") for reply in answer.body]
    # The handshake was two.
    assert codes == [None] * 4 + [429] * 6
    assert (await client.send(sent)).status == 429


async def test_the_end_of_a_session_and_its_stream_are_counted_too(serve: Any) -> None:
    client = await Client(serve(address="2/min"), "2025-11-25").open()
    async with client.stream() as visit:
        assert (await visit.begin()).status == 429
        assert visit.headers["retry-after"]
    async with client.visit(None, {"content-type": None}, method="DELETE") as visit:
        assert (await visit.begin()).status == 429


async def test_callers_at_the_same_moment_are_counted_one_by_one(serve: Any) -> None:
    client = Client(serve(address="7/min"))
    answers = await asyncio.gather(*(client.call("echo") for _ in range(30)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [429] * 23


async def test_a_proxy_vouches_for_addresses(serve: Any, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "TRUSTED_PROXIES": 1}
    app = serve(address="1/min")
    for address in ("192.0.2.1", "192.0.2.2"):
        client = Client(app, headers={"x-forwarded-for": f"1.2.3.4, {address}"})
        assert (await client.call("echo")).status == 200
        client.extra["x-forwarded-for"] = f"4.3.2.1, {address}"
        assert (await client.call("echo")).status == 429


async def test_the_settings_hold_for_every_server(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "THROTTLES": {"user": "1/min"}}
    server = MCPServer("plain")
    client = Client(server.asgi)
    assert (await client.ask("tools/list")).status == 200
    assert (await client.ask("tools/list")).status == 429


# -- WSGI ------------------------------------------------------------------------


def test_wsgi_tells_addresses_apart() -> None:
    with override_settings(
        ROOT_URLCONF=(path("mcp", make_server(address="2/min").urls),)
    ):
        assert [post("192.0.2.1").status_code for _ in range(3)] == [200, 200, 429]
        refused = post("192.0.2.1")
        assert int(refused["retry-after"]) > 0
        assert refused.json()["error"]["code"] == 429
        assert post("192.0.2.2").status_code == 200


def test_wsgi_without_an_address_is_served() -> None:
    with override_settings(
        ROOT_URLCONF=(path("mcp", make_server(address="2/min").urls),)
    ):
        assert [post("").status_code for _ in range(3)] == [200, 200, 429]


def post(address: str) -> Any:
    sent = stateless("tools/call", {"name": "echo"})
    headers = {**standard_headers(), **routing_headers(sent)}
    kind = headers.pop("content-type")
    return DjangoClient().post(
        "/mcp",
        json.dumps(sent),
        content_type=kind,
        headers=headers,
        REMOTE_ADDR=address,
    )


# -- stdio -----------------------------------------------------------------------


@pytest.fixture
async def pipe() -> AsyncIterator[Any]:
    user = Principal(user=User(pk=7, username="ada"))
    async with stdio_client(make_server(user="6/min"), user, b"en") as pipe:
        yield pipe


def called(name: str) -> Any:
    return stateless("tools/call", {"name": name})


async def test_over_stdio_the_model_reads_when_to_try_again(
    pipe: Any, clock: Clock
) -> None:
    for _ in range(2):
        assert not (await pipe.ask(called("rare")))["result"].get("isError")
    refused = (await pipe.ask(called("rare")))["result"]
    assert refused["isError"]
    assert "Try again in" in refused["content"][0]["text"]
    clock.pass_by(3600)
    assert not (await pipe.ask(called("rare")))["result"].get("isError")


async def test_over_stdio_other_methods_answer_with_an_error(
    pipe: Any, clock: Clock
) -> None:
    for _ in range(6):
        assert "result" in await pipe.ask(stateless("tools/list"))
    refused = await pipe.ask(stateless("tools/list"))
    assert refused["error"]["code"] == 429
    assert refused["error"]["data"]["retryAfter"] > 0
    assert (await pipe.ask(called("echo")))["result"]["isError"]
    clock.pass_by(60)
    assert "result" in await pipe.ask(stateless("tools/list"))


async def test_over_stdio_the_handshake_era_is_counted_too() -> None:
    async with stdio_client(make_server(user="2/min"), None, b"en") as pipe:
        opened = await pipe.ask(initialize("2025-11-25"), "2025-11-25")
        assert "result" in opened
        pipe.send(note("notifications/initialized"))
        sent = message("tools/call", {"name": "echo"})
        found = [await pipe.ask(sent, "2025-11-25") for _ in range(3)]
    assert [one["result"].get("isError", False) for one in found] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("authenticator", [Named, Awaiting])
async def test_over_stdio_a_key_is_counted_once_for_each_call(
    authenticator: Any,
) -> None:
    server = make_server(authenticator(), user="3/min", address="1/min")
    caller = KeyCaller(server, "ada")
    async with stdio_client(server, None, b"en", caller=caller) as pipe:
        found = [await pipe.ask(called("echo")) for _ in range(4)]
    refused = [one["result"].get("isError", False) for one in found]
    assert refused == [False, False, False, True]
