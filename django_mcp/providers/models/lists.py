"""The action ``list``: one page of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import core_schema

from django_mcp.context import Context
from django_mcp.providers.fields.arguments import (
    Argument,
    Arguments,
    described,
    one_of,
    some_of,
)
from django_mcp.providers.models import pages
from django_mcp.providers.models.access import Access, Rows, is_open
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.narrowing import (
    checked_filter,
    narrowed,
    narrowing_arguments,
)
from django_mcp.providers.models.ordering import BoundOrder
from django_mcp.providers.models.plans import Plan
from django_mcp.providers.models.rows import Reader
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.schema.incoming import integer_core

#: Rows whose permission is asked for one page, where each must be.
MAX_ASKED = 1000

_TEXT = {"type": "string"}


def list_arguments(exposure: Exposure) -> Arguments:
    """Return what the tool takes."""
    toolset = exposure.toolset
    arguments = narrowing_arguments(exposure)
    if exposure.ordering:
        arguments["order_by"] = one_of(list(exposure.ordering.by_name))
    most = toolset.max_page_size
    number = {"type": "integer", "minimum": 1, "maximum": most}
    return Arguments({
        **arguments,
        "fields": some_of(exposure.labels),
        "limit": Argument(
            schema={**number, "default": toolset.default_page_size},
            core=integer_core(1, most),
        ),
        "cursor": Argument(
            schema=described(_TEXT, "next_cursor of the page before."),
            core=core_schema.str_schema(strict=True),
        ),
        "total": Argument(
            schema={"type": "boolean", "description": "Also count all rows."},
            core=core_schema.bool_schema(),
        ),
        "format": one_of(["objects", "table"]),
    })  # fmt: skip


def list_rows(
    toolset: ModelToolset, context: Context, values: dict[str, Any]
) -> dict[str, Any]:
    """Return one page. Raises: ArgumentErrors"""
    exposure = toolset.exposure(context)
    arguments = exposure.arguments(list_arguments).validated(values)
    return _Page(exposure, Access(toolset, context), arguments).result()


class _Page:
    """One page being read."""

    def __init__(
        self, exposure: Exposure, access: Access, arguments: Mapping[str, Any]
    ) -> None:
        self.exposure = exposure
        self.access = access
        self.arguments = arguments
        self.toolset = exposure.toolset
        self.filter = checked_filter(exposure, arguments)

    def result(self) -> dict[str, Any]:
        """Read it."""
        arguments, toolset = self.arguments, self.toolset
        names = [arguments["order_by"]] if "order_by" in arguments else []
        order = self.exposure.ordering.bound(names, self.access)
        plan = self.exposure.plan(arguments.get("fields"), toolset.list_cut)
        limit = arguments.get("limit") or toolset.default_page_size
        selected = self._narrowed(self._selected(plan, order))
        if "cursor" in arguments:
            bound_to = self._bound_to(order)
            position = pages.position_from(arguments["cursor"], order, bound_to)
            selected = selected.filter(order.after(position))
        reader = Reader(self.access, selected.db)
        rows, last = self._read(reader, plan, order, selected, limit)
        result = self._shown(reader, plan, rows)
        if last is not None:
            position = _position(plan, order, last)
            result["next_cursor"] = pages.cursor_after(position, self._bound_to(order))
        return result | self._total() if arguments.get("total") else result

    def _read(
        self, reader: Reader, plan: Plan, order: BoundOrder, selected: Rows, limit: int
    ) -> tuple[list[Any], Any]:
        """Return the rows of the page, and the one the next page begins behind.

        Where each row must be asked for, those that are hidden are passed
        over: a short page, or a next one, would tell of them.
        """
        found: list[Any] = []
        asked, size = 0, limit + 1
        rest = selected
        while True:
            rows = list(rest[:size])
            found += reader.permitted(plan, rows)
            if len(found) > limit:
                return found[:limit], found[limit - 1]
            if len(rows) < size:
                return found, None
            asked += size
            if asked >= MAX_ASKED:
                return found, rows[-1]
            size = min(4 * size, MAX_ASKED - asked)
            rest = selected.filter(order.after(_position(plan, order, rows[-1])))

    def _selected(self, plan: Plan, order: BoundOrder) -> Rows:
        """Return all rows in order, with what is read of each.

        Where nothing depends on the caller, such a query is made only once.
        """
        if not self.toolset.has_plain_rows or order.annotations:
            return _select(self.access.queryset(), plan, order)
        made = self.exposure.queries.get((plan, order))
        if made is None:
            made = _select(self.access.queryset(), plan, order)
            self.exposure.queries[plan, order] = made
        return made.all()

    def _narrowed(self, rows: Rows) -> Rows:
        """Return the rows that filter and search leave."""
        words = self.arguments.get("search")
        return narrowed(rows, self.exposure, self.access, self.filter, words)

    def _shown(self, reader: Reader, plan: Plan, rows: list[Any]) -> dict[str, Any]:
        shown: dict[str, Any]
        if self.arguments.get("format") == "table":
            shown = {"columns": plan.labels, "rows": reader.lines(plan, rows)}
        else:
            shown = {"rows": reader.objects(plan, rows)}
        return shown | {"more_in": sorted(reader.cut)} if reader.cut else shown

    def _bound_to(self, order: BoundOrder) -> bytes:
        query = {
            name: self.arguments[name]
            for name in ("filter", "search", "order_by")
            if name in self.arguments
        }
        return pages.about(
            self.toolset.model._meta.label_lower,
            query,
            order,
            self.access.context,
        )

    def _total(self) -> dict[str, Any]:
        access = self.access
        if access.asks_rows:
            # Counting would ask for every row there is.
            return {"total": None}
        whole = not self.filter and not self.arguments.get("search")
        whole = whole and is_open(self.toolset, access.context)
        return pages.total_of(self._narrowed(access.queryset()), whole_table=whole)


def _select(rows: Rows, plan: Plan, order: BoundOrder) -> Rows:
    names = dict.fromkeys((*plan.names, *order.names))
    return order.applied(rows).values_list(*names)


def _position(plan: Plan, order: BoundOrder, row: Any) -> list[Any]:
    """Return where in an order a row stands."""
    names = list(dict.fromkeys((*plan.names, *order.names)))
    return [row[names.index(name)] for name in order.names]
