"""Completions of a primitive's arguments: given ones, and those of the hints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

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
    known = [parameter.key for parameter in parameters]
    given = given_completions(source_of(function), known, given)
    return {**completions_from_hints(parameters), **given}


def given_completions(
    source: str, known: Collection[str], given: Mapping[str, Completer] | None
) -> dict[str, Complete]:
    """Return what was given, for arguments that are known.

    Raises: ImproperlyConfigured
    """
    given = given or {}
    unknown = set(given) - set(known)
    if unknown:
        raise ImproperlyConfigured(
            f"{source} completes what it does not take: {listed(unknown)}."
        )
    return {key: complete_from(source, value) for key, value in given.items()}


def complete_from(source: str, completer: Completer) -> Complete:
    """Return what completes as a project says. Raises: ImproperlyConfigured"""
    if isinstance(completer, QuerySet):
        raise ImproperlyConfigured(
            f"A completion of {source} is a queryset, which would be read whole when"
            " it is declared: return it from a function of (value)."
        )
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
