"""A tool's arguments in few words, for a model to read instead of a schema."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django_mcp.schema.walk import Schema

#: What cannot be said in a word is said as a schema.
_WHOLE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "const"})
_BOUNDS = {"minimum": "at least", "maximum": "at most", "default": "else"}


def terse_arguments(schema: Schema, fields: Sequence[str]) -> dict[str, Any]:
    """Return what each argument is; those that must be given end in ``*``.

    ``fields`` are names the reader knows, and which are not said again.
    """
    if "$defs" in schema:
        return schema
    required = schema.get("required", ())
    return {
        f"{name}*" if name in required else name: terse(one, fields)
        for name, one in schema.get("properties", {}).items()
    }


def terse(schema: Schema, fields: Collection[str] = ()) -> Any:
    """Return a word for a plain value, and the parts of what has parts."""
    if _WHOLE & schema.keys():
        return schema
    if schema.get("type") == "object" and schema.get("properties"):
        return terse_arguments(schema, list(fields))
    if schema.get("type") == "array":
        return [terse(schema.get("items", {}), fields)]
    return "; ".join(_words(schema, fields))


def _words(schema: Schema, fields: Collection[str]) -> list[str]:
    values = schema.get("enum")
    if values is None:
        words = [str(schema.get("format") or schema.get("type") or "any")]
    elif list(values) == list(fields):
        words = ["any of fields"]
    else:
        words = ["|".join(str(value) for value in values)]
    words += [
        f"{word} {schema[name]}" for name, word in _BOUNDS.items() if name in schema
    ]
    if schema.get("description"):
        words.append(str(schema["description"]))
    return words
