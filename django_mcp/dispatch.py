"""From an event to the bytes that answer it.

Finds the method, calls it, and turns what it raises into an error message.
This is the only file that writes ``except Exception``: whatever was not meant
to be read by a client is logged here and answered without detail.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from traceback import format_exception_only
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_mcp import languages
from django_mcp.conf import conf
from django_mcp.content import error_result
from django_mcp.exceptions import PermissionRequired, Throttled
from django_mcp.languages import speaking
from django_mcp.methods.asking import Answers
from django_mcp.methods.calling import TookTooLong
from django_mcp.methods.refusals import EXPECTED, words
from django_mcp.methods.table import Method, method_of
from django_mcp.primitives import Primitive, Text, require_scopes
from django_mcp.protocol import messages
from django_mcp.protocol.errors import (
    HTTP_STATUS,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_CAPABILITY,
    THROTTLED,
    ProtocolError,
)
from django_mcp.protocol.events import Asked
from django_mcp.protocol.messages import Fields
from django_mcp.questions import InputRequired

if TYPE_CHECKING:
    from django_mcp.auth.base import Principal
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

logger = logging.getLogger("django_mcp")

_TOO_LONG = _("The call took too long and was given up.")


class Reply(NamedTuple):
    """The answer to one message: the bytes, and the HTTP status beside them."""

    body: bytes
    status: int = 200
    #: Whether this is a result and not an error.
    ok: bool = True
    #: Scopes the caller's token lacks (HTTP answers 403 and names them).
    scopes: tuple[str, ...] = ()
    #: Seconds after which the caller may try again (HTTP says so in a header).
    retry_after: int = 0


class Paused(NamedTuple):
    """A call of the handshake era that must ask before it can go on."""

    required: InputRequired


#: Makes a `Reply` at half the price of calling the class; every call makes one.
_new = tuple.__new__


def _scopes_of(primitive: Primitive | None, context: Context) -> frozenset[str]:
    """Return what a token needs for a primitive, as far as the caller may know."""
    if primitive is None or not primitive.scopes:
        return frozenset()
    try:
        visible = primitive.allowed(context)
    except (Exception, SystemExit):  # its own answer says so, and logs it
        visible = False
    return primitive.scopes if visible else frozenset()


def timeout(server: MCPServer, event: Asked) -> float | None:
    """Return the seconds after which a blocking call is given up."""
    primitive = _named(server, event)
    return primitive.timeout if primitive is not None else None


def _named(server: MCPServer, event: Asked) -> Primitive | None:
    """Return the primitive a message is about, visible or not."""
    name, uri = event.params.get("name"), event.params.get("uri")
    if event.method == "tools/call" and type(name) is str:
        return server.registry.tools.peek(name)
    if event.method == "prompts/get" and type(name) is str:
        return server.registry.prompts.peek(name)
    if event.method == "resources/read" and type(uri) is str:
        return server.registry.peek_at(uri)
    return None


def refused(server: MCPServer, calls: Iterable[tuple[Asked, Context]]) -> Reply | None:
    """Return the refusal of a batch whose token is too narrow for a part of it.

    Nothing of it has run then: a client that gets a wider token sends it all
    again. What a caller may not see is left to its own answer. May block.
    """
    needed: set[str] = set()
    refusal: PermissionRequired | None = None
    for event, context in calls:
        scopes = {*server.base_scopes, *_scopes_of(_named(server, event), context)}
        try:
            require_scopes(scopes, context)
        except PermissionRequired as error:
            refusal = error
        needed |= scopes
    if refusal is None:
        return None
    body = messages.error(None, INVALID_PARAMS, words(refusal))
    return Reply(body, 403, False, tuple(sorted(needed)))


def too_narrow(server: MCPServer, event: Asked, context: Context) -> Reply | None:
    """Return the refusal of a token that is good for nothing here, if it is one.

    For what is no call, and is not served below.
    """
    try:
        require_scopes(server.base_scopes, context)
    except PermissionRequired as error:
        return failed(server, event, error)
    return None


def serve_here(
    server: MCPServer, event: Asked, context: Context
) -> Reply | Paused | Awaitable[Reply | Paused] | None:
    """Answer one message on the loop; return nothing where that may block."""
    language = context.language
    if language is None:
        return None
    method = method_of(event)
    if method is not None and method.blocks(server, event, context):
        return None
    if language:  # most calls have none to speak
        return speaking(language, _serve, method, server, event, context)
    return _serve(method, server, event, context)


def serve(
    server: MCPServer, event: Asked, context: Context
) -> Reply | Paused | Awaitable[Reply | Paused]:
    """Answer one message where it may block, in the language of its caller.

    The awaitable, if it is one, belongs on the loop.
    """
    if context.language is None:
        context.language = _language_of(context)
    method = method_of(event)
    return speaking(context.language, _serve, method, server, event, context)


def _serve(
    method: Method | None, server: MCPServer, event: Asked, context: Context
) -> Reply | Paused | Awaitable[Reply | Paused]:
    try:
        if method is None:
            raise ProtocolError(
                METHOD_NOT_FOUND, f"Method not found: {event.method[:200]}"
            )
        if server.base_scopes:
            require_scopes(server.base_scopes, context)
        result: Any = method.serve(server, event, context)
        if type(result) is CoroutineType:
            return _serve_later(server, event, result)
        return _reply(server, event, result)
    except InputRequired as required:
        return Paused(required)
    except (Exception, SystemExit) as error:  # the boundary: see the docstring
        return failed(server, event, error)


def _language_of(context: Context) -> str:
    """A project's function that fails spoils the language, not the call."""
    try:
        return languages.language_of(context)
    except (Exception, SystemExit, InputRequired):  # the boundary: see the docstring
        logger.exception("%s failed", conf.now.LANGUAGE)
        return languages.accepted(context.accept_language)


