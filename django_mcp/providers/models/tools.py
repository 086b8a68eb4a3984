"""From a toolset to its tools: names, descriptions, schemas, permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django_mcp.context import Context
from django_mcp.primitives import Allowed, Text, Tool
from django_mcp.providers.fields.arguments import Arguments
from django_mcp.providers.models.aggregates import AggregateArguments, aggregate_rows
from django_mcp.providers.models.completions import (
    get_completions,
    list_completions,
)
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.lists import list_arguments, list_rows
from django_mcp.providers.models.single import get_arguments, get_row
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.providers.models.writes import create_rows, delete_rows, update_rows
from django_mcp.providers.models.written import (
    row_arguments,
    static_fillable,
    write_arguments,
)
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.generator import joined
from django_mcp.schema.walk import Schema
from django_mcp.throttling import rates_from


def tools_from_toolset(toolset: ModelToolset) -> list[Tool]:
    """Return the tools of a toolset, none if something is wrong with it."""
    if not toolset.serves:
        return []
    return [make(toolset) for name, make in BUILDERS.items() if toolset.offers(name)]


def list_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that lists rows."""
    noun = toolset.model._meta.verbose_name_plural
    return tool(
        toolset,
        "list",
        many=True,
        call=partial(list_rows, toolset),
        input_schema=list_arguments(toolset.exposed).schema,
        complete=list_completions(toolset),
        description=joined("List ", noun),
    )


def get_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that gets one row."""
    noun = toolset.model._meta.verbose_name
    return tool(
        toolset,
        "get",
        call=partial(get_row, toolset),
        input_schema=get_arguments(toolset.exposed).schema,
        complete=get_completions(toolset),
        description=joined("Get one ", noun),
    )


def aggregate_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that counts rows, and computes numbers about them."""
    noun = toolset.model._meta.verbose_name_plural
    words = ", or compute sums, averages and extremes, also in groups (group_by)"
    made = tool(
        toolset,
        "aggregate",
        many=True,
        call=partial(aggregate_rows, toolset),
        input_schema=AggregateArguments(toolset.exposed).schema,
        description=joined(joined("Count ", noun), words),
    )
    return replace(made, allowed=_counts(toolset, made.allowed))


def _counts(toolset: ModelToolset, allowed: Allowed) -> Allowed:
    """Rows permitted one by one are not counted: who sees only such rows
    has no use for the tool."""
    if not toolset.object_permissions:
        return allowed
    whole = toolset.permission_rule("view")
    return lambda context: allowed(context) and whole(context)


def create_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that adds rows."""
    return _write_tool(toolset, "create", "add", create_rows, destructive=False)


def update_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that changes rows."""
    return _write_tool(toolset, "update", "change", update_rows, idempotent=True)


def delete_tool(toolset: ModelToolset) -> Tool:
    """Return the tool that deletes rows."""
    return _write_tool(toolset, "delete", "delete", delete_rows, idempotent=True)


_WORDS = {
    "create": ("Add one ", "Add up to {} "),
    "update": ("Change one ", "Change up to {} "),
    "delete": ("Delete one ", "Delete up to {} "),
}


def _write_tool(
    toolset: ModelToolset,
    verb: str,
    permission: str,
    write: Callable[[ModelToolset, Context, dict[str, Any]], Any],
    **hints: Any,
) -> Tool:
    options, most = toolset.model._meta, toolset.max_bulk
    one, several = _WORDS[verb]
    form = None if verb == "delete" else static_fillable(toolset)
    row = row_arguments(toolset.exposed, form, verb)
    words = joined(one, options.verbose_name)
    if most > 1:
        words = joined(several.format(most), options.verbose_name_plural)
    if verb == "update":
        words = joined(words, "; what is not sent stays")
    return tool(
        toolset,
        verb,
        many=most > 1,
        call=partial(write, toolset),
        input_schema=write_arguments(toolset, row).schema,
        description=words,
        permission=permission,
        read_only=False,
        **{"destructive": True, "idempotent": False, **hints},
    )


#: How the tool of each action is made.
BUILDERS: dict[str, Callable[[ModelToolset], Tool]] = {
    "list": list_tool,
    "get": get_tool,
    "aggregate": aggregate_tool,
    "create": create_tool,
    "update": update_tool,
    "delete": delete_tool,
}


#: What the tool of each action takes, as one caller may see it.
ARGUMENTS: dict[str, Callable[[Exposure], Arguments]] = {
    "list": list_arguments,
    "get": get_arguments,
    "aggregate": AggregateArguments,
}


def arguments_schema(exposure: Exposure, action: str, tool: Tool) -> Schema | None:
    """Return what a tool takes from the caller of this exposure; ``None``: it
    needs something that is hidden from this caller."""
    make = ARGUMENTS.get(action)
    try:
        return exposure.arguments(make).schema if make else tool.input_schema
    except ArgumentErrors:
        return None


def tool(
    toolset: ModelToolset,
    verb: str,
    *,
    call: Callable[[Context, dict[str, Any]], Any],
    description: Text,
    many: bool = False,
    permission: str = "view",
    rule: Allowed | None = None,
    read_only: bool = True,
    **fields: Any,
) -> Tool:
    """Return a tool of a toolset, with what all of them have."""
    words = joined(description, ".")
    if toolset.description:
        words = joined(joined(words, " "), toolset.description)
    return Tool(
        name=toolset.names.tool(verb, many=many),
        description=words,
        call=call,
        read_only=read_only,
        allowed=rule or allowed(toolset, permission),
        scopes=frozenset(toolset.scopes),
        throttle=rates_from(toolset.throttle),
        blocking=True,
        source=toolset.source,
        **fields,
    )


def allowed(toolset: ModelToolset, verb: str) -> Allowed:
    """Return the rule about who may use a tool: the model's permission, or
    what the toolset says in its place."""
    if toolset.has_plain_permission(verb) and not toolset.object_permissions:
        return toolset.permission_rule(verb)
    rule: Allowed = getattr(toolset, f"has_{verb}_permission")
    return rule
