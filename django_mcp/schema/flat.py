"""The flat schemas that clients can show as forms; values in, values out.

From a pydantic model to such a schema, and an answer held against one that
somebody wrote by hand.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import Revision

Schema: TypeAlias = dict[str, Any]

_FORMATS = {"email", "uri", "date", "date-time"}
_KEYWORDS = {
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "boolean": set[str](),
    "array": {"minItems", "maxItems"},
}
#: What a float can still hold, which every check of a number needs.
MAX_BITS = 1000
_WORDS = {"title", "description"}


def flat_schema(model: type[BaseModel], revision: Revision) -> Schema:
    """Return the schema of a pydantic model whose fields are all flat.

    Raises: ImproperlyConfigured, naming the field that is not; ToolError, for
    a choice of several values where the revision has none.
    """
    whole = model.model_json_schema()
    definitions = whole.get("$defs", {})
    properties = {}
    for name, member in whole.get("properties", {}).items():
        where = f"{model.__module__}.{model.__qualname__}.{name}"
        properties[name] = _flat(_resolved(member, definitions), where, revision)
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": whole["required"]} if "required" in whole else {})


def _resolved(member: Schema, definitions: Schema) -> Schema:
    """Follow a reference, and take the one type of an optional field."""
    if "$ref" in member:
        target = definitions[member["$ref"].removeprefix("#/$defs/")]
        rest = {key: value for key, value in member.items() if key != "$ref"}
        return _resolved(target | rest, definitions)
    options = [
        _resolved(option, definitions)
        for option in member.get("anyOf", ())
        if option.get("type") != "null"
    ]
    # A decimal may be written as a number or as a string.
    numbers = [option for option in options if option.get("type") == "number"]
    chosen = options if len(options) == 1 else numbers
    if len(chosen) != 1:
        return member
    rest = {key: value for key, value in member.items() if key != "anyOf"}
    return chosen[0] | rest


def _flat(member: Schema, where: str, revision: Revision) -> Schema:
    kind = member.get("type")
    if member.get("format") == "password":
        raise ImproperlyConfigured(
            f"{where} is a secret, and secrets must not pass the client. Use"
            " context.elicit_url with a page of your own."
        )
    choices = [member["const"]] if "const" in member else member.get("enum")
    if kind not in _KEYWORDS or (choices is not None and not _are_texts(choices)):
        raise _not_flat(where)
    schema: Schema = {"type": kind}
    schema |= {key: member[key] for key in _KEYWORDS[kind] | _WORDS if key in member}
    if choices is not None:
        schema["enum"] = choices
    if member.get("format") in _FORMATS:
        schema["format"] = member["format"]
    if kind == "array":
        schema["items"] = _items(member.get("items", {}), where, revision)
    default = member.get("default")
    if isinstance(default, str) and kind == "number":
        default = float(default)  # A decimal.
    # Before 2025-11-25 only booleans have a default.
    if default is not None and (revision.elicitation_choices or kind == "boolean"):
        schema["default"] = default
    return schema


def _items(items: Schema, where: str, revision: Revision) -> Schema:
    if not _are_texts(items.get("enum")):
        raise _not_flat(where)
    if not revision.elicitation_choices:
        raise ToolError(
            f"This client speaks revision {revision.name} of the protocol, in which"
            " nobody can be asked to choose several values."
        )
    return {"type": "string", "enum": items["enum"]}


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _not_flat(where: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{where} is not flat: clients can show forms of texts, numbers, dates,"
        " yes-or-no and choices of texts only."
    )


# -- an answer against a schema --------------------------------------------


def problems(schema: Schema, content: Schema) -> list[str]:
    """Return what is wrong with an answer, as ``field: reason`` lines."""
    missing = [name for name in schema.get("required", ()) if name not in content]
    lines = [f"{name}: this field is required" for name in missing]
    for name, member in schema["properties"].items():
        if name in content:
            reason = _problem(member, content[name])
            lines += [f"{name}: {reason}"] if reason else []
    return lines


def _problem(member: Schema, value: Any) -> str:
    check = _CHECKS.get(member.get("type", ""))
    return check(member, value) if check else "has a type no client can show"


def is_number(value: Any) -> bool:
    """Is it a number that every database and float can hold?"""
    if isinstance(value, float):
        return math.isfinite(value)
    return type(value) is int and value.bit_length() <= MAX_BITS


def _check_text(member: Schema, value: Any) -> str:
    if not isinstance(value, str):
        return "should be a text"
    wrong = _amiss(member, len(value), "Length", "characters")
    return wrong or _not_among(member, value)


def _check_number(member: Schema, value: Any) -> str:
    if not is_number(value):
        return "should be a number"
    return _amiss(member, value, "imum", "")


def _check_whole(member: Schema, value: Any) -> str:
    if not is_number(value) or value != int(value):
        return "should be a whole number"
    return _amiss(member, value, "imum", "")


def _check_boolean(member: Schema, value: Any) -> str:
    return "" if isinstance(value, bool) else "should be true or false"


def _check_list(member: Schema, value: Any) -> str:
    if not _are_texts(value):
        return "should be a list of texts"
    wrong = [_amiss(member, len(value), "Items", "choices")]
    wrong += [_not_among(member.get("items", {}), item) for item in value]
    return next(filter(None, wrong), "")


_CHECKS = {
    "string": _check_text,
    "number": _check_number,
    "integer": _check_whole,
    "boolean": _check_boolean,
    "array": _check_list,
}


def _amiss(member: Schema, size: float, suffix: str, unit: str) -> str:
    """Hold a size against ``minLength`` and ``maxLength``, or their like."""
    low, high = member.get(f"min{suffix}"), member.get(f"max{suffix}")
    if low is not None and size < low:
        return f"should be at least {low} {unit}".strip()
    if high is not None and size > high:
        return f"should be at most {high} {unit}".strip()
    return ""


def _not_among(member: Schema, value: str) -> str:
    titled = member.get("oneOf") or member.get("anyOf") or ()
    known = member.get("enum") or [choice["const"] for choice in titled]
    return (
        f"should be one of {', '.join(known)}" if known and value not in known else ""
    )
