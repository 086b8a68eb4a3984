"""One field's value as the controls of its widget send it: names and texts.

Numbers and days are written as the field reads them, in the language that is
active now, so that what is read is what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats

from django_mcp.schema.formfields import JSONText

#: Its name, and its text.
Control: TypeAlias = tuple[str, str]

#: Numbers of more digits are written with an exponent.
MAX_DIGITS = 1000


class CannotSend(ValueError):
    """No browser could send this value; the text says why."""


def sent(form: Any, name: str, given: Mapping[str, Any]) -> Iterator[Control]:
    """Yield what a browser sends for one field of a form.

    What is not given is sent as the form begins.

    Raises: CannotSend
    """
    field = form.fields[name]
    if field.disabled:
        return
    initial = form.get_initial_for_field(field, name)
    value = given.get(name, initial)
    yield from controls(field, field.widget, form.add_prefix(name), value)
    if field.show_hidden_initial:
        hidden = field.hidden_widget()
        yield from controls(field, hidden, form.add_initial_prefix(name), initial)


def controls(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    """Yield what a browser sends for a value in a widget under a name.

    Raises: CannotSend
    """
    for kind, send in _WIDGETS:
        if isinstance(widget, kind):
            yield from send(field, widget, name, value)
            return
    if _takes_several(widget):
        yield from _several(field, widget, name, value)
    elif not hasattr(widget, "widget"):
        yield name, text_of(field, widget, value)
    elif hasattr(widget, "size"):
        yield from _slots(field, widget, name, value)
    else:
        # The admin's, which puts links beside another widget.
        yield from controls(field, widget.widget, name, value)


def _checkbox(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    if widget.check_test(value):
        yield name, "on" if isinstance(value, bool) else str(value)


def _year_month_day(
    field: Any, widget: Any, name: str, value: Any
) -> Iterator[Control]:
    for part, number in widget.format_value(value).items():
        control = getattr(widget, f"{part}_field") % name
        yield control, "" if number is None else str(number)


def _yes_no_unknown(
    field: Any, widget: Any, name: str, value: Any
) -> Iterator[Control]:
    yield name, widget.format_value(value)


def _radio(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    if value is not None:
        yield name, text_of(field, widget, value)


def _several(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    return ((name, text_of(field, widget, one)) for one in listed(field, value))


def _takes_several(widget: Any) -> bool:
    return bool(getattr(widget, "allow_multiple_selected", False))


def listed(field: Any, value: Any) -> list[Any]:
    """Return the values of a field that has several."""
    value = field.prepare_value(value)
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _cleared(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    if value is False and isinstance(widget, forms.ClearableFileInput):
        yield widget.clear_checkbox_name(name), "on"


def _parts(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    if isinstance(value, dict):
        value = [value.get("lower"), value.get("upper")]
    values = value if isinstance(value, list | tuple) else widget.decompress(value)
    fields = getattr(field, "fields", None) or [field] * len(widget.widgets)
    parts = zip(widget.widgets_names, widget.widgets, fields, values, strict=False)
    for suffix, one, part, text in parts:
        yield from controls(part, one, name + suffix, text)


def _slots(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    values = list(value or [])
    for place in range(widget.size):
        one = values[place] if place < len(values) else None
        inner = getattr(field, "base_field", field)
        yield from controls(inner, widget.widget, f"{name}_{place}", one)


_Send: TypeAlias = Callable[[Any, Any, str, Any], Iterator[Control]]
#: The first row that fits decides, so subclasses stand before their bases.
_WIDGETS: tuple[tuple[Any, _Send], ...] = (
    (forms.FileInput, _cleared),
    (forms.CheckboxInput, _checkbox),
    (forms.MultiWidget, _parts),
    (forms.SelectDateWidget, _year_month_day),
    (forms.NullBooleanSelect, _yes_no_unknown),
    (forms.MultipleHiddenInput, _several),
    (forms.CheckboxSelectMultiple, _several),
    (forms.RadioSelect, _radio),
)


# -- texts -----------------------------------------------------------------------


def text_of(field: Any, widget: Any, value: Any) -> str:
    """Return a value as its widget shows it, and the field reads it."""
    if value is None or isinstance(value, JSONText):
        return value or ""
    if not isinstance(field, forms.JSONField):
        for kind, write in _WRITERS:
            if isinstance(value, kind):
                return write(field, value)
    if isinstance(value, list) and hasattr(field, "delimiter"):
        return _joined(field, widget, value)
    prepared = field.prepare_value(value)
    written = widget.format_value(prepared)
    return written if isinstance(written, str) else str(prepared)


def _plain(field: Any, value: Any) -> str:
    return str(value)


def _number(field: Any, value: float | Decimal) -> str:
    """Write a number without signs between its digits."""
    text = str(value)
    if isinstance(value, Decimal) and abs(value.adjusted()) < MAX_DIGITS:
        text = format(value, "f")
    if getattr(field, "localize", False):
        text = text.replace(".", formats.get_format("DECIMAL_SEPARATOR"))
    return text


def _moment(field: Any, value: date | time) -> str:
    """Write a day, a time or both in the first way that the field reads."""
    if isinstance(field, forms.DateField) and isinstance(value, datetime):
        value = value.date()
    texts = [value.isoformat()]
    for one in getattr(field, "input_formats", None) or ():
        texts.append(str(formats.localize_input(value, one)))
    for text in texts:
        try:
            if field.to_python(text) == value:
                return text
        except (ValidationError, ValueError):
            continue
    return texts[0]


def _joined(field: Any, widget: Any, values: list[Any]) -> str:
    texts = [text_of(field.base_field, widget, one) for one in values]
    if any(field.delimiter in text for text in texts):
        raise CannotSend(f"an item cannot have {field.delimiter!r} in it")
    return str(field.delimiter).join(texts)


#: The first row that fits decides: true and false are numbers, too.
_WRITERS: tuple[tuple[Any, Callable[[Any, Any], str]], ...] = (
    ((bool, str), _plain),
    ((int, float, Decimal), _number),
    ((date, time), _moment),
)
