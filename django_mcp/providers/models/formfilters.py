"""Filters that a project's form checks and a project's code applies.

Which of them are served is not decided here. They begin at the door's rows,
choose among visible related rows only, and find nothing by a hidden one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from pydantic_core import CoreSchema

from django_mcp.context import Context
from django_mcp.providers.fields.arguments import Argument
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.filters import Filters
from django_mcp.providers.models.paths import Path
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.walk import Schema

#: Form errors whose own words repeat the value.
_WORDS = {
    "invalid_choice": "is none of the choices",
    "invalid_pk_value": "is none of the choices",
}


@dataclass(frozen=True)
class SetFilter:
    """One filter of a set."""

    name: str
    argument: Argument
    #: What it asks about, if that is a field.
    path: Path | None
    #: A form expects its values side by side.
    is_list: bool = False
    #: Parts of the value, and the names a form has for them.
    lookups: dict[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The argument as clients see it."""
        return self.argument.schema

    @property
    def core(self) -> CoreSchema:
        """The check of the argument, before the form's own."""
        return self.argument.core

    def put(self, value: Any, data: MultiValueDict[str, Any]) -> None:
        """Add a checked value to the data of a form."""
        if self.lookups:
            for part, one in value.items():
                data[self.lookups[part]] = one
        elif self.is_list:
            data.setlist(self.name, value)
        else:
            data[self.name] = value


@dataclass
class SetFilters(Filters):
    """Every filter of a set that is served."""

    filterset_class: Any = None

    def condition(self, values: Mapping[str, Any], access: Access) -> Q:
        """Return the condition for a checked argument.

        Raises: ArgumentErrors, if the form refuses it
        """
        if not values:
            return Q()
        data: MultiValueDict[str, Any] = MultiValueDict()
        for name, value in values.items():
            self.by_name[name].put(value, data)
        filterset = self.filterset_class(
            data, queryset=access.queryset(), request=_request(access.context)
        )
        _hide_choices(filterset.form, access)
        if not filterset.is_valid():
            raise ArgumentErrors(_lines(filterset.form))
        found = filterset.qs.order_by().values("pk")
        return Q(pk__in=found) & self._visible(values, access)

    def _visible(self, values: Mapping[str, Any], access: Access) -> Q:
        """Return the condition that no related row asked about is hidden."""
        condition = Q()
        for name in values:
            path = self.by_name[name].path
            visible = access.where(path) if path else Q()
            if visible and path.many:
                # The set asks about one of them, and this would about another.
                raise ArgumentErrors(
                    [f"filter.{name}: cannot be asked of rows that may be hidden"]
                )
            condition &= visible
        return condition


def _request(context: Context) -> HttpRequest:
    """Return the caller's request, or one that knows who calls."""
    try:
        return context.request
    except RuntimeError:  # no call over HTTP
        request = HttpRequest()
        request.user = context.user  # type: ignore[assignment]
        return request


def _hide_choices(form: Any, access: Access) -> None:
    """Leave out hidden rows: to choose one must be what choosing a missing
    one is."""
    for one in form.fields.values():
        rows: Any = getattr(one, "queryset", None)
        visible = None if rows is None else access.gate_of(rows.model)
        if visible is not None:
            one.queryset = rows.filter(pk__in=visible.order_by().values("pk"))


def _lines(form: Any) -> Iterator[str]:
    for name, errors in form.errors.as_data().items():
        words = [
            _WORDS.get(error.code) or " ".join(map(str, error.messages))
            for error in errors
        ]
        argument = "filter" if name == "__all__" else f"filter.{name}"
        yield f"{argument}: {' '.join(words)}"
