"""Whoever comes in, by whichever method, is asked who they are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.views.debug import ExceptionReporter

from django_mcp import MCPServer, PermissionRequired, Tool, sessions
from django_mcp.auth.base import AuthError, AuthRequest, BaseAuthenticator, Principal
from django_mcp.protocol.headers import Headers
from tests.wire import HANDSHAKE, STATELESS, Client, Issued, Named, message


class Remote(BaseAuthenticator):
    """Asks somebody far away, without a thread."""

    blocking = False
    asked = 0

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        await asyncio.sleep(0)
        self.asked += 1
        token = request.bearer()
        if token is None:
            return None
        if token == "bad":
            raise AuthError
        return Principal(user=User(pk=1, username=token))


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    sessions.forget_all()


def served(*authenticators: BaseAuthenticator, **options: Any) -> MCPServer:
    server = MCPServer("doors", authenticators=authenticators, **options)
    server.add(Tool(name="who", call=lambda context, _: context.user.get_username()))
    return server


def named(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}


# -- authenticators that await ---------------------------------------------


@pytest.mark.parametrize("revision", [STATELESS, "2025-11-25"])
async def test_an_authenticator_may_await(revision: str) -> None:
    server = served(Remote())
    client = await Client(server.asgi, revision, headers=named("alice")).open()
    assert (await client.call("who")).text == "alice"


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize("headers", [{}, named("bad")])
async def test_an_authenticator_that_awaits_guards_every_method(
    method: str, headers: dict[str, str]
) -> None:
    server = served(Remote())
    sent = message("ping") if method == "POST" else None
    client = Client(server.asgi, "2025-11-25")
    async with client.visit(sent, headers, method=method) as visit:
        await visit.begin()
    assert visit.status == 401
    assert visit.headers["www-authenticate"].startswith("Bearer")


class Down(BaseAuthenticator):
    """Cannot tell, because somebody else is down."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        raise AuthError("Come again.", code="temporarily_unavailable")


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_who_cannot_be_told_yet_may_come_again(method: str) -> None:
    server = served(Down(), Named(anonymous=True))  # nobody asks the second one
    sent = message("ping") if method == "POST" else None
    client = Client(server.asgi, "2025-11-25")
    async with client.visit(sent, named("alice"), method=method) as visit:
        await visit.begin()
    assert visit.status == 503
    assert visit.headers["retry-after"] == "5"
    assert "www-authenticate" not in visit.headers  # the token may well be good


async def test_authenticators_that_await_and_that_block_are_asked_in_turn() -> None:
    first, second = Remote(), Named(blocking=True, anonymous=True)
    server = served(first, second)
    assert (await Client(server.asgi).call("who")).text == ""
    assert first.asked == 1
    answer = await Client(server.asgi, headers=named("bad")).call("who")
    assert answer.status == 401  # nobody asks the second one


async def test_blocking_and_awaiting_are_told_apart() -> None:
    request = AuthRequest(served(), Headers(()))
    assert await Named(blocking=True).aauthenticate(request)
    assert await Named(blocking=False).aauthenticate(request)


class Broken(Named):
    """Fails as an authenticator does whose database is away."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        raise OSError(f"no connection for {request.bearer()}")


class BrokenRemote(Broken):
    """The same, and awaits."""

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        return self.authenticate(request)


@pytest.mark.parametrize("broken", [Broken(), Broken(blocking=True), BrokenRemote()])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_an_authenticator_that_fails_lets_nobody_in_and_is_logged(
    broken: Named, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = served(broken, Named(anonymous=True))
    sent = message("ping") if method == "POST" else None
    client = Client(server.asgi, "2025-11-25", headers=named("alice"))
    async with client.visit(sent, method=method) as visit:
        said = await visit.text()
    assert (visit.status, visit.headers["retry-after"]) == (503, "5")
    assert "OSError" not in said and "alice" not in said
    assert [record.message for record in caplog.records] == ["An authenticator failed"]
    assert caplog.records[0].exc_info


class Careless(Named):
    """Has the token at hand when the database goes away."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Fail."""
        token = request.bearer()
        try:
            raise OSError("gone")
        except OSError as error:
            raise ValueError(f"{len(token or '')} characters") from error


