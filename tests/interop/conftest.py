"""Servers for a module of tests, and official clients that talk to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

pytest.importorskip("mcp.client", reason="The official SDK is not installed.")

import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.interop.recording import Recording, recorded
from tests.processes import ROOT, STDIO, running_server

STATELESS = "2026-07-28"
NEWEST_HANDSHAKE = "2025-11-25"
HANDSHAKE = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
#: Seconds for any one wait.
PATIENCE = 5

#: Every revision over the mount that is recommended; the others with one
#: revision of each era.
COMBINATIONS = [
    *(("asgi", revision) for revision in (STATELESS, *HANDSHAKE)),
    *(("view", revision) for revision in (STATELESS, NEWEST_HANDSHAKE)),
    *(("stdio", revision) for revision in (STATELESS, NEWEST_HANDSHAKE)),
]


@dataclass
class Person:
    """Who sits at the client: answers questions and reads messages."""

    action: str = "accept"
    asked: list[Any] = field(default_factory=list)
    log: list[types.LoggingMessageNotificationParams] = field(default_factory=list)
    notifications: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    async def elicit(self, context: Any, params: Any) -> types.ElicitResult:
        """Fill in a form with whatever its schema allows."""
        self.asked.append(params)
        if self.action != "accept":
            return types.ElicitResult(action=self.action)  # type: ignore[arg-type]
        properties = params.requested_schema["properties"]
        content = {name: _value(schema) for name, schema in properties.items()}
        return types.ElicitResult(action="accept", content=content)

    async def sample(self, context: Any, params: Any) -> types.CreateMessageResult:
        """Write something, as the client's model."""
        self.asked.append(params)
        return types.CreateMessageResult(
            role="assistant",
            content=types.TextContent(type="text", text="Paris, of course."),
            model="a-model",
            stop_reason="endTurn",
        )

    async def roots(self, context: Any) -> types.ListRootsResult:
        """Name a folder."""
        self.asked.append(None)
        root = types.Root.model_validate({"uri": "file:///home/ada", "name": "home"})
        return types.ListRootsResult(roots=[root])

    async def read_log(self, params: types.LoggingMessageNotificationParams) -> None:
        """Keep a log message."""
        self.log.append(params)

    async def notice(self, message: Any) -> None:
        """Keep whatever else the server says of itself."""
        await self.notifications.put(message)

    async def next_notification(self, kind: type, within: float = PATIENCE) -> Any:
        """Wait for a notification of one kind. Raises: TimeoutError"""
        async with asyncio.timeout(within):
            while True:
                message = await self.notifications.get()
                if isinstance(message, kind):
                    return message


def _value(schema: dict[str, Any]) -> Any:
    """Return a value that a field's schema allows."""
    if "enum" in schema:
        return schema["enum"][-1]
    if "oneOf" in schema:
        return schema["oneOf"][-1]["const"]
    if schema["type"] == "array":
        items = schema["items"]
        choices = items.get("enum") or [choice["const"] for choice in items["anyOf"]]
        return choices[:2]
    values = {"string": "Ada", "integer": 36, "number": 0.5, "boolean": True}
    return values[schema["type"]]


#: ``connect(person, …)`` opens an official client on the server under test.
Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="module")
def asgi_url() -> Iterator[str]:
    """Serve the project mounted in front of Django."""
    with running_server("asgi") as url:
        yield url


@pytest.fixture(scope="module")
def view_url() -> Iterator[str]:
    """Serve the project with the server as a view."""
    with running_server("view") as url:
        yield url


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def combination(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How the server is reached, and the revision to speak."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def mount(combination: tuple[str, str]) -> str:
    """How the server is reached: asgi, view or stdio."""
    return combination[0]


@pytest.fixture
def revision(combination: tuple[str, str]) -> str:
    """The revision to speak."""
    return combination[1]


@pytest.fixture
def connect(request: pytest.FixtureRequest, mount: str, revision: str) -> Connect:
    """Return what opens a client; every message is judged when it closes."""
    url = "" if mount == "stdio" else request.getfixturevalue(f"{mount}_url")

    @asynccontextmanager
    async def open_client(
        person: Person | None = None, **options: Any
    ) -> AsyncIterator[Client]:
        recording = Recording()
        handshake = revision != STATELESS
        transport = recorded(
            streamable_http_client(url) if url else stdio_client(stdio_parameters()),
            recording,
            offer=revision if handshake else None,
        )
        if person is not None:
            options = {
                "elicitation_callback": person.elicit,
                "sampling_callback": person.sample,
                "list_roots_callback": person.roots,
                "logging_callback": person.read_log,
                "message_handler": person.notice,
            } | options
        options.setdefault("mode", "legacy" if handshake else "auto")
        options.setdefault("read_timeout_seconds", PATIENCE)
        async with Client(transport, **options) as client:
            assert client.protocol_version == revision
            yield client
        recording.check(revision)

    return open_client


def stdio_parameters() -> StdioServerParameters:
    """Return how a client starts the project; its environment stays bare."""
    command, *arguments = STDIO
    return StdioServerParameters(command=command, args=arguments, cwd=ROOT)
