"""Fill in a form as a browser does: each value through its field's widget.

What is not given is sent as the form begins: its initial values, or those of
its instance. So a form, or the view behind it, cannot tell the difference.
Nothing here judges the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.formsets import (
    INITIAL_FORM_COUNT,
    MAX_NUM_FORM_COUNT,
    MIN_NUM_FORM_COUNT,
    TOTAL_FORM_COUNT,
)
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext

from django_mcp.providers.forms.arguments import ROWS, is_formset
from django_mcp.schema.controls import CannotSend, Control, sent
from django_mcp.schema.errors import ArgumentErrors

Values = Mapping[str, Any]


def posted(form: Any, values: Values) -> QueryDict:
    """Return what a browser would send for a form, or a set of forms.

    ``form`` is one that is not bound; ``values`` are of its fields by name, as
    `FormArguments.validated` returns them, or ``{"rows": [...]}``.

    Raises: ArgumentErrors, for what no browser could send
    """
    data = QueryDict(mutable=True)
    for name, text in _controls(form, values):
        data.appendlist(name, text)
    data._mutable = False
    return data


def posted_files(form: Any, values: Values) -> MultiValueDict[str, Any]:
    """Return the files among the values, beside `posted`."""
    files: MultiValueDict[str, Any] = MultiValueDict()
    for one, given in _forms(form, values):
        for name, field in one.fields.items():
            if isinstance(field, forms.FileField) and given.get(name):
                value = given[name]
                several = value if isinstance(value, list) else [value]
                files.setlist(one.add_prefix(name), several)
    return files


def _controls(form: Any, values: Values) -> Iterator[Control]:
    if is_formset(form):
        yield from _management(form, values)
    lines = []
    for place, (one, given) in enumerate(_forms(form, values)):
        where = f"{ROWS}[{place}]." if is_formset(form) else ""
        # Others may have it: a form is made for who calls.
        gone = [name for name in given if not _is_open(one, name)]
        lines += [f"{where}{name}: {gettext('cannot be set here')}" for name in gone]
        for name in one.fields:
            try:
                yield from sent(one, name, given)
            except CannotSend as reason:
                lines.append(f"{where}{name}: {reason}")
    if lines:
        raise ArgumentErrors(lines)


def _is_open(form: Any, name: str) -> bool:
    return name in form.fields and not form.fields[name].disabled


# -- sets of forms ---------------------------------------------------------------


def _management(formset: Any, values: Values) -> Iterator[Control]:
    rows = values.get(ROWS)
    initial = formset.initial_form_count()
    total = initial if rows is None else len(rows)
    if rows is not None:
        known = _known(formset)
        initial = min(initial, total) if known is None else _changed(formset, rows)
    counts = {
        TOTAL_FORM_COUNT: total,
        INITIAL_FORM_COUNT: initial,
        MIN_NUM_FORM_COUNT: formset.min_num,
        MAX_NUM_FORM_COUNT: formset.max_num,
    }
    for name, count in counts.items():
        yield f"{formset.prefix}-{name}", str(count)


def _forms(form: Any, values: Values) -> Iterator[tuple[Any, Values]]:
    """Yield each form with the values given for it."""
    if not is_formset(form):
        yield form, values
        return
    rows = values.get(ROWS)
    if rows is None:
        rows = [{} for _ in range(form.initial_form_count())]
        places: list[int | None] = list(range(len(rows)))
    else:
        places = _places(form, rows)
    for index, (row, place) in enumerate(zip(rows, places, strict=True)):
        one = form.empty_form
        if place is not None:
            one = form._construct_form(place, **form.get_form_kwargs(place))
        one.prefix = form.add_prefix(index)
        yield one, row


def _places(formset: Any, rows: list[Values]) -> list[int | None]:
    """Return for each row which of the set's first forms it is, if it is one."""
    known = _known(formset)
    if known is None:
        count = formset.initial_form_count()
        return [place if place < count else None for place in range(len(rows))]
    return [known.get(_key_of(formset, row)) for row in rows]


def _known(formset: Any) -> dict[Any, int] | None:
    """Return the places of the rows of a set over a model, by key."""
    if not isinstance(formset, forms.BaseModelFormSet):
        return None
    return {row.pk: place for place, row in enumerate(formset.get_queryset())}


def _key_of(formset: Any, row: Values) -> Any:
    return row.get(formset.model._meta.pk.name)


def _changed(formset: Any, rows: list[Values]) -> int:
    """Return how many rows there were before. They must come first.

    Raises: ArgumentErrors
    """
    model = formset.model._meta
    known = _known(formset) or {}
    keys = [_key_of(formset, row) for row in rows]
    lines = []
    count = 0
    for place, key in enumerate(keys):
        where = f"rows[{place}].{model.pk.name}"
        if key in known:
            count += 1
            if key in keys[:place]:
                lines.append(f"{where}: this row is here twice")
            elif count <= place:
                lines.append(f"{where}: rows that exist must come before new ones")
        elif key is not None and (model.pk.auto_created or not model.pk.editable):
            lines.append(f"{where}: there is no {model.verbose_name} with this id")
    if lines:
        raise ArgumentErrors(lines)
    return count
