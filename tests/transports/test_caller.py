"""Whoever calls over stdio with a key is asked for it again with each call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError
from django.utils import timezone

from django_mcp import Context, MCPServer
from django_mcp.auth.base import (
    AllowAnonymous,
    AuthRequest,
    BaseAuthenticator,
    Principal,
)
from django_mcp.keys.authentication import KeyAuthenticator
from django_mcp.keys.models import APIKey
from django_mcp.keys.text import new_text
from django_mcp.protocol.errors import ProtocolError
from django_mcp.transports.caller import KeyCaller, NamedCaller
from tests.wire import Pipe, initialize, note, stateless, stdio_client

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = "The credentials are not valid."


def make(*authenticators: BaseAuthenticator) -> MCPServer:
    server = MCPServer("stdio", authenticators=authenticators or [KeyAuthenticator()])

    @server.tool
    async def whoami(context: Context) -> str:
        """Name the caller."""
        return context.user.get_username()

    @server.tool(permission="testapp.view_book")
    def read() -> str:
        """Read what not everybody may."""
        return "Once upon a time."

    @server.tool(scopes=["shop:write"])
    async def write() -> str:
        """Write."""
        return "Written."

    return server


def call(name: str) -> dict[str, Any]:
    return stateless("tools/call", {"name": name, "arguments": {}})


async def said(pipe: Pipe, name: str = "whoami") -> str:
    """Return the text of an answer, or of an error."""
    answer = await pipe.ask(call(name))
    if "error" in answer:
        return str(answer["error"]["message"])
    return str(answer["result"]["content"][0]["text"])


@pytest.fixture
async def key() -> tuple[APIKey, str]:
    alice = await User.objects.acreate(username="alice")
    return await APIKey.objects.acreate_key(alice, "laptop", scopes=["shop:read"])


@pytest.fixture
async def pipe(key: tuple[APIKey, str]) -> AsyncIterator[Pipe]:
    server = make()
    async with stdio_client(server, caller=KeyCaller(server, key[1])) as pipe:
        yield pipe


async def test_a_key_makes_its_user_the_caller(pipe: Pipe) -> None:
    assert await said(pipe) == "alice"


async def test_the_limits_of_the_key_count(pipe: Pipe) -> None:
    assert "Written" not in await said(pipe, "write")


async def test_a_handshake_with_a_key_opens_a_session(pipe: Pipe) -> None:
    answer = await pipe.ask(initialize("2025-11-25"), "2025-11-25")
    assert answer["result"]["protocolVersion"] == "2025-11-25"


async def test_each_call_asks_again(pipe: Pipe) -> None:
    assert await said(pipe) == "alice"
    await APIKey.objects.all().arevoke()
    assert await said(pipe) == REFUSED
    answer = await pipe.ask(initialize("2025-11-25"), "2025-11-25")
    assert answer["error"]["message"] == REFUSED


async def test_a_key_that_ends_ends_for_the_process_too(pipe: Pipe) -> None:
    assert await said(pipe) == "alice"
    await APIKey.objects.aupdate(expires=timezone.now())
    assert await said(pipe) == REFUSED


async def test_a_user_who_is_deactivated_calls_no_more(pipe: Pipe) -> None:
    assert await said(pipe) == "alice"
    await User.objects.aupdate(is_active=False)
    assert await said(pipe) == REFUSED
    await User.objects.aupdate(is_active=True)
    assert await said(pipe) == "alice"


async def test_a_permission_counts_from_and_to_the_moment_it_is_given(
    pipe: Pipe,
) -> None:
    alice = await User.objects.aget()
    view = await Permission.objects.aget(codename="view_book")
    for expected in ("Unknown tool: 'read'", "Once upon a time.", "Unknown tool"):
        answer = await said(pipe, "read")
        assert answer.startswith(expected[:12])
        if answer.startswith("Once"):
            await alice.user_permissions.aclear()
        else:
            await alice.user_permissions.aset([view])


async def test_whoever_is_known_no_more_hears_of_no_change(
    key: tuple[APIKey, str],
) -> None:
    server = make()
    async with stdio_client(server, caller=KeyCaller(server, key[1])) as pipe:
        wanted = {"notifications": {"toolsListChanged": True}}
        pipe.send(stateless("subscriptions/listen", wanted, "s"))
        assert (await pipe.receive())["method"].endswith("acknowledged")
        await server.anotify_list_changed("tools")
        assert (await pipe.receive())["method"].endswith("tools/list_changed")
        await APIKey.objects.all().arevoke()
        assert await said(pipe) == REFUSED
        await server.anotify_list_changed("tools")
        pipe.send(note("notifications/nothing"))
        assert await said(pipe) == REFUSED  # and no notification before it


async def test_a_listener_without_a_valid_key_is_refused() -> None:
    server = make()
    async with stdio_client(server, caller=KeyCaller(server, new_text())) as pipe:
        wanted = {"notifications": {"toolsListChanged": True}}
        answer = await pipe.ask(stateless("subscriptions/listen", wanted, "s"))
        assert answer["error"]["message"] == REFUSED


async def test_a_listener_whose_key_lacks_the_base_scopes_is_refused(
    key: tuple[APIKey, str],
) -> None:
    server = MCPServer(
        "stdio", authenticators=[KeyAuthenticator()], base_scopes={"shop:admin"}
    )
    async with stdio_client(server, caller=KeyCaller(server, key[1])) as pipe:
        wanted = {"notifications": {"toolsListChanged": True}}
        answer = await pipe.ask(stateless("subscriptions/listen", wanted, "s"))
        assert answer["error"]["message"] == "The token lacks a scope this needs."


class Broken(BaseAuthenticator):
    """A database that is away."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Fail."""
        raise DatabaseError("server closed the connection")


