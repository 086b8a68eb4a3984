"""One field of a form as an argument: its schema, and the check of its type.

Only the type is checked here, so that any form and any database can take the
value; limits, choices and the rest are the form's to judge, in its own words.
Nothing here queries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django import forms
from django.db.models import Field as ModelField
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from django_mcp.providers.models import incoming
from django_mcp.providers.models.arguments import Argument, described
from django_mcp.providers.models.paths import value_field
from django_mcp.providers.models.values import (
    MAX_CHOICES,
    Kind,
    choices_of,
    kind_from_field,
)
from django_mcp.schema.walk import Schema

#: The longest text that is written, whatever a form allows.
MAX_WRITTEN = 1_000_000
#: The most values of one field that has several.
MAX_VALUES = 500

_Shape: TypeAlias = tuple[Schema, CoreSchema]


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
    name: str, field: forms.Field, model_field: ModelField[Any, Any] | None
) -> Input | None:
    """Return how a field of a form comes in; ``None`` if it cannot."""
    shape = _shape(field, model_field)
    if shape is None:
        return None
    schema, core = shape
    if _takes_null(field, model_field):
        schema, core = _or_null(schema), core_schema.nullable_schema(core)
    return Input(
        schema=_worded(schema, name, field),
        core=core,
        required=field.required and field.initial is None,
        extra=model_field is None,
    )


def _shape(field: Any, model_field: Any) -> _Shape | None:
    for kinds, shape in _SHAPES:
        if isinstance(field, kinds):
            return shape(field, model_field)
    if hasattr(field, "base_field"):
        return _array(field, model_field)
    if type(field).__name__ == "HStoreField":
        return {"type": "object"}, _JSON
    return _text(field, model_field)


def _takes_null(field: forms.Field, model_field: Any) -> bool:
    """Does null empty it? Text is emptied by an empty text."""
    if field.required or isinstance(field, forms.ModelMultipleChoiceField):
        return False
    if isinstance(field, forms.CharField) and not isinstance(field, _NOT_TEXT):
        return False
    return model_field is None or bool(model_field.null)


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    kind = schema.get("type")
    return schema if kind is None else {**schema, "type": [kind, "null"]}


def _worded(schema: Schema, name: str, field: forms.Field) -> Schema:
    label = str(field.label or "")
    if label and label.lower() != name.replace("_", " ").lower():
        schema = {**schema, "title": label}
    return described(schema, str(field.help_text))


# -- the shapes ----------------------------------------------------------------


def _none(field: Any, model_field: Any) -> None:
    """Files, and fields of several widgets, have no shape here."""


def _of(kind: Kind) -> _Shape:
    core = kind.core or core_schema.str_schema(strict=True)
    return kind.schema, core


def _key(field: Any, model_field: Any) -> _Shape:
    """Keys of rows, of the sort they are in their table."""
    if field.queryset is None:
        return {"type": ["integer", "string"]}, _SCALAR
    options = field.queryset.model._meta
    name = field.to_field_name
    column = options.get_field(name) if name and name != "pk" else options.pk
    return _of(kind_from_field(value_field(column)))


def _keys(field: Any, model_field: Any) -> _Shape:
    return _several(_key(field, model_field))


def _several(one: _Shape) -> _Shape:
    schema, core = one
    return (
        {"type": "array", "items": schema, "maxItems": MAX_VALUES},
        core_schema.list_schema(core, max_length=MAX_VALUES),
    )


def _choice(field: Any, model_field: Any) -> _Shape:
    if model_field is not None and (values := list(choices_of(model_field))):
        return {"enum": values}, _SCALAR
    # A callable may query, and is for the form to call.
    choices = field.choices if isinstance(field.choices, list) else []
    values = [value for value, _ in flat(choices) if value not in {"", None}]
    if 0 < len(values) <= MAX_CHOICES and all(type(v) in {str, int} for v in values):
        return {"enum": values}, _SCALAR
    return {"type": "string"}, _SCALAR


def flat(choices: list[Any]) -> list[tuple[Any, Any]]:
    """Return choices without their groups."""
    found: list[tuple[Any, Any]] = []
    for value, label in choices:
        found += label if isinstance(label, list | tuple) else [(value, label)]
    return found


def _choices(field: Any, model_field: Any) -> _Shape:
    return _several(_choice(field, None))


def _number(field: Any, model_field: Any) -> _Shape:
    if isinstance(field, forms.DecimalField):
        schema, core = {"type": "number"}, incoming.decimal_core(None, None)
    elif isinstance(field, forms.FloatField):
        schema, core = {"type": "number"}, incoming.FLOAT
    else:
        schema, core = {"type": "integer"}, incoming.integer_core()
    limits = {"minimum": field.min_value, "maximum": field.max_value}
    known = {word: _plain(limit) for word, limit in limits.items() if limit is not None}
    return {**schema, **known}, core


def _plain(limit: Any) -> int | float:
    limit = limit() if callable(limit) else limit
    return int(limit) if limit == int(limit) else float(limit)


def _text(field: Any, model_field: Any) -> _Shape:
    schema: Schema = {"type": "string"}
    for word, name in (("minLength", "min_length"), ("maxLength", "max_length")):
        limit = getattr(field, name, None)
        if limit is not None:
            schema[word] = limit
    if isinstance(field, forms.EmailField):
        schema["format"] = "email"
    elif isinstance(field, forms.URLField):
        schema["format"] = "uri"
    return schema, incoming.text_core(MAX_WRITTEN)


def _array(field: Any, model_field: Any) -> _Shape | None:
    one = _shape(field.base_field, None)
    return None if one is None else _several(one)


def _fixed(schema: Schema, core: CoreSchema) -> Callable[[Any, Any], _Shape]:
    return lambda field, model_field: (schema, core)


# -- JSON ----------------------------------------------------------------------


def _storable(value: Any) -> str:
    """Return JSON that any database can store, as text, as forms take it."""
    _check_json(value)
    try:
        return json.dumps(value)
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


_SCALAR = core_schema.no_info_plain_validator_function(_scalar)

#: Kinds of ``CharField`` that hold no text.
_NOT_TEXT = (forms.JSONField, forms.UUIDField)
#: The first row that fits decides, so subclasses stand before their bases.
_SHAPES: tuple[tuple[Any, Callable[[Any, Any], _Shape | None]], ...] = (
    ((forms.FileField, forms.MultiValueField), _none),
    (forms.JSONField, _fixed({}, _JSON)),
    (forms.UUIDField, _fixed({"type": "string", "format": "uuid"}, incoming.UUID)),
    (forms.ModelMultipleChoiceField, _keys),
    (forms.ModelChoiceField, _key),
    (forms.MultipleChoiceField, _choices),
    ((forms.NullBooleanField, forms.BooleanField),
     _fixed({"type": "boolean"}, incoming.BOOLEAN)),
    (forms.ChoiceField, _choice),
    (forms.IntegerField, _number),
    (forms.DateTimeField,
     _fixed({"type": "string", "format": "date-time"}, incoming.INSTANT)),
    (forms.DateField, _fixed({"type": "string", "format": "date"}, incoming.DAY)),
    (forms.TimeField, _fixed({"type": "string", "format": "time"}, incoming.TIME)),
    (forms.DurationField,
     _fixed({"type": "string", "format": "duration"}, incoming.DURATION)),
)  # fmt: skip
