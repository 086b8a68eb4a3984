"""A body in several parts, up to the size allowed."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.protocol.headers import Headers
from django_mcp.transports import body
from django_mcp.transports.body import joined


async def join(
    parts: list[bytes], *, limit: int, length: bytes = b"0", gone: bool = False
) -> tuple[Any, int]:
    """Join parts; return the message, and how many parts were not read."""
    events: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    if gone:
        events.append({"type": "http.disconnect"})
    else:
        events[-1]["more_body"] = False
    waiting = events[1:]

    async def receive() -> Any:
        return waiting.pop(0)

    headers = Headers([(b"content-length", length)])
    return await joined(receive, headers, events[0], limit), len(waiting)


async def test_parts_become_one_body() -> None:
    message, _ = await join([b"a", b"", b"bc"], limit=3)
    assert message == {"type": "http.request", "body": b"abc"}


async def test_a_body_over_the_limit_is_heard_out_and_dropped() -> None:
    message, left = await join([b"ab", b"cd", b"ef"], limit=3)
    assert message["body"] is None
    assert left == 0


@pytest.mark.parametrize("length", [b"4", b"9" * 30, b"-1", b"many"])
async def test_a_declared_length_is_enough_to_drop(length: bytes) -> None:
    message, left = await join([b"a", b"b"], limit=3, length=length)
    assert message["body"] is None
    assert left == 0


async def test_what_never_ends_is_not_heard_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "MAX_DROPPED", 10)
    message, left = await join([b"12345"] * 100, limit=3)
    assert message["body"] is None
    assert left > 90


async def test_a_client_that_leaves_is_told_apart() -> None:
    message, _ = await join([b"a"], limit=3, gone=True)
    assert message["type"] == "http.disconnect"
