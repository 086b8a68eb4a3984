"""Raw ASGI functions: the least a server can do for the same answer.

Each reads the body and parses it, as everybody must, and answers without any
rule, check or lookup. What a contestant costs beyond its floor is its own.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django
from pydantic_core import from_json, to_json

from benchmarks.functions import echo_sync
from benchmarks.functions import rows as rows_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONSTANT = to_json(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {
            "resultType": "complete",
            "content": [{"type": "text", "text": "hello 1"}],
            "structuredContent": "hello 1",
            "_meta": {
                "io.modelcontextprotocol/serverInfo": {"name": "floor", "version": "1"}
            },
        },
    }
)
#: As many threads as the package keeps by default.
_pool = ThreadPoolExecutor(16)


async def _message(receive: Receive) -> Any:
    event = await receive()
    body = event["body"]
    while event.get("more_body"):
        event = await receive()
        body += event["body"]
    return from_json(body)


async def _answer(send: Send, body: bytes) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def constant(scope: Scope, receive: Receive, send: Send) -> None:
    """Parse, and answer a constant."""
    if scope["type"] == "http":
        await _message(receive)
        await _answer(send, CONSTANT)


async def hop(scope: Scope, receive: Receive, send: Send) -> None:
    """Parse, cross into a thread and back, and answer a constant."""
    if scope["type"] == "http":
        message = await _message(receive)
        text = message["params"]["arguments"]["text"]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(_pool, echo_sync, text)
        await _answer(send, CONSTANT)


class SameBytes:
    """Parse, and answer the bytes of a file, read once."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self.body is None:
                path = Path(os.environ["BENCHMARKS_BODY"])
                self.body = path.read_bytes()  # noqa: ASYNC240
            await _message(receive)
            await _answer(send, self.body)


same_bytes = SameBytes()


def _rows(shelf: int) -> bytes:
    return to_json(rows_of(shelf))


class Query:
    """Parse, run the query in a thread that keeps its connection, serialise."""

    def __init__(self) -> None:
        self.ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not self.ready:
            django.setup()
            self.ready = True
        message = await _message(receive)
        shelf = message["params"]["arguments"]["shelf"]
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(_pool, _rows, shelf)
        await _answer(
            send,
            b'{"jsonrpc":"2.0","id":%d,"result":{"content":[],"structuredContent":%b}}'
            % (message["id"], rows),
        )


query = Query()


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Open an event stream, say one thing, and stay open."""
    if scope["type"] != "http":
        return
    await _message(receive)
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    first = b'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'
    await send({"type": "http.response.body", "body": first, "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass
