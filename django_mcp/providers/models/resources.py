"""From a toolset to its resources: rows, their files, and what the fields are.

A list of resources names one of each, however many rows there are. What can
be read is what the tools tell: by the same door, permissions and columns.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django_mcp.content import File
from django_mcp.content.encoding import encoded
from django_mcp.content.media import type_of_bytes
from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Complete, Primitive, Resource, ResourceTemplate
from django_mcp.providers.files.stored import read_stored
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.completions import key_completion, names_completion
from django_mcp.providers.models.dictionary import dictionary
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.single import (
    get_arguments,
    get_row,
    is_permitted,
    row_of,
)
from django_mcp.providers.models.tools import allowed
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.generator import joined
from django_mcp.throttling import rates_from

_JSON = "application/json"


def resources_from_toolset(toolset: ModelToolset) -> list[Primitive]:
    """Return the resources of a toolset, none if something is wrong with it."""
    if not (toolset.resources and toolset.serves):
        return []
    made: list[Primitive] = [dictionary_resource(toolset)]
    if toolset.serves_rows:
        made.append(row_template(toolset))
    if toolset.exposed.files is not None:
        made.append(file_template(toolset))
    return made


def dictionary_resource(toolset: ModelToolset) -> Resource:
    """Return the description of the fields."""
    noun = toolset.model._meta.verbose_name_plural

    def read(context: Context) -> str:
        return encoded(dictionary(toolset, context)).decode()

    return Resource(
        uri=toolset.addresses.model,
        read=read,
        **_shared(toolset, "fields"),
        description=joined("What is known of ", noun),
    )


def row_template(toolset: ModelToolset) -> ResourceTemplate:
    """Return the template of rows."""
    template = toolset.addresses.row
    return ResourceTemplate(
        uri_template=template.template,
        match=template.match,
        read=partial(_read_row, toolset),
        complete=_key_completions(toolset),
        **_shared(toolset, ""),
        description=joined("One ", toolset.model._meta.verbose_name),
    )


def file_template(toolset: ModelToolset) -> ResourceTemplate:
    """Return the template of the files that rows name."""
    addresses = toolset.addresses
    template = addresses.file
    names = names_completion(toolset, _file_names)
    return ResourceTemplate(
        uri_template=template.template,
        match=template.match,
        read=partial(_read_file, toolset),
        complete={**_key_completions(toolset), addresses.field: names},
        **{**_shared(toolset, "file"), "mime_type": ""},
        description=joined("A file of one ", toolset.model._meta.verbose_name),
    )


def _shared(toolset: ModelToolset, what: str) -> dict[str, Any]:
    names = toolset.names
    return {
        "name": "_".join(part for part in (names.prefix, names.one, what) if part),
        "mime_type": _JSON,
        "allowed": allowed(toolset, "view"),
        "scopes": frozenset(toolset.scopes),
        "throttle": rates_from(toolset.throttle),
        "blocking": True,
        "source": toolset.source,
    }


def _key_completions(toolset: ModelToolset) -> dict[str, Complete]:
    if not toolset.offers("list"):
        return {}
    return {toolset.addresses.variable: key_completion(toolset)}


def _file_names(exposure: Exposure) -> list[str]:
    return sorted(exposure.files.names) if exposure.files else []


# -- reading -----------------------------------------------------------------


def _read_row(
    toolset: ModelToolset, context: Context, uri: str, values: dict[str, Any]
) -> str:
    """Return one row as JSON. Raises: NotRegistered"""
    exposure, key = toolset.exposure(context), values[toolset.addresses.variable]
    try:
        # A key of the wrong sort names no row either.
        row = get_row(toolset, context, {exposure.key.label: key})
    except ArgumentErrors:
        raise NotRegistered(uri) from None
    return encoded(row).decode()


def _read_file(
    toolset: ModelToolset, context: Context, uri: str, values: dict[str, Any]
) -> File:
    """Return a file of one row. Raises: NotRegistered, ToolError"""
    addresses, exposure = toolset.addresses, toolset.exposure(context)
    column = exposure.listing.column(values[addresses.field])
    files = exposure.files
    if column is None or files is None or column.path.name not in files.names:
        raise NotRegistered(uri)
    access = Access(toolset, context)
    given = {exposure.key.label: values[addresses.variable]}
    try:
        arguments = exposure.arguments(get_arguments).validated(given)
    except ArgumentErrors:
        raise NotRegistered(uri) from None
    source = row_of(exposure, access, arguments)
    names = source.order_by().values_list(access.masked(column.path), flat=True)[:1]
    name = next(iter(names), None)
    if not name or not is_permitted(toolset, access, source):
        raise NotRegistered(uri)
    return _file(column.path.value_field, name, toolset.max_file_size, uri)


def _file(field: Any, name: str, most: int, uri: str) -> File:
    """Return what the storage of a field has under a name."""
    data = read_stored(field.storage, name, most, uri)
    is_image = hasattr(field, "update_dimension_fields")
    kind = type_of_bytes(data) if is_image else ""
    return File(data, mime_type=kind or None, name=name.rpartition("/")[2])
