"""What a form says about what it was sent: ``field: words``, line by line.

In the form's own words, but for those that would repeat a value. Nothing here
judges a form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from django_mcp.schema.formfields import offered

#: More choices than this are not listed in a line.
MAX_NAMED = 20
#: What stands in the place of a value that was sent.
_UNSAID = "…"
_NO_CHOICE = frozenset({"invalid_choice", "invalid_pk_value"})


def lines_from_form(form: Any, prefix: str = "") -> Iterator[str]:
    """Yield what a bound form, or a set of forms, has against its values."""
    if isinstance(form, forms.BaseFormSet):
        yield from _lines_from_set(form, prefix)
        return
    for name, errors in form.errors.as_data().items():
        label = "" if name == NON_FIELD_ERRORS else f"{name}: "
        for error in errors:
            yield f"{prefix}{label}{_words(form.fields.get(name), error)}"


def _lines_from_set(formset: Any, prefix: str) -> Iterator[str]:
    for place, form in enumerate(formset.forms):
        for line in lines_from_form(form):
            where = f"{prefix}rows[{place}]"
            # What is said about a whole row has no field before it.
            named = line.partition(": ")[0] in form.fields
            yield f"{where}.{line}" if named else f"{where}: {line}"
    for error in formset.non_form_errors().as_data():
        yield f"{prefix}rows: {_words(None, error)}"


def _words(field: Any, error: ValidationError) -> str:
    """Return an error's words, but for those that repeat what was sent."""
    if error.code in _NO_CHOICE and field is not None:
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            return f"there is no {field.queryset.model._meta.verbose_name} with this id"
        return _offered(field)
    if isinstance(error.params, Mapping) and "value" in error.params:
        unsaid = {**error.params, "value": _UNSAID}
        error = ValidationError(error.message, code=error.code, params=unsaid)
    return " ".join(error.messages)


def _offered(field: Any) -> str:
    """Name the choices; those of a callable are made only now."""
    several = offered(getattr(field, "choices", ()))
    names = [str(value) for value in islice(several, MAX_NAMED + 1)]
    if not 0 < len(names) <= MAX_NAMED:
        return "should be one of the choices"
    return f"should be one of {', '.join(names)}"
