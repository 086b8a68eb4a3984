"""What tools that write take: one row, or some, with their values.

Made of the form's fields, of what names a row and of its version. Nothing
here queries.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic_core import core_schema

from django_mcp.providers.fields.arguments import Argument, Arguments
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.forms import Fillable, fillable
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.providers.models.versions import version_argument
from django_mcp.schema.errors import ArgumentErrors

Values = dict[str, Any]


def static_fillable(toolset: ModelToolset) -> Fillable:
    """Return the form that the schemas tell of."""
    return fillable(toolset.static_form_class)


@lru_cache(maxsize=512)
def row_arguments(exposure: Exposure, form: Fillable | None, verb: str) -> Arguments:
    """Return what says one row: which, as last seen, and with what values.

    Raises: ArgumentErrors
    """
    toolset = exposure.toolset
    arguments: dict[str, Argument] = {}
    if verb != "create":
        arguments[exposure.key.label] = exposure.key_argument
        arguments |= version_argument(toolset)
    for name, one in () if form is None else form.inputs.items():
        if name not in arguments:
            needed = one.required and (verb == "create" or one.extra)
            arguments[name] = one.argument(required=needed)
    return Arguments(arguments)


def write_arguments(toolset: ModelToolset, row: Arguments) -> Arguments:
    """Return what a tool takes: one row, or ``rows``."""
    return _several(row, toolset.max_bulk) if toolset.max_bulk > 1 else row


@lru_cache(maxsize=512)
def _several(row: Arguments, most: int) -> Arguments:
    one = core_schema.dict_schema(core_schema.str_schema())
    rows = core_schema.list_schema(one, min_length=1, max_length=most)
    schema = {"type": "array", "items": row.schema, "minItems": 1, "maxItems": most}
    return Arguments({"rows": Argument(schema=schema, core=rows, required=True)})


def taken_rows(
    toolset: ModelToolset, row: Arguments, values: Values
) -> list[tuple[str, Values]]:
    """Return the checked arguments of each row, and what stands before its
    errors. Raises: ArgumentErrors"""
    if toolset.max_bulk <= 1:
        return [("", row.validated(values))]
    taken: list[tuple[str, Values]] = []
    lines: list[str] = []
    rows = write_arguments(toolset, row).validated(values)["rows"]
    for place, one in enumerate(rows):
        prefix = f"rows[{place}]."
        try:
            taken.append((prefix, row.validated(one)))
        except ArgumentErrors as error:
            lines += [prefix + line for line in error.lines]
    if lines:
        raise ArgumentErrors(lines)
    return taken
