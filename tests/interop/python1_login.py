"""The official Python client before 2.0 logs in: one line per check.

It runs in an environment of its own, so it imports nothing of this project:

    python python1_login.py URL login|refresh [DOCUMENT]

Who starts the script is the person: it is told where to go on stdout, and says
on stdin where that led.
"""

# mypy: ignore-errors
# (it would look at the version of the client that is installed here)

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

PATIENCE = 10
REDIRECT = "http://127.0.0.1:33418/callback"
#: Longer than a token lives at the shop of short tokens.
EXPIRY = 2.5


class Memory:
    """What a client keeps."""

    tokens = information = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.information

    async def set_client_info(self, information: Any) -> None:
        self.information = information


class Client:
    """A session of somebody who logs in."""

    def __init__(self, url: str, document: str | None) -> None:
        self.document = document
        self.memory = Memory()
        self.visits = 0
        self.answer: dict[str, list[str]] = {}
        self.provider = OAuthClientProvider(
            url,
            OAuthClientMetadata(
                client_name="An older Python client",
                redirect_uris=[REDIRECT],
                token_endpoint_auth_method="none",
            ),
            self.memory,
            self._visit,
            self._returned,
            client_metadata_url=document,
        )
        self.session: ClientSession

    async def _visit(self, url: str) -> None:
        self.visits += 1
        sys.stdout.write(f"visit {url}\n")
        sys.stdout.flush()
        line = await asyncio.to_thread(sys.stdin.readline)
        self.answer = parse_qs(urlsplit(line.strip()).query)

    async def _returned(self) -> tuple[str, str | None]:
        return self.answer["code"][0], self.answer["state"][0]

    async def says(self, tool: str, **arguments: Any) -> str:
        result = await self.session.call_tool(tool, arguments)
        assert not result.isError, result.content
        return result.content[0].text


async def logs_in(client: Client) -> None:
    assert await client.says("whoami") == "alice shop:read"
    assert client.visits == 1


async def is_known_as_it_should(client: Client) -> None:
    known = client.memory.information.client_id
    assert known == client.document or (not client.document and "://" not in known)


async def steps_up(client: Client) -> None:
    assert await client.says("order", title="Emma") == "Ordered: Emma"
    assert client.visits == 2


async def refreshes(client: Client) -> None:
    before = client.memory.tokens
    await asyncio.sleep(EXPIRY)
    assert await client.says("whoami") == "alice shop:read"
    assert client.visits == 1
    assert client.memory.tokens.access_token != before.access_token
    assert client.memory.tokens.refresh_token != before.refresh_token


Check = Callable[[Client], Awaitable[None]]
CHECKS: dict[str, list[Check]] = {
    "login": [logs_in, is_known_as_it_should, steps_up],
    "refresh": [logs_in, refreshes],
}


async def main(url: str, mode: str, document: str | None = None) -> None:
    client = Client(url, document)
    async with (
        httpx.AsyncClient(auth=client.provider, timeout=PATIENCE) as http,
        streamable_http_client(url, http_client=http) as (read, write, _),
        ClientSession(read, write) as client.session,
    ):
        await client.session.initialize()
        for check in CHECKS[mode]:
            await _report(check, client)


async def _report(check: Check, client: Client) -> None:
    """Say how one check went; the others go on."""
    try:
        async with asyncio.timeout(PATIENCE):
            await check(client)
    except Exception as error:
        sys.stdout.write(f"FAILED {check.__name__}: {error!r}\n")
    else:
        sys.stdout.write(f"ok {check.__name__}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
