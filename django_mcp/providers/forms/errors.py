"""What a form says about what it was sent: ``field: words``, line by line.

In the form's own words, but for those that would repeat a value. Nothing here
judges a form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext

from django_mcp.schema.formfields import offered

#: More choices than this are not listed in a line.
MAX_NAMED = 20
#: What stands in the place of a value that was sent.
_UNSAID = "…"
#: What a line begins with, if it is about a field or a part of one.
_NAME = re.compile(r"[^.:\[]+(?=[.:\[])")
_NO_CHOICE = ("invalid_choice", "invalid_pk_value")
#: What Django says of a wrong choice; a project's own words stay.
_OF_DJANGO = [
    kind.default_error_messages[code]
    for kind in (
        forms.ChoiceField,
        forms.MultipleChoiceField,
        forms.ModelChoiceField,
        forms.ModelMultipleChoiceField,
    )
    for code in _NO_CHOICE
    if code in kind.default_error_messages
]


def lines_from_form(
    form: Any, prefix: str = "", *, offer_rows: bool = True
) -> Iterator[str]:
    """Yield what a bound form, or a set of forms, has against its values.

    ``offer_rows`` names the rows that could be chosen, if they are few.
    """
    if isinstance(form, forms.BaseFormSet):
        yield from _lines_from_set(form, prefix)
        return
    for name, errors in form.errors.as_data().items():
        label = "" if name == NON_FIELD_ERRORS else f"{name}: "
        for error in errors:
            words = _words(form.fields.get(name), error, offer_rows=offer_rows)
            yield f"{prefix}{label}{words}"


def nested(lines: Iterable[str], where: str, names: Collection[str]) -> Iterator[str]:
    """Yield lines about a part of something: what is about the whole part has
    none of these names before it."""
    for line in lines:
        name = _NAME.match(line)
        is_named = name is not None and name[0] in names
        yield f"{where}.{line}" if is_named else f"{where}: {line}"


def _lines_from_set(formset: Any, prefix: str) -> Iterator[str]:
    for place, form in enumerate(formset.forms):
        lines = lines_from_form(form)
        yield from nested(lines, f"{prefix}rows[{place}]", form.fields)
    for error in formset.non_form_errors().as_data():
        yield f"{prefix}rows: {_words(None, error, offer_rows=False)}"


def _words(field: Any, error: ValidationError, *, offer_rows: bool) -> str:
    """Return an error's words, but for those that repeat what was sent."""
    if error.code in _NO_CHOICE and field and error.message in _OF_DJANGO:
        rows = getattr(field, "queryset", None)
        if rows is None:
            return _offered(field)
        words = gettext("there is no {noun} with this id")
        words = words.format(noun=rows.model._meta.verbose_name)
        return f"{words}{_offered_rows(field)}" if offer_rows else words
    if isinstance(error.params, Mapping) and "value" in error.params:
        unsaid = {**error.params, "value": _UNSAID}
        error = ValidationError(error.message, code=error.code, params=unsaid)
    return " ".join(error.messages)


def _offered(field: Any) -> str:
    """Name the choices; those of a callable are made only now."""
    several = offered(getattr(field, "choices", ()))
    names = [str(value) for value in islice(several, MAX_NAMED + 1)]
    if not 0 < len(names) <= MAX_NAMED:
        return gettext("should be one of the choices")
    return gettext("should be one of {names}").format(names=", ".join(names))


def _offered_rows(field: Any) -> str:
    rows = field.queryset.all()[: MAX_NAMED + 1]
    names = [f"{field.prepare_value(r)} ({field.label_from_instance(r)})" for r in rows]
    if not 0 < len(names) <= MAX_NAMED:
        return ""
    return "; " + gettext("there are {names}").format(names=", ".join(names))
