"""What is wrong with a toolset beside its columns, for the system checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_mcp.providers.models.columns import Problem
from django_mcp.providers.models.writing_problems import writing_problems

if TYPE_CHECKING:
    from django_mcp.providers.models.toolset import ModelToolset

#: Everything a toolset can do.
ACTIONS = ("list", "get", "aggregate", "create", "update", "delete")

#: Actions on one row, which something must name.
NEED_LOOKUP = ("get", "update", "delete")

_LIMITS = (
    "page_size",
    "max_page_size",
    "max_text",
    "max_single_text",
    "max_related",
    "max_groups",
    "max_file_size",
    "max_bulk",
)


def problems_of(toolset: ModelToolset) -> list[Problem]:
    """Return what is wrong with a toolset's own attributes."""
    listed = toolset.exposed.listing.members
    found = [Problem("django_mcp.E013", f"{text}.") for text in _mistakes(toolset)]
    found += writing_problems(toolset)
    if not listed:
        text = "lists no fields, and so exposes nothing."
        found.append(Problem("django_mcp.W005", text))
    if toolset.filterset_class is not None and toolset.filter_fields:
        text = "filter_fields and filterset_class are both given."
        found.append(Problem("django_mcp.E012", text))
    return found


def _mistakes(toolset: ModelToolset) -> Iterator[str]:
    needing = [name for name in NEED_LOOKUP if toolset.names_action(name)]
    if needing and toolset.exposed.listing.members and not toolset.exposed.lookup:
        field = toolset.lookup_field
        yield f"{needing[0]} needs {field!r} to be listed, and to be unique"
    unknown = [name for name in toolset.actions if name not in ACTIONS]
    if unknown:
        yield f"actions: {', '.join(unknown)} is none of {', '.join(ACTIONS)}"
    for name in _LIMITS:
        value = getattr(toolset, name)
        if type(value) is not int or value < 1:
            yield f"{name} must be a positive number"
    if len(getattr(toolset.model._meta, "pk_fields", ())) > 1:
        yield "a model with a key of several columns cannot be served"
