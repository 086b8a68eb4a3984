"""One field of a Django form as a flat schema, and its answer as a value.

What a client shows of it: a text, a number, a date, yes or no, or a choice
(2025-11-25 and 2026-07-28, client/elicitation). Reading choices may query.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import ValidationError as FieldError
from django.forms.utils import pretty_name
from django.utils.translation import gettext
from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import Revision
from django_mcp.schema import incoming
from django_mcp.schema.controls import listed, text_of
from django_mcp.schema.errors import lines_from
from django_mcp.schema.flat import is_number
from django_mcp.schema.formfields import (
    help_of,
    is_secret,
    limits_of_number,
    limits_of_text,
    plain_value,
    sort_of,
    text,
    ungrouped,
)
from django_mcp.schema.walk import Schema

#: All the countries of the world can be chosen from; each is a row more to send.
MAX_CHOICES = 300
#: What a person typed is not longer, whatever the form allows.
MAX_TEXT = 100_000


def flat_field(form: forms.BaseForm, name: str, revision: Revision) -> Schema:
    """Return the schema of one field; an empty one if there is nothing to choose.

    Raises: ImproperlyConfigured, for a field that cannot be asked of anybody;
    ToolError, for one that this client's revision cannot show.
    """
    field = form.fields[name]
    where = f"{type(form).__module__}.{type(form).__qualname__}.{name}"
    if is_secret(field.widget):
        raise ImproperlyConfigured(
            f"{where} asks for a secret: passwords and their like must not pass the"
            " client. Use context.elicit_url with a page of your own."
        )
    one = _judged(field)
    sort = _sort_of(one)
    if sort not in _SHAPES:
        raise ImproperlyConfigured(
            f"{where} is a {type(field).__name__}: clients can show flat forms of"
            " texts, numbers, dates, yes-or-no and choices only."
        )
    schema = _SHAPES[sort](one, where, revision)
    if not schema:
        return {}
    label = pretty_name(name) if field.label is None else str(text(field.label))
    schema |= {"title": label} if label else {}
    schema |= {"description": str(help_of(field))} if field.help_text else {}
    default = _default(form.get_initial_for_field(field, name), field, schema)
    # Before 2025-11-25 only booleans have a default.
    if default is not None and (
        revision.elicitation_choices or schema["type"] == "boolean"
    ):
        schema["default"] = default
    return schema


def is_kept(form: forms.BaseForm, name: str) -> bool:
    """Is it not for the person, and sent back as it was?

    Raises: ImproperlyConfigured, for what somebody would have to fill in.
    """
    field = form.fields[name]
    if not field.widget.is_hidden or field.disabled:
        return field.disabled
    if field.required and form.get_initial_for_field(field, name) is None:
        where = f"{type(form).__module__}.{type(form).__qualname__}.{name}"
        raise ImproperlyConfigured(
            f"{where} is hidden and has no initial value: nobody could fill it in."
        )
    return True


def _judged(field: Any) -> Any:
    """Return the field that takes the answer: of several in a row, the first."""
    while sort_of(field) == "combo" and field.fields:
        field = field.fields[0]
    return field


def _sort_of(field: Any) -> str:
    is_split = isinstance(field, forms.SplitDateTimeField)
    return "datetime" if is_split else sort_of(field)


# -- the shapes ------------------------------------------------------------


def _text(field: Any, where: str, revision: Revision) -> Schema:
    least = {"minLength": 1} if field.required and sort_of(field) in _TEXTS else {}
    return {"type": "string", **least, **limits_of_text(field)}


def _formatted(name: str) -> _Shape:
    def shape(field: Any, where: str, revision: Revision) -> Schema:
        return _text(field, where, revision) | {"format": name}

    return shape


def _number(name: str) -> _Shape:
    def shape(field: Any, where: str, revision: Revision) -> Schema:
        return {"type": name, **limits_of_number(field)}

    return shape


def _boolean(field: Any, where: str, revision: Revision) -> Schema:
    return {"type": "boolean"}


def _choice(field: Any, where: str, revision: Revision) -> Schema:
    choices = _choices(field, where)
    if not choices:
        return {}
    if revision.elicitation_choices:
        return {"type": "string", "oneOf": _titled(choices)}
    return {
        "type": "string",
        "enum": [value for value, _ in choices],
        "enumNames": [title for _, title in choices],
    }


def _choice_of_several(field: Any, where: str, revision: Revision) -> Schema:
    if not revision.elicitation_choices:
        raise ToolError(
            f"This client speaks revision {revision.name} of the protocol, in which"
            " nobody can be asked to choose several values."
        )
    choices = _choices(field, where)
    least = {"minItems": 1} if field.required else {}
    items = {"anyOf": _titled(choices)}
    return {"type": "array", "items": items, **least} if choices else {}


def _titled(choices: list[tuple[str, str]]) -> list[Schema]:
    return [{"const": value, "title": title} for value, title in choices]


def _choices(field: Any, where: str) -> list[tuple[str, str]]:
    """Return values and titles, without groups and without the empty choice.

    Raises: ImproperlyConfigured, for too many; ToolError, for a need of none.
    """
    found: list[tuple[str, str]] = []
    for value, title in ungrouped(field.choices):
        if value is None or str(value) == "":
            continue
        if len(found) == MAX_CHOICES:
            raise ImproperlyConfigured(
                f"{where} has more than {MAX_CHOICES} choices: let the tool take the"
                " value as an argument, or offer fewer."
            )
        found.append((str(value), str(text(title))))
    if not found and field.required:
        reason = gettext("There is nothing to choose from for {label}.")
        raise ToolError(reason.format(label=field.label or where))
    return found


_Shape: TypeAlias = Callable[[Any, str, Revision], Schema]
#: How each sort of field is shown.
_SHAPES: dict[str, _Shape] = {
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choice_of_several,
    "date": _formatted("date"),
    "datetime": _formatted("date-time"),
    "decimal": _number("number"),
    "duration": _text,
    "email": _formatted("email"),
    "float": _number("number"),
    "integer": _number("integer"),
    "other": _text,
    "path": _choice,
    "row": _choice,
    "rows": _choice_of_several,
    "text": _text,
    "time": _text,
    "url": _formatted("uri"),
    "uuid": _text,
}
_TEXTS = frozenset({"email", "text", "url", "uuid"})
_DAYS = frozenset({"date", "date-time"})
_MOMENTS = frozenset({"date", "datetime", "duration", "time"})


# -- what it begins with ---------------------------------------------------


def _default(initial: Any, field: Any, schema: Schema) -> Any:
    """Return what the field begins with, in the schema's own type."""
    if initial is None:
        return None
    kind = schema["type"]
    known = _known(schema)
    if kind == "array":
        texts = [_as_text(one) for one in listed(field, initial)]
        return [text for text in texts if text in known] or None
    if known:
        text = _as_text(field.prepare_value(initial))
        return text if text in known else None
    if kind == "string" and schema.get("format") not in _DAYS:
        return text_of(field, field.widget, initial) or None
    try:
        value = field.to_python(initial)
    except FieldError:
        return None
    if isinstance(value, datetime) and schema.get("format") == "date":
        value = value.date()
    plain = plain_value(value)
    return plain if isinstance(plain, str) is (kind == "string") else None


