"""A tool's value as the members of its result, in the shape of a revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from pydantic_core import from_json, to_json

from django_mcp.content.blocks import (
    block_from,
    blocks_from,
    dumped,
    fitted,
    is_block,
    is_foreign,
    text_block,
)
from django_mcp.content.encoding import encoded
from django_mcp.content.values import UNSET, Result
from django_mcp.protocol.messages import Fields
from django_mcp.protocol.revisions import Revision

Schema = dict[str, Any]

_NOTHING = b'"content":[]'
_TEXT, _STRUCTURED = b'"content":[{"type":"text","text":', b'}],"structuredContent":'
_DEFINITIONS = "#/$defs/"
#: Types that are data whatever they hold.
_PLAIN = frozenset({bool, int, float})


def tool_result(
    value: Any,
    revision: Revision,
    *,
    structured: bool = False,
    schema: Schema | None = None,
) -> Schema | Fields:
    """Return the members of a ``CallToolResult`` for what a tool returned.

    A string is one block of text; any other data is one block of compact
    JSON; content (`Image`, blocks, lists with such) goes as it is; ``None`` is
    nothing. With ``structured``, data also goes as structured content,
    wrapped in ``{"result": …}`` where the revision wants an object. ``schema``
    is the tool's output schema: it decides about the wrapping, as
    `output_schema_for` does, and makes ``None`` a null.

    The answer is a dictionary when it may hold ``_meta``, else `Fields`.

    Raises: TypeError, for what must not or cannot be sent.
    """
    kind = type(value)
    if kind is str:
        data = text = to_json(value)
    elif value is None:
        if schema is None or not structured or not revision.structured_content:
            return _NOTHING
        return b'"content":[],' + _structured(b"null", revision, schema)
    elif (kind is dict and "type" not in value) or _is_data(value, schema):
        data = encoded(value)
        text = to_json(data.decode())
    else:
        return _content_result(value, revision, structured=structured, schema=schema)
    if not structured or not revision.structured_content:
        return b"".join((_TEXT, text, b"}]"))
    if revision.structured_any or (schema is None and data[:1] == b"{"):
        return b"".join((_TEXT, text, _STRUCTURED, data))
    return b"".join((_TEXT, text, b"}],", _structured(data, revision, schema)))


def error_result(text: str, revision: Revision) -> Schema:
    """Return the result of a tool that refused or failed, for the model to read."""
    return {"content": [text_block(text)], "isError": True}


def output_schema_for(schema: Schema, revision: Revision) -> Schema | None:
    """Return the output schema a revision can show, or ``None``.

    Where structured content must be an object, another value is wrapped, and
    so is its schema; definitions stay at the root, where references seek them.
    """
    if not revision.structured_content:
        return None
    if revision.structured_any or schema.get("type") == "object":
        return schema
    if _is_object(schema):
        return {"type": "object", **schema}
    wrapped: Schema = {"type": "object", "properties": {"result": schema}}
    # A schema with an identity of its own resolves its references itself.
    if "$id" not in schema:
        inner = _moved(schema)
        for name in ("$schema", "$defs"):
            if name in inner:
                wrapped[name] = inner.pop(name)
        wrapped["properties"] = {"result": inner}
    return wrapped | {"required": ["result"]}


def _is_data(value: Any, schema: Schema | None) -> bool:
    """Is it data for the model, rather than content?"""
    if type(value) in _PLAIN:
        return True
    if type(value) is dict:
        return schema is not None or not is_block(value)
    if isinstance(value, list | tuple):
        return schema is not None or not any(map(_is_content, value))
    if isinstance(value, Result | Iterator | Promise):
        return False
    return not is_foreign(value, "CallToolResult") and block_from(value) is None


def _is_content(item: Any) -> bool:
    if type(item) is dict:
        return "type" in item and is_block(item)
    return type(item) is not str and block_from(item) is not None


def _content_result(
    value: Any, revision: Revision, *, structured: bool, schema: Schema | None
) -> Schema | Fields:
    if isinstance(value, Result):
        return _full_result(value, revision, schema)
    if is_foreign(value, "CallToolResult"):
        return _foreign_result(dumped(value), revision, schema)
    if isinstance(value, Promise | Iterator):
        plain = str(value) if isinstance(value, Promise) else list(value)
        return tool_result(plain, revision, structured=structured, schema=schema)
    values = value if isinstance(value, list | tuple) else [value]
    return {"content": blocks_from(values, revision)}


def _full_result(result: Result, revision: Revision, schema: Schema | None) -> Schema:
    members: Schema = {"content": blocks_from(result.content, revision)}
    if result.structured is not UNSET:
        data = encoded(result.structured)
        if not result.content:
            members["content"] = [text_block(data.decode())]
        members |= _members(data, revision, schema)
    if result.is_error:
        members["isError"] = True
    if result.meta:
        members["_meta"] = dict(result.meta)
    return members


def _foreign_result(dump: Schema, revision: Revision, schema: Schema | None) -> Schema:
    members: Schema = {
        "content": [fitted(block, revision) for block in dump["content"]]
    }
    if "structuredContent" in dump:
        members |= _members(to_json(dump["structuredContent"]), revision, schema)
    if dump.get("isError"):
        members["isError"] = True
    if dump.get("_meta"):
        members["_meta"] = dump["_meta"]
    return members


def _members(data: bytes, revision: Revision, schema: Schema | None) -> Schema:
    if not revision.structured_content:
        return {}
    members: Schema = from_json(b"{%b}" % _structured(data, revision, schema))
    return members


def _structured(data: bytes, revision: Revision, schema: Schema | None) -> bytes:
    """Return the member ``structuredContent``, wrapped if it must be."""
    is_object = data[:1] == b"{" if schema is None else _is_object(schema)
    if revision.structured_any or is_object:
        return b'"structuredContent":%b' % data
    return b'"structuredContent":{"result":%b}' % data


def _is_object(schema: Schema) -> bool:
    """Does a schema say that the value is an object?

    Schemas of classes that contain themselves say so behind a reference.
    """
    if "type" in schema:
        return bool(schema["type"] == "object")
    name = str(schema.get("$ref", "")).removeprefix(_DEFINITIONS)
    target = schema.get("$defs", {}).get(name, {})
    return isinstance(target, dict) and target.get("type") == "object"


def _moved(schema: Any) -> Any:
    """Turn references to the old root into references to its new place."""
    if isinstance(schema, list):
        return [_moved(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _reference(value)
        if key == "$ref" and isinstance(value, str)
        else _moved(value)
        for key, value in schema.items()
    }


def _reference(target: str) -> str:
    if target == "#" or target.startswith("#/") and not target.startswith(_DEFINITIONS):
        return "#/properties/result" + target[1:]
    return target
