"""Suggestions for keys and for the values of filters.

What is suggested is a value to send, found by the words that people know it
by. A key is suggested only to who could also meet it in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from django.db import connections
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from pydantic_core import SchemaValidator, ValidationError

from django_mcp.context import Context
from django_mcp.primitives import Complete
from django_mcp.providers.models import search
from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.columns import Column
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.paths import Path
from django_mcp.providers.models.toolset import ModelToolset

#: One more than an answer may hold, so that it says that there are more.
MAX_VALUES = 101

Names: TypeAlias = Callable[[Exposure], Sequence[str]]
_check = SchemaValidator(search.core).validate_python
_KEY = "_key_as_text"


def key_completion(toolset: ModelToolset) -> Complete:
    """Return the completion of a row's key."""

    def complete(
        context: Context, value: str, others: Mapping[str, str]
    ) -> Sequence[str]:
        column = toolset.exposure(context).lookup
        return [] if column is None else _keys(toolset, context, column.path, value)

    return complete


def values_completion(toolset: ModelToolset, name: str) -> Complete:
    """Return the completion of a listed column's values."""

    def complete(
        context: Context, value: str, others: Mapping[str, str]
    ) -> Sequence[str]:
        column = toolset.exposure(context).listing.column(name)
        if column is None:
            return []
        return _keys(toolset, context, column.path, value, words=False)

    return complete


def get_completions(toolset: ModelToolset) -> dict[str, Complete]:
    """Return completions for the tool that gets a row."""
    column = toolset.exposed.lookup
    if column is None or not toolset.offers("list"):
        return {}
    return {column.label: key_completion(toolset)}


def list_completions(toolset: ModelToolset) -> dict[str, Complete]:
    """Return completions for the tool that lists rows: ``filter.author``."""
    return {
        "order_by": names_completion(toolset, lambda one: list(one.ordering.by_name)),
        "fields": names_completion(toolset, lambda one: one.labels),
        **{
            f"filter.{name}": partial(_complete_filter, toolset, name)
            for name in toolset.exposed.filters.by_name
        },
    }


def names_completion(toolset: ModelToolset, names: Names) -> Complete:
    """Return the completion of a name, among those this caller may know."""

    def complete(
        context: Context, value: str, others: Mapping[str, str]
    ) -> Sequence[str]:
        return _starting(value, dict.fromkeys(names(toolset.exposure(context)), ""))

    return complete


def _complete_filter(
    toolset: ModelToolset,
    name: str,
    context: Context,
    value: str,
    others: Mapping[str, str],
) -> Sequence[str]:
    exposure = toolset.exposure(context)
    one = exposure.filters.by_name.get(name)
    if one is None:
        return []
    column = one.column
    if column.choices:
        return _starting(
            value, {str(key): label for key, label in column.choices.items()}
        )
    if column.kind.schema.get("type") == "boolean":
        return _starting(value, {"true": "", "false": ""})
    if column.generic or not column.path.field.is_relation:
        return []
    return _related_keys(toolset, context, column, value)


def _related_keys(
    toolset: ModelToolset, context: Context, column: Column, text: str
) -> list[str]:
    """Suggest related rows: all that may be listed, else those met here."""
    path = column.path
    related = toolset.related_toolset(path.steps[-1].model)
    if related is not None and related.serves and related.offers("list"):
        key = related.exposure(context).listing.column(path.value_field.name)
        if key is not None:
            return _keys(related, context, key.path, text)
    # Rows behind relations are not to be told apart by words nobody listed.
    return _keys(toolset, context, path, text, words=False)


def _keys(
    toolset: ModelToolset,
    context: Context,
    path: Path,
    text: str,
    *,
    words: bool = True,
) -> list[str]:
    """Return the visible values of a key that begin so, or whose row says so."""
    if not _is_clean(text):
        return []
    access = Access(toolset, context)
    known = Q((f"{path.lookup}__isnull", False)) & access.where(path)
    rows = access.visible().filter(known)
    if text.strip():
        search = toolset.exposure(context).search if words else None
        condition = Q((f"{_KEY}__istartswith", _as_stored(path, text, rows)))
        if search:
            condition |= search.condition(text, access)
        rows = rows.alias(**{_KEY: Cast(path.lookup, TextField())}).filter(condition)
    found = rows.order_by(path.lookup).values_list(path.lookup, flat=True).distinct()
    return [str(key) for key in found[:MAX_VALUES] if str(key)]


def _as_stored(path: Path, text: str, rows: Rows) -> str:
    """Return the text as a database writes it that has no type for UUIDs."""
    native = connections[rows.db].features.has_native_uuid_field
    if path.value_field.get_internal_type() == "UUIDField" and not native:
        return text.replace("-", "")
    return text


def _is_clean(text: str) -> bool:
    try:
        _check(text)
    except ValidationError:
        return False
    return True


def _starting(text: str, labels: Mapping[str, str]) -> list[str]:
    """Return the values that begin so, themselves or in their words."""
    start = text.casefold()
    return [
        value
        for value, label in labels.items()
        if value.casefold().startswith(start) or label.casefold().startswith(start)
    ]
