"""The rules of a message of the stateless era, which stands alone.

Pure: it gets a decoded message and returns an `Asked`, or raises the error of
the first rule that failed. The order is that of 2026-07-28,
basic/transports/streamable-http, "Server Validation".
"""

from typing import Any

from django_mcp.protocol.errors import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_VERSION,
    ProtocolError,
)
from django_mcp.protocol.events import Asked
from django_mcp.protocol.headers import Headers, repeats
from django_mcp.protocol.messages import (
    CAPABILITIES_KEY,
    CLIENT_KEY,
    LOG_LEVEL_KEY,
    LOG_LEVELS,
    VERSION_KEY,
    Id,
)
from django_mcp.protocol.remembered import Remembered
from django_mcp.protocol.revisions import REVISIONS, STATELESS, SUPPORTED
from django_mcp.protocol.shapes import holds_objects, is_id

#: The param whose value ``Mcp-Name`` repeats, by method.
NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
_STATELESS = STATELESS.name.encode()


def asked_alone(
    message_id: Id,
    method: str,
    params: dict[str, Any],
    meta: dict[str, Any],
    headers: Headers | None,
) -> Asked:
    """Return the event of a message that carries the version in ``_meta``.

    Raises: ProtocolError
    """
    version: Any = meta[VERSION_KEY]
    capabilities: Any = meta.get(CAPABILITIES_KEY)
    if version != STATELESS.name or (
        headers is not None
        and (headers.get(b"mcp-protocol-version") != _STATELESS or headers.repeated)
    ):  # most need no closer look
        _check_version(version, capabilities, headers)
    if capabilities or type(capabilities) is not dict:
        _check_capabilities(capabilities)
    client, log_level = meta.get(CLIENT_KEY), meta.get(LOG_LEVEL_KEY)
    if client is not None and type(client) is not dict:
        raise ProtocolError(INVALID_PARAMS, f"{CLIENT_KEY} must be an object")
    if headers is not None:
        _check_routing_headers(method, params, headers)
    if log_level is not None or "progressToken" in meta:
        _check_wishes(log_level, meta)
    if method == "initialize":
        raise ProtocolError(
            METHOD_NOT_FOUND,
            "This revision has no initialize; send it without _meta for an older one",
            {"supported": SUPPORTED},
        )
    return Asked(
        message_id,
        method,
        params,
        STATELESS,
        meta,
        client or {},
        capabilities,
        log_level,
        headers,
    )


def _check_wishes(log_level: Any, meta: dict[str, Any]) -> None:
    """What a client wants to hear while its call runs."""
    if log_level is not None and (
        type(log_level) is not str or log_level not in LOG_LEVELS
    ):
        raise ProtocolError(
            INVALID_PARAMS, f"{LOG_LEVEL_KEY} must be one of {', '.join(LOG_LEVELS)}"
        )
    check_progress_token(meta)


def check_progress_token(meta: dict[str, Any]) -> None:
    """Progress is told by a string or a whole number. Raises: ProtocolError"""
    if "progressToken" in meta and not is_id(meta["progressToken"]):
        raise ProtocolError(
            INVALID_PARAMS, "progressToken must be a string or a whole number"
        )


def _check_version(version: Any, capabilities: Any, headers: Headers | None) -> None:
    """Refuse every revision but this one, and a header that names another."""
    if headers is not None:
        _check_version_header(version, headers)
    if type(version) is not str:
        raise ProtocolError(INVALID_PARAMS, f"{VERSION_KEY} must be a string")
    if version not in REVISIONS:
        raise unsupported(version)
    if version != STATELESS.name:
        _check_capabilities(capabilities)
        raise ProtocolError(
            UNSUPPORTED_VERSION,
            f"Revision {version} begins with initialize",
            {"supported": SUPPORTED, "requested": version},
        )


def _check_capabilities(capabilities: Any) -> None:
    if not holds_objects(capabilities):
        raise ProtocolError(
            INVALID_PARAMS, f"_meta must hold an object as {CAPABILITIES_KEY}"
        )


def _check_version_header(version: Any, headers: Headers) -> None:
    if headers.repeated and (
        repeated := headers.repeated
        & {b"mcp-protocol-version", b"mcp-method", b"mcp-name"}
    ):
        name = min(repeated).decode()
        raise ProtocolError(
            HEADER_MISMATCH, f"Header mismatch: {name} appears more than once"
        )
    named = headers.get(b"mcp-protocol-version")
    if named is None:
        raise ProtocolError(
            HEADER_MISMATCH, "Header mismatch: MCP-Protocol-Version is missing"
        )
    if type(version) is str and named.strip().decode("latin-1") != version:
        raise ProtocolError(
            HEADER_MISMATCH,
            "Header mismatch: MCP-Protocol-Version does not match _meta",
        )


def _check_routing_headers(
    method: str, params: dict[str, Any], headers: Headers
) -> None:
    param = NAMED_BY.get(method)
    name = params.get(param) if param is not None else None
    named, raw = headers.get(b"mcp-method"), headers.get(b"mcp-name")
    if type(name) is str or name is None:
        if (method, name, named, raw) not in _known_route.known:
            _known_route(method, name, named, raw)
    else:
        _check_route(method, name, named, raw)


def _check_route(
    method: str, name: Any, named: bytes | None, raw: bytes | None
) -> None:
    if named is None:
        raise ProtocolError(HEADER_MISMATCH, "Header mismatch: Mcp-Method is missing")
    if named.strip() != method.encode():
        raise ProtocolError(
            HEADER_MISMATCH, "Header mismatch: Mcp-Method does not match the method"
        )
    param = NAMED_BY.get(method)
    if param is None:
        return
    if raw is None:
        raise ProtocolError(HEADER_MISMATCH, "Header mismatch: Mcp-Name is missing")
    if type(name) is str and not repeats(raw, name):
        raise ProtocolError(
            HEADER_MISMATCH, f"Header mismatch: Mcp-Name does not match params.{param}"
        )


#: Clients call the same few tools: what agreed once agrees again.
_known_route = Remembered(_check_route)


def unsupported(version: str) -> ProtocolError:
    """Return the error that names every revision served, those with a handshake too."""
    return ProtocolError(
        UNSUPPORTED_VERSION,
        "Unsupported protocol version",
        {"supported": SUPPORTED, "requested": version[:100]},
    )
