"""What an operation answered, as a tool's value.

The status decides whether it is one, as it does for any client; what refusals
say is in ``refusals.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import from_json, to_json

from django_mcp.content import Result
from django_mcp.context import Context
from django_mcp.providers.ninja.arguments import OperationArguments
from django_mcp.providers.ninja.refusals import refusal_from
from django_mcp.providers.views import bodies, redirects
from django_mcp.providers.views.bodies import Body
from django_mcp.providers.views.contents import CUT, content_of
from django_mcp.providers.views.requests import ViewRequest


async def abody_of(context: Context, response: Any) -> Body:
    """Read an answer, and close it, without blocking the loop."""
    if not response.streaming:
        return bodies.body_of(response)
    if response.is_async:
        return await bodies.abody_of(response)
    return await context.cross(bodies.body_of, response)


def value_from(
    request: ViewRequest,
    response: Any,
    body: Body,
    known: OperationArguments,
    arguments: dict[str, Any],
    *,
    promised: bool,
) -> Any:
    """Return what a tool returns for an answer.

    ``promised``: the tool has an output schema, which other content than data
    could not fit.

    Raises: ToolError, ArgumentErrors, PermissionDenied, Http404, ViewFailed
    """
    if response.status_code >= 400:
        raise refusal_from(response, body, known, arguments)
    if redirects.is_redirect(response):
        redirects.check_login(request, response, None)
        value = redirects.redirected(response, request._messages.said())
        return Result(*value.content) if promised else value
    essence = bodies.essence_of(response)
    if essence in _STREAMS and (items := _items(body, _STREAMS[essence])):
        return items
    if response.status_code in _EMPTY or not body.data:
        return None
    if bodies.is_json(essence):
        data = bodies.data_of(body).structured
        return data if promised or bodies.is_plain(data) else Result(structured=data)
    value = content_of(response, body)
    return Result(value) if promised else value


# -- successes -------------------------------------------------------------------

_EMPTY = frozenset({204, 205, 304})


def _items(body: Body, read: Callable[[str], Iterator[str]]) -> Result | None:
    """Return the items of a stream, as far as it was read.

    ``None``: they are no data.
    """
    texts = list(read(body.data.decode(errors="replace")))
    try:
        # The last one may be a part only.
        items = [from_json(one) for one in (texts if body.whole else texts[:-1])]
    except ValueError:
        return None
    said = () if body.whole else (to_json(items).decode(), CUT)
    return Result(*said, structured=items)


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if line.strip())


def _events(text: str) -> Iterator[str]:
    for event in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].strip() for line in event.split("\n") if line[:5] == "data:"]
        if lines:
            yield "\n".join(lines)


#: What cuts each kind of ninja's streams into items.
_STREAMS = {"application/jsonl": _lines, "text/event-stream": _events}
