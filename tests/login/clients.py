"""The official Python client, as somebody who logs in uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from tests.login.names import REDIRECT
from tests.login.visitor import Visitor

#: Seconds for any one wait.
PATIENCE = 5


class Memory:
    """What a client keeps."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.information: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.information

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.information = client_info


class Login(OAuthClientProvider):
    """The client's own login, with somebody at the browser."""

    def __init__(
        self,
        url: str,
        visitor: Visitor,
        document: str | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.visitor = visitor
        self.memory = memory or Memory()
        self.visited: list[str] = []
        super().__init__(
            url,
            OAuthClientMetadata.model_validate(
                {
                    "client_name": "A Python client",
                    "redirect_uris": [REDIRECT],
                    "token_endpoint_auth_method": "none",
                }
            ),
            self.memory,
            self._visit,
            self._returned,
            client_metadata_url=document,
        )

    async def _visit(self, url: str) -> None:
        self.visited.append(url)
        self.visitor.visit(url)

    async def _returned(self) -> AuthorizationCodeResult:
        answer = self.visitor.answer
        return AuthorizationCodeResult(
            code=answer.get("code", ""),
            state=answer.get("state"),
            iss=answer.get("iss"),
        )


@asynccontextmanager
async def connected(
    url: str, auth: httpx2.Auth | None = None, **options: Any
) -> AsyncIterator[Client]:
    """Open a client on a server, with what it logs in with."""
    async with httpx2.AsyncClient(auth=auth, timeout=PATIENCE) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, **options) as client:
            yield client


async def said(client: Client, tool: str, **arguments: Any) -> str:
    """Return what a tool says. Raises: AssertionError"""
    result = await client.call_tool(tool, arguments)
    [block] = result.content
    assert isinstance(block, types.TextContent)
    assert not result.is_error, block.text
    return block.text
