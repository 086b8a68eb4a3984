"""The official Python client logs in, from the first refusal to the last token."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from mcp import MCPError
from mcp.client.auth import OAuthFlowError

from tests.login.clients import Login, Memory, connected, said
from tests.login.documents import Documents
from tests.login.names import REDIRECT
from tests.login.visitor import Visitor

pytestmark = [
    pytest.mark.interop,
    pytest.mark.needs("oauth"),
    # The client calls the handshake era's own methods deprecated.
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),
]

#: How the server is mounted, and the era in which it is asked.
WAYS = [("/mcp", "auto"), ("/mcp", "legacy"), ("/view", "auto"), ("/view", "legacy")]
#: Longer than a token lives at the hasty shop.
EXPIRY = 2.2


def asked(url: str) -> dict[str, str]:
    """Return what a client asked the authorization server for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize(("path", "mode"), WAYS)
async def test_client_with_a_document_logs_in(
    shop: str, document: str, alice: Visitor, path: str, mode: str
) -> None:
    login = Login(shop + path, alice, document)
    async with connected(shop + path, login, mode=mode) as client:
        assert await said(client, "whoami") == "alice shop:read"
    [url] = login.visited
    assert asked(url)["client_id"] == document
    assert asked(url)["resource"] == shop + path
    assert alice.returned.startswith(REDIRECT)
    assert alice.answer["iss"] == shop


@pytest.mark.parametrize(("path", "mode"), WAYS)
async def test_client_without_a_document_registers(
    shop: str, alice: Visitor, path: str, mode: str
) -> None:
    login = Login(shop + path, alice)
    async with connected(shop + path, login, mode=mode) as client:
        assert await said(client, "whoami") == "alice shop:read"
    assert login.memory.information
    assert login.memory.information.client_id == asked(login.visited[0])["client_id"]
    assert login.memory.information.client_secret is None


@pytest.mark.parametrize(("path", "mode"), WAYS)
async def test_client_asks_for_more_when_a_tool_needs_more(
    shop: str, document: str, alice: Visitor, path: str, mode: str
) -> None:
    login = Login(shop + path, alice, document)
    async with connected(shop + path, login, mode=mode) as client:
        assert await said(client, "whoami") == "alice shop:read"
        assert await said(client, "order", title="Emma") == "Ordered: Emma"
        # The tool that began with less goes on with more, unasked.
        assert await said(client, "whoami") == "alice shop:read shop:write"
    assert [asked(url)["scope"] for url in login.visited] == [
        "shop:read",
        "shop:read shop:write",
    ]


async def test_tool_needs_the_permission_as_well_as_the_scope(
    shop: str, document: str, alice: Visitor, bob: Visitor
) -> None:
    url = f"{shop}/mcp"
    async with connected(url, Login(url, alice, document)) as client:
        assert await said(client, "build_shelf", name="Novels") == "Novels"
    async with connected(url, Login(url, bob, document)) as client:
        assert await said(client, "order", title="Emma") == "Ordered: Emma"
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"leave", "order", "shelves", "whoami"}
        with pytest.raises(MCPError):
            await client.call_tool("build_shelf", {"name": "Poems"})


async def test_expired_token_is_refreshed_unseen(
    hasty_shop: str, document: str, alice: Visitor
) -> None:
    url = f"{hasty_shop}/mcp"
    login = Login(url, alice, document)
    async with connected(url, login) as client:
        await said(client, "whoami")
        before = login.memory.tokens
        await asyncio.sleep(EXPIRY)
        assert await said(client, "whoami") == "alice shop:read"
    after = login.memory.tokens
    assert before
    assert after
    assert before.access_token != after.access_token
    assert before.refresh_token != after.refresh_token
    assert len(login.visited) == 1


async def test_expired_token_is_refused(
    hasty_shop: str, document: str, alice: Visitor
) -> None:
    url = f"{hasty_shop}/mcp"
    login = Login(url, alice, document)
    async with connected(url, login) as client:
        await said(client, "whoami")
    await asyncio.sleep(EXPIRY)
    assert (await answer_to(url, login.memory)).status_code == 401


async def test_login_lasts_for_the_next_connection(
    shop: str, document: str, alice: Visitor
) -> None:
    url = f"{shop}/mcp"
    login = Login(url, alice, document)
    async with connected(url, login) as client:
        await said(client, "whoami")
    again = Login(url, alice, document, login.memory)
    async with connected(url, again) as client:
        assert await said(client, "whoami") == "alice shop:read"
    assert again.visited == []


async def test_disconnected_client_must_ask_again(
    shop: str, document: str, alice: Visitor
) -> None:
    url = f"{shop}/mcp"
    login = Login(url, alice, document)
    async with connected(url, login) as client:
        await said(client, "whoami")
        alice.disconnect(shop, document)
        assert await said(client, "whoami") == "alice shop:read"
    assert len(login.visited) == 2


