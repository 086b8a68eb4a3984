"""The arguments that leave fewer rows, the same for every tool over several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import core_schema

from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.models import search
from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.exposure import Exposure


def narrowing_arguments(exposure: Exposure) -> dict[str, Argument]:
    """Return ``filter`` and ``search``, where there is something to ask."""
    arguments: dict[str, Argument] = {}
    if exposure.filters:
        # Checked apart: its own words name what may be asked.
        given = core_schema.any_schema()
        arguments["filter"] = Argument(schema=exposure.filters.schema, core=given)
    if exposure.search:
        names = ", ".join(column.label for column in exposure.search.columns)
        words = described({"type": "string"}, f"Words to find in {names}.")
        arguments["search"] = Argument(schema=words, core=search.core)
    return arguments


def checked_filter(exposure: Exposure, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the argument ``filter``, checked. Raises: ArgumentErrors"""
    if "filter" not in arguments:
        return {}
    return exposure.filters.validated(arguments["filter"])


def narrowed(
    rows: Rows, exposure: Exposure, access: Access, asked: dict[str, Any], words: Any
) -> Rows:
    """Return the rows that a checked filter and words to search leave."""
    if asked:
        rows = rows.filter(exposure.filters.condition(asked, access))
    return exposure.search.applied(rows, words, access) if words else rows
