"""What the fields of a model are, in words, as one caller may see them.

Says nothing about a field that is not exposed to this caller, and nothing
about related models whose rows this caller may not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_mcp.context import Context
from django_mcp.providers.models.columns import Branch, Column, Listing, Member
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.tools import allowed
from django_mcp.providers.models.toolset import ModelToolset

Words = dict[str, Any]


def dictionary(toolset: ModelToolset, context: Context) -> Words:
    """Return what a caller may know of a model's fields and of what to ask."""
    exposure = toolset.exposure(context)
    return model_words(toolset, context) | _asked(toolset, exposure)


def model_words(toolset: ModelToolset, context: Context) -> Words:
    """Return what a caller may know of a model's fields."""
    exposure, options = toolset.exposure(context), toolset.model._meta
    words = {
        "model": options.label_lower,
        "is": str(options.verbose_name),
        "description": str(toolset.description),
        "key": exposure.lookup.label if exposure.lookup else "",
        "fields": _Fields(toolset, context).of(exposure.listing),
    }
    if toolset.serves_rows and exposure.lookup:
        words["uri"] = toolset.addresses.row.template
    return _said(words.items())


def _asked(toolset: ModelToolset, exposure: Exposure) -> Words:
    if not toolset.offers("list"):
        return {}
    filters = exposure.filters.by_name
    return _said({
        "filter": {name: list(one.lookups) for name, one in filters.items()},
        "search": [column.label for column in exposure.search.columns],
        "order_by": list(exposure.ordering.by_name),
        "order": [term.text for term in exposure.ordering.default],
    }.items())  # fmt: skip


class _Fields:
    """Describes listed fields to one caller."""

    def __init__(self, toolset: ModelToolset, context: Context) -> None:
        self._toolset = toolset
        self._context = context

    def of(self, listing: Listing) -> Words:
        """Return what is known of each field."""
        return {
            label: self._member(member) for label, member in listing.members.items()
        }

    def _member(self, member: Member) -> Words:
        field = member.path.field
        words: Words = {}
        if isinstance(member, Column):
            words["type"] = _type(member)
        label = str(getattr(field, "verbose_name", "") or "")
        if label.lower() != member.label.replace("_", " ").lower():
            words["label"] = label
        words["help"] = str(getattr(field, "help_text", "") or "")
        words["several"] = member.path.many
        words["null"] = member.path.nullable and not member.path.many
        words["relation"] = self._relation(member)
        if isinstance(member, Branch):
            words["fields"] = self.of(member.listing)
        else:
            words |= _limits(member)
        return _said(words.items())

    def _relation(self, member: Member) -> str:
        """Name the model behind a relation, if it is served to this caller."""
        field = member.path.field
        if not field.is_relation or field.related_model is None:
            return ""
        toolset = self._toolset.related_toolset(field.related_model)
        if toolset is None or not toolset.serves:
            return ""
        known = allowed(toolset, "view")(self._context)
        return toolset.model._meta.label_lower if known else ""


def _type(column: Column) -> str:
    if column.generic:
        return "model and id"
    kind = column.kind
    if kind.file:
        return "file"
    return str(kind.schema.get("format") or kind.schema.get("type") or "json")


def _limits(column: Column) -> Words:
    """Return what values a field takes."""
    choices = {str(value): str(label) for value, label in column.choices.items()}
    plain = all(value.lower() == label.lower() for value, label in choices.items())
    field = column.path.value_field if not column.generic else None
    return {
        "choices": list(column.choices) if plain else choices,
        "max_length": getattr(field, "max_length", None) if not choices else None,
        "digits": getattr(field, "max_digits", None),
        "decimals": getattr(field, "decimal_places", None),
        "unique": bool(getattr(column.path.field, "unique", False)),
    }


def _said(words: Iterable[tuple[str, Any]]) -> Words:
    """Leave out what says nothing."""
    return {name: one for name, one in words if one not in (None, "", False, [], {})}
