"""Error codes of the protocol and the exception that carries one.

Pure values. `ProtocolError` is what a method raises when the client did
wrong; only ``dispatch.py`` turns it into a message.
"""

from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
#: Ours, and so outside of JSON-RPC's reserved range (basic, "Error Codes");
#: the numbers say what they mean to who knows HTTP.
THROTTLED = 429
CROWDED = 503

#: The HTTP status that goes with a code when the message came alone in a
#: POST of the stateless era. Handshake-era answers to a well-formed request
#: are 200 whatever they say.
HTTP_STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    METHOD_NOT_FOUND: 404,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
}


class ProtocolError(Exception):
    """The client's message cannot be served; the client is told why.

    ``message`` and ``data`` go on the wire as they are, so neither may hold
    anything a stranger must not read.
    """

    def __init__(
        self, code: int, message: str, data: Any = None, *, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status


def invalid_params(message: str, data: Any = None) -> ProtocolError:
    """Return the error for params that are malformed or name nothing."""
    return ProtocolError(INVALID_PARAMS, message, data)


def missing_capability(required: dict[str, Any]) -> ProtocolError:
    """Return the error for a call that needs what the client did not declare."""
    names = ", ".join(required)
    return ProtocolError(
        MISSING_CAPABILITY,
        f"Missing required client capability: {names}",
        {"requiredCapabilities": required},
    )
