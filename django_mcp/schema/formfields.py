"""What sort of value a field of a form takes, and what it lets choose from.

One table of Django's field classes for all who make schemas of forms: each
looks up the sort's name in a table of its own. Nothing here queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms

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
