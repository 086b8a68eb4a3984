"""The argument ``order_by``: which order, made total, and where a page begins.

Nulls come as PostgreSQL has them by itself (greater than everything), said
explicitly only where there can be any: so both databases agree, and an index
still serves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Expression, F, Func, Q, Value

from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.columns import Column, Listing, Problem
from django_mcp.providers.models.paths import ModelClass, Path, path_from


@dataclass(frozen=True, slots=True)
class Term:
    """One column to sort by."""

    path: Path
    descending: bool = False

    @property
    def text(self) -> str:
        """The term as clients write it."""
        return f"-{self.path.name}" if self.descending else self.path.name


@dataclass(frozen=True, slots=True)
class BoundTerm:
    """One column to sort by, as one caller sees it."""

    #: What a query may be asked for: a path, or the name of an annotation.
    name: str
    descending: bool
    nullable: bool
    field: Any

    @property
    def expression(self) -> Any:
        """What to hand to ``order_by``."""
        if not self.nullable:
            return f"-{self.name}" if self.descending else self.name
        column = F(self.name)
        if self.descending:
            return column.desc(nulls_first=True)
        return column.asc(nulls_last=True)

    def same(self, value: Any) -> Q:
        """Return the condition of standing where the value stands."""
        if value is None:
            return Q((f"{self.name}__isnull", True))
        return Q((self.name, value))

    def after(self, value: Any) -> Q | None:
        """Return the condition of coming later; ``None`` if nothing does."""
        if value is None:
            return Q((f"{self.name}__isnull", False)) if self.descending else None
        if self.descending:
            return Q((f"{self.name}__lt", value))
        later = Q((f"{self.name}__gt", value))
        return later | Q((f"{self.name}__isnull", True)) if self.nullable else later

    def from_here(self, value: Any) -> Q | None:
        """Return a range that an index can begin at, if there is one."""
        if value is None or (self.nullable and not self.descending):
            return None
        return Q((f"{self.name}__{'lte' if self.descending else 'gte'}", value))


class RowAfter(Func):
    """``(a, b) > (x, y)``: one range of an index over both columns."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, *parts: Any, sign: str = ">") -> None:
        super().__init__(*parts)
        self.sign = sign

    def as_sql(self, compiler: Any, connection: Any, *rest: Any, **more: Any) -> Any:
        """Compile both sides."""
        parts: list[str] = []
        params: list[Any] = []
        for expression in self.source_expressions:
            sql, more = compiler.compile(expression)
            parts.append(sql)
            params.extend(more)
        half = len(parts) // 2
        left, right = ", ".join(parts[:half]), ", ".join(parts[half:])
        return f"({left}) {self.sign} ({right})", params


@dataclass(frozen=True, eq=False)
class BoundOrder:
    """A total order, as one caller sees it."""

    terms: tuple[BoundTerm, ...]
    annotations: dict[str, Expression | F]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What to read of a row, to know where it stands."""
        return tuple(term.name for term in self.terms)

    def applied(self, rows: Rows) -> Rows:
        """Return the rows in order."""
        if self.annotations:
            rows = rows.annotate(**self.annotations)
        return rows.order_by(*(term.expression for term in self.terms))

    def after(self, position: Sequence[Any]) -> Any:
        """Return the condition of coming after a position."""
        terms = self.terms
        directions = {term.descending for term in terms}
        if len(directions) == 1 and not any(term.nullable for term in terms):
            if len(terms) > 1:
                return self._row_after(position, descending=directions.pop())
            return terms[0].after(position[0])
        branches = []
        for place, (term, value) in enumerate(zip(terms, position, strict=True)):
            later = term.after(value)
            if later is not None:
                before = zip(terms[:place], position, strict=False)
                same = [one.same(here) for one, here in before]
                branches.append(reduce(and_, [*same, later]))
        condition = reduce(or_, branches)
        lead = terms[0].from_here(position[0])
        return condition if lead is None else lead & condition

    def _row_after(self, position: Sequence[Any], *, descending: bool) -> RowAfter:
        columns = [F(term.name) for term in self.terms]
        values = [
            Value(value, output_field=term.field)
            for term, value in zip(self.terms, position, strict=True)
        ]
        return RowAfter(*columns, *values, sign="<" if descending else ">")


@dataclass
class Ordering:
    """Every order a toolset offers."""

    model: ModelClass
    #: By what clients write: ``title`` and ``-title``.
    by_name: dict[str, Term] = field(default_factory=dict)
    default: tuple[Term, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    #: Orders in which nothing is hidden, by their terms.
    _open: dict[tuple[Term, ...], BoundOrder] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def bound(self, names: Sequence[str], access: Access) -> BoundOrder:
        """Return a total order; the default's if no name is given."""
        terms = tuple(self.by_name[name] for name in names) or self.default
        hidden = {term for term in terms if access.where(term.path)}
        if hidden:
            return self._made(terms, access, hidden)
        if terms not in self._open:
            self._open[terms] = self._made(terms, access, hidden)
        return self._open[terms]

    def _made(
        self, terms: tuple[Term, ...], access: Access, hidden: Collection[Term]
    ) -> BoundOrder:
        bound: dict[str, BoundTerm] = {}
        annotations: dict[str, Expression | F] = {}
        key = Term(path_from(self.model, "pk"), _descends(terms))
        for place, term in enumerate((*terms, key)):
            path, name = term.path, term.path.lookup
            # The key itself says which rows are which; a masked one does not.
            masked = term is not key and term in hidden
            if masked:
                name = f"_order_{place}"
                annotations[name] = access.masked(path)
            nullable = path.nullable or masked
            one = BoundTerm(name, term.descending, nullable, path.value_field)
            bound.setdefault(name if masked else path.name, one)
        return BoundOrder(tuple(bound.values()), annotations)


def _descends(terms: Sequence[Term]) -> bool:
    """Does every term descend? Then the key does too, for the index's sake."""
    return bool(terms) and all(term.descending for term in terms)


def ordering_from(
    listing: Listing, names: Sequence[str], default: Sequence[str], *, narrow: bool
) -> Ordering:
    """Resolve ``ordering_fields`` and ``ordering``."""
    ordering = Ordering(listing.model)
    for name in names:
        term = _term(listing, name, "ordering_fields", ordering.problems, narrow)
        if term is not None:
            ordering.by_name[name] = Term(term.path)
            ordering.by_name[f"-{name}"] = Term(term.path, True)
    terms = [
        _term(listing, name, "ordering", ordering.problems, narrow) for name in default
    ]
    ordering.default = tuple(term for term in terms if term is not None)
    return ordering


def meta_ordering(listing: Listing) -> list[str]:
    """Return the model's own order, as far as it is made of listed columns."""
    found = []
    for name in listing.model._meta.ordering:
        column = listing.column(name.lstrip("-")) if isinstance(name, str) else None
        if column is None or not _is_sortable(column):
            break
        found.append(name)
    return found


def _term(
    listing: Listing, name: Any, source: str, problems: list[Problem], narrow: bool
) -> Term | None:
    descending = isinstance(name, str) and name.startswith("-")
    column = listing.column(name[1:] if descending else name)
    if column is not None and _is_sortable(column):
        return Term(column.path, descending)
    if column is not None or not narrow:
        reason = "cannot be sorted by" if column else "is not among the listed fields"
        problems.append(Problem("django_mcp.E012", f"{source}: {name!r} {reason}."))
    return None


def _is_sortable(column: Column) -> bool:
    return column.kind.orderable and not column.path.many
