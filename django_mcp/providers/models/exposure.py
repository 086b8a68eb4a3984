"""All that one toolset exposes to one kind of caller, resolved once.

Columns, filters, search and orders come from the toolset's hooks; what is
not here cannot be asked for, in no argument of no tool. Plans for reading
rows are kept beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from django_mcp.providers.fields.arguments import Argument, Arguments
from django_mcp.providers.models.columns import Column, Listing, Problem, listing_from
from django_mcp.providers.models.filters import Filters, filters_from
from django_mcp.providers.models.ordering import (
    Ordering,
    meta_ordering,
    ordering_from,
)
from django_mcp.providers.models.paths import ModelClass, path_from
from django_mcp.providers.models.plans import Cut, Files, Plan
from django_mcp.providers.models.search import Search, search_from
from django_mcp.schema.errors import ArgumentErrors

if TYPE_CHECKING:
    from django_mcp.providers.models.toolset import ModelToolset

Made = TypeVar("Made", bound=Arguments)

#: Plans kept for each exposure: callers choose columns as they like.
MAX_PLANS = 64


class Exposure:
    """What is listed, and what may be asked about it."""

    def __init__(
        self,
        toolset: ModelToolset,
        choices: Sequence[Any],
        *,
        narrow: bool = False,
    ) -> None:
        fields, filter_fields, search_fields, ordering_fields, *rest = choices
        ordering, filterset_class = rest
        self.toolset = toolset
        self.listing: Listing = listing_from(
            toolset.model, fields or (), toolset.allow_sensitive
        )
        self.filters: Filters = (
            self._filters_from_set(filterset_class, narrow=narrow)
            if filterset_class is not None
            else filters_from(self.listing, filter_fields or (), narrow=narrow)
        )
        self.search: Search = search_from(
            self.listing,
            search_fields or (),
            toolset.search,
            toolset.search_config,
            narrow=narrow,
        )
        if ordering is None:
            ordering = meta_ordering(self.listing)
        self.ordering: Ordering = ordering_from(
            self.listing, ordering_fields or (), ordering, narrow=narrow
        )
        self._plans: dict[Any, Plan] = {}
        #: Queries of whole tables, by plan and order.
        self.queries: dict[Any, Any] = {}
        self._arguments: dict[Any, Any] = {}

    def _filters_from_set(self, filterset_class: Any, *, narrow: bool) -> Filters:
        # By name: only who has such a class has its package.
        module = import_module("django_mcp.providers.models.filtersets")
        allowed = self.toolset.allow_filters
        filters: Filters = module.filters_from_set(
            self.listing, filterset_class, allowed, narrow=narrow
        )
        return filters

    @cached_property
    def lookup(self) -> Column | None:
        """The listed and unique column that names one row."""
        name = self.toolset.lookup_field
        column = self.listing.column(name)
        if column is None and name == "pk":
            # A child's key is that of its parent's row, under another name.
            key = path_from(self.toolset.model, "pk").value_field
            columns = self.listing.columns.values()
            column = next((one for one in columns if one.path.fields == (key,)), None)
        if column is None or len(column.path.fields) > 1 or column.kind.core is None:
            return None
        return column if getattr(column.path.field, "unique", False) else None

    @property
    def key(self) -> Column:
        """The column that names one row to this caller. Raises: ArgumentErrors"""
        if self.lookup is None:
            # Nobody but a caller who is shown fewer columns comes here.
            noun = self.toolset.model._meta.verbose_name
            words = gettext("no {noun} can be named by you")
            raise ArgumentErrors([words.format(noun=noun)])
        return self.lookup

    @property
    def key_argument(self) -> Argument:
        """What names one row, as an argument. Raises: ArgumentErrors"""
        core: Any = self.key.kind.core  # known, or it would name no row
        return Argument(schema=self.key.kind.schema, core=core, required=True)

    @cached_property
    def has_long_text(self) -> bool:
        """May something have to be cut?"""
        return any(column.kind.long for column in self.listing.columns.values())

    @cached_property
    def files(self) -> Files | None:
        """Which listed files can be read as resources."""
        toolset, columns = self.toolset, self.listing.columns.values()
        found = [one for one in columns if one.kind.file and not one.path.many]
        if not found or self.lookup is None or not toolset.serves_rows:
            return None
        names = frozenset(one.path.name for one in found)
        return Files(self.lookup.path.lookup, names, toolset.addresses.of_file)

    def _files_of(self, model: ModelClass) -> Files | None:
        if model is self.toolset.model:
            return self.files
        toolset = self.toolset.related_toolset(model)
        return toolset.exposed.files if toolset and toolset.serves else None

    def arguments(self, make: Callable[[Exposure], Made]) -> Made:
        """Return the arguments of a tool, made once. Raises: ArgumentErrors"""
        if not self.listing.members:
            noun = self.toolset.model._meta.verbose_name
            words = gettext("nothing about any {noun} is shown to you")
            raise ArgumentErrors([words.format(noun=noun)])
        if make not in self._arguments:
            self._arguments[make] = make(self)
        made: Made = self._arguments[make]
        return made

    def or_raise(self) -> Exposure:
        """Return it, if nothing is wrong. Raises: ImproperlyConfigured"""
        wrong = [problem.text for problem in self.problems if problem.is_error]
        if wrong:
            raise ImproperlyConfigured(f"{self.toolset!r}: {' '.join(wrong)}")
        return self

    @property
    def problems(self) -> list[Problem]:
        """Return everything that is wrong."""
        parts = (self.listing, self.filters, self.search, self.ordering)
        return [problem for part in parts for problem in part.problems]

    @property
    def labels(self) -> list[str]:
        """The names that the argument ``fields`` takes."""
        return list(self.listing.members)

    def plan(self, labels: Sequence[str] | None, cut: Cut) -> Plan:
        """Return how to read these members, or all."""
        key = (None if labels is None else tuple(labels), cut)
        plan = self._plans.get(key)
        if plan is None:
            members = self.listing.members
            chosen = [members[label] for label in members if _in(label, labels)]
            related = self.toolset.max_related
            plan = Plan(self.listing, cut, related, self._files_of).made(chosen)
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
                self.queries.clear()
            self._plans[key] = plan
        return plan


def _in(label: str, labels: Sequence[str] | None) -> bool:
    return labels is None or label in labels