class CarelessRemote(Careless):
    """The same, and awaits."""

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        return self.authenticate(request)


@pytest.mark.parametrize(
    "careless", [Careless(), Careless(blocking=True), CarelessRemote()]
)
async def test_a_report_of_what_failed_shows_no_token(
    careless: Named, caplog: pytest.LogCaptureFixture
) -> None:
    """Reports show the values of local variables, and are sent by mail.

    Defence: ``auth/base.py``, ``_forget_values``.
    """
    client = Client(served(careless).asgi, headers=named("a-secret-of-alice"))
    assert (await client.call("who")).status == 503
    failure = caplog.records[0].exc_info
    assert failure is not None
    report = ExceptionReporter(None, *failure).get_traceback_html()
    assert "17 characters" in report
    assert "a-secret-of-alice" not in report


# -- what the token must allow ------------------------------------------------


@pytest.mark.parametrize("revision", [STATELESS, *HANDSHAKE])
async def test_a_token_without_the_base_scopes_is_good_for_nothing(
    revision: str,
) -> None:
    server = served(Named(), base_scopes={"shop:read"})
    client = Client(server.asgi, revision, headers=named("alice:other"))
    first = "server/discover" if revision == STATELESS else "initialize"
    params: Any = (
        None
        if revision == STATELESS
        else {
            "protocolVersion": revision,
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
    )
    answer = await client.ask(first, params)
    assert answer.status == 403
    challenge = answer.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_scope", scope="shop:read"'


async def test_without_the_base_scopes_nothing_is_heard() -> None:
    """A stream is no call, and is not opened by a token that may not call.

    Defence: ``transports/exchange.py``, ``dispatch.too_narrow``;
    ``transports/listening.py``, ``if not has_scopes``.
    """
    server = served(Named(), base_scopes={"shop:read"})
    narrow = named("alice:other")
    wanted = {"notifications": {"toolsListChanged": True}}
    client = Client(server.asgi, headers=narrow)
    answer = await client.ask("subscriptions/listen", wanted)
    assert answer.status == 403
    challenge = 'Bearer error="insufficient_scope", scope="shop:read"'
    assert answer.headers["www-authenticate"] == challenge
    old = Client(server.asgi, "2025-11-25", headers=named("alice:shop:read"))
    await old.open()
    async with old.stream(**narrow) as stream:
        await stream.begin()
        assert stream.status == 403
        assert stream.headers["www-authenticate"] == challenge


async def test_a_scope_contains_what_it_implies() -> None:
    server = served(
        Named(),
        base_scopes={"shop:read"},
        implied_scopes={"shop:admin": ["shop:write"], "shop:write": ["shop:read"]},
    )
    server.add(
        Tool(name="write", call=lambda c, a: "ok", scopes=frozenset({"shop:write"}))
    )
    for scope in ("shop:admin", "shop:write"):
        client = Client(server.asgi, headers=named(f"alice:{scope}"))
        assert (await client.call("write")).text == "ok"
    narrow = Client(server.asgi, headers=named("alice:shop:read"))
    answer = await narrow.call("write")
    assert answer.status == 403
    assert 'scope="shop:read shop:write"' in answer.headers["www-authenticate"]


async def test_implications_may_go_in_a_circle() -> None:
    server = served(Named(), implied_scopes={"a": ["b"], "b": ["a"]})
    server.add(Tool(name="t", call=lambda c, a: "ok", scopes=frozenset({"c"})))
    answer = await Client(server.asgi, headers=named("alice:a")).call("t")
    assert answer.status == 403


async def test_a_refusal_for_scopes_names_where_to_get_them(settings: Any) -> None:
    settings.DJANGO_MCP = {"BASE_URL": "https://shop.example"}
    server = served(Named(), Issued())
    server.add(Tool(name="t", call=lambda c, a: "ok", scopes=frozenset({"c"})))
    answer = await Client(server.asgi, headers=named("alice:a")).call("t")
    assert answer.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", scope="c", resource_metadata='
        '"https://shop.example/.well-known/oauth-protected-resource/mcp"'
    )


