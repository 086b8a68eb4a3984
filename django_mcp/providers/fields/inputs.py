"""One field of a form as an argument: its schema, and the check of its type.

Only the type is checked here, so that any form and any database can take the
value; limits, choices and the rest are the form's to judge, in its own words.
Nothing here queries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django import forms
from django.db.models import Field as ModelField
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.fields.keys import value_field
from django_mcp.providers.fields.values import (
    MAX_CHOICES,
    Kind,
    choices_of,
    kind_from_field,
)
from django_mcp.schema import incoming
from django_mcp.schema.formfields import (
    JSONText,
    help_of,
    limits_of_number,
    limits_of_text,
    offered,
    sort_of,
    text,
)
from django_mcp.schema.walk import Schema

#: The longest text that is written, whatever a form allows.
MAX_WRITTEN = 1_000_000
#: The most values of one field that has several.
MAX_VALUES = 500

Shape: TypeAlias = tuple[Schema, CoreSchema]
#: ``make(field, model_field)``: the shape, or none for what cannot be sent.
MakeShape: TypeAlias = Callable[[Any, Any], Shape | None]


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form, as it comes in."""

    schema: Schema
    core: CoreSchema
    #: A new row needs it.
    required: bool
    #: The form's own field, of which the model knows nothing.
    extra: bool

    def argument(self, *, required: bool) -> Argument:
        """Return it as an argument."""
        return Argument(schema=self.schema, core=self.core, required=required)


def input_from(
    name: str,
    field: forms.Field,
    model_field: ModelField[Any, Any] | None,
    more: Mapping[str, MakeShape] | None = None,
) -> Input | None:
    """Return how a field of a form comes in; ``None`` if it cannot.

    ``more`` are shapes of sorts that are not known here, or in their place.
    """
    shape = shape_of(field, model_field, more)
    if shape is None:
        return None
    schema, core = shape
    if _takes_null(field, model_field):
        schema, core = or_null(schema), core_schema.nullable_schema(core)
    return Input(
        schema=_worded(schema, name, field),
        core=core,
        required=field.required and field.initial is None,
        extra=model_field is None,
    )


def shape_of(
    field: Any, model_field: Any = None, more: Mapping[str, MakeShape] | None = None
) -> Shape | None:
    """Return schema and check of a field's values, if they can be sent."""
    sort = sort_of(field)
    if more and sort in more:
        return more[sort](field, model_field)
    return _SHAPES[sort](field, model_field)


def _takes_null(field: forms.Field, model_field: Any) -> bool:
    """Does null empty it? Text is emptied by an empty text."""
    if field.required or isinstance(field, forms.ModelMultipleChoiceField):
        return False
    if isinstance(field, forms.CharField) and not isinstance(field, _NOT_TEXT):
        return False
    return model_field is None or bool(model_field.null)


