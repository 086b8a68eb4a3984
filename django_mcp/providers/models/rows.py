"""Rows of a query as values, in a constant number of queries.

One query for the rows, one for each relation to several rows, and one for
each relation whose rows are not all visible: however many rows there are.
No model instance is made, unless a permission must be asked for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Window
from django.db.models.constants import LOOKUP_SEP
from django.db.models.functions import RowNumber

from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.paths import is_sensitive, path_from
from django_mcp.providers.models.plans import Child, Found, Plan, model_of

_PLACE = "_place"


class Reader:
    """Reads the rows of one call."""

    __slots__ = ("access", "cut", "database")

    def __init__(self, access: Access, database: str) -> None:
        self.access = access
        self.database = database
        #: Labels of relations that had more rows than are shown.
        self.cut: set[str] = set()

    def objects(self, plan: Plan, rows: Sequence[Any]) -> list[Any]:
        """Return selected rows as objects."""
        rows, found = self._complete(plan, rows)
        return plan.objects(rows, found)

    def lines(self, plan: Plan, rows: Sequence[Any]) -> list[Any]:
        """Return selected rows as lists of values."""
        rows, found = self._complete(plan, rows)
        return plan.lines(rows, found)

    def permitted(self, plan: Plan, rows: list[Any]) -> list[Any]:
        """Return the rows for which this caller's permission holds."""
        if not self.access.asks_rows:
            return rows
        keys = [row[plan.key] for row in rows]
        instances = self.access.queryset().using(self.database).in_bulk(keys)
        allowed = {key for key, one in instances.items() if self.access.permits(one)}
        return [row for row in rows if row[plan.key] in allowed]

    # -- related rows ------------------------------------------------------

    def _complete(self, plan: Plan, rows: Sequence[Any]) -> tuple[Sequence[Any], Found]:
        """Hide what is hidden, and fetch what hangs on the rows."""
        for gate in plan.gates:
            visible = self.access.gate(gate.step)
            if visible is not None:
                rows = self._masked(rows, gate.key, gate.columns, visible)
        for kind, key in plan.generics:
            rows = self._generic(rows, kind, key)
        return rows, [self._children(child, rows) for child in plan.children]

    def _masked(
        self, rows: Sequence[Any], key: int, columns: list[int], visible: Rows
    ) -> Sequence[Any]:
        wanted = {row[key] for row in rows} - {None}
        if not wanted:
            return rows
        shown = self._known(visible, wanted)
        return [row if row[key] in shown else _without(row, columns) for row in rows]

    def _known(self, visible: Rows, wanted: Collection[Any]) -> set[Any]:
        rows = visible.using(self.database).order_by()
        return set(rows.filter(pk__in=wanted).values_list("pk", flat=True))

    def _generic(self, rows: Sequence[Any], kind: int, key: int) -> Sequence[Any]:
        """Hide generic keys of rows this caller may not see, and of no model."""
        keys: dict[Any, set[Any]] = defaultdict(set)
        for row in rows:
            if row[kind] is not None and row[key] is not None:
                keys[row[kind]].add(row[key])
        hidden = {
            (one, value)
            for one, values in keys.items()
            for value in values - self._shown(one, values)
        }
        if not hidden:
            return rows
        return [
            _without(row, [kind, key]) if (row[kind], row[key]) in hidden else row
            for row in rows
        ]

    def _shown(self, kind: Any, values: set[Any]) -> set[Any]:
        model = model_of(kind)
        if model is None or is_sensitive(path_from(model, "pk")):
            return set()
        visible = self.access.gate_of(model)
        if visible is None:
            return values
        # The column may hold the keys of any model, as text.
        converted = {value: _converted(model, value) for value in values}
        known = self._known(visible, {v for v in converted.values() if v is not None})
        return {value for value, key in converted.items() if key in known}

    def _children(self, child: Child, rows: Sequence[Any]) -> dict[Any, list[Any]]:
        keys = {row[child.key] for row in rows} - {None}
        if not keys:
            return {}
        plan = child.plan
        # In Python: Django loses the order of a key that is a parent's.
        related = sorted(self._related(child, keys), key=itemgetter(-2))
        owners = [row[-1] for row in related]
        if child.bare:
            values: Sequence[Any] = [row[plan.key] for row in related]
        else:
            values = self.objects(plan, related)
        grouped: dict[Any, list[Any]] = {}
        for owner, value in zip(owners, values, strict=True):
            grouped.setdefault(owner, []).append(value)
        return self._limited(child, grouped)

    def _limited(self, child: Child, found: dict[Any, list[Any]]) -> dict[Any, Any]:
        """Drop the one row more that was fetched to know whether there is one."""
        for values in found.values():
            if len(values) > child.plan.max_related:
                del values[child.plan.max_related :]
                self.cut.add(child.label)
        return found

    def _related(self, child: Child, keys: set[Any]) -> Rows:
        """Select related rows, some of each, from the side they hang on."""
        name, plan = child.step.name, child.plan
        key = f"{name}{LOOKUP_SEP}pk"
        asked: dict[str, Any] = {"pk__in": keys, f"{key}__isnull": False}
        visible = self.access.gate(child.step)
        if visible is not None:
            asked[f"{key}__in"] = visible.order_by().values("pk")
        rows = child.model._base_manager.using(self.database).filter(**asked)
        place = Window(RowNumber(), partition_by=[F("pk")], order_by=F(key).asc())
        rows = rows.annotate(**{_PLACE: place})
        rows = rows.filter(**{f"{_PLACE}__lte": plan.max_related + 1})
        names = [f"{name}{LOOKUP_SEP}{one}" for one in plan.names]
        return rows.order_by().values_list(*names, _PLACE, "pk")


def _without(row: Sequence[Any], columns: Sequence[int]) -> list[Any]:
    masked = list(row)
    for column in columns:
        masked[column] = None
    return masked


def _converted(model: Any, value: Any) -> Any:
    try:
        return model._meta.pk.to_python(value)
    except (ValidationError, ValueError, TypeError):
        return None