async def test_one_challenge_is_said_once(settings: Any) -> None:
    settings.DJANGO_MCP = {"BASE_URL": "https://shop.example"}
    server = served(Issued(), Issued(), base_scopes={"shop:read"})
    answer = await Client(server.asgi).call("who")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer scope="shop:read", resource_metadata='
        '"https://shop.example/.well-known/oauth-protected-resource/mcp"'
    )


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer a b", "Bearer ä", f"Bearer {'a' * 9000}"],
)
async def test_what_is_no_token_is_a_bad_request(header: str) -> None:
    client = Client(served(Issued()).asgi, headers={"authorization": header})
    answer = await client.call("who")
    assert answer.status == 400
    assert 'error="invalid_request"' in answer.headers["www-authenticate"]


async def test_two_tokens_are_a_bad_request() -> None:
    pairs = [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]
    with pytest.raises(AuthError) as refused:
        AuthRequest(served(), Headers(pairs)).bearer()
    assert refused.value.status == 400


# -- batches (2025-03-26) -------------------------------------------------------


async def test_a_batch_is_refused_whole_with_the_scopes_of_all_its_parts() -> None:
    ran: list[str] = []
    server = served(Named(), base_scopes={"base"})
    for name in ("one", "two"):
        server.add(
            Tool(
                name=name,
                call=lambda context, _: ran.append(context.tool),  # type: ignore[attr-defined]
                scopes=frozenset({name}),
            )
        )
    client = Client(server.asgi, "2025-03-26", headers=named("alice:base one"))
    await client.open()
    batch = [message("tools/call", {"name": name}, name) for name in ("one", "two")]
    answer = await client.send(batch)
    assert answer.status == 403
    assert 'scope="base one two"' in answer.headers["www-authenticate"]
    assert not ran


async def test_a_batch_tells_no_scopes_of_what_is_hidden() -> None:
    def fails(context: Any) -> bool:
        raise RuntimeError

    server = served(Named())
    for name, rule in (("hidden", lambda context: False), ("broken", fails)):
        server.add(
            Tool(name=name, call=print, allowed=rule, scopes=frozenset({"secret"}))
        )
    client = Client(server.asgi, "2025-03-26", headers=named("alice:base"))
    await client.open()
    batch = [message("tools/call", {"name": name}, name) for name in ("hidden", "who")]
    answer = await client.send(batch)
    assert answer.status == 200
    assert "secret" not in str(answer.headers) + str(answer.body)
    answer = await client.send([message("tools/call", {"name": "broken"}, 1)])
    assert "secret" not in str(answer.headers) + str(answer.body)


async def test_a_batch_with_every_scope_runs() -> None:
    server = served(Named())
    server.add(Tool(name="t", call=lambda c, a: "ok", scopes=frozenset({"a"})))
    client = Client(server.asgi, "2025-03-26", headers=named("alice:a"))
    await client.open()
    answer = await client.send([message("tools/call", {"name": "t"}, 1)])
    assert answer.body[0]["result"]["content"][0]["text"] == "ok"


def test_a_tool_may_ask_for_a_scope_itself() -> None:
    assert PermissionRequired(scopes=("a",)).scopes == ("a",)


# -- who shares what they read ----------------------------------------------


async def test_what_only_known_callers_read_is_not_for_shared_caches() -> None:
    client = Client(served(Named(), Issued()).asgi)
    for method in ("tools/list", "server/discover"):
        assert (await client.ask(method)).result["cacheScope"] == "private"


def test_attributes_are_given_as_to_a_view() -> None:
    class Adapter(BaseAuthenticator):
        issuer = ""

    assert Adapter(issuer="https://login.example").issuer == "https://login.example"
    with pytest.raises(TypeError, match="no attribute 'isuer'"):
        Adapter(isuer="https://login.example")