async def test_an_authenticator_that_fails_does_not_end_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = make(Broken())
    async with stdio_client(server, caller=KeyCaller(server, new_text())) as pipe:
        assert await said(pipe) == "It cannot be told who is calling. Try again."
        assert await said(pipe) == "It cannot be told who is calling. Try again."
    assert "server closed the connection" in caplog.text


@pytest.mark.parametrize("key", ["", "  ", "é", "two words", "x" * 9000, "a\nb"])
async def test_what_cannot_be_a_token_is_refused(key: str) -> None:
    with pytest.raises(ProtocolError):
        await KeyCaller(make(), key).principal()


async def test_a_line_break_at_the_end_of_a_key_is_none_of_it(
    key: tuple[APIKey, str],
) -> None:
    caller = KeyCaller(make(), f"{key[1]}\r\n")
    assert not caller.is_known
    assert (await caller.principal()).token_id == f"key:{key[0].prefix}"
    assert caller.is_known


async def test_who_shows_a_key_does_not_mean_to_be_anybody() -> None:
    server = make(KeyAuthenticator(), AllowAnonymous())
    caller = KeyCaller(server, "a-token-of-nobody")
    with pytest.raises(ProtocolError, match=REFUSED):
        await caller.principal()


async def test_credentials_that_end_are_known_until_then(
    key: tuple[APIKey, str],
) -> None:
    caller = KeyCaller(make(), key[1])
    await APIKey.objects.aupdate(expires=timezone.now() + timedelta(minutes=1))
    principal = await caller.principal()
    assert caller.is_known
    caller._last = Principal(user=principal.user, expires_at=1.0)
    assert not caller.is_known


async def test_each_call_of_a_named_user_looks_permissions_up_anew() -> None:
    alice = await User.objects.acreate(username="alice")
    caller = NamedCaller(Principal(user=alice, verdicts={"rule": True}))
    first, second = await caller.principal(), await caller.principal()
    assert first.user == second.user == alice
    assert first.user is not second.user
    assert first.verdicts == second.verdicts == {}
    assert caller.is_known
