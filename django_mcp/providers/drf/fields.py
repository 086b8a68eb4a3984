"""A serializer's field as a JSON Schema, as it comes in and as it goes out.

What comes in is described with its limits; the serializer judges it. What goes
out is promised only as far as the field itself keeps it: rows in a database may
be older than a limit or a choice. Nothing here queries.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic_core import PydanticSerializationError, to_jsonable_python
from rest_framework import fields, relations
from rest_framework.settings import api_settings
from rest_framework.utils import humanize_datetime

from django_mcp.providers.drf import relations as keys
from django_mcp.providers.drf.limits import limited, or_null
from django_mcp.providers.drf.relations import Field, Inner
from django_mcp.providers.fields.files import FILE
from django_mcp.providers.fields.values import MAX_CHOICES
from django_mcp.schema.walk import Schema

_OWN = ("rest_framework.", "django.")
_HINTS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    list: {"type": "array"},
    dict: {"type": "object"},
}
_HINTS |= {kind.__name__: schema for kind, schema in _HINTS.items()}


def incoming(field: Field, inner: Inner) -> Schema:
    """Return what a field takes, without words and without null."""
    for kinds, shape in _INCOMING:
        if isinstance(field, kinds):
            return limited(shape(field, inner), field)
    return _hinted(type(field).to_internal_value)


def outgoing(field: Field, inner: Inner) -> Schema:
    """Return what a field gives, without words and without null."""
    if not is_own(type(field).to_representation):
        return _hinted(type(field).to_representation)
    for kinds, shape in _OUTGOING:
        if isinstance(field, kinds):
            return shape(field, inner)
    return {}


def is_own(function: Any) -> bool:
    """Does a method come from the framework, so that it is known what it does?"""
    return f"{inspect.unwrap(function).__module__}.".startswith(_OWN)


def plain(value: Any) -> Any:
    """Return a value as JSON has it. Raises: TypeError"""
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError as error:
        raise TypeError(str(error)) from None


# -- the shapes ----------------------------------------------------------------


def _fixed(**schema: Any) -> Callable[[Field, Inner], Schema]:
    return lambda field, inner: dict(schema)


def _decimal_in(field: Field, inner: Inner) -> Schema:
    # Text keeps every digit, and a number is taken as well.
    if _is_text(field):
        return {"type": ["string", "number"], "format": "decimal"}
    return {"type": "number"}


def _decimal_out(field: Field, inner: Inner) -> Schema:
    return {"type": "string"} if _is_text(field) else {"type": "number"}


def _big_out(field: Field, inner: Inner) -> Schema:
    return {"type": "string"} if _is_text(field, False) else {"type": "integer"}


def _is_text(field: Field, default: Any = None) -> bool:
    if default is None:
        default = api_settings.COERCE_DECIMAL_TO_STRING
    return bool(getattr(field, "coerce_to_string", default))


def _uuid_out(field: Field, inner: Inner) -> Schema:
    return {"type": "integer" if field.uuid_format == "int" else "string"}


def _address(field: Field, inner: Inner) -> Schema:
    if field.protocol in {"ipv4", "ipv6"}:
        return {"type": "string", "format": field.protocol}
    return {"type": "string"}


def _moment_in(field: Field, inner: Inner) -> Schema:
    formats = getattr(field, "input_formats", None) or _setting(field, "INPUT_FORMATS")
    if any(str(one).lower() == "iso-8601" for one in formats):
        return {"type": "string", "format": _moment(field)[1]}
    written = _WRITTEN[_moment(field)[0]](formats)
    return {"type": "string", "description": f"Written as {written}."}


def _moment_out(field: Field, inner: Inner) -> Schema:
    written = getattr(field, "format", _setting(field, "FORMAT"))
    if written is None or str(written).lower() == "iso-8601":
        return {"type": "string", "format": _moment(field)[1]}
    return {"type": "string"}


def _setting(field: Field, name: str) -> Any:
    return getattr(api_settings, f"{_moment(field)[0]}_{name}")


def _moment(field: Field) -> tuple[str, str]:
    if isinstance(field, fields.DateTimeField):
        return "DATETIME", "date-time"
    return ("DATE", "date") if isinstance(field, fields.DateField) else ("TIME", "time")


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "DATETIME": humanize_datetime.datetime_formats,
    "DATE": humanize_datetime.date_formats,
    "TIME": humanize_datetime.time_formats,
}


def _choice_in(field: Field, inner: Inner) -> Schema:
    values = [_choice(value) for value in field.choices]
    if field.allow_blank and "" not in values:
        values.append("")
    if not 0 < len(values) <= MAX_CHOICES:
        return {"type": "string"}
    schema: Schema = {"enum": values}
    labels = [
        f"{value}: {label}"
        for value, label in field.choices.items()
        if str(label).lower() != str(value).lower().replace("_", " ")
    ]
    return schema | ({"description": "; ".join(labels)} if labels else {})


def _choice(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else str(value)


def _choice_out(field: Field, inner: Inner) -> Schema:
    is_text = all(isinstance(value, str) for value in field.choices)
    return {"type": "string"} if is_text else {}


def _choices_in(field: Field, inner: Inner) -> Schema:
    schema: Schema = {"type": "array", "items": _choice_in(field, inner)}
    return schema if field.allow_empty else {**schema, "minItems": 1}


def _list(field: Field, inner: Inner) -> Schema:
    schema: Schema = {"type": "array", "items": inner(field.child)}
    return counted(schema, field)


def counted(schema: Schema, field: Field) -> Schema:
    """Add how many items a list has."""
    least = field.min_length or (None if field.allow_empty else 1)
    for word, limit in (("minItems", least), ("maxItems", field.max_length)):
        if limit is not None:
            schema[word] = limit
    return schema


def _list_out(field: Field, inner: Inner) -> Schema:
    # The field lets null through for any of its items.
    return {"type": "array", "items": or_null(inner(field.child))}


def _dictionary(field: Field, inner: Inner) -> Schema:
    child = inner(field.child)
    schema: Schema = {"type": "object", "additionalProperties": child or True}
    return schema if field.allow_empty else {**schema, "minProperties": 1}


def _dictionary_out(field: Field, inner: Inner) -> Schema:
    child = or_null(inner(field.child))
    return {"type": "object", "additionalProperties": child or True}


def _json(field: Field, inner: Inner) -> Schema:
    return {"type": "string"} if field.binary else {}


def _file_out(field: Field, inner: Inner) -> Schema:
    return {"type": "string"}


def _method(field: Field, inner: Inner) -> Schema:
    function = getattr(type(field.parent), str(field.method_name), None)
    return _hinted(function) if function is not None else {}


def _hinted(function: Any) -> Schema:
    """Return what a hint says about the value a function returns."""
    hint = getattr(inspect.unwrap(function), "__annotations__", {}).get("return")
    try:
        return dict(_HINTS.get(hint, {}))
    except TypeError:  # not hashable
        return {}


# -- the rows -------------------------------------------------------------------

_Row: TypeAlias = tuple[Any, Callable[[Field, Inner], Schema]]
_MOMENTS = (fields.DateTimeField, fields.DateField, fields.TimeField)
_TEXTS: tuple[_Row, ...] = (
    (fields.EmailField, _fixed(type="string", format="email")),
    (fields.URLField, _fixed(type="string", format="uri")),
    (fields.IPAddressField, _address),
    (fields.CharField, _fixed(type="string")),
)
_BOTH: tuple[_Row, ...] = (
    (fields.BooleanField, _fixed(type="boolean")),
    (fields.FloatField, _fixed(type="number")),
    (fields.DurationField, _fixed(type="string")),
    (fields.JSONField, _json),
    (relations.PrimaryKeyRelatedField, keys.key),
    (relations.SlugRelatedField, keys.slug),
    (relations.HyperlinkedRelatedField, _fixed(type="string", format="uri-reference")),
    (relations.ManyRelatedField, keys.many),
    (fields.ModelField, keys.column),
)
#: The first row that fits decides, so subclasses stand before their bases.
_INCOMING: tuple[_Row, ...] = (
    *_TEXTS,
    (fields.UUIDField, _fixed(type="string", format="uuid")),
    (fields.IntegerField, _fixed(type="integer")),
    (fields.DecimalField, _decimal_in),
    (_MOMENTS, _moment_in),
    (fields.MultipleChoiceField, _choices_in),
    # Its choices are paths on the server: not for all who see the tool.
    (fields.FilePathField, _fixed(type="string")),
    (fields.ChoiceField, _choice_in),
    (fields.ListField, _list),
    (fields.DictField, _dictionary),
    (fields.FileField, lambda field, inner: dict(FILE)),
    *_BOTH,
)  # fmt: skip
_OUTGOING: tuple[_Row, ...] = (
    (fields.URLField, _fixed(type="string")),
    *_TEXTS,
    (fields.UUIDField, _uuid_out),
    (fields.IntegerField, _big_out),
    (fields.DecimalField, _decimal_out),
    (_MOMENTS, _moment_out),
    (fields.MultipleChoiceField, _fixed(type="array")),
    (fields.ChoiceField, _choice_out),
    (fields.ListField, _list_out),
    (fields.DictField, _dictionary_out),
    (fields.FileField, _file_out),
    (fields.SerializerMethodField, _method),
    (relations.StringRelatedField, _fixed(type="string")),
    *_BOTH,
)