def or_null(schema: Schema) -> Schema:
    """Return a schema that allows null, too."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    kind = schema.get("type")
    return schema if kind is None else {**schema, "type": [kind, "null"]}


def _worded(schema: Schema, name: str, field: forms.Field) -> Schema:
    label = field.label
    if label and str(label).lower() != name.replace("_", " ").lower():
        schema = {**schema, "title": text(label)}
    return described(schema, help_of(field))


# -- the shapes ----------------------------------------------------------------


def _none(field: Any, model_field: Any) -> None:
    """Files, and fields of several widgets, have no shape here."""


def _of(kind: Kind) -> Shape:
    core = kind.core or core_schema.str_schema(strict=True)
    return kind.schema, core


def _key(field: Any, model_field: Any) -> Shape:
    """Keys of rows, of the sort they are in their table."""
    if field.queryset is None:
        return {"type": ["integer", "string"]}, _SCALAR
    options = field.queryset.model._meta
    name = field.to_field_name
    column = options.get_field(name) if name and name != "pk" else options.pk
    return _of(kind_from_field(value_field(column)))


def _keys(field: Any, model_field: Any) -> Shape:
    return several(_key(field, model_field))


def several(one: Shape, most: int = MAX_VALUES) -> Shape:
    """Return the shape of a list of values of one shape."""
    schema, core = one
    return (
        {"type": "array", "items": schema, "maxItems": most},
        core_schema.list_schema(core, max_length=most),
    )


def _choice(field: Any, model_field: Any) -> Shape:
    if model_field is not None and (values := list(choices_of(model_field))):
        return {"enum": values}, _CHOICE
    # A callable may query, and is for the form to call.
    values = list(offered(field.choices)) if isinstance(field.choices, list) else []
    if 0 < len(values) <= MAX_CHOICES and all(
        type(v) in {bool, int, str} for v in values
    ):
        return {"enum": values}, _CHOICE
    return {"type": "string"}, _CHOICE


def _choices(field: Any, model_field: Any) -> Shape:
    return several(_choice(field, None))


def _number(field: Any, model_field: Any) -> Shape:
    if isinstance(field, forms.DecimalField):
        schema, core = {"type": "number"}, incoming.decimal_core(None, None)
    elif isinstance(field, forms.FloatField):
        schema, core = {"type": "number"}, incoming.FLOAT
    else:
        schema, core = {"type": "integer"}, incoming.integer_core()
    return {**schema, **limits_of_number(field)}, core


def _text(field: Any, model_field: Any) -> Shape:
    schema = {"type": "string", **limits_of_text(field)}
    return schema, incoming.text_core(MAX_WRITTEN)


def _formatted(word: str) -> MakeShape:
    def shape(field: Any, model_field: Any) -> Shape:
        schema, core = _text(field, model_field)
        return {**schema, "format": word}, core

    return shape


def _array(field: Any, model_field: Any) -> Shape | None:
    one = shape_of(field.base_field)
    return None if one is None else several(one)


def _fixed(schema: Schema, core: CoreSchema) -> MakeShape:
    return lambda field, model_field: (schema, core)


# -- JSON ----------------------------------------------------------------------


def _storable(value: Any) -> str:
    """Return JSON that any database can store, as text, as forms take it."""
    _check_json(value)
    try:
        return JSONText(json.dumps(value))
    except (RecursionError, ValueError):
        raise PydanticCustomError("json", "should be valid JSON") from None


def _check_json(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            _check_text(one)
        elif isinstance(one, float) and not math.isfinite(one):
            raise PydanticCustomError("finite", "should have finite numbers")
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise PydanticCustomError("null_character", "should have no null characters")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise PydanticCustomError("string_unicode", "should be valid text")


_JSON = core_schema.no_info_plain_validator_function(_storable)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**63:
        raise PydanticCustomError("choice", "should be one of the choices")
    return value


def _chosen(value: Any) -> Any:
    return value if isinstance(value, bool) else _scalar(value)


_SCALAR = core_schema.no_info_plain_validator_function(_scalar)
_CHOICE = core_schema.no_info_plain_validator_function(_chosen)

#: Kinds of ``CharField`` that hold no text.
_NOT_TEXT = (forms.JSONField, forms.UUIDField)
#: How each sort of field comes in.
_SHAPES: dict[str, MakeShape] = {
    "array": _array,
    "boolean": _fixed({"type": "boolean"}, incoming.BOOLEAN),
    "choice": _choice,
    "choices": _choices,
    "combo": _text,
    "date": _fixed({"type": "string", "format": "date"}, incoming.DAY),
    "datetime": _fixed({"type": "string", "format": "date-time"}, incoming.INSTANT),
    "decimal": _number,
    "duration": _fixed({"type": "string", "format": "duration"}, incoming.DURATION),
    "email": _formatted("email"),
    "file": _none,
    "float": _number,
    "hstore": _fixed({"type": "object"}, _JSON),
    "integer": _number,
    "json": _fixed({}, _JSON),
    "other": _text,
    "parts": _none,
    "path": _choice,
    "row": _key,
    "rows": _keys,
    "text": _text,
    "time": _fixed({"type": "string", "format": "time"}, incoming.TIME),
    "url": _formatted("uri"),
    "uuid": _fixed({"type": "string", "format": "uuid"}, incoming.UUID),
}
