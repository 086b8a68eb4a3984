"""Completions of a primitive's arguments: given ones, and those of the hints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import Complete
from django_mcp.providers.calls import listed
from django_mcp.schema.completions import (
    complete_from_values,
    completions_from_hints,
)
from django_mcp.schema.parameters import Function, Parameter, source_of

#: What ``complete=`` takes for one argument: values to choose from, or a
#: function of ``(value)`` or of ``(context, value, others)``.
Completer: TypeAlias = Sequence[str] | Callable[..., Any]


def completions_for(
    function: Function,
    parameters: tuple[Parameter, ...],
    given: Mapping[str, Completer] | None,
) -> dict[str, Complete]:
    """Return what the hints offer, and what was given in its place.

    Raises: ImproperlyConfigured
    """
    source, given = source_of(function), given or {}
    unknown = set(given) - {parameter.key for parameter in parameters}
    if unknown:
        raise ImproperlyConfigured(
            f"{source} completes what it does not take: {listed(unknown)}."
        )
    offered = {key: _complete(source, value) for key, value in given.items()}
    return {**completions_from_hints(parameters), **offered}


def _complete(source: str, completer: Completer) -> Complete:
    if not callable(completer):
        return complete_from_values([str(value) for value in completer])
    simple = completer
    count = len(inspect.signature(simple).parameters)
    if count == 3:
        return simple
    if count == 1:
        return lambda context, value, others: simple(value)
    raise ImproperlyConfigured(
        f"A completion of {source} must take (value) or (context, value, others)."
    )
