"""Forms a person fills in: as the flat schema a client shows, and back.

A form is a Django form (class or instance), a pydantic model, a ready schema,
or ``None`` for a plain yes or no. What has no flat shape is refused by name.
A Django form is filled in as the arguments of a tool are: each value through
its field's widget. Reading choices may query the database, so both functions
may block.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ImproperlyConfigured
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ValidationError

from django_mcp.languages import spoken
from django_mcp.protocol.revisions import Revision
from django_mcp.schema.controls import sent
from django_mcp.schema.errors import bounded, lines_from
from django_mcp.schema.flat import flat_schema, problems
from django_mcp.schema.flatfields import NoValue, flat_field, is_kept, value_from

Schema: TypeAlias = dict[str, Any]

CONFIRM: Schema = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": _("Confirm")}},
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
        form = CONFIRM
    if isinstance(form, dict):
        return spoken(form)  # type: ignore[no-any-return]
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
        raise InvalidAnswer([gettext("The answer has no content.")])
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


# -- a Django form ---------------------------------------------------------


def _schema_from_form(form: forms.BaseForm, revision: Revision) -> Schema:
    asked = [name for name in form.fields if not is_kept(form, name)]
    shown = ((name, flat_field(form, name, revision)) for name in asked)
    properties = {name: schema for name, schema in shown if schema}
    required = [name for name in properties if form.fields[name].required]
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {})


def _bind_form(form: forms.BaseForm, content: Mapping[str, Any]) -> dict[str, Any]:
    bound = _copied(form)
    bound.data, bound.is_bound = _posted(bound, content), True
    bound.files = MultiValueDict()
    try:
        bound.full_clean()
    except OverflowError:
        # A key that SQLite cannot hold, among several that were chosen.
        raise InvalidAnswer([gettext("There is no such choice.")]) from None
    if bound.errors:
        raise InvalidAnswer(_messages(bound))
    return bound.cleaned_data


def _copied(form: forms.BaseForm) -> forms.BaseForm:
    """The form may be asked again, or by somebody else at the same time: its
    fields and its instance are copied, what it merely refers to is not."""
    own = {id(value) for name, value in vars(form).items() if _is_own(name, value)}
    known = {
        id(value): value.copy() if type(value) is dict else value
        for value in vars(form).values()
        if id(value) not in own
    }
    return copy.deepcopy(form, known)


def _is_own(name: str, value: Any) -> bool:
    return name in {"fields", "instance"} or (
        isinstance(value, dict)
        and any(isinstance(one, forms.BoundField) for one in value.values())
    )


def _posted(form: forms.BaseForm, content: Mapping[str, Any]) -> QueryDict:
    """Return what a browser would send.

    What the person saw and left out is empty, whatever it began with.

    Raises: InvalidAnswer
    """
    values = {}
    lines = []
    for name, field in form.fields.items():
        if is_kept(form, name):
            continue
        answer = content.get(name)
        try:
            values[name] = None if answer is None else value_from(field, answer)
        except NoValue as reason:
            lines.append(f"{name}: {reason}")
    if lines:
        raise InvalidAnswer(lines)
    data = QueryDict(mutable=True)
    for name in form.fields:
        for control, text in sent(form, name, values):
            data.appendlist(control, text)
    return data


def _messages(form: forms.BaseForm) -> list[str]:
    lines = []
    for name, errors in form.errors.items():
        label = "" if name == NON_FIELD_ERRORS else f"{name}: "
        lines += [label + str(message) for message in errors]
    return lines
