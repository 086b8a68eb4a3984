"""tools/call, resources/read and prompts/get: the methods that run something.

Each finds the primitive this context may use, calls it, and turns the value
into a result. All three may ask in the middle (``asking.py``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeVar

from django_mcp.content import (
    error_result,
    prompt_messages,
    resource_contents,
    tool_result,
)
from django_mcp.exceptions import NotRegistered, PermissionRequired
from django_mcp.methods.calling import Kind, Result, run
from django_mcp.methods.refusals import MISSING, words
from django_mcp.primitives import (
    Primitive,
    Prompt,
    Resource,
    ResourceTemplate,
    Tool,
    check_scopes,
)
from django_mcp.protocol.errors import ProtocolError, invalid_params
from django_mcp.protocol.events import Asked
from django_mcp.protocol.headers import check_params
from django_mcp.registry import Shelf
from django_mcp.throttling import count_use

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

P = TypeVar("P", bound=Primitive)


def call_tool(
    server: MCPServer, event: Asked, context: Context
) -> Result | Awaitable[Result]:
    """Serve tools/call. Arguments that do not fit are a result the model reads."""
    tool = _found(server.registry.tools, event.params.get("name"), context)
    arguments = _arguments(event)
    if tool.headers and event.headers is not None and not event.revision.handshake:
        check_params(tool.headers, arguments, event.headers)
    return run(_TOOLS, tool, event, context, arguments)


def read_resource(
    server: MCPServer, event: Asked, context: Context
) -> Result | Awaitable[Result]:
    """Serve resources/read."""
    uri = event.params.get("uri")
    if type(uri) is not str:
        raise invalid_params("uri: must be a string")
    try:
        resource, read = server.registry.resource_at(uri, context)
    except NotRegistered:
        raise no_resource(uri, context) from None
    check_scopes(resource, context)
    return run(_RESOURCES, resource, event, context, read)


def get_prompt(
    server: MCPServer, event: Asked, context: Context
) -> Result | Awaitable[Result]:
    """Serve prompts/get. Arguments are strings."""
    arguments = _arguments(event)
    for name, value in arguments.items():
        if type(value) is not str:
            raise invalid_params(f"{name[:100]}: must be a string")
    prompt = _found(server.registry.prompts, event.params.get("name"), context)
    return run(_PROMPTS, prompt, event, context, arguments)


def contents_at(
    context: Context, uri: str
) -> list[dict[str, Any]] | Awaitable[list[dict[str, Any]]]:
    """Read a resource from inside a call, as its caller. May block.

    An awaitable comes back when the resource is asynchronous.
    Raises: NotRegistered, PermissionRequired, Throttled
    """
    resource, read = context.server.registry.resource_at(uri, context)
    check_scopes(resource, context)
    if resource.throttle:
        count_use(resource, context)

    def contents(value: Any) -> list[dict[str, Any]]:
        return resource_contents(value, uri, resource.mime_type, context.revision)

    async def contents_later(value: Awaitable[Any]) -> list[dict[str, Any]]:
        return contents(await value)

    value = read()
    return (
        contents_later(value) if isinstance(value, CoroutineType) else contents(value)
    )


# -- the three kinds ---------------------------------------------------------


def _call_tool(tool: Tool, context: Context, arguments: dict[str, Any]) -> Any:
    return tool.call(context, arguments)


def _finish_tool(tool: Tool, event: Asked, value: Any) -> Result:
    schema = tool.output_schema
    # Text nobody declared as data would only be said twice.
    structured = tool.structured and (schema is not None or type(value) is not str)
    return tool_result(value, event.revision, structured=structured, schema=schema)


def _refuse_tool(error: Exception, event: Asked, context: Context) -> Result:
    if isinstance(error, PermissionRequired) and error.scopes:
        raise error  # a client can get a wider token, a model cannot
    return error_result(words(error), event.revision)


def _call_resource(
    resource: Resource | ResourceTemplate, context: Context, read: Callable[[], Any]
) -> Any:
    return read()


def _finish_resource(
    resource: Resource | ResourceTemplate, event: Asked, value: Any
) -> Result:
    revision, uri = event.revision, event.params["uri"]
    contents = resource_contents(value, uri, resource.mime_type, revision)
    if revision.handshake:
        return {"contents": contents}
    return {"contents": contents, "ttlMs": 0, "cacheScope": "private"}


def _refuse_resource(error: Exception, event: Asked, context: Context) -> Result:
    uri = event.params["uri"]
    if isinstance(error, MISSING):
        raise no_resource(uri, context) from None
    raise invalid_params(words(error), {"uri": uri}) from None


def _call_prompt(prompt: Prompt, context: Context, arguments: dict[str, Any]) -> Any:
    return prompt.get(context, arguments)


def _finish_prompt(prompt: Prompt, event: Asked, value: Any) -> Result:
    result: dict[str, Any] = {"messages": prompt_messages(value, event.revision)}
    if prompt.description:
        result["description"] = str(prompt.description)
    return result


def _refuse_prompt(error: Exception, event: Asked, context: Context) -> Result:
    raise invalid_params(words(error)) from None


_TOOLS = Kind(_call_tool, _finish_tool, _refuse_tool)
_RESOURCES = Kind(_call_resource, _finish_resource, _refuse_resource)
_PROMPTS = Kind(_call_prompt, _finish_prompt, _refuse_prompt)


def _arguments(event: Asked) -> dict[str, Any]:
    arguments = event.params.get("arguments")
    if arguments is None:
        return {}
    if type(arguments) is not dict:
        raise invalid_params("arguments: must be an object")
    return arguments


def _found(shelf: Shelf[P], name: Any, context: Context) -> P:
    """Return the primitive a message names. Raises: ProtocolError"""
    if type(name) is not str:
        raise invalid_params("name: must be a string")
    try:
        primitive = shelf.get(name, context)
    except NotRegistered:
        raise invalid_params(f"Unknown {shelf.label}: {name[:200]}") from None
    if primitive.scopes:
        check_scopes(primitive, context)
    return primitive


def no_resource(uri: str, context: Context) -> ProtocolError:
    """Return the error for a URI at which this caller finds nothing."""
    return ProtocolError(
        context.revision.resource_not_found, "Resource not found", {"uri": uri[:2000]}
    )
