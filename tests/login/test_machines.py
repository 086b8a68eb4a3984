"""Clients that act for themselves: no person, no browser, no page."""

from __future__ import annotations

from typing import Literal

import httpx2
import pytest
from mcp.client.auth import OAuthTokenError
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
)

from tests.login.clients import Memory, connected, said
from tests.login.names import MACHINE, SECRET

pytestmark = [pytest.mark.interop, pytest.mark.needs("oauth")]


def machine(
    shop: str,
    path: str = "/mcp",
    secret: str = SECRET,
    method: Literal["client_secret_basic", "client_secret_post"] = (
        "client_secret_basic"
    ),
) -> ClientCredentialsOAuthProvider:
    return ClientCredentialsOAuthProvider(
        shop + path,
        Memory(),
        client_id=MACHINE,
        client_secret=secret,
        token_endpoint_auth_method=method,
        issuer=shop,
    )


@pytest.mark.parametrize("path", ["/mcp", "/view"])
async def test_machine_acts_as_its_user(shop: str, path: str) -> None:
    async with connected(shop + path, machine(shop, path)) as client:
        assert await said(client, "whoami") == "robot shop:read"


async def test_machine_may_send_its_secret_in_the_form(shop: str) -> None:
    login = machine(shop, method="client_secret_post")
    async with connected(f"{shop}/mcp", login) as client:
        assert await said(client, "whoami") == "robot shop:read"


async def test_machine_gets_more_when_a_tool_needs_more(shop: str) -> None:
    async with connected(f"{shop}/mcp", machine(shop)) as client:
        assert await said(client, "order", title="Emma") == "Ordered: Emma"
        assert await said(client, "whoami") == "robot shop:read shop:write"


async def test_machine_with_a_wrong_secret_gets_nothing(shop: str) -> None:
    login = machine(shop, secret="guessed")
    error = pytest.RaisesExc(OAuthTokenError, match=r"\(401\)")
    with pytest.RaisesGroup(error, flatten_subgroups=True):
        async with connected(f"{shop}/mcp", login):
            raise AssertionError("It was let in.")


async def test_machine_gets_no_refresh_token(shop: str) -> None:
    login = machine(shop)
    async with connected(f"{shop}/mcp", login) as client:
        await said(client, "whoami")
    assert login.context.current_tokens
    assert login.context.current_tokens.refresh_token is None


async def test_unknown_machine_is_told_so_in_json(shop: str) -> None:
    form = {
        "grant_type": "client_credentials",
        "resource": f"{shop}/mcp",
        "client_id": "nobody",
        "client_secret": SECRET,
    }
    async with httpx2.AsyncClient(timeout=5) as http:
        answer = await http.post(f"{shop}/oauth/token", data=form)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
