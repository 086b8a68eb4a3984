"""What one field of a form takes, as JSON: its schema, and a first check of it.

What passes here makes no query fail; the form's own rules come after it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from pydantic_core import PydanticCustomError, core_schema

from django_mcp.providers.fields.arguments import Argument, one_of
from django_mcp.providers.fields.values import MAX_CHOICES, Kind, kind_named
from django_mcp.schema import incoming
from django_mcp.schema.formfields import offered, sort_of

#: The name of a model field that takes what a sort of form field takes.
_KINDS = {
    "boolean": "BooleanField",
    "date": "DateField",
    "datetime": "DateTimeField",
    "decimal": "FloatField",
    "duration": "DurationField",
    "float": "FloatField",
    "integer": "IntegerField",
    "time": "TimeField",
    "uuid": "UUIDField",
}


def from_form(form: forms.Field) -> Argument:
    """Return the argument for what a field of a form takes."""
    return of_kind(kind_named(_KINDS.get(sort_of(form), "SlugField")))


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
    values = list(offered(choices))
    if not 0 < len(values) <= MAX_CHOICES:
        return text
    if not all(isinstance(value, str | int) for value in values):
        return text
    return one_of(values)
