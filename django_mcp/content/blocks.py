"""Content blocks: which values are one, and what of one a revision can show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise

from django_mcp.content.encoding import encoded
from django_mcp.content.values import Block, Content, File
from django_mcp.protocol.revisions import Revision

#: Members that a block of each type must have.
_REQUIRED = {
    "text": {"text"},
    "image": {"data", "mimeType"},
    "audio": {"data", "mimeType"},
    "resource": {"resource"},
    "resource_link": {"uri", "name"},
}
#: Members that a block may have. A dictionary with others is a project's own.
_OPTIONAL = {"type", "annotations", "_meta"}
_LINK = {"title", "description", "mimeType", "size", "icons"}

#: Classes of the official SDK, by name: it is never imported.
_FOREIGN = {
    "TextContent": "text",
    "ImageContent": "image",
    "AudioContent": "audio",
    "EmbeddedResource": "resource",
    "ResourceLink": "resource_link",
}


def is_block(value: dict[Any, Any]) -> bool:
    """Is a dictionary a content block, and nothing else?"""
    kind = value.get("type")
    required = _REQUIRED.get(kind) if isinstance(kind, str) else None
    if required is None or not required <= value.keys():
        return False
    allowed = required | _OPTIONAL
    return value.keys() <= (allowed | _LINK if kind == "resource_link" else allowed)


def is_foreign(value: Any, *names: str) -> bool:
    """Is it an object of the official SDK with one of these class names?"""
    return type(value).__name__ in names and hasattr(value, "model_dump")


def dumped(value: Any) -> dict[str, Any]:
    """Return an object of the official SDK as it stands on the wire."""
    members: dict[str, Any] = value.model_dump(
        by_alias=True, exclude_none=True, mode="json"
    )
    return members


def block_from(value: Any) -> Block | None:
    """Return the block that a value is, or ``None`` when it is plain data."""
    if isinstance(value, Content):
        return value.block()
    if type(value) is dict:
        return value if is_block(value) else None
    kind = _FOREIGN.get(type(value).__name__)
    if kind is not None and getattr(value, "type", None) == kind:
        return dumped(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return File(value).block()
    return None


def text_block(text: str) -> Block:
    """Return words as a block."""
    return {"type": "text", "text": text}


def blocks_from(values: Iterable[Any], revision: Revision) -> list[Block]:
    """Return content in order; strings become text, other data JSON text."""
    blocks = []
    for value in values:
        block = block_from(value)
        if block is None:
            words = isinstance(value, str | Promise)
            block = text_block(str(value) if words else encoded(value).decode())
        blocks.append(fitted(block, revision))
    return blocks


def fitted(block: Block, revision: Revision) -> Block:
    """Return the block as the revision can show it."""
    if revision.icons:
        return block
    kind = block["type"]
    if kind == "audio" and not revision.audio:
        block = _told(block, f"[audio, {block['mimeType']}]")
    elif kind == "resource_link" and not revision.resource_links:
        block = _told(block, f"{block.get('title') or block['name']}: {block['uri']}")
    block = _without(block, "icons")
    # Metadata and modification times of content came with the titles.
    if revision.titles:
        return block
    if "annotations" in block:
        known = _without(block["annotations"], "lastModified")
        block = _without(block, "annotations")
        block |= {"annotations": known} if known else {}
    if kind == "resource":
        block = block | {"resource": _without(block["resource"], "_meta")}
    return _without(block, "_meta")


def _told(block: Block, text: str) -> Block:
    """Say in words what the client cannot show."""
    kept = {name: block[name] for name in ("annotations", "_meta") if name in block}
    return text_block(text) | kept


def _without(members: Block, name: str) -> Block:
    return {key: value for key, value in members.items() if key != name}
