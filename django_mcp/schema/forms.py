"""Forms a person fills in: as the flat schema a client shows, and back.

A form is a Django form (class or instance), a pydantic model, a ready schema,
or ``None`` for a plain yes or no. Clients show flat objects of strings,
numbers, booleans and choices (2025-11-25 and 2026-07-28, client/elicitation);
what has no such shape is refused by name. Reading choices may query the
database, so both functions may block.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured
from django.db.models import Model
from django.utils.dateparse import parse_date, parse_time
from pydantic import BaseModel, ValidationError

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import Revision
from django_mcp.schema.errors import bounded, lines_from
from django_mcp.schema.flat import flat_schema, is_number, problems

Schema: TypeAlias = dict[str, Any]

#: A person does not choose from more, and a row more per choice is sent.
MAX_CHOICES = 200
#: What a person typed is not longer, whatever the form allows.
MAX_TEXT = 100_000

CONFIRM: Schema = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Confirm"}},
    "required": ["confirm"],
}


class InvalidAnswer(Exception):
    """The answer is malformed, or the form refuses it; ``messages`` say why."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = bounded(messages)
        super().__init__("\n".join(self.messages))


def schema_from(form: Any, revision: Revision) -> Schema:
    """Return the ``requestedSchema`` of a form.

    Raises: ImproperlyConfigured, for a form that cannot be asked of anybody;
    ToolError, for one that this client's revision cannot show.
    """
    if form is None:
        return CONFIRM
    if isinstance(form, dict):
        return form
    if _is_model(form):
        return flat_schema(form, revision)
    if inspect.isclass(form) and issubclass(form, forms.BaseForm):
        form = form()
    if not isinstance(form, forms.BaseForm):
        raise ImproperlyConfigured(
            f"{form!r} is not a form: give a Django form, a pydantic model or a schema."
        )
    return _schema_from_form(form, revision)


def bind(form: Any, content: Any) -> Any:
    """Return what a person filled in: cleaned, and valid.

    ``cleaned_data`` of a Django form, an instance of a pydantic model, a
    dictionary for a schema or ``None``.

    Raises: InvalidAnswer
    """
    if not isinstance(content, dict):
        raise InvalidAnswer(["The answer has no content."])
    if _is_model(form):
        try:
            return form.model_validate(content)
        except ValidationError as error:
            raise InvalidAnswer(lines_from(error, content)) from None
    if form is None or isinstance(form, dict):
        schema = CONFIRM if form is None else form
        found = problems(schema, content)
        if found:
            raise InvalidAnswer(found)
        return {name: content[name] for name in schema["properties"] if name in content}
    if inspect.isclass(form):
        form = form()
    return _bind_form(form, content)


def _is_model(form: Any) -> bool:
    return inspect.isclass(form) and issubclass(form, BaseModel)


# -- a Django form as a schema ---------------------------------------------


def _schema_from_form(form: forms.BaseForm, revision: Revision) -> Schema:
    properties: dict[str, Schema] = {}
    required = []
    for name, field in form.fields.items():
        if field.disabled:
            continue
        properties[name] = _described(form, name, revision)
        if field.required:
            required.append(name)
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {})


def _described(form: forms.BaseForm, name: str, revision: Revision) -> Schema:
    field = form.fields[name]
    where = f"{type(form).__module__}.{type(form).__qualname__}.{name}"
    _refuse_hidden(field, where)
    schema = _shape(field, where, revision)
    words = name.replace("_", " ").capitalize() if field.label is None else field.label
    schema["title"] = str(words)
    if field.help_text:
        schema["description"] = str(field.help_text)
    default = _default(form.get_initial_for_field(field, name), field, schema)
    # Before 2025-11-25 only booleans have a default.
    if default is not None and (
        revision.elicitation_choices or schema["type"] == "boolean"
    ):
        schema["default"] = default
    return schema


def _refuse_hidden(field: forms.Field, where: str) -> None:
    if isinstance(field.widget, forms.PasswordInput):
        raise ImproperlyConfigured(
            f"{where} asks for a password: passwords and other secrets must not pass"
            " the client. Use context.elicit_url with a page of your own."
        )
    if field.widget.is_hidden:
        raise ImproperlyConfigured(f"{where} is hidden: nobody could fill it in.")


def _shape(field: forms.Field, where: str, revision: Revision) -> Schema:
    """Return the type of a field and its limits."""
    for kinds, shape in _SHAPES:
        if isinstance(field, kinds):
            return shape(field, where, revision)
    raise _no_shape(field, where)


def _no_shape(field: forms.Field, where: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{where} is a {type(field).__name__}: clients can show flat forms of texts,"
        " numbers, dates, yes-or-no and choices only."
    )


def _refused(field: forms.Field, where: str, revision: Revision) -> Schema:
    raise _no_shape(field, where)


def _text(field: Any, where: str, revision: Revision) -> Schema:
    schema: Schema = {"type": "string"}
    lengths = {"minLength": "min_length", "maxLength": "max_length"}
    for keyword, attribute in lengths.items():
        limit = getattr(field, attribute, None)
        if limit is not None:
            schema[keyword] = limit
    if field.required and isinstance(field, forms.CharField):
        schema.setdefault("minLength", 1)
    return schema


def _formatted(name: str) -> _Shape:
    def shape(field: Any, where: str, revision: Revision) -> Schema:
        return _text(field, where, revision) | {"format": name}

    return shape


def _number(field: Any, where: str, revision: Revision) -> Schema:
    real = isinstance(field, forms.FloatField | forms.DecimalField)
    schema: Schema = {"type": "number" if real else "integer"}
    for keyword, limit in (("minimum", field.min_value), ("maximum", field.max_value)):
        limit = limit() if callable(limit) else limit
        if limit is not None:
            schema[keyword] = _json_number(limit)
    return schema


