"""The messages that every contestant of a benchmark receives, as bytes.

Only builds and reads bytes: nothing here opens a socket.
"""

from typing import Any

from pydantic_core import from_json, to_json

STATELESS = "2026-07-28"
HANDSHAKE = "2025-11-25"
CLIENT = {"name": "benchmarks", "version": "1"}
META = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}

Pairs = list[tuple[bytes, bytes]]


def message(method: str, params: dict[str, Any], message_id: int | None) -> bytes:
    """Return one JSON-RPC message; without an id it is a notification."""
    members: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
    if message_id is not None:
        members["id"] = message_id
    return to_json(members)


def stateless(method: str, params: dict[str, Any], message_id: int = 1) -> bytes:
    """Return a message that stands alone (2026-07-28)."""
    return message(method, {**params, "_meta": META}, message_id)


def call(name: str, arguments: dict[str, Any], message_id: int = 1) -> bytes:
    """Return a stateless ``tools/call``."""
    return stateless("tools/call", {"name": name, "arguments": arguments}, message_id)


def headers(method: str, name: str | None = None, *extra: tuple[bytes, bytes]) -> Pairs:
    """Return the headers of a stateless message, as ASGI gives them."""
    pairs = [
        (b"host", b"127.0.0.1:8000"),
        (b"accept", b"application/json, text/event-stream"),
        (b"content-type", b"application/json"),
        (b"user-agent", b"benchmarks/1"),
        (b"mcp-protocol-version", STATELESS.encode()),
        (b"mcp-method", method.encode()),
    ]
    if name is not None:
        pairs.append((b"mcp-name", name.encode()))
    return [*pairs, *extra]


def session_headers(session_id: bytes | None = None) -> Pairs:
    """Return the headers of a handshake-era message."""
    pairs = [
        (b"host", b"127.0.0.1:8000"),
        (b"accept", b"application/json, text/event-stream"),
        (b"content-type", b"application/json"),
        (b"user-agent", b"benchmarks/1"),
    ]
    if session_id is not None:
        pairs.append((b"mcp-session-id", session_id))
        pairs.append((b"mcp-protocol-version", HANDSHAKE.encode()))
    return pairs


def http_request(path: str, pairs: Pairs, body: bytes) -> bytes:
    """Return one HTTP/1.1 request, headers and body."""
    lines = [b"POST %b HTTP/1.1" % path.encode()]
    lines += [b"%b: %b" % (name, value) for name, value in pairs]
    lines += [b"content-length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def result_of(body: bytes, message_id: int | None = None) -> dict[str, Any]:
    """Return the result an answer carries; fail on anything else."""
    if body.startswith((b"event:", b"data:", b"id:", b":")):
        body = body.partition(b"data:")[2].split(b"\n")[0]
    answer = from_json(body)
    assert answer.get("jsonrpc") == "2.0" and "result" in answer, answer
    assert message_id is None or answer["id"] == message_id, answer
    return answer["result"]  # type: ignore[no-any-return]


def text_of(result: dict[str, Any]) -> str:
    """Return the text of a tool's result; fail when the tool did."""
    assert not result.get("isError"), result
    return result["content"][0]["text"]  # type: ignore[no-any-return]
