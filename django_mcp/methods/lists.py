"""tools/list, resources/list, resources/templates/list and prompts/list.

A page is serialised once for all who see the same of it, and sent as bytes
until the list changes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from django_mcp.conf import conf
from django_mcp.content import output_schema_for
from django_mcp.languages import several
from django_mcp.primitives import (
    Primitive,
    Prompt,
    PromptArgument,
    Resource,
    ResourceTemplate,
    Tool,
)
from django_mcp.protocol.errors import ProtocolError, invalid_params
from django_mcp.protocol.events import Asked
from django_mcp.protocol.messages import Complete, Fields, fields_from
from django_mcp.protocol.revisions import Revision
from django_mcp.registry import Shelf

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer

#: Pages kept as bytes, and the bytes in all of them; more only means
#: serialising again. Strangers may ask for every revision and language.
MAX_PAGES, MAX_SIZE = 1024, 2**25
#: Characters of a cursor: ours hold one key, and they are kept beside the pages.
MAX_CURSOR = 4096


def tools(server: MCPServer, event: Asked, context: Context) -> Fields:
    """Serve tools/list."""
    return _page(server, event, context, server.registry.tools, _TOOLS)


def resources(server: MCPServer, event: Asked, context: Context) -> Fields:
    """Serve resources/list."""
    return _page(server, event, context, server.registry.resources, _RESOURCES)


def templates(server: MCPServer, event: Asked, context: Context) -> Fields:
    """Serve resources/templates/list."""
    return _page(server, event, context, server.registry.templates, _TEMPLATES)


def prompts(server: MCPServer, event: Asked, context: Context) -> Fields:
    """Serve prompts/list."""
    return _page(server, event, context, server.registry.prompts, _PROMPTS)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The member of the result, and how to describe what is in it."""

    member: str
    describe: Callable[[Any, Revision], dict[str, Any]]


def _page(
    server: MCPServer,
    event: Asked,
    context: Context,
    shelf: Shelf[Any],
    listing: _Listing,
) -> Fields:
    cursor = event.params.get("cursor")
    size = conf.now.PAGE_SIZE
    passed = shelf.passed(context)
    translated = shelf.translated or server.translated
    key = (
        listing.member,
        shelf.generation,
        event.revision.name,
        passed,
        cursor,
        size,
        get_language() if translated else "",
    )
    try:
        page: Fields | None = server.pages.get(key)
    except TypeError:  # a cursor that is no string
        raise _bad_cursor() from None
    if page is None:
        visible = shelf.visible(passed)
        private = (
            bool(shelf.rules)
            or not server.authenticators.open
            or (translated and several())
        )
        shown, following = _cut(visible, cursor, size, listing.member)
        result: dict[str, Any] = {
            listing.member: [listing.describe(one, event.revision) for one in shown]
        }
        if following is not None:
            result["nextCursor"] = following
        if not event.revision.handshake:
            result["ttlMs"] = conf.LIST_TTL
            result["cacheScope"] = "private" if private else "public"
        page = Complete(fields_from(result) + server.ending(event.revision))
        if cursor is None or _is_ours(cursor, shelf, listing.member):
            _keep(server.pages, key, page)
    return page


def _keep(pages: dict[Any, Fields], key: Any, page: Fields) -> None:
    size = sum(map(len, tuple(pages.values())), len(page))
    if len(pages) >= MAX_PAGES or size > MAX_SIZE:
        pages.clear()
    pages[key] = page


def _cut(
    visible: list[Any], cursor: Any, size: int | None, member: str
) -> tuple[list[Any], str | None]:
    """Return the primitives of one page and the cursor of the next.

    The cursor names the last key seen, so that pages stay right when
    primitives come and go between them.
    """
    if cursor is not None:
        after = _read_cursor(cursor, member) if size is not None else None
        if after is None:
            raise _bad_cursor()
        visible = [primitive for primitive in visible if primitive.key > after]
    if size is None or len(visible) <= size:
        return visible, None
    shown = visible[:size]
    return shown, _cursor(member, shown[-1].key)


def _cursor(member: str, key: str) -> str:
    text = f"{member}:{key}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _is_ours(cursor: str, shelf: Shelf[Any], member: str) -> bool:
    """Might we have given this cursor? Made-up ones are served, but not kept."""
    after = _read_cursor(cursor, member)
    return (
        after is not None
        and shelf.peek(after) is not None
        and cursor == _cursor(member, after)
    )


def _read_cursor(cursor: Any, member: str) -> str | None:
    if type(cursor) is not str or len(cursor) > MAX_CURSOR:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return None
    kind, found, key = text.partition(":")
    return key if found and kind == member else None


def _bad_cursor() -> ProtocolError:
    return invalid_params("cursor: not a cursor of this list; begin without one")


# -- how a primitive looks on the wire -------------------------------------


def _tool(tool: Tool, revision: Revision) -> dict[str, Any]:
    described = _common(tool, revision)
    described["inputSchema"] = tool.input_schema
    if tool.output_schema is not None:
        schema = output_schema_for(tool.output_schema, revision)
        if schema is not None:
            described["outputSchema"] = schema
    if revision.annotations:
        hints = {
            "readOnlyHint": tool.read_only or None,
            "destructiveHint": tool.destructive,
            "idempotentHint": tool.idempotent,
            "openWorldHint": tool.open_world,
        }
        if tool.title and not revision.titles:
            hints["title"] = str(tool.title)  # type: ignore[assignment]
        annotations = {
            name: value for name, value in hints.items() if value is not None
        }
        if annotations:
            described["annotations"] = annotations
    return described


def _resource(resource: Resource, revision: Revision) -> dict[str, Any]:
    described = {"uri": resource.uri, **_common(resource, revision)}
    if resource.size is not None:
        described["size"] = resource.size
    return described | _data(resource)


def _template(template: ResourceTemplate, revision: Revision) -> dict[str, Any]:
    described = {"uriTemplate": template.uri_template, **_common(template, revision)}
    return described | _data(template)


def _data(primitive: Resource | ResourceTemplate) -> dict[str, Any]:
    described: dict[str, Any] = {}
    if primitive.mime_type:
        described["mimeType"] = primitive.mime_type
    if primitive.annotations:
        described["annotations"] = dict(primitive.annotations)
    return described


def _prompt(prompt: Prompt, revision: Revision) -> dict[str, Any]:
    described = _common(prompt, revision)
    if prompt.arguments:
        described["arguments"] = [
            _argument(argument, revision) for argument in prompt.arguments
        ]
    return described


def _argument(argument: PromptArgument, revision: Revision) -> dict[str, Any]:
    described: dict[str, Any] = {"name": argument.name}
    if argument.title and revision.titles:
        described["title"] = str(argument.title)
    if argument.description:
        described["description"] = str(argument.description)
    if argument.required:
        described["required"] = True
    return described


def _common(primitive: Primitive, revision: Revision) -> dict[str, Any]:
    described: dict[str, Any] = {"name": primitive.name}
    if primitive.title and revision.titles:
        described["title"] = str(primitive.title)
    if primitive.description:
        described["description"] = str(primitive.description)
    if primitive.icons and revision.icons:
        described["icons"] = [icon.described() for icon in primitive.icons]
    if primitive.meta and revision.titles:
        described["_meta"] = dict(primitive.meta)
    return described


_TOOLS = _Listing("tools", _tool)
_RESOURCES = _Listing("resources", _resource)
_TEMPLATES = _Listing("resourceTemplates", _template)
_PROMPTS = _Listing("prompts", _prompt)
