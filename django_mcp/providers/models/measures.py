"""What can be computed of listed columns, and what rows can be grouped by.

A name such as ``sum(price)`` or ``month(made_on)`` is all a client knows of
it: asked for, sorted by and answered under that name, which no field can
have. Nothing over several related rows: they would count a row repeatedly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Sum
from django.db.models.functions import (
    Cast,
    TruncDay,
    TruncHour,
    TruncMonth,
    TruncQuarter,
    TruncWeek,
    TruncYear,
)

from django_mcp.providers.fields.values import Render
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.columns import Column, Listing
from django_mcp.providers.models.paths import Path
from django_mcp.providers.models.plans import Cut

#: How many rows there are. No field has such a name.
COUNT = "count(*)"

_NUMBERS = {"sum": Sum, "avg": Avg, "min": Min, "max": Max}
_MOMENTS = {"min": Min, "max": Max}
#: By the type and the format of a value in its schema.
_FUNCTIONS: dict[tuple[Any, Any], dict[str, Any]] = {
    ("integer", None): _NUMBERS,
    ("number", None): _NUMBERS,
    ("string", "duration"): _NUMBERS,
    ("string", "date"): _MOMENTS,
    ("string", "date-time"): _MOMENTS,
    ("string", "time"): _MOMENTS,
}
_DAYS: dict[str, Any] = {
    "year": TruncYear,
    "quarter": TruncQuarter,
    "month": TruncMonth,
    "week": TruncWeek,
}
_UNITS: dict[str, dict[str, Any]] = {
    "date": _DAYS,
    "date-time": _DAYS | {"day": TruncDay, "hour": TruncHour},
}
#: Digits an average has more than its column.
_MORE_PLACES = 4
_WIDE = Context(prec=400)


class Typed(Cast):
    """A value that says its type, also where all of it is hidden: PostgreSQL
    cannot add up nulls of no type."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Compile the value alone: a cast would cut moments short."""
        return compiler.compile(self.source_expressions[0])


@dataclass(frozen=True)
class Measure:
    """Something computed of all rows of a group."""

    name: str
    function: Any
    column: Column | None = None
    render: Render | None = None

    def expression(self, access: Access) -> Any:
        """Return what to ask a query for."""
        if self.column is None:
            return self.function("*")
        path = self.column.path
        if self.function is Count:
            return Count(access.masked(path), distinct=True)
        return self.function(_typed(path, access))


@dataclass(frozen=True)
class Key:
    """Something rows have in common in a group."""

    name: str
    column: Column
    function: Any = None
    render: Render | None = None

    def expression(self, access: Access) -> Any:
        """Return what to ask a query for."""
        path = self.column.path
        if self.function is None:
            return access.masked(path)
        return self.function(_typed(path, access))


def measures_from(listing: Listing) -> dict[str, Measure]:
    """Return everything that can be computed, by name."""
    found = [Measure(COUNT, Count)]
    for column in _single(listing):
        found += _measures(column)
    return {measure.name: measure for measure in found}


def keys_from(listing: Listing, cut: Cut) -> dict[str, Key]:
    """Return everything rows can be grouped by, by name."""
    found: list[Key] = []
    for column in _single(listing):
        found += _keys(column, cut)
    return {key.name: key for key in found}


def _single(listing: Listing) -> Iterator[Column]:
    """Return the columns that have one comparable value for each row."""
    for column in listing.columns.values():
        if not column.path.many and "exact" in column.kind.lookups:
            yield column


def _measures(column: Column) -> Iterator[Measure]:
    label, path = column.label, column.path
    field = path.field
    yield Measure(f"count(distinct {label})", Count, column)
    if field.is_relation or field.primary_key:
        return
    schema = column.kind.schema
    functions = _FUNCTIONS.get((schema.get("type"), schema.get("format")), {})
    for name, function in functions.items():
        more = _MORE_PLACES if name == "avg" else 0
        render = _decimal(path, more) or column.kind.render
        yield Measure(f"{name}({label})", function, column, render)


def _keys(column: Column, cut: Cut) -> Iterator[Key]:
    kind = column.kind
    is_text = kind.long and kind.schema.get("type") == "string"
    render = cut.text if is_text else _decimal(column.path) or kind.render
    yield Key(column.label, column, None, render)
    for unit, function in _UNITS.get(kind.schema.get("format", ""), {}).items():
        shown = kind.render if unit == "hour" else _day
        yield Key(f"{unit}({column.label})", column, function, shown)


def _typed(path: Path, access: Access) -> Any:
    masked = access.masked(path)
    if isinstance(masked, F):
        return masked
    return Typed(masked, output_field=path.value_field)


def _decimal(path: Path, more: int = 0) -> Render | None:
    """Return what gives a number the digits of its column: SQLite computes
    with floating point."""
    places = getattr(path.value_field, "decimal_places", None)
    if places is None:
        return None
    unit = Decimal(1).scaleb(-places - more)

    def render(value: Any) -> Any:
        if not isinstance(value, Decimal) or not value.is_finite():
            return value
        return value.quantize(unit, context=_WIDE)

    return render


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value
