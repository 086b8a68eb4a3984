"""A few tools for many models: each takes a model's name and passes the call on.

What a call is passed on to is the tool that the toolset would have had of its
own, so that rules, arguments and errors are the same. A model is named only
to who may use one of its tools; a hidden and an unknown one are refused alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django_mcp.context import Context
from django_mcp.primitives import Primitive, Tool, check_scopes
from django_mcp.providers.models.dictionary import model_words
from django_mcp.providers.models.entries import (
    ACTION,
    DESCRIBE,
    MODEL,
    READ,
    RUN,
    AnyRule,
    Entry,
    entry_from,
    verb_of,
)
from django_mcp.providers.models.terse import terse_arguments
from django_mcp.providers.models.tools import arguments_schema
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.walk import Schema
from django_mcp.throttling import count_call

#: Models that a refusal names; of more it says how to find them.
MAX_NAMES = 10

_TEXT: Schema = {"type": "string"}
_FIELDS: Schema = {"type": "array", "items": _TEXT}
#: Arguments that mean the same for every model.
_ARGUMENTS: dict[str, dict[str, Schema]] = {
    "list": {
        "filter": {"type": "object"},
        "search": _TEXT,
        "order_by": _TEXT,
        "fields": _FIELDS,
        "limit": {"type": "integer", "minimum": 1},
        "cursor": {**_TEXT, "description": "next_cursor of the page before."},
        "total": {"type": "boolean"},
        "format": {"enum": ["objects", "table"]},
    },
    "get": {"fields": _FIELDS, "text_from": {"type": "integer"}},
}
_WORDS = {
    "list": "List rows of a model",
    "get": "Get one row of a model by its key, such as id",
    "aggregate": "Count and sum up rows of a model",
    "create": "Add a row to a model",
    "update": "Change a row of a model, named by its key, such as id",
    "delete": "Delete a row of a model, named by its key, such as id",
}


class Catalogue:
    """The models of one server that share their tools."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._tools: dict[str, Tool] = {}

    def __contains__(self, primitive: Primitive) -> bool:
        return self._tools.get(primitive.name) is primitive

    def add(self, toolset: ModelToolset, tools: Iterable[Tool]) -> list[Tool]:
        """Add a model; return the catalogue's tools that are new with it.

        Raises: ImproperlyConfigured
        """
        entry = entry_from(toolset, tools)
        self._entries[entry.label] = entry
        new = sorted(entry.needed - self._tools.keys())
        made = {name: self._tool(name, next(entry.behind(name))) for name in new}
        self._tools |= made
        return list(made.values())

    def remove(self, toolset: ModelToolset) -> list[Tool]:
        """Forget a model; return the tools that are of no use any more."""
        if self._entries.pop(toolset.model._meta.label_lower, None) is None:
            return []
        needed: set[str] = set()
        for entry in self._entries.values():
            needed |= entry.needed
        return [self._tools.pop(name) for name in self._tools.keys() - needed]

    # -- its tools ---------------------------------------------------------

    def _tool(self, name: str, first: Tool) -> Tool:
        """Return a tool of the catalogue; the first behind it tells its nature."""
        return Tool(
            name=name,
            description=_description(name),
            call=self._describe if name == DESCRIBE else partial(self._pass_on, name),
            input_schema=_schema(name),
            read_only=name == DESCRIBE or first.read_only,
            # Of methods nobody knows more than that some change something.
            destructive=None if name in {DESCRIBE, READ, RUN} else first.destructive,
            idempotent=None if name in {DESCRIBE, READ, RUN} else first.idempotent,
            allowed=AnyRule(self._entries, name),
            blocking=True,
            source=f"{__name__}.{type(self).__qualname__}",
        )

    def _pass_on(self, name: str, context: Context, arguments: dict[str, Any]) -> Any:
        """Call the tool that is meant.

        Raises: ArgumentErrors, PermissionRequired, Throttled
        """
        rest = dict(arguments)
        entry = self._entry(rest.pop(MODEL, None), context)
        argument, action = MODEL, ""
        if name in {READ, RUN}:
            argument, action = ACTION, _text(ACTION, rest.pop(ACTION, None))
        tool = entry.meant(name, action, context)
        if tool is None:
            offers = ", ".join(name for name, _ in entry.usable(context))
            raise ArgumentErrors([f"{argument}: {entry.label} offers {offers}"])
        check_scopes(tool, context)
        if tool.throttle:
            count_call(tool, context)
        return tool.call(context, rest)

    def _describe(self, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
        """Name all models, or describe one.

        Raises: ArgumentErrors, PermissionRequired
        """
        unknown = [str(name) for name in arguments if name != MODEL]
        if unknown:
            lines = (f"{one}: unknown argument; allowed are {MODEL}" for one in unknown)
            raise ArgumentErrors(lines)
        if arguments.get(MODEL) is None:
            return {one.label: _line(one.toolset) for one in self._visible(context)}
        entry = self._entry(arguments[MODEL], context)
        tools = dict(entry.usable(context))
        for tool in tools.values():
            # The same for all of a toolset.
            check_scopes(tool, context)
        exposure = entry.toolset.exposure(context)
        taken: dict[str, Any] = {}
        for name, tool in tools.items():
            schema = arguments_schema(exposure, verb_of(name), tool)
            if schema is not None:
                taken[name] = terse_arguments(schema, exposure.labels)
        return {**model_words(entry.toolset, context), "tools": taken}

    # -- who sees which models ---------------------------------------------

    def _entry(self, name: Any, context: Context) -> Entry:
        """Return the model that is meant, if this caller may know of it."""
        entry = self._entries.get(_text(MODEL, name).lower())
        if entry is None or not entry.is_visible(context):
            hint = self._hint(context)
            raise ArgumentErrors([f"{MODEL}: there is no such model; {hint}"])
        return entry

    def _visible(self, context: Context) -> list[Entry]:
        entries = sorted(self._entries.items())
        return [entry for _, entry in entries if entry.is_visible(context)]

    def _hint(self, context: Context) -> str:
        names = [entry.label for entry in self._visible(context)]
        if len(names) > MAX_NAMES:
            return f"{DESCRIBE} names all"
        return f"allowed are {', '.join(names)}"


def _line(toolset: ModelToolset) -> str:
    words = str(toolset.model._meta.verbose_name_plural)
    return f"{words}: {toolset.description}" if toolset.description else words


def _text(argument: str, value: Any) -> str:
    if value is None:
        raise ArgumentErrors([f"{argument}: field required; {DESCRIBE} names all"])
    if not isinstance(value, str):
        raise ArgumentErrors([f"{argument}: should be a valid string"])
    return value


def _description(name: str) -> str:
    if name == DESCRIBE:
        return "Name all models; of one, tell its fields and what its tools take."
    verb = verb_of(name)
    words = _WORDS.get(verb, f"Do to a model what {verb} says")
    if name in {READ, RUN}:
        words = "Run one of a model's own actions"
        words += ", that only reads" if name == READ else ""
    return f"{words}. {DESCRIBE} tells what it takes."


def _schema(name: str) -> Schema:
    """Return the arguments that are the same for all models: what differs
    would tell of models that a caller may not know."""
    verb = verb_of(name)
    properties = {MODEL: _TEXT, **_ARGUMENTS.get(verb, {})}
    required = [] if name == DESCRIBE else [MODEL]
    if name in {READ, RUN}:
        properties[ACTION] = _TEXT
        required.append(ACTION)
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    # The key of a row, for one, is called differently in each model.
    return {**schema, "additionalProperties": name not in {DESCRIBE, "list_rows"}}
