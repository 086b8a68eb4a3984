"""What a form or a set of forms takes, as arguments: made once, at registration.

Types are checked here, so that nothing else reaches the form; limits, choices
and the rest are the form's to judge. Nothing here binds a form, or queries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from django.utils.translation import gettext_lazy as _
from pydantic_core import CoreSchema, core_schema

from django_mcp.providers.fields.arguments import (
    Argument,
    Arguments,
    described,
    list_of,
)
from django_mcp.providers.fields.inputs import MAX_VALUES, input_from, or_null
from django_mcp.providers.fields.keys import model_field, value_field
from django_mcp.providers.fields.values import kind_from_field
from django_mcp.providers.forms.shapes import SHAPES, labelled_schema
from django_mcp.schema.formfields import plain_value
from django_mcp.schema.incoming import BOOLEAN, integer_core
from django_mcp.schema.walk import Schema

#: The argument that has the rows of a set of forms.
ROWS = "rows"
#: A form that is sent in a URL has no files.
_NO_FILES = "GET"


class FormArguments:
    """What a form, or a set of forms, takes: a class of it, or one made."""

    def __init__(
        self,
        form_class: Any,
        *,
        source: str,
        exclude: Collection[str] = (),
        method: str = "POST",
        partial: bool = False,
    ) -> None:
        """``partial``: what is not sent stays as it is, so nothing is required.

        Raises: ImproperlyConfigured, naming a field that cannot be sent
        """
        self.form_class = form_class
        if is_formset(form_class):
            found = _rows(form_class, source, exclude, method)
        else:
            found = dict(_fields(form_class, source, exclude, method))
            if partial:
                found = _staying(found)
        self._all = Arguments(found)
        self.arguments: Mapping[str, Argument] = found
        self.schema: Schema = self._all.schema

    def validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as values for `posted`, of the right types.

        Raises: ArgumentErrors
        """
        return self._all.validated(arguments)


def optional(arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """Return arguments of which none is needed."""
    return {name: replace(one, required=False) for name, one in arguments.items()}


def _staying(arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """Return the arguments of something that exists: what is not sent stays,
    and so is neither needed nor what the form would begin with."""
    return {
        name: replace(one, schema=_without_default(one.schema))
        for name, one in optional(arguments).items()
    }


def _without_default(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word != "default"}


def is_formset(form: Any) -> bool:
    """Is it a set of forms, or a class of them?"""
    kind = form if isinstance(form, type) else type(form)
    return issubclass(kind, forms.BaseFormSet)


def is_form(form: Any) -> bool:
    """Is it a form or a set of forms, or a class of either?"""
    kind = form if isinstance(form, type) else type(form)
    return issubclass(kind, forms.BaseForm | forms.BaseFormSet)


# -- one form --------------------------------------------------------------------


def _fields(
    form: Any, source: str, exclude: Collection[str], method: str
) -> Iterator[tuple[str, Argument]]:
    fields = getattr(form, "base_fields" if isinstance(form, type) else "fields", None)
    if fields is None:
        raise ImproperlyConfigured(f"{source}: {form!r} is not a form.")
    unknown = set(exclude) - set(fields)
    if unknown:
        raise ImproperlyConfigured(
            f"{source} leaves out what {_name(form)} does not have:"
            f" {', '.join(sorted(unknown))}."
        )
    options = getattr(
        getattr(getattr(form, "_meta", None), "model", None), "_meta", None
    )
    for name in _ordered(form, fields):
        field = fields[name]
        if name in exclude or field.disabled or _is_kept(field):
            continue
        found = _argument(name, field, options, method)
        if found is not None:
            yield name, found
        elif field.required and field.initial is None:
            raise ImproperlyConfigured(
                f"{source}: {_name(form)}.{name} is a {type(field).__name__}, which"
                " cannot be sent as an argument, and the form needs it."
            )


def _ordered(form: Any, names: Collection[str]) -> list[str]:
    """Return names of fields in the order in which the form shows them."""
    first = [name for name in form.field_order or () if name in names]
    return [*first, *(name for name in names if name not in first)]


def _is_kept(field: forms.Field) -> bool:
    """Is it hidden, and sent back as it was?"""
    hidden = field.widget.is_hidden
    return hidden and not (field.required and field.initial is None)


def _argument(name: str, field: Any, options: Any, method: str) -> Argument | None:
    if method.upper() == _NO_FILES and isinstance(field, forms.FileField):
        return None
    known = None if options is None else model_field(options, name)
    made = input_from(name, field, known, SHAPES)
    if made is None:
        return None
    schema = labelled_schema(made.schema, field)
    default = plain_value(field.initial)
    if default is not None:
        schema = {**schema, "default": default}
    return Argument(schema=schema, core=made.core, required=made.required)


def _name(form: Any) -> str:
    return (form if isinstance(form, type) else type(form)).__qualname__


# -- a set of forms --------------------------------------------------------------


def _rows(
    formset: Any, source: str, exclude: Collection[str], method: str
) -> dict[str, Argument]:
    parent = getattr(formset, "fk", None)
    members = dict(_fields(formset.form, source, exclude, method))
    if parent is not None:
        members.pop(parent.name, None)
    if hasattr(formset, "model"):
        # The form tells of a new row what it needs.
        members = _staying(members)
    members = {**dict(_key(formset)), **members, **dict(_own(formset))}
    row = Arguments(members)
    core = row.core
    most = min(formset.absolute_max, MAX_VALUES)
    if formset.can_delete:
        # Rows that go need no more, and do not count.
        core = _if_deleted(Arguments(optional(members)).core, row.core)
    elif formset.validate_max:
        most = min(formset.max_num, most)
    least = formset.min_num if formset.validate_min else 0
    one = Argument(schema=row.schema, core=core, required=least > 0)
    return {ROWS: list_of(one, least, max(least, most))}


def _if_deleted(deleted: CoreSchema, kept: CoreSchema) -> CoreSchema:
    return core_schema.tagged_union_schema(
        {True: deleted, False: kept},
        lambda row: isinstance(row, dict) and row.get(DELETION_FIELD_NAME) is True,
    )


def _key(formset: Any) -> Iterator[tuple[str, Argument]]:
    """Yield what says which row of the database one is; new ones have none."""
    model = getattr(formset, "model", None)
    if model is not None:
        kind = kind_from_field(value_field(model._meta.pk))
        core = core_schema.nullable_schema(kind.core or core_schema.str_schema())
        schema = described(or_null(kind.schema), "A new row has none.")
        yield model._meta.pk.name, Argument(schema=schema, core=core)


def _own(formset: Any) -> Iterator[tuple[str, Argument]]:
    """Yield what a set asks about each row, beside its form."""
    if formset.can_order:
        place = described({"type": ["integer", "null"]}, _("Order"))
        number = core_schema.nullable_schema(integer_core())
        yield ORDERING_FIELD_NAME, Argument(schema=place, core=number)
    if formset.can_delete:
        delete = described({"type": "boolean"}, _("Delete"))
        yield DELETION_FIELD_NAME, Argument(schema=delete, core=BOOLEAN)
