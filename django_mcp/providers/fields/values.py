"""What values a field has: how they come in, how they go out, what may be asked.

One `Kind` for each sort of field, by its internal type, so that a project's
own subclasses are known too. Nothing here knows which fields are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.utils import timezone
from django.utils.functional import Promise
from pydantic_core import CoreSchema, from_json

from django_mcp.schema import incoming
from django_mcp.schema.walk import Schema

Field: TypeAlias = Any
Render: TypeAlias = Callable[[Any], Any]

#: More choices than this are not spelled out in a schema.
MAX_CHOICES = 100

_ORDER = frozenset({"exact", "gt", "gte", "lt", "lte", "in", "isnull"})
_SAME = frozenset({"exact", "in", "isnull"})
_PARTS = frozenset({"year", "month", "day", "week_day"})
_TEXT = _ORDER | {
    "iexact", "contains", "icontains", "startswith", "istartswith", "endswith",
    "iendswith",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One sort of value."""

    #: As clients see it.
    schema: Schema
    #: How a value from outside is checked; ``None``: none comes in.
    core: CoreSchema | None = None
    lookups: frozenset[str] = frozenset({"isnull"})
    #: Rows can be sorted by it, and a page can begin behind it.
    orderable: bool = False
    #: It can be as long as it likes.
    long: bool = False
    #: From what the database gives to what JSON can say; ``None``: as it is.
    render: Render | None = None
    #: Of an array or a range: what is in it.
    item: Kind | None = None
    #: It is the name of a file in a storage.
    file: bool = False


# -- what goes out ---------------------------------------------------------


def local(value: Any) -> Any:
    """Return a moment in the current time zone, as the admin shows it."""
    if value is not None and value.tzinfo is not None:
        return timezone.localtime(value)
    return value


def bound(render: Render) -> Render:
    """Return a rendering for many values of one moment.

    To ask for the current time zone takes longer than to change to it.
    """
    if render is not local:
        return render
    zone = timezone.get_current_timezone()

    def there(value: Any) -> Any:
        if value is None or value.tzinfo is None or value.tzinfo is zone:
            return value
        return value.astimezone(zone)

    return there


def _size(value: Any) -> Any:
    return None if value is None else f"{len(value)} bytes"


def _range(value: Any) -> Any:
    if value is None:
        return None
    if value.isempty:
        return {"empty": True}
    return {"lower": value.lower, "upper": value.upper, "bounds": value._bounds}


def _geometry(value: Any) -> Any:
    return None if value is None else from_json(value.geojson)


def _text(value: Any) -> Any:
    return None if value is None else str(value)


# -- the kinds -------------------------------------------------------------

TEXT = Kind(
    schema={"type": "string"}, core=incoming.text_core(), lookups=_TEXT, orderable=True
)
_FILE = replace(TEXT, file=True)
_LONG_TEXT = replace(TEXT, long=True)
_INTEGER = Kind(
    schema={"type": "integer"},
    core=incoming.integer_core(),
    lookups=_ORDER,
    orderable=True,
)
_FLOAT = Kind(
    schema={"type": "number"},
    core=incoming.FLOAT,
    lookups=_ORDER,
    orderable=True,
)
_BOOLEAN = Kind(
    schema={"type": "boolean"},
    core=incoming.BOOLEAN,
    lookups=frozenset({"exact", "isnull"}),
    orderable=True,
)
DATE = Kind(
    schema={"type": "string", "format": "date"},
    core=incoming.DAY,
    lookups=_ORDER | _PARTS,
    orderable=True,
)
_DATETIME = Kind(
    schema={"type": "string", "format": "date-time"},
    core=incoming.INSTANT,
    lookups=_ORDER | _PARTS | {"date"},
    orderable=True,
    render=local,
)
_TIME = Kind(
    schema={"type": "string", "format": "time"},
    core=incoming.TIME,
    lookups=_ORDER,
    orderable=True,
)
_DURATION = Kind(
    schema={"type": "string", "format": "duration"},
    core=incoming.DURATION,
    lookups=_ORDER,
    orderable=True,
)
_UUID = Kind(
    schema={"type": "string", "format": "uuid"},
    core=incoming.UUID,
    lookups=_SAME,
    orderable=True,
)
_BINARY = Kind(schema={"type": "string"}, render=_size)
_JSON = Kind(schema={}, long=True, lookups=frozenset({"isnull", "has_key"}))
_GEOMETRY = Kind(schema={"type": "object"}, render=_geometry)
_OPAQUE = Kind(schema={"type": "string"}, render=_text)