async def _serve_later(
    server: MCPServer, event: Asked, result: Awaitable[Any]
) -> Reply | Paused:
    try:
        return _reply(server, event, await result)
    except InputRequired as required:
        return Paused(required)
    except (Exception, SystemExit) as error:  # the boundary: see the docstring
        return failed(server, event, error)


def _reply(server: MCPServer, event: Asked, result: dict[str, Any] | Fields) -> Reply:
    """Return a result in the shape of the era, within the allowed size."""
    if type(result) is bytes:
        body = messages.response(event.id, result, server.ending(event.revision))
    elif type(result) is dict:
        whole = server.complete_dict(result, event.revision)
        body = messages.response(event.id, whole)
    else:
        body = messages.response(event.id, result)
    if len(body) > conf.now.MAX_RESPONSE_SIZE:
        return _too_large(server, event, len(body))
    return _new(Reply, (body, 200, True, (), 0))


async def enter(server: MCPServer) -> tuple[bool, Any]:
    """Enter a server's lifespan; return whether that went well, and its value."""
    try:
        return True, await server.lifespan.enter()
    except Exception:  # the boundary: see the docstring
        logger.exception("The lifespan of %r failed", server)
        return False, None


async def known(
    server: MCPServer, event: Asked, asking: Awaitable[Principal]
) -> Principal | Reply:
    """Wait until it is known who calls; return the answer when nobody is."""
    try:
        return await asking
    except Exception as error:  # the boundary: see the docstring
        return failed(server, event, error)


def took(
    server: MCPServer, event: Asked, answers: Answers, given: dict[str, Any]
) -> Reply | None:
    """Hand a call the answers it asked for; return a reply if it asks too often."""
    try:
        answers.take(given)
    except ProtocolError as error:
        return failed(server, event, error)
    return None


def failed(server: MCPServer, event: Asked, error: Exception | SystemExit) -> Reply:
    """Return the answer for an exception, and log what nobody expected.

    A tool that calls ``sys.exit`` fails; it does not end the server.
    """
    if isinstance(error, ProtocolError):
        return _protocol_error(event, error)
    if isinstance(error, PermissionRequired):
        body = messages.error(event.id, INVALID_PARAMS, words(error))
        return Reply(body, 403, False, error.scopes)
    if isinstance(error, Throttled):
        return _throttled(server, event, error)
    if isinstance(error, EXPECTED):
        body = messages.error(event.id, INVALID_PARAMS, words(error))
        return Reply(body, _status(event, INVALID_PARAMS), False)
    if isinstance(error, TookTooLong):
        return _given_up(server, event, _TOO_LONG)
    logger.error(
        "%s %s failed", event.method, _target(event), exc_info=error, stack_info=False
    )
    data = _shown(error) if settings.DEBUG else None
    body = messages.error(event.id, INTERNAL_ERROR, "Internal error", data)
    return Reply(body, 200, False)


def throttled(
    server: MCPServer, event: Asked, context: Context, error: Throttled
) -> Reply:
    """Return the answer for a message that came too early."""
    return speaking(context.language or "", _throttled, server, event, error)


def _throttled(server: MCPServer, event: Asked, error: Throttled) -> Reply:
    """Tell the client, whose business waiting is; over stdio, tell the model."""
    if event.headers is None and event.method == "tools/call":
        return _given_up(server, event, words(error))
    seconds = error.retry_after
    body = messages.later(event.id, THROTTLED, words(error), seconds)
    return Reply(body, 429, False, retry_after=seconds)


def _shown(error: BaseException) -> str:
    """Return an exception in words, whatever its ``__str__`` does."""
    words = "".join(format_exception_only(error)).strip()
    return words[:2000].encode(errors="replace").decode()


def timed_out(server: MCPServer, event: Asked, context: Context) -> Reply:
    """Return the answer for a call that took longer than it may."""
    return unanswered(server, event, context, _TOO_LONG)


def unanswered(
    server: MCPServer, event: Asked, context: Context, reason: Text
) -> Reply:
    """Return the answer for a call whose question nobody answered."""
    return speaking(context.language or "", _given_up, server, event, reason)


def _given_up(server: MCPServer, event: Asked, reason: Text) -> Reply:
    """Tell a model in a result, and any other caller in an error."""
    text = str(reason)
    if event.method != "tools/call":
        return Reply(messages.error(event.id, INTERNAL_ERROR, text), 200, False)
    result = server.complete_dict(error_result(text, event.revision), event.revision)
    return Reply(messages.response(event.id, result))


def _protocol_error(event: Asked, error: ProtocolError) -> Reply:
    code, message, data = error.code, error.message, error.data
    if code == MISSING_CAPABILITY and event.revision.handshake:
        # The code belongs to the stateless era.
        code = INVALID_PARAMS
    body = messages.error(event.id, code, message, data)
    return Reply(body, error.status or _status(event, code), False)


def _status(event: Asked, code: int) -> int:
    """The handshake era answers 200 to what it could read."""
    return 200 if event.revision.handshake else HTTP_STATUS.get(code, 200)


def _too_large(server: MCPServer, event: Asked, size: int) -> Reply:
    logger.warning(
        "%s %s: a result of %d bytes is over MAX_RESPONSE_SIZE",
        event.method,
        _target(event),
        size,
    )
    text = gettext("The result is too large: {size} bytes. Ask for less.")
    return _given_up(server, event, text.format(size=size))


def _target(event: Asked) -> str:
    """Return what a message was about, for the log."""
    target = event.params.get("name") or event.params.get("uri") or ""
    return repr(str(target)[:200])
