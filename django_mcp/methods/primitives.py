"""tools/call, resources/read and prompts/get: the methods that run something.

Each finds the primitive this context may use, calls it, and turns the value
into a result. All three may ask in the middle (``asking.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from django_mcp.content import (
    error_result,
    prompt_messages,
    resource_contents,
    tool_result,
)
from django_mcp.exceptions import NotRegistered, PermissionRequired
from django_mcp.methods.asking import Answers
from django_mcp.methods.refusals import EXPECTED, MISSING, words
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
from django_mcp.protocol.messages import Fields
from django_mcp.questions import InputRequired
from django_mcp.registry import Shelf
from django_mcp.throttling import count_call, count_use

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

Result: TypeAlias = dict[str, Any] | Fields
P = TypeVar("P", bound=Primitive)


def call_tool(
    server: MCPServer, event: Asked, context: Context
) -> Result | Awaitable[Result]:
    """Serve tools/call. Arguments that do not fit are a result the model reads."""
    tool = _found(server.registry.tools, event.params.get("name"), context)
    arguments = _arguments(event)
    if tool.headers and event.headers is not None and not event.revision.handshake:
        check_params(tool.headers, arguments, event.headers)
    return _ToolRun(tool, event, context).start(arguments)


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
    return _ResourceRun(resource, event, context).start(read)


def get_prompt(
    server: MCPServer, event: Asked, context: Context
) -> Result | Awaitable[Result]:
    """Serve prompts/get. Arguments are strings."""
    arguments = _arguments(event)
    for name, value in arguments.items():
        if type(value) is not str:
            raise invalid_params(f"{name[:100]}: must be a string")
    prompt = _found(server.registry.prompts, event.params.get("name"), context)
    return _PromptRun(prompt, event, context).start(arguments)


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


# -- one run of a primitive --------------------------------------------------


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


class _Run(Generic[P]):
    """One primitive being called: it ends in a result, or it asks.

    A subclass says what is called, and what becomes of the value and of a refusal.
    """

    __slots__ = ("_context", "_event", "_primitive")

    def __init__(self, primitive: P, event: Asked, context: Context) -> None:
        self._primitive = primitive
        self._event = event
        self._context = context
        if context.asker is None and not event.revision.handshake:
            params = event.params
            if "inputResponses" in params or "requestState" in params:
                context.asker = answers = Answers()
                answers.begin(event, context)

    def call(self, given: Any) -> Any:
        """Call the primitive."""
        raise NotImplementedError

    def finish(self, value: Any) -> Result:
        """Turn what the primitive returned into a result."""
        raise NotImplementedError

    def refuse(self, error: Exception) -> Result:
        """Turn a refusal into a result, or into an error for the client."""
        raise NotImplementedError

    def start(self, given: Any) -> Result | Awaitable[Result]:
        """Finish it here, or return the coroutine that does."""
        ended = False
        try:
            if self._primitive.throttle:
                count_call(self._primitive, self._context)
            value = self.call(given)
            # Not here, but not left open either.
            ended = isinstance(value, CoroutineType)
            if ended:
                return self._finish_later(value)
            result = self.finish(value)
            ended = True
        except EXPECTED as error:
            ended = True
            return self.refuse(error)
        except InputRequired as required:
            return self._ask(required)
        finally:
            if not ended and self._returnable():
                self._context.asker.give_back()  # type: ignore[union-attr]
        return result

    async def _finish_later(self, coroutine: Awaitable[Any]) -> Result:
        ended = False
        try:
            if self._primitive.timeout is None:
                value = await coroutine
            else:
                value = await _in_time(coroutine, self._primitive.timeout)
            result = self.finish(value)
            ended = True
        except EXPECTED as error:
            ended = True
            return self.refuse(error)
        except InputRequired as required:
            return self._ask(required)
        finally:
            if not ended and self._returnable():
                await self._context.asker.agive_back()  # type: ignore[union-attr]
        return result

    def _ask(self, required: InputRequired) -> Result:
        """Ask through the result; the handshake era asks on the stream."""
        if self._event.revision.handshake:
            raise required
        return self._context.asker.result(self._event, self._context)  # type: ignore[union-attr]

    def _returnable(self) -> bool:
        """May the state this call came with be used again?"""
        asker = self._context.asker
        return asker is not None and asker.returnable


class _ToolRun(_Run[Tool]):
    __slots__ = ()

    def call(self, given: dict[str, Any]) -> Any:
        return self._primitive.call(self._context, given)

    def finish(self, value: Any) -> Result:
        tool = self._primitive
        schema = tool.output_schema
        # Text nobody declared as data would only be said twice.
        structured = tool.structured and (schema is not None or type(value) is not str)
        return tool_result(
            value, self._event.revision, structured=structured, schema=schema
        )

    def refuse(self, error: Exception) -> Result:
        if isinstance(error, PermissionRequired) and error.scopes:
            raise error  # a client can get a wider token, a model cannot
        return error_result(words(error), self._event.revision)


class _ResourceRun(_Run[Resource | ResourceTemplate]):
    __slots__ = ()

    def call(self, given: Callable[[], Any]) -> Any:
        return given()

    def finish(self, value: Any) -> Result:
        revision, uri = self._event.revision, self._event.params["uri"]
        contents = resource_contents(value, uri, self._primitive.mime_type, revision)
        if revision.handshake:
            return {"contents": contents}
        return {"contents": contents, "ttlMs": 0, "cacheScope": "private"}

    def refuse(self, error: Exception) -> Result:
        uri = self._event.params["uri"]
        if isinstance(error, MISSING):
            raise no_resource(uri, self._context) from None
        raise invalid_params(words(error), {"uri": uri}) from None


class _PromptRun(_Run[Prompt]):
    __slots__ = ()

    def call(self, given: dict[str, Any]) -> Any:
        return self._primitive.get(self._context, given)

    def finish(self, value: Any) -> Result:
        result: dict[str, Any] = {
            "messages": prompt_messages(value, self._event.revision)
        }
        if self._primitive.description:
            result["description"] = str(self._primitive.description)
        return result

    def refuse(self, error: Exception) -> Result:
        raise invalid_params(words(error)) from None


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
