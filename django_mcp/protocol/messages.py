"""JSON-RPC messages as bytes: the only file that writes the envelope.

Pure. A result is serialised once: either as a dictionary, or as `Fields`,
the members of a JSON object that somebody serialised already.
"""

from typing import Any, TypeAlias

from pydantic_core import to_json

#: Severities in rising order (RFC 5424, section 6.2.1).
LOG_LEVELS = {
    "debug": 0,
    "info": 1,
    "notice": 2,
    "warning": 3,
    "error": 4,
    "critical": 5,
    "alert": 6,
    "emergency": 7,
}

PREFIX = "io.modelcontextprotocol/"
VERSION_KEY = PREFIX + "protocolVersion"
CLIENT_KEY = PREFIX + "clientInfo"
CAPABILITIES_KEY = PREFIX + "clientCapabilities"
LOG_LEVEL_KEY = PREFIX + "logLevel"
SERVER_KEY = PREFIX + "serverInfo"
SUBSCRIPTION_KEY = PREFIX + "subscriptionId"

#: A message id: a string or a whole number, never null (basic, "Requests").
Id: TypeAlias = str | int


#: Members of a JSON object, already serialised, without the braces.
Fields: TypeAlias = bytes


class Complete(bytes):
    """All members of a result: nothing is left to add."""

    __slots__ = ()


def fields_from(members: dict[str, Any]) -> Fields:
    """Serialise members once, to be sent many times."""
    # Lazy translations become words here.
    return to_json(members, fallback=str)[1:-1]


def response(
    message_id: Id, result: dict[str, Any] | Fields, ending: bytes = b""
) -> bytes:
    """Return the answer that carries a result.

    ``ending`` follows the members of `Fields`, with its comma.
    """
    # `str` and `encode` take half the time of `b"%d" %`.
    named = str(message_id).encode() if type(message_id) is int else to_json(message_id)
    # Joined, not formatted: a list may be large, and `%` copies slowly.
    if isinstance(result, bytes):
        return b"".join(
            (b'{"jsonrpc":"2.0","id":', named, b',"result":{', result, ending, b"}}")
        )
    return b"".join(
        (b'{"jsonrpc":"2.0","id":', named, b',"result":', to_json(result), b"}")
    )


def error(message_id: Id | None, code: int, message: str, data: Any = None) -> bytes:
    """Return the answer that carries an error; ``None`` becomes a null id."""
    # The words may quote what cannot be encoded, such as a broken file name.
    message = message.encode(errors="replace").decode()
    members: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        members["data"] = data
    return to_json({"jsonrpc": "2.0", "id": message_id, "error": members})


def later(message_id: Id | None, code: int, message: str, seconds: int) -> bytes:
    """Return the error for what may be sent again after some seconds."""
    return error(message_id, code, message, {"retryAfter": seconds})


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """Return a message that wants no answer."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params:
        message["params"] = params
    return to_json(message)


def question(message_id: Id, method: str, params: dict[str, Any]) -> bytes:
    """Return a message of the server's own that wants an answer."""
    return to_json(
        {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}
    )
