"""Values of a query that a form or a serializer of the project reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.duration import duration_iso_string
from pydantic_core import core_schema

from django_mcp.providers.drf import serializers
from django_mcp.providers.fields.arguments import Argument, described, list_of, one_of
from django_mcp.providers.fields.inputs import MAX_VALUES, shape_of
from django_mcp.providers.fields.values import MAX_CHOICES
from django_mcp.schema import incoming
from django_mcp.schema.formfields import offered
from django_mcp.schema.walk import Schema

#: The field of django-filter for values with commas, by name: it is optional.
_WITH_COMMAS = "BaseCSVField"

_TEXT: Schema = {"type": "string"}


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


#: Text in a URL, where a number is text as well.
TEXT = core_schema.no_info_before_validator_function(_as_text, incoming.text_core())


def form_arguments(name: str, field: forms.Field) -> Iterator[tuple[str, Argument]]:
    """Yield what a field of a form reads from a query, each under its name there."""
    words = field.help_text or _label(field)
    if any(kind.__name__ == _WITH_COMMAS for kind in type(field).__mro__):
        several = list_of(_single(field, ""), 1, MAX_VALUES)
        core = core_schema.no_info_after_validator_function(_joined, several.core)
        schema = described(several.schema, words)
        yield name, Argument(schema=schema, core=core, required=field.required)
    elif isinstance(field, forms.MultiValueField):
        suffixes = getattr(field.widget, "suffixes", range(len(field.fields)))
        for suffix, part in zip(suffixes, field.fields, strict=True):
            key = name if suffix in {None, ""} else f"{name}_{suffix}"
            yield key, _single(part, part.label or words)
    else:
        yield name, _single(field, words)


def _label(field: forms.Field) -> Any:
    """Return what a field is called; of a filter without a column, nothing."""
    return "" if field.label == "[invalid name]" else field.label


def _single(field: forms.Field, words: Any) -> Argument:
    if isinstance(field, forms.ChoiceField) and not _has_rows(field):
        return _choice(field, words)
    schema, core = shape_of(field) or (_TEXT, TEXT)
    if schema == _TEXT:
        core = TEXT
    return Argument(
        schema=described(schema, words), core=core, required=bool(field.required)
    )


def _has_rows(field: forms.Field) -> bool:
    return isinstance(field, forms.ModelChoiceField)


def _choice(field: forms.ChoiceField, words: Any) -> Argument:
    choices: Any = field.choices
    values = list(offered(choices))
    if not 0 < len(values) <= MAX_CHOICES:
        one = Argument(schema=_TEXT, core=TEXT)
    else:
        one = _as_texts(one_of([str(value) for value in values]))
    if isinstance(field, forms.MultipleChoiceField):
        one = list_of(one, 1, MAX_VALUES)
    return Argument(schema=described(one.schema, words), core=one.core)


def _as_texts(one: Argument) -> Argument:
    core = core_schema.no_info_before_validator_function(_as_text, one.core)
    return Argument(schema=one.schema, core=core)


def _joined(values: list[Any]) -> str:
    return ",".join(text for value in values for text in query_text(value))


def query_text(value: Any) -> list[str]:
    """Return a checked value as a URL has it."""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, list | tuple):
        return [text for one in value for text in query_text(one)]
    if isinstance(value, timedelta):
        return [duration_iso_string(value)]
    return [str(value)]


def serialized_query(serializer: Any) -> dict[str, Argument]:
    """Return the arguments that a serializer of the query takes."""
    if serializer is None:
        return {}
    made = serializer() if isinstance(serializer, type) else serializer
    schema = serializers.input_schema(made)
    required = set(schema.get("required", ()))
    return {
        name: Argument(schema=one, core=_SCALARS, required=name in required)
        for name, one in schema["properties"].items()
    }


_SCALAR = core_schema.union_schema(
    [
        core_schema.bool_schema(strict=True),
        incoming.integer_core(),
        incoming.FLOAT,
        incoming.text_core(),
    ]
)
_SCALARS = core_schema.union_schema([core_schema.list_schema(_SCALAR), _SCALAR])
