"""Limits of a serializer's field, as far as JSON Schema has words for them, and null."""

from __future__ import annotations

import re
from typing import Any

from django.core import validators

from django_mcp.schema.walk import Schema


def limited(schema: Schema, field: Any) -> Schema:
    """Add the limits that JSON Schema has words for."""
    for one in field.validators:
        for kind, words in _LIMITS:
            if isinstance(one, kind):
                limit = one.limit_value
                word = words.get(_first(schema.get("type")), "")
                if word:
                    schema[word] = _number(limit() if callable(limit) else limit)
        if isinstance(one, validators.RegexValidator) and "format" not in schema:
            pattern = _pattern(one)
            if pattern and schema.get("type") == "string":
                schema["pattern"] = pattern
    if any(type(one).__name__ == "UniqueValidator" for one in field.validators):
        schema["description"] = f"{schema.get('description', '')} Unique.".strip()
    return schema


def _first(kind: Any) -> str:
    """Return the JSON type that limits speak of."""
    return "number" if isinstance(kind, list) and "number" in kind else str(kind)


def _number(limit: Any) -> Any:
    """Return a limit as a number of JSON."""
    if isinstance(limit, int | float):
        return limit
    try:
        return int(limit) if limit == int(limit) else float(limit)
    except (TypeError, ValueError):
        return str(limit)


def _pattern(one: Any) -> str:
    """Return a regular expression as JSON Schema writes it, or nothing."""
    pattern = str(one.regex.pattern).replace(r"\Z", "$").replace(r"\A", "^")
    flags = one.regex.flags & (re.IGNORECASE | re.VERBOSE | re.MULTILINE | re.DOTALL)
    is_foreign = re.search(r"\(\?(?![:=!])", pattern)
    return "" if flags or one.inverse_match or is_foreign else pattern


_NUMBERS = ("integer", "number")
_LIMITS: tuple[tuple[Any, dict[str, str]], ...] = (
    (validators.MinLengthValidator, {"string": "minLength", "array": "minItems"}),
    (validators.MaxLengthValidator, {"string": "maxLength", "array": "maxItems"}),
    (validators.MinValueValidator, dict.fromkeys(_NUMBERS, "minimum")),
    (validators.MaxValueValidator, dict.fromkeys(_NUMBERS, "maximum")),
)


def or_null(schema: Schema) -> Schema:
    """Return a schema that takes null, too."""
    if "enum" in schema and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    kinds = schema.get("type")
    if kinds is None or "null" in kinds:
        return schema
    several = [kinds] if isinstance(kinds, str) else kinds
    return {**schema, "type": [*several, "null"]}
