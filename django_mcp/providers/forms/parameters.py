"""Parameters whose type is a form: an object outside, a valid form inside.

``def book(form: BookingForm, loud: bool)`` takes the form's fields as one
argument beside the others. Read at registration; a function without such a
parameter is called as if this were not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.primitives import Call
from django_mcp.providers.calls import call_from_function, gathered, is_async
from django_mcp.providers.fields.arguments import described, unpacked
from django_mcp.providers.forms.arguments import is_form
from django_mcp.providers.forms.binding import Binding, FormKwargs
from django_mcp.schema.arguments import Arguments, arguments_from_function
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.parameters import (
    EMPTY,
    Function,
    Parameter,
    signature_of,
    source_of,
    unwrapped,
)
from django_mcp.schema.walk import Schema


def call_from_hints(
    function: Function, form_kwargs: FormKwargs | None = None
) -> tuple[Call, tuple[Parameter, ...], Schema]:
    """Return how a function is called, with what, and the schema of that.

    Raises: ImproperlyConfigured
    """
    forms = _bindings(function, form_kwargs)
    arguments = arguments_from_function(function, skip=forms)
    if not forms:
        call = call_from_function(function, arguments)
        return call, arguments.parameters, arguments.json_schema
    schema = _merged(function, arguments.json_schema, forms)
    call = _call_with_forms(function, arguments, forms)
    return call, arguments.parameters, schema


def _bindings(function: Function, form_kwargs: FormKwargs | None) -> dict[str, Binding]:
    """Return the forms that a function takes, by the names of its parameters."""
    found = {}
    for parameter in signature_of(function, open=True).parameters:
        form_class = _form_class(parameter)
        if form_class is None:
            continue
        source = f"{source_of(function)}, {parameter.name}"
        if parameter.default is not EMPTY:
            raise ImproperlyConfigured(f"{source}: a form has no default.")
        found[parameter.name] = Binding(
            form_class, source=source, form_kwargs=form_kwargs
        )
    return found


def _form_class(parameter: Parameter) -> Any:
    hint, _ = unwrapped(parameter.hint)
    return hint if isinstance(hint, type) and is_form(hint) else None


def _call_with_forms(
    function: Function, arguments: Arguments, forms: Mapping[str, Binding]
) -> Call:
    about = arguments.context_parameter
    run = gathered(function)

    def prepared(context: Context, values: dict[str, Any]) -> dict[str, Any]:
        rest = {name: one for name, one in values.items() if name not in forms}
        keywords = arguments.validate(rest)
        for name, binding in forms.items():
            keywords[name] = _bound(binding, name, context, values)
        return keywords if about is None else {**keywords, about: context}

    def call(context: Context, values: dict[str, Any]) -> Any:
        return run(**prepared(context, values))

    async def acall(context: Context, values: dict[str, Any]) -> Any:
        return await run(**await context.cross(prepared, context, values))

    return acall if is_async(function) else call


def _bound(
    binding: Binding, name: str, context: Context, values: Mapping[str, Any]
) -> Any:
    """Return one valid form. Raises: ArgumentErrors"""
    value = unpacked(values.get(name))
    if value is None:
        raise ArgumentErrors([f"{name}: " + gettext("field required")])
    if not isinstance(value, dict):
        raise ArgumentErrors([f"{name}: " + gettext("should be an object")])
    return binding.bound(context, value, where=name)


def _merged(function: Function, schema: Schema, forms: Mapping[str, Binding]) -> Schema:
    """Put the forms among the other arguments, in the function's order."""
    found = dict(schema["properties"])
    order = []
    for parameter in signature_of(function).parameters:
        order.append(parameter.key)
        if parameter.name in forms:
            words = parameter.description
            found[parameter.key] = described(forms[parameter.name].schema, words)
    merged = {**schema, "properties": {key: found[key] for key in order}}
    needed = {*schema.get("required", ()), *forms}
    merged["required"] = [key for key in order if key in needed]
    return merged
