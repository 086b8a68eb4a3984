"""Whether a row is still as its writer saw it.

The version is a listed moment or number that changes with the row. Nothing
here locks: who compares holds the row already.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from django_mcp.exceptions import ToolError
from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.models.columns import Column
from django_mcp.providers.models.toolset import ModelToolset


def version_column(toolset: ModelToolset) -> Column | None:
    """Return the listed column that holds the version."""
    name = toolset.version_field
    return toolset.exposed.listing.column(name) if name else None


def version_argument(toolset: ModelToolset) -> dict[str, Argument]:
    """Return the argument that sends the version back, if there is one."""
    column = version_column(toolset)
    if column is None or column.kind.core is None:
        return {}
    words = f"As last seen. A {toolset.model._meta.verbose_name} that changed since"
    schema = described(column.kind.schema, f"{words} is not written.")
    core = column.kind.core
    return {column.label: Argument(schema=schema, core=core, required=True)}


def check_version(
    toolset: ModelToolset, row: Any, values: dict[str, Any], prefix: str = ""
) -> None:
    """Compare, and take the version out of the values. Raises: ToolError"""
    column = version_column(toolset)
    if column is None:
        return
    seen = values.pop(column.label)
    if seen != getattr(row, column.path.lookup):
        noun = toolset.model._meta.verbose_name
        words = gettext("this {noun} was changed since. Get it again.")
        raise ToolError(f"{prefix}{column.label}: {words.format(noun=noun)}")


def advance(toolset: ModelToolset, row: Any) -> None:
    """Give a row that is about to be saved its next version."""
    column = version_column(toolset)
    if column is None:
        return
    field = column.path.field
    value = getattr(row, field.attname)
    if isinstance(value, int):
        setattr(row, field.attname, value + 1)
    elif not getattr(field, "auto_now", False):
        now = timezone.now()
        setattr(row, field.attname, now if value.tzinfo else timezone.make_naive(now))
