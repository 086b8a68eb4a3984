"""What one field of a form takes, as JSON: its schema, and a first check of it.

What passes here makes no query fail; the form's own rules come after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from pydantic_core import PydanticCustomError, core_schema

from django_mcp.providers.models import incoming
from django_mcp.providers.models.arguments import Argument, one_of
from django_mcp.providers.models.values import MAX_CHOICES, Kind, kind_named

#: What a form field takes, by the name of a model field that takes the same.
_FORMS: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.NullBooleanField, "BooleanField"),
    (forms.BooleanField, "BooleanField"),
    (forms.DecimalField, "FloatField"),
    (forms.FloatField, "FloatField"),
    (forms.IntegerField, "IntegerField"),
    (forms.DateTimeField, "DateTimeField"),
    (forms.DateField, "DateField"),
    (forms.TimeField, "TimeField"),
    (forms.DurationField, "DurationField"),
    (forms.UUIDField, "UUIDField"),
)


def from_form(form: forms.Field) -> Argument:
    """Return the argument for what a field of a form takes."""
    for sort, name in _FORMS:
        if isinstance(form, sort):
            return of_kind(kind_named(name))
    return of_kind(kind_named("SlugField"))


def of_kind(kind: Kind) -> Argument:
    """Return the argument for one value of a sort."""
    core = kind.core or incoming.text_core()
    if kind.schema.get("type") == "string":
        core = core_schema.no_info_before_validator_function(_filled, core)
    return Argument(schema=kind.schema, core=core)


def _filled(value: Any) -> Any:
    """Refuse what a form takes for no filter at all."""
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("empty", "should not be empty")
    return value


def number(least: int, most: int) -> Argument:
    """Return the argument for a whole number."""
    return Argument(schema={"type": "integer"}, core=incoming.integer_core(least, most))


def choice_of(choices: Any) -> Argument:
    """Return the argument for one of some choices, or for any text if they
    are not known beforehand."""
    text = of_kind(kind_named("SlugField"))
    if callable(choices):
        return text
    values = [value for value in _flat(choices) if value not in {"", None}]
    if not 0 < len(values) <= MAX_CHOICES:
        return text
    if not all(isinstance(value, str | int) for value in values):
        return text
    return one_of(values)


def _flat(choices: Any) -> Iterator[Any]:
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    for value, label in pairs:
        if isinstance(label, list | tuple | Mapping):
            yield from _flat(label)
        else:
            yield value
