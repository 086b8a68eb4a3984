"""What sort of value a field of a form takes, its limits, and its words.

One table of Django's field classes for all who make schemas of forms: each
looks up the sort's name in a table of its own. Nothing here queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from html import unescape
from math import isfinite
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise, lazy
from django.utils.html import strip_tags

from django_mcp.schema.walk import Schema


class JSONText(str):
    """JSON, as forms take it: text."""

    __slots__ = ()


#: The first row that fits decides, so subclasses stand before their bases.
_SORTS: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.FileField, "file"),
    (forms.MultiValueField, "parts"),
    (forms.ComboField, "combo"),
    (forms.JSONField, "json"),
    (forms.UUIDField, "uuid"),
    (forms.ModelMultipleChoiceField, "rows"),
    (forms.ModelChoiceField, "row"),
    (forms.MultipleChoiceField, "choices"),
    (forms.FilePathField, "path"),
    (forms.NullBooleanField, "boolean"),
    (forms.BooleanField, "boolean"),
    (forms.ChoiceField, "choice"),
    (forms.DecimalField, "decimal"),
    (forms.FloatField, "float"),
    (forms.IntegerField, "integer"),
    (forms.DateTimeField, "datetime"),
    (forms.DateField, "date"),
    (forms.TimeField, "time"),
    (forms.DurationField, "duration"),
    (forms.EmailField, "email"),
    (forms.URLField, "url"),
)


def sort_of(field: forms.Field) -> str:
    """Return the sort of a field: one of the table's, ``array`` or ``hstore``
    of PostgreSQL, ``text``, or ``other`` for what nobody knows."""
    for kind, sort in _SORTS:
        if isinstance(field, kind):
            return sort
    # Their module needs a driver of PostgreSQL, so they are known by looks.
    if hasattr(field, "base_field"):
        return "array"
    if any(kind.__name__ == "HStoreField" for kind in type(field).__mro__):
        return "hstore"
    return "text" if isinstance(field, forms.CharField) else "other"


def ungrouped(choices: Iterable[Any] | Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield values and labels, without their groups."""
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    for value, label in pairs:
        if isinstance(label, list | tuple | Mapping):
            yield from ungrouped(label)
        else:
            yield value, label


def offered(choices: Iterable[Any] | Mapping[Any, Any]) -> Iterator[Any]:
    """Yield the values to choose from, without the one that means nothing."""
    return (value for value, _ in ungrouped(choices) if value not in ("", None))


# -- limits ----------------------------------------------------------------


def limits_of_text(field: Any) -> Schema:
    """Return how long a text may be."""
    limits = {"minLength": "min_length", "maxLength": "max_length"}
    found = {word: getattr(field, name, None) for word, name in limits.items()}
    return {word: limit for word, limit in found.items() if limit is not None}


def limits_of_number(field: Any) -> Schema:
    """Return how small and how large a number may be."""
    limits = {"minimum": field.min_value, "maximum": field.max_value}
    return {word: _bound(one) for word, one in limits.items() if one is not None}


def _bound(limit: Any) -> int | float:
    return plain_number(limit() if callable(limit) else limit)


def plain_number(value: Any) -> int | float:
    """Return a finite number as JSON has it."""
    return int(value) if value == int(value) else float(value)


# -- words -----------------------------------------------------------------

_BREAK = re.compile(r"</?(?:br|div|li|ol|p|ul)\b[^>]*>", re.IGNORECASE)


def help_of(field: Any) -> str | Promise:
    """Return a help text, which is HTML, without its markup: translated when
    it is needed, if it can be."""
    words = field.help_text
    return _lazily_plain(words) if isinstance(words, Promise) else _plain(words)


def text(words: Any) -> str | Promise:
    """Return a label, which is HTML only if it says so, without its markup:
    translated when it is needed, if it can be."""
    if isinstance(words, Promise):
        return _lazily_plain(words) if hasattr(words, "__html__") else words
    return _plain(words) if hasattr(words, "__html__") else str(words)


def _plain(words: Any) -> str:
    text = str(words)
    if "<" not in text and "&" not in text:
        return text
    return " ".join(unescape(strip_tags(_BREAK.sub(" ", text))).split())


_lazily_plain = lazy(_plain, str)

#: What browsers fill into fields for secrets, by the names of the standard.
_SECRETS = frozenset(
    {"cc-csc", "cc-number", "current-password", "new-password", "one-time-code"}
)


def is_secret(widget: Any) -> bool:
    """Does a widget ask for what must not pass a client?"""
    attrs = getattr(widget, "attrs", None) or {}
    return (
        isinstance(widget, forms.PasswordInput)
        or getattr(widget, "input_type", "") == "password"
        or not _SECRETS.isdisjoint(str(attrs.get("autocomplete", "")).lower().split())
        or any(map(is_secret, getattr(widget, "widgets", ())))
    )


# -- what a field begins with ----------------------------------------------


def plain_value(value: Any) -> bool | int | float | str | None:
    """Return a field's value as JSON; ``None`` if it has no plain one."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal | float):
        return plain_number(value) if isfinite(value) else None
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, datetime) and settings.USE_TZ and timezone.is_naive(value):
        value = timezone.make_aware(value)
    return value.isoformat() if isinstance(value, date | time) else None
