"""The body of a POST that arrives in several parts, up to the size allowed."""

from __future__ import annotations

from typing import Any

from django_mcp.protocol.headers import Headers
from django_mcp.transports.http import Receive

#: Bytes over the limit that are heard out before they are refused.
MAX_DROPPED = 64 * 1024 * 1024


async def joined(
    receive: Receive, headers: Headers, message: Any, limit: int
) -> dict[str, Any]:
    """Return the first message with the rest of its body, ``None`` if too large.

    What does not fit is read as well, and dropped: many a client looks at the
    answer only when it has written everything.
    """
    length = headers.get(b"content-length", b"0")
    fits = length.isdigit() and len(length) <= 18 and int(length) <= limit
    limit = limit if fits else -1
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body") and size <= limit + MAX_DROPPED:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
    return {
        "type": message["type"],
        "body": b"".join(parts) if size <= limit else None,
    }
