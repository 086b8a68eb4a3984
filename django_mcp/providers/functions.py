"""Primitives from plain functions, with what type hints and docstrings say.

Everything that can be decided once is decided here, at registration: each
primitive gets a ``call`` made of the few steps that its function needs. No
thread is started and no protocol known; what a function returns is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import (
    Allowed,
    Call,
    Icon,
    Prompt,
    PromptArgument,
    Resource,
    ResourceTemplate,
    Text,
    Tool,
)
from django_mcp.providers.calls import (
    call_from_function,
    call_with_schema,
    checked_call,
    in_transaction,
    is_async,
    listed,
    reader_from_call,
)
from django_mcp.providers.completions import Completer, completions_for
from django_mcp.providers.forms.binding import FormKwargs
from django_mcp.providers.forms.parameters import call_from_hints
from django_mcp.providers.permissions import allowed_by_permissions
from django_mcp.schema.arguments import Arguments, arguments_from_function
from django_mcp.schema.headers import headers_from_schema
from django_mcp.schema.parameters import (
    Function,
    docstring_of,
    source_of,
)
from django_mcp.schema.results import promise_from_function
from django_mcp.schema.uritemplate import UriTemplate
from django_mcp.schema.walk import Schema
from django_mcp.throttling import Limit, rates_from

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def tool_from_function(
    function: Function,
    *,
    input_schema: Schema | None = None,
    form_kwargs: FormKwargs | None = None,
    complete: Mapping[str, Completer] | None = None,
    read_only: bool = False,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    open_world: bool | None = None,
    output_schema: Schema | Literal[False] | None = None,
    atomic: bool | str = True,
    **options: Any,
) -> Tool:
    """Make a tool of a function.

    ``atomic``: a synchronous tool that is not ``read_only`` runs in a
    transaction of the default database, or of the one named here; asking,
    refusing and failing undo what it did. ``async`` functions have no
    transaction, as everywhere in Django.

    ``output_schema``: the return annotation's, unless given; ``False`` for
    none.

    ``input_schema``: a JSON Schema that replaces the one made from the hints,
    for ``function(**arguments)``, for ``function(arguments: dict)``, or for
    one with a parameter for each argument. Values arrive as the client sent
    them, checked by the schema and not converted by the hints.

    ``form_kwargs``: a function of the context that returns what the forms
    among its parameters are made with, beside their data.

    ``options`` are those of every primitive: ``name``, ``title``,
    ``description``, ``icons``, ``meta``, ``tags``, ``permission``,
    ``permissions``, ``scopes``, ``allowed``, ``timeout``,
    ``throttle``.

    Raises: ImproperlyConfigured
    """
    fields = primitive_fields(function, **options)
    check_name(fields)
    if input_schema is None:
        call, parameters, input_schema = call_from_hints(function, form_kwargs)
    else:
        call, parameters = call_with_schema(function, input_schema)
    return tool_from_call(
        call,
        fields,
        function=function,
        input_schema=input_schema,
        complete=completions_for(function, parameters, complete),
        read_only=read_only,
        destructive=destructive,
        idempotent=idempotent,
        open_world=open_world,
        output_schema=output_schema,
        atomic=atomic,
    )


def tool_from_call(
    call: Call,
    fields: Mapping[str, Any],
    *,
    function: Function | None,
    input_schema: Schema,
    output_schema: Schema | Literal[False] | None = None,
    atomic: bool | str = True,
    read_only: bool = False,
    **more: Any,
) -> Tool:
    """Make a tool of a call whose arguments and `primitive_fields` are known.

    It promises what ``function`` does, and runs in a transaction as
    `tool_from_function` says. ``more`` are other fields of `Tool`.

    Raises: ImproperlyConfigured
    """
    check_name(fields)
    if output_schema is None and function is not None:
        promised = promise_from_function(function)
        if promised:
            output_schema = promised.schema
            later = not fields["blocking"]
            call = checked_call(call, promised.check, asynchronous=later)
    if atomic and not read_only and fields["blocking"]:
        call = in_transaction(call, "default" if atomic is True else atomic)
    return Tool(
        call=call,
        input_schema=input_schema,
        output_schema=output_schema or None,
        structured=output_schema is not False,
        read_only=read_only,
        headers=_headers(fields["source"], input_schema),
        **more,
        **fields,
    )


def resource_from_function(
    uri: str,
    function: Function,
    *,
    mime_type: str = "",
    size: int | None = None,
    annotations: Mapping[str, Any] | None = None,
    complete: Mapping[str, Completer] | None = None,
    **options: Any,
) -> Resource | ResourceTemplate:
    """Make a resource of a function, or a template if ``uri`` has variables.

    The function takes the variables by name; a value that does not fit its
    hint means that there is nothing at that URI. ``options`` are those of
    `tool_from_function`.

    Raises: ImproperlyConfigured
    """
    fields = primitive_fields(function, **options)
    source = fields["source"]
    try:
        template = UriTemplate(uri)
    except ValueError as error:
        raise ImproperlyConfigured(f"The URI of {source}: {error}") from error
    arguments = arguments_from_function(function, strings=True)
    _check_variables(source, template, arguments)
    call = call_from_function(function, arguments)
    shared = {**fields, "mime_type": mime_type, "annotations": dict(annotations or {})}
    if template.is_static:
        if complete:
            raise ImproperlyConfigured(f"{source} has no variables to complete.")
        return Resource(uri=uri, size=size, read=lambda c: call(c, {}), **shared)
    if size is not None:
        raise ImproperlyConfigured(f"{source} cannot have one size for many URIs.")
    return ResourceTemplate(
        uri_template=uri,
        match=template.match,
        read=reader_from_call(call),
        complete=completions_for(function, arguments.parameters, complete),
        **shared,
    )


def prompt_from_function(
    function: Function,
    *,
    complete: Mapping[str, Completer] | None = None,
    **options: Any,
) -> Prompt:
    """Make a prompt of a function.

    Arguments are text on the wire and become what the hints say. ``options``
    are those of `tool_from_function`.

    Raises: ImproperlyConfigured
    """
    fields = primitive_fields(function, **options)
    check_name(fields)
    arguments = arguments_from_function(function, strings=True)
    return Prompt(
        get=call_from_function(function, arguments),
        arguments=tuple(
            PromptArgument(
                name=parameter.key,
                title=parameter.title,
                description=parameter.description,
                required=parameter.required,
            )
            for parameter in arguments.parameters
        ),
        complete=completions_for(function, arguments.parameters, complete),
        **fields,
    )


def primitive_fields(
    function: Function,
    *,
    name: str | None = None,
    title: Text = "",
    description: Text = "",
    icons: Iterable[Icon] = (),
    meta: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    permission: str | None = None,
    permissions: Iterable[str] = (),
    scopes: Iterable[str] = (),
    allowed: Allowed | None = None,
    timeout: float | None = None,
    throttle: Limit = None,
) -> dict[str, Any]:
    """Return the fields that every primitive has.

    Raises: ImproperlyConfigured
    """
    source = source_of(function)
    return {
        "name": getattr(function, "__name__", "") if name is None else name,
        "title": title,
        "description": description or docstring_of(function).summary_and_body,
        "icons": tuple(icons),
        "meta": dict(meta or {}),
        "tags": frozenset(tags),
        "allowed": allowed_by_permissions(
            permission, permissions, allowed, source=source
        ),
        "scopes": frozenset(scopes),
        "timeout": timeout,
        "throttle": rates_from(throttle),
        "blocking": not is_async(function),
        "source": source,
    }


# -- checks at registration ----------------------------------------------------


def check_name(fields: Mapping[str, Any]) -> None:
    """Refuse a name that clients do not take. Raises: ImproperlyConfigured"""
    if not _NAME.fullmatch(fields["name"]):
        raise ImproperlyConfigured(
            f"{fields['source']} cannot be named {fields['name']!r}: a name has 1 to"
            " 128 letters, digits, underscores, dots and hyphens."
        )


def _check_variables(source: str, template: UriTemplate, arguments: Arguments) -> None:
    variables = set(template.variables)
    parameters = {parameter.key for parameter in arguments.parameters}
    if variables != parameters:
        raise ImproperlyConfigured(
            f"The variables of the URI of {source} ({listed(variables)}) are not its"
            f" parameters ({listed(parameters)})."
        )


def _headers(source: str, schema: Schema) -> dict[str, tuple[str, ...]]:
    try:
        return headers_from_schema(schema)
    except ImproperlyConfigured as error:
        raise ImproperlyConfigured(f"{source}: {error}") from None
