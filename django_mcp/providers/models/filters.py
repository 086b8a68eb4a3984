"""The argument ``filter``: which lookups of which columns, and what they take.

Compiled once for each set of columns. What it makes is one condition that
limits rows; it never joins rows into several, so it also serves counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP
from pydantic_core import (
    CoreSchema,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from django_mcp.providers.fields.arguments import unpacked
from django_mcp.providers.fields.values import (
    DATE,
    TEXT,
    Kind,
    labelled,
)
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.columns import Column, Listing, Problem
from django_mcp.schema import incoming
from django_mcp.schema.errors import ArgumentErrors, lines_from
from django_mcp.schema.walk import Schema

#: ``{"price": ["exact", "gte"]}``, or ``["author"]`` for exact matches.
FilterFields: TypeAlias = Mapping[str, Sequence[str]] | Sequence[str]

#: The most values one ``in`` may name.
MAX_VALUES = 100
EXACT = "exact"

_INTEGER: Schema = {"type": "integer"}
#: Parts of a day, and the numbers they can be.
PARTS: dict[str, tuple[int, int]] = {
    "year": incoming.YEARS,
    "month": (1, 12),
    "day": (1, 31),
    "week_day": (1, 7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One way to ask about a column."""

    name: str
    schema: Schema
    core: CoreSchema


@dataclass(frozen=True)
class Filter:
    """One column, and the ways to ask about it."""

    name: str
    column: Column
    lookups: dict[str, Lookup]

    @property
    def schema(self) -> Schema:
        """The argument as clients see it."""
        described = _described(self.column)
        if list(self.lookups) == [EXACT]:
            return {**self.lookups[EXACT].schema, **described}
        properties = {name: one.schema for name, one in self.lookups.items()}
        return {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **described,
        }

    @property
    def core(self) -> CoreSchema:
        """The check of the argument; a bare value means ``exact``."""
        fields = {
            name: core_schema.typed_dict_field(one.core, required=False)
            for name, one in self.lookups.items()
        }
        several = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
        if EXACT not in self.lookups:
            return several
        bare = self.lookups[EXACT].core
        return core_schema.tagged_union_schema(
            {"several": several, "bare": bare},
            discriminator=lambda value: (
                "several" if isinstance(value, dict) else "bare"
            ),
        )

    def condition(self, value: Any, access: Access) -> Q:
        """Return what a checked argument asks for."""
        path = self.column.path
        asked = value if isinstance(value, dict) else {EXACT: value}
        condition = Q()
        visible = access.where(path)
        for name, wanted in asked.items():
            if name == "isnull":
                known = Q((f"{path.question}__isnull", False)) & visible
                if wanted and path.many:
                    # Negated, each part would speak of a row of its own.
                    known = once(access.toolset.model, known)
                condition &= ~known if wanted else known
            else:
                condition &= Q((f"{path.question}{LOOKUP_SEP}{name}", wanted))
                condition &= visible
        return condition