async def test_nobody_acts_for_a_closed_account(shop: str, document: str) -> None:
    url = f"{shop}/mcp"
    with Visitor("carol") as carol:
        login = Login(url, carol, document)
        async with connected(url, login) as client:
            # The client would ask for it after the call, in vain.
            await client.list_tools()
            assert await said(client, "leave") == "Farewell."
    assert (await answer_to(url, login.memory)).status_code == 401
    assert login.memory.tokens
    form = {
        "grant_type": "refresh_token",
        "refresh_token": login.memory.tokens.refresh_token,
        "client_id": document,
        "resource": url,
    }
    async with httpx2.AsyncClient(timeout=5) as http:
        answer = await http.post(f"{shop}/oauth/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


async def test_denied_client_learns_so_and_gets_nothing(
    shop: str, document: str
) -> None:
    url = f"{shop}/mcp"
    with Visitor(allows=False) as visitor:
        login = Login(url, visitor, document)
        with pytest.RaisesGroup(
            OAuthFlowError, flatten_subgroups=True, allow_unwrapped=True
        ):
            async with connected(url, login):
                raise AssertionError("It was let in.")
        assert visitor.answer["error"] == "access_denied"
        assert visitor.answer["iss"] == shop
        assert visitor.answer["state"]
    assert login.memory.tokens is None


async def test_token_for_one_server_is_none_for_another(
    shop: str, document: str, alice: Visitor
) -> None:
    login = Login(f"{shop}/mcp", alice, document)
    async with connected(f"{shop}/mcp", login) as client:
        await said(client, "whoami")
    assert (await answer_to(f"{shop}/mcp", login.memory)).status_code == 200
    elsewhere = await answer_to(f"{shop}/view", login.memory)
    assert elsewhere.status_code == 401
    assert "invalid_token" in elsewhere.headers["www-authenticate"]
    assert (
        f"{shop}/.well-known/oauth-protected-resource/view"
        in (elsewhere.headers["www-authenticate"])
    )


async def test_resource_that_is_none_of_the_shop_s_gets_no_token(
    shop: str, document: str, alice: Visitor
) -> None:
    login = Elsewhere(f"{shop}/mcp", alice, document)
    with pytest.RaisesGroup(
        OAuthFlowError, flatten_subgroups=True, allow_unwrapped=True
    ):
        async with connected(f"{shop}/mcp", login):
            raise AssertionError("It was let in.")
    assert alice.answer["error"] == "invalid_target"


@pytest.mark.parametrize(("path", "mode"), WAYS)
async def test_client_finds_the_way_below_a_path_of_the_site(
    shop_below: str, document: str, alice: Visitor, path: str, mode: str
) -> None:
    assert shop_below.endswith("/app")
    login = Login(shop_below + path, alice, document)
    async with connected(shop_below + path, login, mode=mode) as client:
        assert await said(client, "whoami") == "alice shop:read"
    assert alice.answer["iss"] == shop_below


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_client_logs_in_where_there_is_no_event_loop(
    wsgi_shop: str, document: str, alice: Visitor, mode: str
) -> None:
    url = f"{wsgi_shop}/view"
    login = Login(url, alice, document)
    async with connected(url, login, mode=mode) as client:
        assert await said(client, "whoami") == "alice shop:read"
        assert await said(client, "order", title="Emma") == "Ordered: Emma"
    assert len(login.visited) == 2


async def test_document_is_fetched_once(
    shop: str, documents: Documents, alice: Visitor
) -> None:
    url = documents.publish("/once.json", client_name="Once", redirect_uris=[REDIRECT])
    for _ in range(2):
        login = Login(f"{shop}/mcp", alice, url)
        async with connected(f"{shop}/mcp", login) as client:
            await said(client, "whoami")
    assert documents.asked.count("/once.json") == 1


class Elsewhere(Login):
    """A client that wants a token for somebody else's server."""

    async def _visit(self, url: str) -> None:
        wanted = asked(url)["resource"]
        quoted = str(httpx2.QueryParams(resource=wanted))
        other = str(httpx2.QueryParams(resource="https://bank.example/mcp"))
        await super()._visit(url.replace(quoted, other))


async def answer_to(url: str, memory: Memory) -> httpx2.Response:
    """Knock at a server with the token that a client got."""
    assert memory.tokens
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "knocking", "version": "1.0.0"},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    headers = {
        "Authorization": f"Bearer {memory.tokens.access_token}",
        "Accept": "application/json, text/event-stream",
    }
    async with httpx2.AsyncClient(timeout=5) as http:
        return await http.post(url, json=body, headers=headers)
