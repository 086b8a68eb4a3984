"""The action ``aggregate``: numbers about rows, all together or in groups.

Each row that this caller may see counts once, whatever joins find it; a
hidden related row counts as none. One query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import DataError, OperationalError, connections, transaction
from django.db.models import F
from django.utils.translation import gettext
from pydantic_core import core_schema

from django_mcp.context import Context
from django_mcp.exceptions import ToolError
from django_mcp.providers.fields.arguments import (
    Argument,
    Arguments,
    described,
    one_of,
    some_of,
)
from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.measures import (
    COUNT,
    Key,
    Measure,
    keys_from,
    measures_from,
)
from django_mcp.providers.models.narrowing import (
    checked_filter,
    narrowed,
    narrowing_arguments,
)
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.incoming import integer_core

#: The most things that make a group.
MAX_KEYS = 4
#: The most numbers asked for at once.
MAX_MEASURES = 20

#: What SQLite says of a result that it cannot hold.
_OVERFLOWS = ("integer overflow", "user-defined function raised exception")


class AggregateArguments(Arguments):
    """What the tool takes, and what its names stand for."""

    def __init__(self, exposure: Exposure) -> None:
        toolset = exposure.toolset
        self.measures: dict[str, Measure] = measures_from(exposure.listing)
        self.keys: dict[str, Key] = keys_from(exposure.listing, toolset.list_cut)
        arguments = narrowing_arguments(exposure)
        arguments["aggregates"] = _some(list(self.measures), MAX_MEASURES, [COUNT])
        if self.keys:
            arguments["group_by"] = _some(list(self.keys), MAX_KEYS)
            arguments |= _groups(toolset.max_groups)
        super().__init__(arguments)


def _some(names: list[str], most: int, default: Any = None) -> Argument:
    """Return an argument that is a list of a few of many names."""
    argument = some_of(names)
    most = min(most, len(names))
    core = core_schema.list_schema(
        core_schema.literal_schema(names), min_length=1, max_length=most
    )
    schema = {**argument.schema, "maxItems": most}
    if default:
        schema["default"] = default
    return Argument(schema=schema, core=core)


def _groups(most: int) -> dict[str, Argument]:
    order = "A name of group_by or aggregates, with - before it for descending."
    return {
        "order_by": Argument(
            schema=described({"type": "string"}, order),
            core=core_schema.str_schema(strict=True),
        ),
        "limit": Argument(
            schema={"type": "integer", "minimum": 1, "maximum": most, "default": most},
            core=integer_core(1, most),
        ),
        "format": one_of(["objects", "table"]),
    }


def aggregate_rows(
    toolset: ModelToolset, context: Context, values: dict[str, Any]
) -> dict[str, Any]:
    """Return numbers about rows. Raises: ArgumentErrors, ToolError"""
    exposure = toolset.exposure(context)
    arguments = exposure.arguments(AggregateArguments)
    asked = arguments.validated(values)
    access = Access(toolset, context)
    if access.asks_rows:
        raise ToolError(
            gettext("Rows permitted one by one are not counted; list them.")
        )
    rows = _once_each(access.visible())
    narrow = checked_filter(exposure, asked)
    rows = narrowed(rows, exposure, access, narrow, asked.get("search"))
    names = dict.fromkeys(asked.get("aggregates") or [COUNT])
    measures = [arguments.measures[name] for name in names]
    keys = [arguments.keys[name] for name in dict.fromkeys(asked.get("group_by", ()))]
    with _computed(rows.db):
        if keys:
            return _Groups(keys, measures, asked).result(rows, access)
        return _numbers(rows, measures, access)


def _numbers(rows: Rows, measures: Sequence[Measure], access: Access) -> dict[str, Any]:
    """Compute of all rows together."""
    aggregates = _named(measures, "_value", access)
    found = rows.order_by().aggregate(**aggregates)
    cells = [found[alias] for alias in aggregates]
    names = [measure.name for measure in measures]
    return dict(zip(names, _shown(measures, cells), strict=True))


class _Groups:
    """Rows in groups, being computed."""

    def __init__(
        self, keys: list[Key], measures: list[Measure], asked: Mapping[str, Any]
    ) -> None:
        self.keys = keys
        self.measures = measures
        self.asked = asked
        self.parts: list[Key | Measure] = [*keys, *measures]
        self.names = [part.name for part in self.parts]

    def result(self, rows: Rows, access: Access) -> dict[str, Any]:
        """Compute them, and one more to know whether there is one."""
        keys = _named(self.keys, "_key", access)
        measures = _named(self.measures, "_value", access)
        aliases = [*keys, *measures]
        grouped = rows.order_by().annotate(**keys).values(*keys).annotate(**measures)
        most = self.asked.get("limit") or access.toolset.max_groups
        ordered = grouped.order_by(*self._order(aliases)).values_list(*aliases)
        found = list(ordered[: most + 1])
        result = self._result([_shown(self.parts, cells) for cells in found[:most]])
        return result | {"more_groups": True} if len(found) > most else result

    def _order(self, aliases: list[str]) -> Iterator[Any]:
        """Order by what is asked, then by the keys. No value comes last."""
        asked = self.asked.get("order_by")
        if asked is not None:
            name = asked.removeprefix("-")
            if name not in self.names:
                allowed = ", ".join(self.names)
                raise ArgumentErrors(
                    [f"order_by: should be one of {allowed}, or that with - before it"]
                )
            column = F(aliases[self.names.index(name)])
            if asked.startswith("-"):
                yield column.desc(nulls_last=True)
            else:
                yield column.asc(nulls_last=True)
        for alias in aliases[: len(self.keys)]:
            yield F(alias).asc(nulls_last=True)

    def _result(self, groups: list[list[Any]]) -> dict[str, Any]:
        result: dict[str, Any]
        if self.asked.get("format") == "table":
            result = {"columns": self.names, "groups": groups}
        else:
            named = [dict(zip(self.names, cells, strict=True)) for cells in groups]
            result = {"groups": named}
        labels = dict(self._labels(groups))
        return result | {"labels": labels} if labels else result

    def _labels(self, groups: list[list[Any]]) -> Iterator[tuple[str, Any]]:
        """Return what the values that were found are called."""
        for place, key in enumerate(self.keys):
            choices = key.column.choices
            found = dict.fromkeys(cells[place] for cells in groups) if choices else ()
            labels = {str(one): choices[one] for one in found if one in choices}
            if any(label.lower() != value.lower() for value, label in labels.items()):
                yield key.name, labels


def _named(
    parts: Sequence[Key | Measure], alias: str, access: Access
) -> dict[str, Any]:
    """Return expressions under names that no field has."""
    return {
        f"{alias}_{place}": part.expression(access) for place, part in enumerate(parts)
    }


def _shown(parts: Sequence[Key | Measure], cells: Sequence[Any]) -> list[Any]:
    return [
        cell if part.render is None or cell is None else part.render(cell)
        for part, cell in zip(parts, cells, strict=True)
    ]


def _once_each(rows: Rows) -> Rows:
    """Return rows without the joins and annotations of the query that found
    them, which would count some of them repeatedly."""
    query = rows.query
    is_plain = not (
        query.annotations
        or query.combinator
        or query.distinct
        or query.extra
        or query.group_by
        or len(query.alias_map) > 1
    )
    if is_plain:
        return rows
    keys = rows.order_by().values("pk")
    return rows.model._base_manager.using(rows.db).filter(pk__in=keys)


@contextmanager
def _computed(database: str) -> Iterator[None]:
    """Say so where a result is beyond what the database, or Python, can hold."""
    try:
        with _savepoint(database):
            yield
    except (DataError, ArithmeticError):
        pass
    except OperationalError as error:
        if not any(words in str(error) for words in _OVERFLOWS):
            raise
    else:
        return
    raise ToolError(
        "aggregates: " + gettext("a result is too large to compute; filter rows")
    )


def _savepoint(database: str) -> AbstractContextManager[Any]:
    """Keep the transaction around the call, if there is one, usable."""
    if connections[database].in_atomic_block:
        return transaction.atomic(using=database)
    return nullcontext()
