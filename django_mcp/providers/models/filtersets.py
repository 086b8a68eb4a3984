"""The argument ``filter`` from a project's own django-filter ``FilterSet``.

The only file that knows ``django_filters`` (the extra ``filter``). It decides
which filters are served: what django-filter itself does with a listed field;
everything else the toolset must name in ``allow_filters``.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from typing import Any

import django_filters
from django import forms
from django.db.models.constants import LOOKUP_SEP
from django_filters.fields import BaseCSVField, BaseRangeField
from django_filters.widgets import SuffixedMultiWidget
from pydantic_core import core_schema

from django_mcp.providers.fields.arguments import Argument, described, list_of
from django_mcp.providers.fields.values import DATE, kind_from_field, kind_named
from django_mcp.providers.models.columns import Listing, Problem
from django_mcp.providers.models.filters import MAX_VALUES, PARTS
from django_mcp.providers.models.formfields import (
    choice_of,
    from_form,
    number,
    of_kind,
)
from django_mcp.providers.models.formfilters import SetFilter, SetFilters
from django_mcp.providers.models.paths import Path, UnknownPath, path_from

#: Lookups that compare with a value of the field itself.
_PLAIN = frozenset({"exact", "iexact", "gt", "gte", "lt", "lte", "in", "range"})
_PATTERNS = frozenset({"regex", "iregex"})
#: Methods by which a filter of a project's own does what it likes.
_METHODS = ("filter", "get_method", "get_filter_predicate", "is_noop")


def filters_from_set(
    listing: Listing, filterset_class: Any, allowed: Collection[str], *, narrow: bool
) -> SetFilters:
    """Resolve ``filterset_class``. Of a narrowed listing, what is left of it."""
    filters = SetFilters(filterset_class=filterset_class)
    wrong = _misfit(listing, filterset_class)
    if wrong:
        text = f"filterset_class: {wrong}."
        filters.problems.append(Problem("django_mcp.E012", text))
        return filters
    for name, one in filterset_class.base_filters.items():
        # It only sorts, for which there is another argument.
        if isinstance(one, django_filters.OrderingFilter):
            continue
        found = _Found(listing, name, one)
        reason = found.reason
        if found.never or (reason and name not in allowed):
            if not narrow:
                text = f"filterset_class: {name!r} {found.never or reason}."
                filters.problems.append(Problem("django_mcp.E012", text))
            continue
        if reason:
            text = f"filterset_class: {name!r} {reason}, and is allowed."
            filters.problems.append(Problem("django_mcp.W007", text))
        filters.by_name[name] = found.made()
    return filters


def _misfit(listing: Listing, filterset_class: Any) -> str:
    is_set = isinstance(filterset_class, type) and issubclass(
        filterset_class, django_filters.FilterSet
    )
    if not is_set:
        return "is no FilterSet"
    model = filterset_class._meta.model
    if model is not None and not issubclass(listing.model, model):
        return f"is for {model._meta.label}"
    return ""


class _Found:
    """One filter of a set, being looked at."""

    def __init__(self, listing: Listing, name: str, one: Any) -> None:
        self.name = name
        self.one = one
        self.path, self.lookup = _resolved(listing, one)
        self.column = listing.columns.get(self.path.name) if self.path else None

    @property
    def never(self) -> str:
        """Say why it is served to nobody."""
        if _PATTERNS & {self.lookup[-1], self.one.lookup_expr}:
            return "takes a regular expression"
        if isinstance(self.one, django_filters.LookupChoiceFilter):
            return "takes a lookup that clients choose"
        return ""

    @property
    def reason(self) -> str:
        """Say why the toolset must name it in ``allow_filters``."""
        if self.one.method is not None or _has_own_code(self.one):
            return "filters by code of its own"
        if self.column is None:
            return "is not over a listed field"
        if isinstance(self.one, _ALL_VALUES):
            return "has the values of all rows as choices"
        if self._is_known(self.column.kind.lookups):
            return ""
        lookup = LOOKUP_SEP.join(self.lookup)
        return f"asks {lookup} of a field that has no such lookup"

    def _is_known(self, lookups: Collection[str]) -> bool:
        first, *rest = self.lookup
        if first == "range":
            return not rest and "gte" in lookups
        is_part = first in PARTS or first == "date"
        return first in lookups and (not rest or (is_part and _PLAIN.issuperset(rest)))

    def made(self) -> SetFilter:
        """Return the filter."""
        one = self.one
        text = str(one.extra.get("help_text") or one.label or "")
        # What code of its own asks about is not known.
        path = self.path if one.method is None else None
        if isinstance(one, django_filters.ModelMultipleChoiceFilter):
            return self._made(_several(self._key), path, text, is_list=True)
        if isinstance(one, django_filters.ModelChoiceFilter):
            several = isinstance(one, django_filters.BaseCSVFilter)
            key = _several(self._key) if several else self._key
            return self._made(key, path, text)
        if isinstance(one, _ALL_VALUES):
            # Its form field asks the database at once.
            is_list = isinstance(one, django_filters.AllValuesMultipleFilter)
            value = _several(choice_of(())) if is_list else choice_of(())
            return self._made(value, path, text, is_list=is_list)
        return self._from_form(deepcopy(one).field, path, text)

    def _from_form(self, form: Any, path: Path | None, text: str) -> SetFilter:
        if isinstance(form, BaseCSVField):
            least, most = (2, 2) if isinstance(form, BaseRangeField) else (1, None)
            return self._made(
                list_of(self._single(form), least, most or MAX_VALUES), path, text
            )
        if isinstance(form, forms.MultiValueField):
            return self._parts(form, path, text)
        if isinstance(form, forms.MultipleChoiceField):
            return self._made(_several(self._single(form)), path, text, is_list=True)
        return self._made(self._single(form), path, text)

    def _made(
        self, argument: Argument, path: Path | None, text: str, **more: Any
    ) -> SetFilter:
        schema = described(argument.schema, text)
        argument = Argument(schema=schema, core=argument.core)
        return SetFilter(self.name, argument, path, **more)

    def _parts(self, form: Any, path: Path | None, text: str) -> SetFilter:
        """Return a filter by several values, such as a least and a most."""
        widget = form.widget
        is_suffixed = isinstance(widget, SuffixedMultiWidget)
        suffixes = widget.suffixes if is_suffixed else range(len(form.fields))
        names = {str(one): f"{self.name}_{one}" for one in suffixes}
        arguments = [self._single(one) for one in form.fields]
        parts = dict(zip(names, arguments, strict=True))
        schema = {
            "type": "object",
            "properties": {part: one.schema for part, one in parts.items()},
            "additionalProperties": False,
        }
        fields = {
            part: core_schema.typed_dict_field(one.core, required=False)
            for part, one in parts.items()
        }
        core = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
        return self._made(Argument(schema=schema, core=core), path, text, lookups=names)

    @property
    def _key(self) -> Argument:
        """The argument that names a related row."""
        if self.path is None:
            return of_kind(kind_named("IntegerField"))
        return of_kind(kind_from_field(self.path.value_field))

    def _single(self, form: forms.Field) -> Argument:
        if isinstance(form, forms.ChoiceField):
            return choice_of(self.one.extra.get("choices") or ())
        lookup = self.lookup
        if lookup[0] in PARTS:
            return number(*PARTS[lookup[0]])
        if lookup[0] == "date":
            return of_kind(DATE)
        if self.path is not None and lookup[0] in _PLAIN and self.one.method is None:
            kind = kind_from_field(self.path.value_field)
            if kind.core is not None:
                return of_kind(kind)
        return from_form(form)


def _several(one: Argument) -> Argument:
    return list_of(one, 1, MAX_VALUES)


_ROWS = (django_filters.ModelChoiceFilter, django_filters.ModelMultipleChoiceFilter)
_ALL_VALUES = (django_filters.AllValuesFilter, django_filters.AllValuesMultipleFilter)


def _resolved(listing: Listing, one: Any) -> tuple[Path | None, list[str]]:
    """Return the field that a filter asks about, and how. A lookup can go on
    through further relations, and a choice of a row names it by a field."""
    name = str(one.field_name)
    lookup = str(one.lookup_expr).split(LOOKUP_SEP)
    path = _path(listing, name)
    while path is not None and lookup and path.field.is_relation:
        further = _path(listing, f"{name}{LOOKUP_SEP}{lookup[0]}")
        if further is None:
            break
        path, name = further, f"{name}{LOOKUP_SEP}{lookup.pop(0)}"
    if isinstance(one, _ROWS):
        key = one.extra.get("to_field_name") or "pk"
        path = _path(listing, f"{name}{LOOKUP_SEP}{key}")
    return path, lookup or ["exact"]


def _path(listing: Listing, name: str) -> Path | None:
    try:
        return path_from(listing.model, name)
    except UnknownPath:
        return None


def _has_own_code(one: Any) -> bool:
    methods = (getattr(type(one), name, None) for name in _METHODS)
    return any(
        method is not None and method.__module__.partition(".")[0] != "django_filters"
        for method in methods
    )