@dataclass
class Filters:
    """Every filter of a toolset."""

    #: A `Filter` each, or what a subclass has in its place.
    by_name: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    @cached_property
    def schema(self) -> Schema:
        """The argument as clients see it."""
        properties = {name: one.schema for name, one in self.by_name.items()}
        return {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }

    @cached_property
    def _check(self) -> Callable[[Any], dict[str, Any]]:
        fields = {
            name: core_schema.typed_dict_field(one.core, required=False)
            for name, one in self.by_name.items()
        }
        whole = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
        check: Callable[[Any], dict[str, Any]] = SchemaValidator(whole).validate_python
        return check

    def validated(self, value: Any, argument: str = "filter") -> dict[str, Any]:
        """Return the argument, checked and converted.

        Raises: ArgumentErrors
        """
        value = unpacked(value)
        try:
            return self._check(value)
        except ValidationError as error:
            lines = self._lines(error, value, argument)
        raise ArgumentErrors(lines)

    def condition(self, values: Mapping[str, Any], access: Access) -> Q:
        """Return the condition for a checked argument.

        Conditions on several related rows speak of one of them together, and
        keep each row once.
        """
        plain, many = Q(), Q()
        for name, value in values.items():
            one = self.by_name[name]
            condition = one.condition(value, access)
            if one.column.path.many:
                many &= condition
            else:
                plain &= condition
        return plain & once(access.toolset.model, many) if many else plain

    def _lines(self, error: ValidationError, value: Any, argument: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{argument}: should be an object"]
        unknown = [
            f"{argument}: {self._unknown(detail['loc'])}"
            for detail in error.errors(include_url=False, include_input=False)
            if detail["type"] == "extra_forbidden"
        ]
        return unknown or [f"{argument}.{line}" for line in lines_from(error, value)]

    def _unknown(self, where: tuple[Any, ...]) -> str:
        name = str(where[0])
        one = self.by_name.get(name)
        if one is None:
            allowed = ", ".join(self.by_name)
            return f"{name[:100]} is no field to filter by; allowed are {allowed}"
        lookup, allowed = str(where[-1])[:100], ", ".join(one.lookups)
        return f"{name} has no lookup {lookup}; allowed are {allowed}"


def once(model: Any, condition: Q) -> Q:
    """Ask about several related rows without repeating a row for each."""
    return Q(pk__in=model._base_manager.filter(condition).order_by().values("pk"))


def filters_from(listing: Listing, given: FilterFields, *, narrow: bool) -> Filters:
    """Resolve ``filter_fields``. Of a narrowed listing, what is left of them."""
    filters = Filters()
    pairs = given if isinstance(given, Mapping) else dict.fromkeys(given, (EXACT,))
    for name, lookups in pairs.items():
        column = listing.column(name)
        if column is None:
            if not narrow:
                text = f"filter_fields: {name!r} is not among the listed fields."
                filters.problems.append(Problem("django_mcp.E012", text))
            continue
        wanted = [lookups] if isinstance(lookups, str) else list(lookups)
        made = {one: _lookup(column, one) for one in wanted}
        wrong = [one for one, lookup in made.items() if lookup is None]
        if wrong or not wanted:
            known = ", ".join(sorted(column.kind.lookups)) or "none"
            text = (
                f"filter_fields: {name!r} cannot be asked for {wrong}; it has {known}."
            )
            filters.problems.append(Problem("django_mcp.E012", text))
            continue
        kept = {one: lookup for one, lookup in made.items() if lookup is not None}
        filters.by_name[name] = Filter(name, column, kept)
    return filters


def _lookup(column: Column, name: str) -> Lookup | None:
    kind = column.kind
    if name not in kind.lookups:
        return None
    if name == "isnull":
        core = incoming.BOOLEAN
        return Lookup(name=name, schema={"type": "boolean"}, core=core)
    if name in PARTS:
        return Lookup(
            name=name, schema=_INTEGER, core=incoming.integer_core(*PARTS[name])
        )
    if name == "has_key":
        return Lookup(name=name, schema=TEXT.schema, core=incoming.text_core())
    if name == "date":
        return Lookup(name=name, schema=DATE.schema, core=incoming.DAY)
    return _value_lookup(column, kind, name)


def _value_lookup(column: Column, kind: Kind, name: str) -> Lookup | None:
    if name == "overlap" or (name == "contains" and kind.schema.get("type") == "array"):
        item = kind.item
        return None if item is None else _list_of(name, item.schema, item.core)
    schema, core = kind.schema, kind.core
    if kind.item is not None:
        schema, core = kind.item.schema, kind.item.core
    if column.choices and name in {EXACT, "in"}:
        values = list(column.choices)
        schema, core = {"enum": values}, core_schema.literal_schema(values)
    if core is None:
        return None
    if name == "in":
        return _list_of(name, schema, core)
    return Lookup(name=name, schema=schema, core=core)


def _list_of(name: str, schema: Schema, core: CoreSchema | None) -> Lookup | None:
    if core is None:
        return None
    return Lookup(
        name=name,
        schema={"type": "array", "items": schema, "maxItems": MAX_VALUES},
        core=core_schema.list_schema(core, max_length=MAX_VALUES, strict=True),
    )


def _described(column: Column) -> Schema:
    if column.choices and any(
        str(label).lower() != str(value).lower()
        for value, label in column.choices.items()
    ):
        return {"description": labelled(column.choices.items())}
    text = str(getattr(column.path.field, "help_text", "") or "")
    return {"description": text} if text else {}
