"""The action ``get``: one row, by what names it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.providers.fields.arguments import Argument, Arguments, some_of
from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.rows import Reader
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.incoming import integer_core


def get_arguments(exposure: Exposure) -> Arguments:
    """Return what the tool takes. Raises: ArgumentErrors"""
    arguments = {
        exposure.key.label: exposure.key_argument,
        "fields": some_of(exposure.labels),
    }
    if exposure.has_long_text:
        arguments["text_from"] = Argument(
            schema={
                "type": "integer",
                "minimum": 0,
                "description": "Where long texts begin, to read on in a cut one.",
            },
            core=integer_core(0, 2**31),
        )
    return Arguments(arguments)


def get_row(
    toolset: ModelToolset, context: Context, values: dict[str, Any]
) -> dict[str, Any]:
    """Return one row as an object. Raises: ArgumentErrors"""
    exposure = toolset.exposure(context)
    arguments = exposure.arguments(get_arguments).validated(values)
    access = Access(toolset, context)
    source = row_of(exposure, access, arguments)
    cut = toolset.single_cut(arguments.get("text_from", 0))
    plan = exposure.plan(arguments.get("fields"), cut)
    rows = list(source.order_by().values_list(*plan.names)[:1])
    if not rows or not is_permitted(toolset, access, source):
        raise missing(toolset, exposure.key.label)
    reader = Reader(access, source.db)
    result: dict[str, Any] = reader.objects(plan, rows)[0]
    return result


def missing(toolset: ModelToolset, argument: str, prefix: str = "") -> ArgumentErrors:
    """Return the error for a row that is hidden, or is not there."""
    noun = toolset.model._meta.verbose_name
    words = gettext("there is no {noun} with this {argument}")
    line = words.format(noun=noun, argument=argument)
    return ArgumentErrors([f"{prefix}{argument}: {line}"])


def row_of(exposure: Exposure, access: Access, arguments: dict[str, Any]) -> Rows:
    """Return the query for the row that checked arguments name."""
    column = exposure.key
    wanted = Q((column.path.lookup, arguments[column.label]))
    # The key of a hidden row names nothing.
    return access.queryset().filter(wanted & access.where(column.path))


def is_permitted(toolset: ModelToolset, access: Access, source: Rows) -> bool:
    """May this caller see the row, as far as it must be asked for?"""
    if toolset.has_plain_permissions and not access.asks_rows:
        return True
    obj = source.order_by().first()
    return obj is not None and access.permits(obj)
