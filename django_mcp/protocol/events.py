"""What can happen on the wire, as values that `Connection.receive` returns.

Bad input is an event too: `Rejected` carries its reply ready to send.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias, final

from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import Id
from django_mcp.protocol.revisions import Revision


class Notes(Protocol):
    """What a session learns after its handshake; a transport keeps it."""

    @property
    def log_level(self) -> str | None:
        """The least severity of log messages the client wants."""

    @property
    def uris(self) -> frozenset[str]:
        """The resources whose changes the client wants to hear of."""

    def write(
        self,
        *,
        log_level: str | None = None,
        added: frozenset[str] = frozenset(),
        removed: frozenset[str] = frozenset(),
    ) -> None:
        """Keep a level, and URIs that come and go. May block."""


class Session(NamedTuple):
    """What a handshake agreed on; everything a later message needs of it."""

    revision: Revision
    capabilities: Mapping[str, Any]
    client: Mapping[str, Any]
    #: Empty over stdio, where the process is the session.
    id: str = ""
    notes: Notes | None = None


@final
@dataclass(slots=True)
class Asked:
    """The client wants a method served and waits for the answer.

    Not a tuple as the others are: it is read so often that slots are cheaper.
    """

    id: Id
    method: str
    params: dict[str, Any]
    revision: Revision
    meta: Mapping[str, Any]
    client: Mapping[str, Any]
    capabilities: Mapping[str, Any]
    log_level: str | None = None
    headers: Headers | None = None
    session: Session | None = None


@final
class Notified(NamedTuple):
    """The client says something and waits for nothing."""

    method: str
    params: dict[str, Any]
    revision: Revision


@final
class Answered(NamedTuple):
    """The client answers a question of ours."""

    id: Id
    result: dict[str, Any] | None
    error: dict[str, Any] | None


@final
class Rejected(NamedTuple):
    """The message cannot be served; here is the reply.

    ``status`` is for HTTP; other transports send the body alone. A
    notification is rejected with an empty body: nobody waits for it.
    """

    status: int
    body: bytes


@final
class Batched(NamedTuple):
    """Several messages in one array (2025-03-26 only)."""

    events: list["Asked | Notified | Answered | Rejected"]


Event: TypeAlias = Asked | Notified | Answered | Rejected | Batched
