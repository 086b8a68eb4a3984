"""Which method is served by which function, in which era.

Two exceptions are served by the transports, because they are streams and not
answers: subscriptions/listen, and the answers to our own questions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django_mcp.methods import (
    completion,
    lifecycle,
    lists,
    primitives,
    subscriptions,
)
from django_mcp.methods.calling import Result
from django_mcp.primitives import Allowed, Primitive, anyone
from django_mcp.protocol.events import Asked

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

Serve: TypeAlias = "Callable[[MCPServer, Asked, Context], Result | Awaitable[Result]]"
Blocks: TypeAlias = "Callable[[MCPServer, Asked, Context], bool]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One row: the function, and what has to be known before it is called."""

    serve: Serve
    #: May `serve` block for this message (a query, a synchronous function)?
    blocks: Blocks
    handshake: bool = True
    stateless: bool = True


def _never(server: MCPServer, event: Asked, context: Context) -> bool:
    return False


def _always(server: MCPServer, event: Asked, context: Context) -> bool:
    return True


def _tool_blocks(server: MCPServer, event: Asked, context: Context) -> bool:
    tool = server.registry.tools.peek(event.params.get("name"))
    return tool is not None and _primitive_blocks(tool, event, context)


def _prompt_blocks(server: MCPServer, event: Asked, context: Context) -> bool:
    prompt = server.registry.prompts.peek(event.params.get("name"))
    return prompt is not None and _primitive_blocks(prompt, event, context)


def _resource_blocks(server: MCPServer, event: Asked, context: Context) -> bool:
    registry = server.registry
    resource = registry.resources.peek(event.params.get("uri"))
    if resource is not None:
        return _primitive_blocks(resource, event, context)
    return any(
        _primitive_blocks(template, event, context) for template in registry.templates
    )


def _primitive_blocks(primitive: Primitive, event: Asked, context: Context) -> bool:
    return (
        primitive.blocking
        or bool(primitive.throttle)
        or "requestState" in event.params
        or (
            primitive.allowed is not anyone and _rule_blocks(primitive.allowed, context)
        )
    )


def _rule_blocks(rule: Allowed, context: Context) -> bool:
    """A rule may block, unless it says that it knows its answer."""
    known = getattr(rule, "known", None)
    return known is None or not known(context)


def _list_blocks(shelf: str) -> Blocks:
    def blocks(server: MCPServer, event: Asked, context: Context) -> bool:
        rules = getattr(server.registry, shelf).rules
        return any(_rule_blocks(rule, context) for rule in rules)

    return blocks


METHODS: dict[str, Method] = {
    "initialize": Method(serve=lifecycle.initialize, blocks=_never, stateless=False),
    "ping": Method(serve=lifecycle.ping, blocks=_never, stateless=False),
    "server/discover": Method(serve=lifecycle.discover, blocks=_never, handshake=False),
    "tools/list": Method(serve=lists.tools, blocks=_list_blocks("tools")),
    "tools/call": Method(serve=primitives.call_tool, blocks=_tool_blocks),
    "resources/list": Method(serve=lists.resources, blocks=_list_blocks("resources")),
    "resources/templates/list": Method(
        serve=lists.templates, blocks=_list_blocks("templates")
    ),
    "resources/read": Method(serve=primitives.read_resource, blocks=_resource_blocks),
    "resources/subscribe": Method(
        serve=subscriptions.subscribe, blocks=_always, stateless=False
    ),
    "resources/unsubscribe": Method(
        serve=subscriptions.unsubscribe, blocks=_always, stateless=False
    ),
    "prompts/list": Method(serve=lists.prompts, blocks=_list_blocks("prompts")),
    "prompts/get": Method(serve=primitives.get_prompt, blocks=_prompt_blocks),
    "completion/complete": Method(serve=completion.complete, blocks=_always),
    "logging/setLevel": Method(
        serve=lifecycle.set_level, blocks=_always, stateless=False
    ),
}
_HANDSHAKE = {name: method for name, method in METHODS.items() if method.handshake}
_STATELESS = {name: method for name, method in METHODS.items() if method.stateless}


def method_of(event: Asked) -> Method | None:
    """Return the row that serves a message, if its era has one."""
    methods = _HANDSHAKE if event.revision.handshake else _STATELESS
    return methods.get(event.method)
