"""One conversation with one client: bytes in, events out.

What a message must look like, and which era it belongs to, is decided here;
the rules of a message that stands alone are in ``stateless.py``. Nothing here
waits, logs or touches Django. Bad input becomes a `Rejected` event with the
reply ready; the first failed rule decides.
"""

from typing import Any

from pydantic_core import from_json

from django_mcp.protocol import messages
from django_mcp.protocol.errors import (
    HTTP_STATUS,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ProtocolError,
)
from django_mcp.protocol.events import (
    Answered,
    Asked,
    Batched,
    Event,
    Notes,
    Notified,
    Rejected,
    Session,
)
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import CAPABILITIES_KEY, VERSION_KEY, Id
from django_mcp.protocol.revisions import (
    ASSUMED,
    NEWEST_HANDSHAKE,
    REVISIONS,
    STATELESS,
    SUPPORTED,
    Revision,
)
from django_mcp.protocol.shapes import depth, holds_objects, is_id
from django_mcp.protocol.stateless import (
    asked_alone,
    check_progress_token,
    unsupported,
)

#: A batch longer than this is refused; the revision names no limit.
MAX_BATCH = 100
#: What opens a level, as numbers: those are counted twice as fast.
_LIST, _OBJECT = b"[{"


class Connection:
    """What is known of one conversation.

    Over HTTP there is one per POST, given the session its headers named; over
    stdio there is one per process.
    """

    __slots__ = ("max_depth", "session", "sessions_required")

    #: A session id that names no living session.
    ENDED = Session(NEWEST_HANDSHAKE, {}, {}, "ended")

    def __init__(
        self,
        session: Session | None = None,
        max_depth: int = 64,
        sessions_required: bool = True,
    ) -> None:
        self.session = session
        self.max_depth = max_depth
        #: Refuse handshake-era messages outside a session.
        self.sessions_required = sessions_required

    def receive(self, body: bytes, headers: Headers | None = None) -> Event:
        """Return what one HTTP body, or one line of stdio, means.

        ``headers`` are those of the HTTP message, ``None`` over stdio.
        """
        if headers is not None:
            media = headers.media
            if not (media.takes_json or media.takes_stream):
                return _rejected(
                    INVALID_REQUEST,
                    "Accept must allow application/json and text/event-stream",
                    status=406,
                )
            if not media.is_json:
                return _rejected(
                    INVALID_REQUEST,
                    "Content-Type must be application/json",
                    status=415,
                )
        try:
            message = from_json(body, allow_inf_nan=False)
        except ValueError:
            return _rejected(PARSE_ERROR, "Parse error: the body is not JSON")
        lists = body.count(_LIST) if _LIST in body else 0  # the look is cheaper
        if lists + body.count(_OBJECT) > self.max_depth and (
            depth(message) > self.max_depth
        ):
            return _rejected(
                INVALID_REQUEST, f"Nested deeper than {self.max_depth} levels"
            )
        if type(message) is list:
            return self._batch(message, headers)
        return self._single(message, headers)

    def open(self, event: Asked, notes: Notes) -> Session:
        """Begin the session of a process: ``initialize`` has been answered."""
        self.session = Session(
            event.revision, event.capabilities, event.client, "", notes
        )
        return self.session

    # -- one message -------------------------------------------------------

    def _single(self, message: Any, headers: Headers | None) -> Event:
        if type(message) is not dict or message.get("jsonrpc") != "2.0":
            return _rejected(
                INVALID_REQUEST, "A message must be a JSON-RPC 2.0 object", _id(message)
            )
        method, params = message.get("method"), message.get("params")
        if method is None:
            return self._answer(message, headers)
        if type(method) is not str:
            return _rejected(INVALID_REQUEST, "method must be a string", _id(message))
        if "id" in message:
            return self._question(message["id"], method, params, headers)
        return self._notification(method, params, headers)

    def _question(
        self, message_id: Any, method: str, params: Any, headers: Headers | None
    ) -> Asked | Rejected:
        """The client asks: in a session, or alone with its ``_meta``."""
        if not is_id(message_id):
            return _rejected(INVALID_REQUEST, "id must be a string or a whole number")
        try:
            if type(params) is dict:
                meta = params.get("_meta")
                if type(meta) is dict and VERSION_KEY in meta:
                    return asked_alone(message_id, method, params, meta, headers)
            return self._handshake(message_id, method, params, headers)
        except ProtocolError as error:
            status = error.status or HTTP_STATUS[error.code]
            reply = messages.error(message_id, error.code, error.message, error.data)
            return Rejected(status, reply)

    def _notification(
        self, method: str, params: Any, headers: Headers | None
    ) -> Notified | Rejected:
        if params is not None and type(params) is not dict:
            return Rejected(400, b"")
        if self.session is self.ENDED:
            return _session_ended(None)
        meta = params.get("_meta") if params else None
        stands_alone = type(meta) is dict and VERSION_KEY in meta
        if stands_alone or _names_stateless(headers):
            return Notified(method, params or {}, STATELESS)
        if headers is not None and self.session is None and self.sessions_required:
            return _session_missing(None)
        if unserved := _unserved(headers):
            return unserved
        revision = self.session.revision if self.session else ASSUMED
        return Notified(method, params or {}, revision)

    def _answer(
        self, message: dict[str, Any], headers: Headers | None
    ) -> Answered | Rejected:
        """The client answers: only in a session, only in the handshake era."""
        result, error = message.get("result"), message.get("error")
        message_id = message.get("id")
        if not is_id(message_id) or (type(result) is dict) == (type(error) is dict):
            return _rejected(
                INVALID_REQUEST, "A message needs a method, a result or an error"
            )
        if self.session is self.ENDED:
            return _session_ended(None)
        if self.session is None or _names_stateless(headers):
            return _rejected(INVALID_REQUEST, "Nothing was asked of the client here")
        if unserved := _unserved(headers):
            return unserved
        return Answered(message_id, result, error)

    # -- handshake era -----------------------------------------------------

    def _handshake(
        self, message_id: Id, method: str, params: Any, headers: Headers | None
    ) -> Asked:
        if params is not None and type(params) is not dict:
            raise ProtocolError(INVALID_PARAMS, "params must be an object")
        params = params or {}
        meta = params.get("_meta", {})
        if type(meta) is not dict:
            raise ProtocolError(INVALID_PARAMS, "_meta must be an object")
        check_progress_token(meta)
        if self.session is self.ENDED:
            raise ProtocolError(INVALID_REQUEST, "The session has ended", status=404)
        if method == "initialize":
            return self._initialize(message_id, params, meta)
        revision = self._revision(method, headers)
        session = self.session
        return Asked(
            message_id,
            method,
            params,
            revision,
            meta,
            session.client if session else {},
            session.capabilities if session else {},
            session.notes.log_level if session and session.notes else None,
            headers,
            session,
        )

    def _revision(self, method: str, headers: Headers | None) -> Revision:
        """Return the revision of a message that names none in ``_meta``."""
        named = headers.get(b"mcp-protocol-version") if headers is not None else None
        if named is not None:
            name = named.strip().decode("latin-1")
            if name == STATELESS.name:
                raise ProtocolError(
                    INVALID_PARAMS,
                    f"_meta must name the protocol version as {VERSION_KEY}",
                    {"missing": [VERSION_KEY, CAPABILITIES_KEY]},
                )
            if name not in REVISIONS:
                raise unsupported(name)
            if self.session is None and not self.sessions_required:
                return REVISIONS[name]
        if self.session is not None:
            return self.session.revision
        if method == "server/discover":
            raise ProtocolError(
                INVALID_PARAMS,
                f"_meta must name the protocol version as {VERSION_KEY}",
                {"missing": [VERSION_KEY, CAPABILITIES_KEY]},
            )
        # Over stdio a ping may come first (2025-11-25, basic/lifecycle).
        if self.sessions_required and (headers is not None or method != "ping"):
            raise ProtocolError(
                INVALID_REQUEST,
                "Begin with initialize, or send the protocol version in _meta",
                {"supported": SUPPORTED},
                status=400,
            )
        return ASSUMED

    def _initialize(
        self, message_id: Id, params: dict[str, Any], meta: dict[str, Any]
    ) -> Asked:
        if self.session is not None:
            raise ProtocolError(INVALID_REQUEST, "This session is initialized already")
        wanted = params.get("protocolVersion")
        capabilities = params.get("capabilities")
        client = params.get("clientInfo")
        if type(wanted) is not str:
            raise ProtocolError(INVALID_PARAMS, "protocolVersion must be a string")
        if not holds_objects(capabilities):
            raise ProtocolError(INVALID_PARAMS, "capabilities must hold objects")
        if type(client) is not dict:
            raise ProtocolError(INVALID_PARAMS, "clientInfo must be an object")
        revision = REVISIONS.get(wanted, NEWEST_HANDSHAKE)
        if not revision.handshake:
            revision = NEWEST_HANDSHAKE
        return Asked(
            message_id, "initialize", params, revision, meta, client, capabilities
        )

    def _batch(self, batch: list[Any], headers: Headers | None) -> Event:
        if self.session is self.ENDED:
            return _session_ended(None)
        named = headers.get(b"mcp-protocol-version") if headers is not None else None
        if self.session is not None:
            revision = self.session.revision
        else:
            name = named.decode("latin-1") if named is not None else ASSUMED.name
            revision = REVISIONS.get(name, STATELESS)
        if not revision.batches:
            return _rejected(INVALID_REQUEST, "Send one message at a time")
        if not 0 < len(batch) <= MAX_BATCH:
            return _rejected(
                INVALID_REQUEST, f"A batch holds 1 to {MAX_BATCH} messages"
            )
        if self.session is None and self.sessions_required:
            return _session_missing(None)
        events: list[Any] = []
        for message in batch:
            if type(message) is dict and message.get("method") == "initialize":
                # 2025-03-26, basic/lifecycle: "MUST NOT be part of a batch".
                event: Event = _rejected(
                    INVALID_REQUEST, "initialize cannot be in a batch", _id(message)
                )
            else:
                event = self._single(message, headers)
            events.append(event)
        return Batched(events)


# -- small pieces ----------------------------------------------------------


def _id(message: Any) -> Id | None:
    """Return the id of a message that is otherwise wrong, if it has one."""
    value = message.get("id") if type(message) is dict else None
    return value if is_id(value) else None


def _names_stateless(headers: Headers | None) -> bool:
    return (
        headers is not None
        and headers.get(b"mcp-protocol-version") == STATELESS.name.encode()
    )


def _unserved(headers: Headers | None) -> Rejected | None:
    """Refuse what wants no answer, when its header names no served revision."""
    named = headers.get(b"mcp-protocol-version") if headers is not None else None
    if named is None or (name := named.strip().decode("latin-1")) in REVISIONS:
        return None
    error = unsupported(name)
    return Rejected(400, messages.error(None, error.code, error.message, error.data))


def _rejected(
    code: int, message: str, message_id: Id | None = None, *, status: int = 400
) -> Rejected:
    return Rejected(status, messages.error(message_id, code, message))


def _session_missing(message_id: Id | None) -> Rejected:
    return _rejected(INVALID_REQUEST, "Mcp-Session-Id is missing", message_id)


def _session_ended(message_id: Id | None) -> Rejected:
    return _rejected(INVALID_REQUEST, "The session has ended", message_id, status=404)
