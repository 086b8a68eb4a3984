"""How the function behind a primitive is called, as steps made at registration.

Each step wraps the one before, and only those a function needs are there. No
thread is started: a step returns the value, or an awaitable of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Call
from django_mcp.schema.arguments import Arguments
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.jsonschema import arguments_validator_from_schema
from django_mcp.schema.parameters import (
    Function,
    Parameter,
    signature_of,
    source_of,
    unwrapped,
)
from django_mcp.schema.results import Check
from django_mcp.schema.walk import Schema

Values: TypeAlias = dict[str, Any]

_NO_DATABASE = "django.db.backends.dummy"


def call_from_function(function: Function, arguments: Arguments) -> Call:
    """Validate, then call: the shortest way for what the function takes."""
    run, name = gathered(function), arguments.context_parameter
    validate = arguments.validate

    def call(context: Context, values: Values) -> Any:
        return run(**validate(values))

    def call_with_context(context: Context, values: Values) -> Any:
        values = validate(values)
        values[name] = context  # type: ignore[index]
        return run(**values)

    async def call_after_fetching(context: Context, values: Values) -> Any:
        values = await arguments.avalidate(values)
        if name is not None:
            values[name] = context
        return await run(**values)

    if arguments.models and is_async(function):
        return call_after_fetching
    return call if name is None else call_with_context


def call_with_schema(
    function: Function, schema: Schema
) -> tuple[Call, tuple[Parameter, ...]]:
    """Check with an author's schema, then call with what the client sent."""
    source = source_of(function)
    wrong = arguments_validator_from_schema(
        schema, source=f"The input schema of {source}"
    )
    signature = signature_of(function, open=True)
    run, name = gathered(function), signature.context_parameter
    whole = _whole(signature.parameters, schema)
    if whole is None and not signature.open:
        _check_properties(source, signature.parameters, schema)
    known = None if signature.open else {p.name for p in signature.parameters}

    def call(context: Context, values: Values) -> Any:
        lines = wrong(values)
        if lines:
            raise ArgumentErrors(lines)
        if whole is not None:
            values = {whole: values}
        elif known is not None and not known.issuperset(values):
            unknown = sorted(values.keys() - known)
            reason = gettext("unknown argument")
            raise ArgumentErrors(f"{key}: {reason}" for key in unknown)
        return run(**(values if name is None else {**values, name: context}))

    return call, signature.parameters


def reader_from_call(call: Call) -> Callable[[Context, str, Values], Any]:
    """Read at a URI: values that do not fit mean that nothing is there."""

    def read(context: Context, uri: str, variables: Values) -> Any:
        try:
            result = call(context, variables)
        except ArgumentErrors:
            raise NotRegistered(uri) from None
        return found(result, uri) if inspect.isawaitable(result) else result

    async def found(result: Any, uri: str) -> Any:
        try:
            return await result
        except ArgumentErrors:
            raise NotRegistered(uri) from None

    return read


def checked_call(call: Call, check: Check, *, asynchronous: bool) -> Call:
    def checked(context: Context, values: Values) -> Any:
        return check(call(context, values))

    async def achecked(context: Context, values: Values) -> Any:
        return check(await call(context, values))

    return achecked if asynchronous else checked


def in_transaction(call: Call, alias: str) -> Call:
    def atomically(context: Context, values: Values) -> Any:
        # A project may have no database, and settings are read when used.
        if connections.settings.get(alias, {}).get("ENGINE") == _NO_DATABASE:
            return call(context, values)
        with transaction.atomic(using=alias):
            return call(context, values)

    return atomically


def gathered(function: Function) -> Function:
    """Run generators to their end, inside the transaction and the thread."""

    def gather(**values: Any) -> Any:
        return list(function(**values))

    async def agather(**values: Any) -> Any:
        return [item async for item in function(**values)]

    if inspect.isasyncgenfunction(_kernel(function)):
        return agather
    return gather if inspect.isgeneratorfunction(_kernel(function)) else function


def is_async(function: Function) -> bool:
    kernel = _kernel(function)
    return iscoroutinefunction(kernel) or inspect.isasyncgenfunction(kernel)


def _kernel(function: Any) -> Any:
    """Return what is run in the end: behind ``partial``, or ``__call__``."""
    while isinstance(function, partial):
        function = function.func
    if inspect.isroutine(function) or iscoroutinefunction(function):
        return function
    return type(function).__call__


def _check_properties(
    source: str, parameters: tuple[Parameter, ...], schema: Schema
) -> None:
    """Every argument the schema names needs a parameter, and the other way."""
    properties = set(schema.get("properties", {}))
    known = {parameter.name for parameter in parameters}
    needed = {parameter.name for parameter in parameters if parameter.required}
    if properties - known or needed - set(schema.get("required", ())):
        raise ImproperlyConfigured(
            f"The input schema of {source} ({listed(properties)}) does not fit its"
            f" parameters ({listed(known)}). Take **arguments to have them all."
        )


def _whole(parameters: tuple[Parameter, ...], schema: Schema) -> str | None:
    """Return the one parameter that takes all arguments as a dictionary."""
    if len(parameters) != 1 or parameters[0].name in schema.get("properties", {}):
        return None
    hint, _ = unwrapped(parameters[0].hint)
    kind = getattr(hint, "__origin__", hint)
    takes_all = kind in {dict, Mapping} or parameters[0].name == "arguments"
    return parameters[0].name if takes_all else None


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