_KINDS: dict[str, Kind] = {
    "BinaryField": _BINARY,
    "BooleanField": _BOOLEAN,
    "DateField": DATE,
    "DateTimeField": _DATETIME,
    "DurationField": _DURATION,
    "FileField": _FILE,
    "FilePathField": TEXT,
    "FloatField": _FLOAT,
    "HStoreField": _JSON,
    "JSONField": _JSON,
    "SlugField": TEXT,
    "TextField": _LONG_TEXT,
    "TimeField": _TIME,
    "UUIDField": _UUID,
} | dict.fromkeys(
    (
        "AutoField", "BigAutoField", "BigIntegerField", "IntegerField",
        "PositiveBigIntegerField", "PositiveIntegerField",
        "PositiveSmallIntegerField", "SmallAutoField", "SmallIntegerField",
    ),
    _INTEGER,
)  # fmt: skip
_RANGES = {
    "IntegerRangeField": "IntegerField",
    "BigIntegerRangeField": "BigIntegerField",
    "DateRangeField": "DateField",
    "DateTimeRangeField": "DateTimeField",
}
#: Bits of numbers inside arrays and ranges, where a comparison casts.
_BITS = {
    "IntegerField": 32,
    "PositiveIntegerField": 32,
    "PositiveSmallIntegerField": 16,
    "SmallIntegerField": 16,
}


def kind_from_field(field: Field) -> Kind:
    """Return the sort of values a field has. It is no relation."""
    if hasattr(field, "base_field"):
        make = _array_of if hasattr(field, "size") else _range_of
        return make(field)
    if hasattr(field, "geom_type"):
        return _GEOMETRY
    name = field.get_internal_type()
    return _MAKERS[name](field) if name in _MAKERS else _KINDS.get(name, _OPAQUE)


def kind_named(name: str) -> Kind:
    """Return the sort of values that a field of Django's has by its name."""
    return _KINDS[name]


def _characters(field: Field) -> Kind:
    return TEXT if field.max_length else _LONG_TEXT


def _decimal(field: Field) -> Kind:
    core = incoming.decimal_core(field.max_digits, field.decimal_places)
    return replace(_FLOAT, core=core)


def _address(field: Field) -> Kind:
    core = incoming.address_core(field.clean)
    return Kind(schema={"type": "string"}, core=core, lookups=_SAME, orderable=True)


def _array_of(field: Field) -> Kind:
    base = field.base_field
    item = _item(base.get_internal_type(), kind_from_field(base))
    one = item.render
    return Kind(
        schema={"type": "array", "items": item.schema},
        lookups=frozenset(
            {"isnull", "contains", "overlap"} if item.core else {"isnull"}
        ),
        long=True,
        render=None if one is None else lambda values: _each(values, one),
        item=item,
    )


def _range_of(field: Field) -> Kind:
    name = _RANGES.get(type(field).__name__)
    return Kind(
        schema={"type": "object"},
        lookups=frozenset({"isnull", "contains"} if name else {"isnull"}),
        render=_range,
        item=_item(name, _KINDS[name]) if name else None,
    )


def _item(name: str, kind: Kind) -> Kind:
    """Return a kind as it is inside arrays and ranges."""
    if name not in _BITS:
        return kind
    most = 2 ** (_BITS[name] - 1)
    return replace(kind, core=incoming.integer_core(-most, most - 1))


def _each(values: Any, render: Render) -> Any:
    return None if values is None else [render(value) for value in values]


_MAKERS: dict[str, Callable[[Field], Kind]] = {
    "CharField": _characters,
    "DecimalField": _decimal,
    "GenericIPAddressField": _address,
}


# -- choices ---------------------------------------------------------------


def choices_of(field: Field) -> dict[Any, str]:
    """Return the values a field may have and their labels, if they are few."""
    flat = getattr(field, "flatchoices", None) or ()
    if not 0 < len(flat) <= MAX_CHOICES:
        return {}
    if not all(isinstance(value, str | int) or value is None for value, _ in flat):
        return {}
    return {value: str(label) for value, label in flat if value is not None}


def labelled(choices: Iterable[tuple[Any, str | Promise]]) -> str:
    """Return ``hardback: Hardback; …``, without labels that say no more."""
    return "; ".join(
        f"{value}" if str(label).lower() == str(value).lower() else f"{value}: {label}"
        for value, label in choices
    )
