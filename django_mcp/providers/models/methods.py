"""From decorated methods of a toolset to tools, and how one is called.

Which rows a method gets is decided here, by the door and by permissions for
each; what it does with them is its own matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.primitives import Allowed, Tool
from django_mcp.providers.calls import is_async
from django_mcp.providers.fields.arguments import Argument, list_of
from django_mcp.providers.fields.arguments import Arguments as RowArguments
from django_mcp.providers.models.access import Access
from django_mcp.providers.models.actions import Action, action_of
from django_mcp.providers.models.naming import word
from django_mcp.providers.models.targets import holds, located, permitted
from django_mcp.providers.models.tools import allowed, tool
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.providers.models.writes import shown, writing
from django_mcp.schema.arguments import Arguments, arguments_from_function
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.parameters import docstring_of, signature_of, source_of

Values: TypeAlias = dict[str, Any]


def action_tools(toolset: ModelToolset) -> list[Tool]:
    """Return the tools of a toolset's own methods.

    Raises: ImproperlyConfigured, for one that cannot be called
    """
    if not toolset.serves:
        return []
    return [_tool(toolset, method, made) for method, made in _marked(toolset)]


def _marked(toolset: ModelToolset) -> Iterator[tuple[Any, Action]]:
    """Return decorated methods, in the order in which they are written."""
    names = dict.fromkeys(
        name for cls in reversed(type(toolset).__mro__) for name in vars(cls)
    )
    for name in names:
        made = action_of(getattr(type(toolset), name, None))
        if made is not None:
            yield getattr(toolset, name), made


def _tool(toolset: ModelToolset, method: Any, made: Action) -> Tool:
    source = source_of(method)
    if is_async(method):
        raise ImproperlyConfigured(f"{source} is async: actions run in a thread.")
    for verb in made.permissions:
        if "." not in verb and not hasattr(toolset, f"has_{verb}_permission"):
            raise ImproperlyConfigured(
                f"{source} asks for {verb!r}, and there is no has_{verb}_permission."
            )
    call = _Call(toolset, method, made)
    words = made.description or docstring_of(method).summary_and_body
    if isinstance(words, str):
        words = words.removesuffix(".")
    options = toolset.model._meta
    noun = options.verbose_name_plural if made.many else options.verbose_name
    name = word(made.name)
    return tool(
        toolset,
        name,
        many=made.many,
        call=call,
        description=words or f"{name.replace('_', ' ').capitalize()}: {noun}",
        rule=_rule(toolset, made.permissions),
        read_only=made.read_only,
        destructive=made.destructive,
        idempotent=made.idempotent,
        input_schema=call.schema,
        title=made.title,
    )


def _rule(toolset: ModelToolset, verbs: tuple[str, ...]) -> Allowed:
    """Return who may use a tool; the toolset's own rule where that is all."""
    if len(verbs) == 1 and "." not in verbs[0]:
        return allowed(toolset, verbs[0])
    return partial(_allowed, toolset, verbs)


def _allowed(toolset: ModelToolset, verbs: Sequence[str], context: Context) -> bool:
    access = Access(toolset, context)
    # A permission for single rows says nothing about none of them.
    return all(
        holds(access, verb) or ("." in verb and toolset.object_permissions)
        for verb in verbs
    )


class _Call:
    """How one method is called."""

    def __init__(self, toolset: ModelToolset, method: Any, made: Action) -> None:
        self.toolset = toolset
        self.method = method
        self.made = made
        #: The parameter that takes the row, and the argument that names it.
        self.parameter = ""
        self.argument = ""
        rows: dict[str, Argument] = {}
        if made.detail:
            self.parameter = _first(method)
            rows = self._row_argument()
        self.rows = RowArguments(rows)
        self.arguments = self._own_arguments(rows)
        own = self.arguments.json_schema
        required = [*rows, *own.get("required", ())]
        self.schema = {
            **own,
            "properties": {**self.rows.schema["properties"], **own["properties"]},
        }
        if required:
            self.schema["required"] = required

    def __call__(self, context: Context, values: Values) -> Any:
        """Find the rows, and call the method with them. See `action`."""
        own = dict(values)
        given = {name: own.pop(name) for name in values if name == self.argument}
        keys = self.rows.validated(given).get(self.argument)
        database = router.db_for_write(self.toolset.model)
        if self.made.read_only:
            database = router.db_for_read(self.toolset.model)
        opened = nullcontext(database) if self.made.read_only else writing(self.toolset)
        with opened:
            return self._run(Access(self.toolset, context), keys, own, database)

    def _run(self, access: Access, keys: Any, own: Values, database: str) -> Any:
        values = self.arguments.validate(own)
        self._check_models(access, values)
        if self.arguments.context_parameter:
            values[self.arguments.context_parameter] = access.context
        if keys is None:
            return self.method(**values)
        several = self.made.max_bulk > 1
        rows = self._rows(access, keys if several else [keys], database)
        if not several:
            value = self.method(**values, **{self.parameter: rows[0]})
            return _seen(access, rows, database) if value is None else value
        found = access.queryset().using(database)
        found = found.filter(pk__in=[row.pk for row in rows])
        return self.method(**values, **{self.parameter: found})

    def _rows(self, access: Access, keys: list[Any], database: str) -> list[Any]:
        lock = not self.made.read_only
        rows = located(access, keys, database, argument=self.argument, lock=lock)
        for row in rows:
            permitted(access, self.made.permissions, row)
        return rows

    def _row_argument(self) -> dict[str, Argument]:
        column = self.toolset.exposed.lookup
        if column is None:
            raise ImproperlyConfigured(
                f"{source_of(self.method)} needs {self.toolset.lookup_field!r} to be"
                " listed, and to be unique."
            )
        self.argument = column.label
        one = self.toolset.exposed.key_argument
        if self.made.max_bulk > 1:
            self.argument = f"{column.label}s"
            one = list_of(one, 1, self.made.max_bulk)
        return {self.argument: one}

    def _own_arguments(self, rows: Values) -> Arguments:
        skip = {self.parameter} if self.parameter else set()
        own = arguments_from_function(self.method, skip=skip)
        twice = [one.key for one in own.parameters if one.key in rows]
        if twice:
            raise ImproperlyConfigured(
                f"{source_of(self.method)} has a parameter {twice[0]!r}, which is the"
                " argument that names the row."
            )
        return own

    def _check_models(self, access: Access, values: Values) -> None:
        """Rows of other models pass their doors, too. Raises: ArgumentErrors"""
        for one in self.arguments.models:
            value: Any = values.get(one.name)
            gate = access.gate_of(one.model) if value else None
            if gate is None:
                continue
            keys = {row.pk for row in (value if one.many else [value])}
            seen = set(gate.filter(pk__in=keys).order_by().values_list("pk", flat=True))
            if seen != keys:
                noun = one.model._meta.verbose_name
                words = gettext("there is no {noun} with this id").format(noun=noun)
                raise ArgumentErrors([f"{one.key}: {words}"])


def _first(method: Any) -> str:
    """Return the parameter that takes the row: the first but the context."""
    parameters = signature_of(method).parameters
    if not parameters:
        raise ImproperlyConfigured(
            f"{source_of(method)} takes no row: say detail=False if it needs none."
        )
    return parameters[0].name


def _seen(access: Access, rows: Sequence[Any], database: str) -> Any:
    """Return the row as it is now, if it can still be seen."""
    if not access.queryset().using(database).filter(pk=rows[0].pk).exists():
        return {"done": True}
    row = shown(access, rows, database)[0]
    return {"done": True} if row is None else row
