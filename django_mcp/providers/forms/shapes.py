"""Fields that only a whole form takes: files, several widgets, arrays as text.

Beside the sorts of ``providers/fields/inputs.py``, and as those: types only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazy
from pydantic_core import CoreSchema, core_schema

from django_mcp.providers.fields.files import file_shape
from django_mcp.providers.fields.inputs import (
    MAX_VALUES,
    MakeShape,
    Shape,
    or_null,
    several,
    shape_of,
)
from django_mcp.providers.fields.values import labelled
from django_mcp.schema import incoming
from django_mcp.schema.formfields import text, ungrouped
from django_mcp.schema.generator import joined
from django_mcp.schema.walk import Schema


def _inner(field: Any) -> Shape | None:
    """Return the shape of a field inside another."""
    return shape_of(field, None, SHAPES)


def _parts(field: Any, model_field: Any) -> Shape | None:
    """A moment, a range, or a list of what each widget takes."""
    if not isinstance(field.widget, forms.MultiWidget):
        return None
    if isinstance(field, forms.SplitDateTimeField):
        return {"type": "string", "format": "date-time"}, incoming.INSTANT
    found = [_inner(part) for part in field.fields]
    parts = [part for part in found if part is not None]
    if len(parts) < len(found) or len(found) != len(field.widget.widgets):
        return None
    if hasattr(field, "range_type"):
        return _range(parts[0])
    schemas = [
        or_null(schema) | ({"title": text(one.label)} if one.label else {})
        for one, (schema, _) in zip(field.fields, parts, strict=True)
    ]
    count = {"minItems": len(parts), "maxItems": len(parts)}
    cores = [core_schema.nullable_schema(core) for _, core in parts]
    return {"type": "array", "prefixItems": schemas, **count}, _list_of(cores)


def _list_of(cores: Sequence[CoreSchema]) -> CoreSchema:
    """Return the check of a list that has one value for each check."""
    return core_schema.no_info_after_validator_function(
        list, core_schema.tuple_schema([*cores])
    )


def _range(bound: Shape) -> Shape:
    schema, core = or_null(bound[0]), core_schema.nullable_schema(bound[1])
    field = core_schema.typed_dict_field(core, required=False)
    names = ("lower", "upper")
    return (
        {
            "type": "object",
            "properties": dict.fromkeys(names, schema),
            "additionalProperties": False,
        },
        core_schema.typed_dict_schema(
            dict.fromkeys(names, field), extra_behavior="forbid"
        ),
    )


def _array(field: Any, model_field: Any) -> Shape | None:
    one = _inner(field.base_field)
    size = getattr(field, "size", None) or MAX_VALUES
    return None if one is None else several(one, min(size, MAX_VALUES))


def _combo(field: Any, model_field: Any) -> Shape | None:
    """What the first field takes: the others take what it makes of it."""
    return _inner(field.fields[0]) if field.fields else None


SHAPES: dict[str, MakeShape] = {
    "array": _array,
    "combo": _combo,
    "file": file_shape,
    "parts": _parts,
}


# -- what its choices are called -----------------------------------------------


def labelled_schema(schema: Schema, field: Any) -> Schema:
    """Return a schema that says what its choices mean, where they do not."""
    if "enum" not in schema and "enum" not in schema.get("items", {}):
        return schema
    choices = [
        (one, text(label)) for one, label in ungrouped(field.choices) if one != ""
    ]
    if all(str(one).lower() == str(label).lower() for one, label in choices):
        return schema
    labels = lazy(labelled, str)(choices)
    words = schema.get("description")
    return {
        **schema,
        "description": joined(words, labels, " ({})") if words else labels,
    }
