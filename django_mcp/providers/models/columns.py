"""What a toolset lists, resolved: a tree of columns and related rows.

Here a name in ``fields`` becomes a place in the database, or a problem that
a system check reports. What is not in this tree does not exist for anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from django.db.models.constants import LOOKUP_SEP

from django_mcp.providers.fields.values import Kind, choices_of, kind_from_field
from django_mcp.providers.models.paths import (
    ModelClass,
    Path,
    UnknownPath,
    is_generic_key,
    is_sensitive,
    path_from,
)
from django_mcp.schema.walk import Schema

#: What ``fields`` holds: names, and names with the fields of related rows.
Entries: TypeAlias = Sequence[Any]

#: The value of a ``GenericForeignKey``: which model, and which row.
GENERIC = Kind(
    schema={
        "type": "object",
        "properties": {"model": {"type": "string"}, "id": {}},
    },
    lookups=frozenset(),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a toolset, for the system check of that number."""

    id: str
    text: str

    @property
    def is_error(self) -> bool:
        """Is the toolset not served because of it?"""
        return self.id.startswith("django_mcp.E")


@dataclass(frozen=True)
class Column:
    """One listed field: a value, or the keys of related rows."""

    label: str
    path: Path

    @cached_property
    def generic(self) -> bool:
        """Is it a ``GenericForeignKey``?"""
        return is_generic_key(self.path.field)

    @cached_property
    def kind(self) -> Kind:
        """What sort of values it has."""
        return GENERIC if self.generic else kind_from_field(self.path.value_field)

    @cached_property
    def choices(self) -> dict[Any, str]:
        """The values it may have, with their labels, if they are few."""
        return {} if self.generic else choices_of(self.path.field)

    @property
    def schema(self) -> Schema:
        """The value as clients see it."""
        one = {"enum": list(self.choices)} if self.choices else self.kind.schema
        return {"type": "array", "items": one} if self.path.many else one


@dataclass(frozen=True)
class Branch:
    """A listed relation, with the fields of the rows it leads to."""

    label: str
    path: Path
    listing: Listing

    @property
    def schema(self) -> Schema:
        """The value as clients see it."""
        one = {"type": "object", "properties": self.listing.schemas}
        return {"type": "array", "items": one} if self.path.many else one


Member: TypeAlias = Column | Branch


@dataclass
class Listing:
    """Everything listed of one model, by label and in order."""

    model: ModelClass
    members: dict[str, Member] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def schemas(self) -> dict[str, Schema]:
        """The members as clients see them."""
        return {label: member.schema for label, member in self.members.items()}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Every listed column here and in related rows, by its one spelling
        seen from this model. What is not a key here is not listed."""
        found: dict[str, Column] = {}
        for member in self.members.values():
            if isinstance(member, Column):
                found.setdefault(member.path.name, member)
                continue
            for inner in member.listing.columns.values():
                label = f"{member.label}{LOOKUP_SEP}{inner.label}"
                path = Path(self.model, member.path.fields + inner.path.fields)
                found.setdefault(path.name, Column(label, path))
        return found

    def column(self, name: str) -> Column | None:
        """Return a listed column by any spelling of its path."""
        try:
            return self.columns.get(path_from(self.model, name).name)
        except UnknownPath:
            return None


def listing_from(
    model: ModelClass,
    entries: Entries,
    allow_sensitive: Collection[str] = (),
    prefix: str = "",
) -> Listing:
    """Resolve ``fields``; what is wrong with them is in its problems."""
    listing = Listing(model)
    for entry in entries:
        pairs = entry.items() if isinstance(entry, Mapping) else [(entry, None)]
        for name, inner in pairs:
            _add(listing, name, inner, allow_sensitive, prefix)
    return listing


def _add(
    listing: Listing,
    name: Any,
    inner: Entries | None,
    allow_sensitive: Collection[str],
    prefix: str,
) -> None:
    shown = f"{prefix}{name}"
    if name in listing.members:
        listing.problems.append(
            Problem("django_mcp.E010", f"{shown!r} is listed twice.")
        )
        return
    try:
        path = path_from(listing.model, name)
    except UnknownPath as error:
        listing.problems.append(Problem("django_mcp.E010", f"{error}."))
        return
    reason = _misplaced(path, inner)
    if reason:
        listing.problems.append(Problem("django_mcp.E010", f"{shown!r} {reason}."))
    elif inner is None:
        listing.members[name] = Column(name, path)
        listing.problems += _secrets(path, shown, allow_sensitive)
    else:
        related = path.field.related_model
        below = listing_from(related, inner, allow_sensitive, f"{shown}{LOOKUP_SEP}")
        listing.members[name] = Branch(name, path, below)
        listing.problems += below.problems


def _misplaced(path: Path, inner: Entries | None) -> str:
    """Say why a path cannot stand where it does."""
    before = path.steps[:-1] if path.field.is_relation else path.steps
    if any(step.many for step in before):
        first = next(step.name for step in before if step.many)
        return f"passes several rows: nest its fields, as in {{{first!r}: [...]}}"
    if inner is None:
        return ""
    if not path.field.is_relation or path.field.related_model is None:
        return "is no relation that fields can be nested in"
    if isinstance(inner, str) or not inner:
        return "needs a list of the related model's fields"
    return ""


def _secrets(path: Path, shown: str, allowed: Collection[str]) -> list[Problem]:
    if is_generic_key(path.field) or not is_sensitive(path):
        return []
    if shown in allowed or path.name in allowed:
        return [
            Problem("django_mcp.W006", f"{shown!r} looks like a secret, and is listed.")
        ]
    text = f"{shown!r} looks like a secret. Name it in allow_sensitive if it is none."
    return [Problem("django_mcp.E011", text)]
