"""The one door to rows: whose rows a caller may see, here and behind relations.

Every query of a toolset begins at `Access.queryset` or `Access.visible`, and
every path over a relation is limited by `Access.where` or `Access.masked`.
Nothing else may decide which rows somebody sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Case, Expression, F, Q, When
from django.db.models.manager import BaseManager

from django_mcp.providers.models.paths import ModelClass, Path, Step

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.providers.models.toolset import ModelToolset

#: A query set, of which more is known at run time only.
Rows: TypeAlias = Any


class Access:
    """What one caller may see of a toolset's rows, asked once for each call."""

    __slots__ = ("_gates", "context", "toolset")

    def __init__(self, toolset: ModelToolset, context: Context) -> None:
        self.toolset = toolset
        self.context = context
        self._gates: dict[tuple[ModelClass, bool], Rows | None] = {}

    def queryset(self) -> Rows:
        """Return the rows of lists and of single objects.

        With ``object_permissions`` each of them must be asked for too, see
        `permits`.
        """
        return _rows_of(self.toolset, self.context)

    def visible(self) -> Rows:
        """Return the rows that the query alone lets this caller see: for
        counts, aggregates and completions, where no row is asked for."""
        return visible(self.toolset, self.context)

    @property
    def asks_rows(self) -> bool:
        """Must `permits` be asked for each row of a list?"""
        return _asks_rows(self.toolset, self.context)

    def permits(self, obj: Any) -> bool:
        """May this caller see this row?"""
        return self.toolset.has_view_permission(self.context, obj)

    def gate(self, step: Step) -> Rows | None:
        """Return the related rows this caller may see; ``None``: all of them."""
        return self.gate_of(step.model, many=step.many)

    def gate_of(self, model: ModelClass, *, many: bool = False) -> Rows | None:
        """Return the rows of a related model, see `gate`."""
        key = (model, many)
        if key not in self._gates:
            self._gates[key] = self._found_gate(model, many=many)
        return self._gates[key]

    def where(self, path: Path) -> Q:
        """Return the condition that every row on a path is visible.

        It belongs into the same ``filter()`` as what is asked of the path, so
        that both speak of the same related row.
        """
        condition = Q()
        for step in path.steps:
            gate = self.gate(step)
            if gate is not None:
                condition &= Q((f"{step.key}__in", gate.order_by().values("pk")))
        return condition

    def masked(self, path: Path) -> Expression | F:
        """Return a path's value, which is null where a row on it is hidden."""
        condition = self.where(path)
        if not condition:
            return F(path.lookup)
        return Case(When(condition, then=F(path.lookup)))

    def _found_gate(self, model: ModelClass, *, many: bool) -> Rows | None:
        toolset = self.toolset.related_toolset(model)
        if toolset is not None:
            opened = is_open(toolset, self.context)
            return None if opened else visible(toolset, self.context)
        # As in Django: several related rows come from the default manager,
        # which may leave out deleted ones; a single one from the base manager.
        manager = model._default_manager if many else model._base_manager
        return None if _leaves_nothing_out(manager) else manager.all()


def visible(toolset: ModelToolset, context: Context) -> Rows:
    """Return the rows of a toolset that a query alone lets a caller see."""
    if not _views_all(toolset, context):
        # Not the toolset's own rows: its rule may need a user it knows.
        return toolset.model._default_manager.none()
    return _rows_of(toolset, context)


def _rows_of(toolset: ModelToolset, context: Context) -> Rows:
    """Return a toolset's rows, so that they can be filtered and sorted."""
    rows: Rows = toolset.get_queryset(context)
    query = rows.query
    if query.is_sliced or query.combinator or query.distinct_fields:
        # Which rows these are hangs on their own order: ask for them apart.
        plain = rows.model._base_manager.using(rows.db)
        return plain.filter(pk__in=rows.values("pk"))
    return rows


def is_open(toolset: ModelToolset, context: Context) -> bool:
    """Does a caller see every row of the table?"""
    return toolset.has_plain_rows and _views_all(toolset, context)


def _views_all(toolset: ModelToolset, context: Context) -> bool:
    return not _asks_rows(toolset, context) and toolset.has_view_permission(context)


def _asks_rows(toolset: ModelToolset, context: Context) -> bool:
    if not toolset.object_permissions:
        return False
    # A rule of the toolset's own can say no to a row even of who may see all.
    own = not toolset.has_plain_permissions
    return own or not toolset.has_model_permission("view", context)


def is_plain(model: ModelClass) -> bool:
    """Does the default manager leave nothing out?"""
    return _leaves_nothing_out(model._default_manager)


def _leaves_nothing_out(manager: BaseManager[Any]) -> bool:
    return type(manager).get_queryset is BaseManager.get_queryset
