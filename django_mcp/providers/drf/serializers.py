"""A serializer as JSON Schemas: what it takes and what it gives.

A serializer here is an instance, so that fields it makes itself are seen. A
serializer inside itself ends as "an object".
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, TypeAlias

from rest_framework import fields, serializers

from django_mcp.providers.drf import fields as shapes
from django_mcp.providers.drf.limits import or_null
from django_mcp.providers.drf.relations import Field, model_field_of
from django_mcp.schema.generator import joined
from django_mcp.schema.walk import Schema

#: An instance of a serializer, which has no types.
Serializer: TypeAlias = Any

_Seen: TypeAlias = tuple[type, ...]


def is_serializer(value: Any) -> bool:
    """Is this a class of serializers?"""
    return inspect.isclass(value) and issubclass(value, serializers.BaseSerializer)


def input_schema(serializer: Serializer, *, partial: bool = False) -> Schema:
    """Return what a serializer takes; ``partial``: nothing is required."""
    return _incoming(serializer, (), partial=partial)


def output_schema(serializer: Serializer) -> Schema:
    """Return what a serializer gives; empty where nothing can be promised."""
    return _outgoing(serializer, ())


def writable(serializer: Serializer) -> dict[str, Field]:
    """Return the fields that come in, by name."""
    return {
        name: field
        for name, field in serializer.fields.items()
        if not field.read_only and not isinstance(field, fields.HiddenField)
    }


def file_fields(serializer: Serializer) -> set[str]:
    """Return the names of the fields that take a file, or a list of them."""
    return {
        name
        for name, field in writable(serializer).items()
        if isinstance(getattr(field, "child", field), fields.FileField)
    }


def json_fields(serializer: Serializer) -> set[str]:
    """Return the names of the fields that take any JSON."""
    found = writable(serializer).items()
    return {name for name, field in found if isinstance(field, fields.JSONField)}


# -- what comes in -------------------------------------------------------------


def _incoming(field: Field, seen: _Seen, *, partial: bool = False) -> Schema:
    if isinstance(field, serializers.ListSerializer):
        items = _incoming(field.child, seen, partial=partial)
        return shapes.counted({"type": "array", "items": items}, field)
    if isinstance(field, serializers.Serializer):
        return _object(field, seen, partial)
    if isinstance(field, serializers.BaseSerializer):
        return {}
    return shapes.incoming(field, lambda one: _inside(one, seen))


def _inside(field: Field, seen: _Seen) -> Schema:
    schema = _incoming(field, seen)
    return or_null(schema) if field.allow_null else schema


def _object(serializer: Serializer, seen: _Seen, is_partial: bool) -> Schema:
    kind = type(serializer)
    if kind in seen:
        return {"type": "object"}
    inputs = writable(serializer)
    schema: Schema = {
        "type": "object",
        "properties": {
            name: _taken(field, (*seen, kind)) for name, field in inputs.items()
        },
    }
    required = [name for name, field in inputs.items() if field.required]
    if required and not is_partial:
        schema["required"] = required
    return schema


def _taken(field: Field, seen: _Seen) -> Schema:
    schema = _inside(field, seen)
    default = field.default
    if default is not fields.empty and not callable(default):
        try:
            schema = {**schema, "default": shapes.plain(default)}
        except TypeError:  # no JSON: that it is optional is all one can say
            return _worded(schema, field)
    return _worded(schema, field)


# -- what goes out -------------------------------------------------------------


def _outgoing(field: Field, seen: _Seen) -> Schema:
    if isinstance(field, serializers.BaseSerializer):
        if not shapes.is_own(type(field).to_representation):
            return {}
        if isinstance(field, serializers.ListSerializer):
            return {"type": "array", "items": _outgoing(field.child, seen)}
        if isinstance(field, serializers.Serializer):
            return _given_object(field, seen)
        return {}
    return shapes.outgoing(field, lambda one: _outgoing(one, seen))


def _given_object(serializer: Serializer, seen: _Seen) -> Schema:
    kind = type(serializer)
    if kind in seen:
        return {"type": "object"}
    outputs = {n: f for n, f in serializer.fields.items() if not f.write_only}
    give = partial(_given, seen=(*seen, kind))
    schema: Schema = {
        "type": "object",
        "properties": {name: give(field) for name, field in outputs.items()},
    }
    # What is no column may be missing from a row, and is then left out.
    required = [n for n, f in outputs.items() if model_field_of(f) is not None]
    return schema | ({"required": required} if required else {})


def _given(field: Field, seen: _Seen) -> Schema:
    schema = _outgoing(field, seen)
    column = model_field_of(field)
    if column is None or column.null:
        schema = or_null(schema)
    return _worded(schema, field)


def _worded(schema: Schema, field: Field) -> Schema:
    label, name = field.label, str(field.field_name)
    if label and str(label).lower() != name.replace("_", " ").lower():
        schema = {**schema, "title": label}
    texts = [text for text in (field.help_text, schema.get("description")) if text]
    if len(texts) == 2:
        texts = [joined(joined(texts[0], " "), texts[1])]
    return {**schema, "description": texts[0]} if texts else schema
