"""completion/complete: suggestions for the arguments of prompts and templates."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from inspect import isawaitable
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import check_scopes
from django_mcp.protocol.errors import invalid_params
from django_mcp.protocol.events import Asked

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.primitives import Prompt, ResourceTemplate
    from django_mcp.server import MCPServer

#: The most values one answer may hold (server/utilities/completion).
MAX_VALUES = 100


def complete(
    server: MCPServer, event: Asked, context: Context
) -> dict[str, Any] | Awaitable[dict[str, Any]]:
    """Serve completion/complete."""
    name, value = _argument(event.params.get("argument"))
    primitive = _referenced(server, event.params.get("ref"), context)
    # What is suggested was read from what the scopes protect.
    check_scopes(primitive, context)
    others = _others(event.params.get("context"))
    function = primitive.complete.get(name)
    if function is None:
        return _result([])
    values = function(context, value, others)
    if isawaitable(values):
        return _result_later(context, values)
    return _result(values)


async def _result_later(
    context: Context, values: Awaitable[Iterable[str]]
) -> dict[str, Any]:
    found = await values
    # Rows that were not fetched yet are not to be fetched on the event loop.
    if isinstance(found, QuerySet):
        return await context.cross(_result, found)
    return _result(found)


def _result(values: Iterable[str]) -> dict[str, Any]:
    if isinstance(values, QuerySet):
        # A table may have millions of rows, and iterating fetches them all.
        values = values[: MAX_VALUES + 1]
    elif not isinstance(values, Sequence):
        values = islice(values, MAX_VALUES + 1)
    found = [str(value) for value in values]
    return {
        "completion": {
            "values": found[:MAX_VALUES],
            "total": len(found),
            "hasMore": len(found) > MAX_VALUES,
        }
    }


def _argument(argument: Any) -> tuple[str, str]:
    if (
        type(argument) is not dict
        or type(argument.get("name")) is not str
        or type(argument.get("value")) is not str
    ):
        raise invalid_params("argument: must have a name and a value, both strings")
    return argument["name"], argument["value"]


def _others(given: Any) -> Mapping[str, str]:
    arguments = given.get("arguments", {}) if type(given) is dict else {}
    if type(arguments) is not dict:
        raise invalid_params("context.arguments: must be an object")
    return {name: str(value) for name, value in arguments.items()}


def _referenced(
    server: MCPServer, ref: Any, context: Context
) -> Prompt | ResourceTemplate:
    """Return what the arguments belong to. Raises: ProtocolError"""
    ref = ref if type(ref) is dict else {}
    kind = ref.get("type")
    if kind == "ref/prompt" and type(ref.get("name")) is str:
        try:
            return server.registry.prompts.get(ref["name"], context)
        except NotRegistered:
            raise invalid_params(f"Unknown prompt: {ref['name'][:200]}") from None
    if kind == "ref/resource" and type(ref.get("uri")) is str:
        try:
            return server.registry.templates.get(ref["uri"], context)
        except NotRegistered:
            raise invalid_params("ref.uri: no such resource template") from None
    raise invalid_params("ref: must be a ref/prompt with name or a ref/resource")
