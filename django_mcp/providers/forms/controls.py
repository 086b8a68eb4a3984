"""One field's value as the controls of its widget send it: names and texts.

Numbers and days are written as the field reads them, in the language that is
active now, so that what is read is what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats

from django_mcp.providers.fields.inputs import JSONText
from django_mcp.schema.errors import ArgumentErrors

#: Its name, and its text.
Control: TypeAlias = tuple[str, str]

#: Numbers of more digits are written with an exponent.
MAX_DIGITS = 1000


def controls(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    """Yield what a browser sends for a value in a widget under a name.

    Raises: ArgumentErrors, for what the widget has no place for
    """
    for kind, send in _WIDGETS:
        if isinstance(widget, kind):
            yield from send(field, widget, name, value)
            return
    if hasattr(widget, "size") and hasattr(widget, "widget"):
        yield from _slots(field, widget, name, value)
    elif _takes_several(widget):
        yield from _several(field, widget, name, value)
    else:
        yield name, _text(field, value)


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
        yield name, _text(field, value)


def _several(field: Any, widget: Any, name: str, value: Any) -> Iterator[Control]:
    return ((name, _text(field, one)) for one in _listed(field, value))


def _takes_several(widget: Any) -> bool:
    return bool(getattr(widget, "allow_multiple_selected", False))


def _listed(field: Any, value: Any) -> list[Any]:
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


def _text(field: Any, value: Any) -> str:
    """Return a value as the field reads it."""
    if value is None or isinstance(value, JSONText):
        return value or ""
    if not isinstance(field, forms.JSONField):
        for kind, write in _WRITERS:
            if isinstance(value, kind):
                return write(field, value)
    return str(field.prepare_value(value))


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


def _joined(field: Any, values: list[Any]) -> str:
    if not hasattr(field, "delimiter"):
        return str(field.prepare_value(values))
    texts = [_text(field.base_field, one) for one in values]
    if any(field.delimiter in text for text in texts):
        raise ArgumentErrors([f"a value cannot have {field.delimiter!r} in it"])
    return str(field.delimiter).join(texts)


#: The first row that fits decides: true and false are numbers, too.
_WRITERS: tuple[tuple[Any, Callable[[Any, Any], str]], ...] = (
    ((bool, str), _plain),
    ((int, float, Decimal), _number),
    ((date, time), _moment),
    (list, _joined),
)
