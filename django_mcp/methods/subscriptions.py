"""resources/subscribe and resources/unsubscribe, of the handshake era.

They only write down what a session wants; the changes travel on its stream
(``transports/streams.py``). The stateless era uses subscriptions/listen,
which is a stream from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_mcp.exceptions import NotRegistered, PermissionRequired
from django_mcp.methods.primitives import no_resource
from django_mcp.primitives import check_scopes
from django_mcp.protocol.errors import INVALID_REQUEST, ProtocolError, invalid_params
from django_mcp.protocol.events import Asked, Notes

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

MAX_SUBSCRIPTIONS = 1000


def readable(uri: str, context: Context) -> bool:
    """May this caller read what is at a URI? Changes tell of it too. May block."""
    try:
        resource, _ = context.server.registry.resource_at(uri, context)
        check_scopes(resource, context)
    except (NotRegistered, PermissionRequired):
        return False
    return True


def subscribe(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Remember that a session wants to hear of a resource's changes."""
    uri, notes = _uri(event), _notes(event)
    try:
        resource, _ = server.registry.resource_at(uri, context)
    except NotRegistered:
        raise no_resource(uri, context) from None
    check_scopes(resource, context)
    if len(notes.uris) >= MAX_SUBSCRIPTIONS:
        raise invalid_params(f"uri: at most {MAX_SUBSCRIPTIONS} subscriptions")
    notes.write(added=frozenset({uri}))
    return {}


def unsubscribe(server: MCPServer, event: Asked, context: Context) -> dict[str, Any]:
    """Forget it again."""
    uri, notes = _uri(event), _notes(event)
    notes.write(removed=frozenset({uri}))
    return {}


def _uri(event: Asked) -> str:
    uri = event.params.get("uri")
    if type(uri) is not str or len(uri) > 2000:
        raise invalid_params("uri: must be a string of at most 2000 characters")
    return uri


def _notes(event: Asked) -> Notes:
    if event.session is None or event.session.notes is None:
        raise ProtocolError(INVALID_REQUEST, "Subscriptions need a session")
    return event.session.notes
