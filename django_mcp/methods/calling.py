"""One call of a primitive: it ends in a result, or it asks.

What is called, and what becomes of the value, is said by a `Kind`; this file
sees to all that is the same for tools, resources and prompts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from django_mcp.methods.asking import Answers
from django_mcp.methods.refusals import EXPECTED
from django_mcp.primitives import Primitive
from django_mcp.protocol.events import Asked
from django_mcp.protocol.messages import Fields
from django_mcp.questions import InputRequired
from django_mcp.throttling import count_call

if TYPE_CHECKING:
    from django_mcp.context import Asker, Context

Result: TypeAlias = dict[str, Any] | Fields
P = TypeVar("P", bound=Primitive)


class TookTooLong(Exception):
    """A primitive did not end within its ``timeout``."""


async def _in_time(coroutine: Awaitable[Any], seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await coroutine
    except TimeoutError:
        if limit.expired():
            raise TookTooLong from None
        raise  # the function's own


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """How primitives of one kind are called, and what comes of it."""

    call: Callable[[P, Context, Any], Any]
    #: Turns a value into a result.
    finish: Callable[[P, Asked, Any], Result]
    #: Turns a refusal into a result, or raises the error for the client.
    refuse: Callable[[Exception, Asked, Context], Result]


def run(
    kind: Kind[P], primitive: P, event: Asked, context: Context, given: Any
) -> Result | Awaitable[Result]:
    """Call a primitive: finish it here, or return the coroutine that does."""
    if "requestState" in event.params or "inputResponses" in event.params:
        _begin_again(event, context)
    ended = False
    try:
        if primitive.throttle:
            count_call(primitive, context)
        value = kind.call(primitive, context, given)
        # Not here, but not left open either.
        ended = isinstance(value, CoroutineType)
        if ended:
            return _run_later(kind, primitive, event, context, value)
        result = kind.finish(primitive, event, value)
        ended = True
    except EXPECTED as error:
        ended = True
        return kind.refuse(error, event, context)
    except InputRequired as required:
        return _asking(required, event, context)
    finally:
        if not ended and _is_returnable(context.asker):
            context.asker.give_back()  # type: ignore[union-attr]
    return result


async def _run_later(
    kind: Kind[P],
    primitive: P,
    event: Asked,
    context: Context,
    coroutine: Awaitable[Any],
) -> Result:
    """See `run`."""
    ended = False
    try:
        if primitive.timeout is None:
            value = await coroutine
        else:
            value = await _in_time(coroutine, primitive.timeout)
        result = kind.finish(primitive, event, value)
        ended = True
    except EXPECTED as error:
        ended = True
        return kind.refuse(error, event, context)
    except InputRequired as required:
        return _asking(required, event, context)
    finally:
        if not ended and _is_returnable(context.asker):
            await context.asker.agive_back()  # type: ignore[union-attr]
    return result


def _begin_again(event: Asked, context: Context) -> None:
    """Take up the answers a call of the stateless era comes back with."""
    if context.asker is None and not event.revision.handshake:
        context.asker = answers = Answers()
        answers.begin(event, context)


def _asking(required: InputRequired, event: Asked, context: Context) -> Result:
    """Ask through the result; the handshake era asks on the stream."""
    if event.revision.handshake:
        raise required
    return context.asker.result(event, context)  # type: ignore[union-attr]


def _is_returnable(asker: Asker | None) -> bool:
    """May the state this call came with be used again?"""
    return asker is not None and asker.returnable