def _known(schema: Schema) -> set[str]:
    titled = schema.get("oneOf") or schema.get("items", {}).get("anyOf", ())
    return {one["const"] for one in titled} | set(schema.get("enum", ()))


def _as_text(value: Any) -> str:
    plain = plain_value(value)
    return str(value if plain is None else plain)


# -- an answer as a value --------------------------------------------------


class NoValue(ValueError):
    """It is not of the field's type; the text says what it should be."""


def value_from(field: Any, answer: Any) -> Any:
    """Return an answer as a value of the field's type.

    Raises: NoValue
    """
    sort = _sort_of(_judged(field))
    if sort not in _CHECKS and is_number(answer):
        answer = str(answer)
    try:
        return _CHECKS.get(sort, _TEXT)(answer)
    except ValidationError as error:
        # A person may write a day as the field's own formats have it.
        if sort in _MOMENTS and _is_written(field.widget, answer):
            return answer
        raise NoValue(lines_from(error, answer)[0]) from None


def _is_written(widget: Any, answer: Any) -> bool:
    one = not isinstance(widget, forms.MultiWidget | forms.SelectDateWidget)
    return one and isinstance(answer, str) and len(answer) <= MAX_TEXT


def _check(core: CoreSchema) -> Callable[[Any], Any]:
    return SchemaValidator(core).validate_python


# Null characters and lengths are the form's to judge.
_text_core = core_schema.str_schema(strict=True, max_length=MAX_TEXT)
_TEXT = _check(_text_core)
_TEXTS_OF_A_LIST = _check(core_schema.list_schema(_text_core, max_length=MAX_CHOICES))
#: How an answer of each sort comes in; others are texts.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "boolean": _check(incoming.BOOLEAN),
    "choices": _TEXTS_OF_A_LIST,
    "date": _check(incoming.DAY),
    "datetime": _check(incoming.INSTANT),
    "decimal": _check(incoming.decimal_core(None, None)),
    "duration": _check(incoming.DURATION),
    "float": _check(incoming.FLOAT),
    "integer": _check(incoming.integer_core()),
    "rows": _TEXTS_OF_A_LIST,
    "time": _check(incoming.TIME),
}
