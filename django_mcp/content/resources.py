"""What a resource returned, as the contents of ``resources/read``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise

from django_mcp.content.blocks import dumped, is_foreign
from django_mcp.content.encoding import encoded
from django_mcp.content.media import type_of_bytes
from django_mcp.content.values import Block, EmbeddedResource, File, Media, Text
from django_mcp.exceptions import NotRegistered
from django_mcp.protocol.revisions import Revision

_FOREIGN = ("TextResourceContents", "BlobResourceContents")


def resource_contents(
    value: Any, uri: str, mime_type: str, revision: Revision
) -> list[Block]:
    """Return the contents at ``uri`` for what its function returned.

    Strings are text, bytes are a blob, content goes as it is, and so does a
    list of content; other data is JSON. ``mime_type`` is what the resource
    declares; content that knows its own type keeps it.

    Raises: NotRegistered, for ``None``: there is nothing at this URI.
    """
    if value is None:
        raise NotRegistered(f"There is nothing at {uri}.")
    if is_foreign(value, "ReadResourceResult"):
        contents: list[Block] = dumped(value)["contents"]
    elif isinstance(value, list | tuple | Iterator):
        values = list(value)
        found = [_contents_from(item) for item in values]
        contents = [item for item in found if item is not None]
        if not values or len(contents) < len(values):
            contents = [_json(values, uri, mime_type)]
    else:
        contents = [_contents(value, uri, mime_type)]
    if revision.titles:
        return contents
    # Metadata of contents came with the titles.
    return [
        {name: member for name, member in item.items() if name != "_meta"}
        for item in contents
    ]


def _contents(value: Any, uri: str, mime_type: str) -> Block:
    if isinstance(value, str | Promise):
        return {"uri": uri, "mimeType": mime_type or "text/plain", "text": str(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        kind = mime_type or type_of_bytes(data) or "application/octet-stream"
        return {"uri": uri, "mimeType": kind, "blob": b64encode(data).decode()}
    if isinstance(value, File | Media | Text):
        return value.contents(uri)
    return _contents_from(value) or _json(value, uri, mime_type)


def _contents_from(value: Any) -> Block | None:
    """Return contents that say themselves where they are, or ``None``."""
    if isinstance(value, EmbeddedResource | File):
        return value.contents(value.uri)
    if is_foreign(value, *_FOREIGN):
        return dumped(value)
    if type(value) is dict and _is_contents(value):
        return value
    return None


def _is_contents(value: Block) -> bool:
    """Is a dictionary the contents of a resource, and nothing else?"""
    if not value.keys() <= {"uri", "mimeType", "text", "blob", "_meta"}:
        return False
    return "uri" in value and ("text" in value) != ("blob" in value)


def _json(value: Any, uri: str, mime_type: str) -> Block:
    text = encoded(value).decode()
    return {"uri": uri, "mimeType": mime_type or "application/json", "text": text}