def _boolean(field: Any, where: str, revision: Revision) -> Schema:
    return {"type": "boolean"}


def _choice(field: Any, where: str, revision: Revision) -> Schema:
    choices = _choices(field, where)
    if revision.elicitation_choices:
        return {"type": "string", "oneOf": _titled(choices)}
    return {
        "type": "string",
        "enum": [value for value, _ in choices],
        "enumNames": [title for _, title in choices],
    }


def _choices_several(field: Any, where: str, revision: Revision) -> Schema:
    if not revision.elicitation_choices:
        raise ToolError(
            f"This client speaks revision {revision.name} of the protocol, in which"
            " nobody can be asked to choose several values."
        )
    schema: Schema = {
        "type": "array",
        "items": {"anyOf": _titled(_choices(field, where))},
    }
    return schema | ({"minItems": 1} if field.required else {})


def _titled(choices: list[tuple[str, str]]) -> list[Schema]:
    return [{"const": value, "title": title} for value, title in choices]


def _choices(field: Any, where: str) -> list[tuple[str, str]]:
    """Return values and titles, without groups and without the empty choice."""
    found: list[tuple[str, str]] = []
    for value, title in _ungrouped(field.choices):
        if str(value) == "":
            continue
        if len(found) == MAX_CHOICES:
            raise ImproperlyConfigured(
                f"{where} has more than {MAX_CHOICES} choices: let the tool take the"
                " value as an argument, or offer fewer."
            )
        found.append((str(value), str(title)))
    if not found:
        raise ToolError(f"There is nothing to choose from for {field.label or where}.")
    return found


def _ungrouped(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for value, title in choices:
        if isinstance(title, list | tuple):
            yield from title
        elif value is not None:
            yield value, title


_SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
_Shape: TypeAlias = Callable[[Any, str, Revision], Schema]
#: The first row that fits decides, so subclasses stand before their bases.
_SHAPES: tuple[tuple[Any, _Shape], ...] = (
    ((forms.FileField, forms.FilePathField, forms.JSONField), _refused),
    ((forms.MultiValueField, forms.ComboField), _refused),
    (_SEVERAL, _choices_several),
    (forms.ChoiceField, _choice),
    ((forms.BooleanField, forms.NullBooleanField), _boolean),
    (forms.IntegerField, _number),
    (forms.EmailField, _formatted("email")),
    (forms.URLField, _formatted("uri")),
    (forms.DateTimeField, _formatted("date-time")),
    (forms.DateField, _formatted("date")),
    ((forms.CharField, forms.TimeField, forms.DurationField), _text),
)


def _default(initial: Any, field: Any, schema: Schema) -> Any:
    """Return what the field begins with, in the schema's own type."""
    initial = field.prepare_value(initial)
    if initial is None or initial == "":
        return None
    kind = schema["type"]
    if kind == "array":
        known = {choice["const"] for choice in schema["items"]["anyOf"]}
        return [text for text in map(str, initial) if text in known] or None
    if kind == "boolean":
        return bool(initial)
    if kind != "string":
        is_number = isinstance(initial, int | float | Decimal)
        return _json_number(initial) if is_number else None
    text = initial.isoformat() if isinstance(initial, date | time) else str(initial)
    known = {choice["const"] for choice in schema.get("oneOf", ())}
    known |= set(schema.get("enum", ()))
    return text if not known or text in known else None


def _json_number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)


# -- an answer into a Django form ------------------------------------------


def _bind_form(form: forms.BaseForm, content: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        form.add_prefix(name): _typed(field, name, content[name])
        for name, field in form.fields.items()
        if content.get(name) is not None and not field.disabled
    }
    # The form may be asked again, or by somebody else at the same time: what
    # an answer changes is copied, what the form merely refers to is not.
    shared = {
        id(value): value
        for value in vars(form).values()
        if not isinstance(value, dict | Model)
    }
    bound = copy.deepcopy(form, shared)
    bound.data, bound.files, bound.is_bound = data, {}, True  # type: ignore[assignment]
    try:
        bound.full_clean()
    except OverflowError:
        # A key that SQLite cannot hold, among several that were chosen.
        raise InvalidAnswer(["There is no such choice."]) from None
    if bound.errors:
        raise InvalidAnswer(_messages(bound))
    return bound.cleaned_data


def _typed(field: forms.Field, name: str, value: Any) -> Any:
    """Return the value as the field's widget would have given it.

    Raises: InvalidAnswer
    """
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return _parsed(field, value)
    if isinstance(value, list) and isinstance(field, _SEVERAL):
        if all(isinstance(item, str) for item in value) and len(value) <= MAX_CHOICES:
            return value
    elif isinstance(value, bool) or is_number(value):
        own = isinstance(field, forms.BooleanField | forms.IntegerField)
        return value if own else str(value)
    raise InvalidAnswer([f"{name}: this is not a value a form can take"])


def _parsed(field: forms.Field, text: str) -> Any:
    """Dates and times come in ISO 8601, whatever a field's own formats are."""
    try:
        if isinstance(field, forms.DateField) and not isinstance(
            field, forms.DateTimeField
        ):
            return parse_date(text) or text
        if isinstance(field, forms.TimeField):
            return parse_time(text) or text
    except ValueError:
        pass
    return text


def _messages(form: forms.BaseForm) -> list[str]:
    lines = []
    for name, errors in form.errors.items():
        label = "" if name == NON_FIELD_ERRORS else f"{name}: "
        lines += [label + str(message) for message in errors]
    return lines
