"""What the project gives a template beside its arguments: the option ``context``.

A dictionary, or a function that is called for each rendering with the
arguments it takes by name, as its hints say, and with the context.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import Complete
from django_mcp.providers.calls import is_async
from django_mcp.providers.completions import completions_for
from django_mcp.schema.arguments import arguments_from_function
from django_mcp.schema.parameters import Function, Parameter, source_of

if TYPE_CHECKING:
    from django_mcp.context import Context

#: The parameter that takes all arguments as they came, as a dictionary.
WHOLE = "arguments"


class Extra:
    """The option ``context`` of a prompt. Raises: ImproperlyConfigured, TypeError"""

    def __init__(self, given: Any) -> None:
        self.parameters: tuple[Parameter, ...] = ()
        self.completions: dict[str, Complete] = {}
        self._values: Mapping[str, Any] = {}
        self._function: Function | None = None
        if given is None:
            return
        if isinstance(given, Mapping):
            self._values = given
            return
        check_function(given)
        self._function = given
        self._whole = WHOLE in inspect.signature(given).parameters
        skip = {WHOLE} if self._whole else set()
        self._arguments = arguments_from_function(given, skip=skip, strings=True)
        self.parameters = self._arguments.parameters
        self.completions = completions_for(given, self.parameters, None)

    @property
    def is_function(self) -> bool:
        """Are its names known at the call only?"""
        return self._function is not None

    @property
    def names(self) -> set[str]:
        """The names of its values, as far as they are known."""
        return set(self._values)

    def value(self, name: str, what: str) -> Any:
        """Return a value by its name. Raises: ImproperlyConfigured"""
        if name not in self._values:
            raise ImproperlyConfigured(
                f"{what}={name}: the option context gives no such value."
            )
        return self._values[name]

    def call(self, context: Context, arguments: dict[str, str]) -> dict[str, Any]:
        """Return the values for one call. Raises: ArgumentErrors"""
        if self._function is None:
            return dict(self._values)
        # What is blank was not given, so that the function's own default holds.
        known = {parameter.key for parameter in self.parameters}
        given = {
            name: value for name, value in arguments.items() if name in known and value
        }
        values = self._arguments.validate(given)
        if self._whole:
            values[WHOLE] = arguments
        if self._arguments.context_parameter is not None:
            values[self._arguments.context_parameter] = context
        found = self._function(**values)
        return mapping_from(self._function, {} if found is None else found)


def check_function(given: Any) -> None:
    """Raises: TypeError, for what cannot make the context of a template."""
    if not callable(given):
        raise TypeError(
            f"context must be a dictionary or a function, not {type(given).__name__}."
        )
    if is_async(given):
        raise TypeError(
            f"{source_of(given)} must not be async: a template is rendered in a"
            " thread, where queries may wait."
        )


def mapping_from(function: Function, value: Any) -> dict[str, Any]:
    """Return what a function gave. Raises: TypeError"""
    if not isinstance(value, Mapping):
        raise TypeError(
            f"{source_of(function)} must return a dictionary for the template, not a"
            f" {type(value).__name__}."
        )
    return dict(value)
