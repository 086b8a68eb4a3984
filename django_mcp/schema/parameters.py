"""What a function's signature says: its parameters, resolved, and its result.

Reads hints and docstrings; makes no schema of them and calls nothing. A
function that cannot be called with named arguments alone is refused here.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from pydantic.fields import FieldInfo

from django_mcp.context import Context
from django_mcp.primitives import Text
from django_mcp.schema.docstrings import Docstring, parse

#: No default, and no annotation.
EMPTY: Any = inspect.Parameter.empty

Function: typing.TypeAlias = Callable[..., Any]

_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a function."""

    #: Its name in the function.
    name: str
    #: Its name for clients: the alias, where ``Field(alias=…)`` gives one.
    key: str
    #: The type hint, with everything in ``Annotated``.
    hint: Any
    default: Any = EMPTY
    #: ``Field(default=…)`` has the default, so validation fills it in.
    filled: bool = False
    title: Text = ""
    description: Text = ""

    @property
    def required(self) -> bool:
        return self.default is EMPTY and not self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A function's parameters, without the one that takes the context."""

    parameters: tuple[Parameter, ...]
    context_parameter: str | None
    #: It takes any named argument (``**arguments``).
    open: bool = False


def source_of(function: Function) -> str:
    """Return the function's full name, for messages."""
    function = _inner(function)
    module = getattr(function, "__module__", "")
    name = getattr(function, "__qualname__", "") or type(function).__qualname__
    return f"{module}.{name}" if module else name


def docstring_of(function: Function) -> Docstring:
    """Return the function's own docstring, taken apart."""
    if isinstance(function, partial):
        function = function.func
    return parse(inspect.getdoc(function))


def signature_of(
    function: Function, *, skip: Collection[str] = (), open: bool = False
) -> Signature:
    """Read the parameters, but for those to ``skip``.

    ``open`` says that ``**arguments`` may be there.

    Raises: ImproperlyConfigured
    """
    found = _parameters(function)
    hints = _hints(function)
    described = docstring_of(function).arguments
    contexts: list[str] = []
    parameters: list[Parameter] = []
    is_open = False
    for name, raw in found.items():
        hint = hints.get(name, EMPTY)
        if _is_context(name, hint):
            contexts.append(name)
        elif open and raw.kind is inspect.Parameter.VAR_KEYWORD:
            is_open = True
        elif raw.kind not in _NAMED:
            raise ImproperlyConfigured(
                f"{source_of(function)} must take its arguments by name;"
                f" the parameter {raw} cannot be served."
            )
        elif name not in skip:
            parameters.append(_parameter(raw, hint, described.get(name, "")))
    if len(contexts) > 1:
        raise ImproperlyConfigured(
            f"{source_of(function)} takes the context twice: {', '.join(contexts)}."
        )
    return Signature(
        parameters=tuple(parameters),
        context_parameter=contexts[0] if contexts else None,
        open=is_open,
    )


def return_hint(function: Function) -> Any:
    """Return the hint of what the function returns, or `EMPTY`.

    Raises: ImproperlyConfigured
    """
    return _hints(function).get("return", EMPTY)


# -- hints -------------------------------------------------------------------


def unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take ``Annotated`` off: the type itself and the metadata."""
    if typing.get_origin(hint) is Annotated:
        inner, *metadata = typing.get_args(hint)
        return inner, tuple(metadata)
    return hint, ()


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the one hint there is."""
    if typing.get_origin(hint) in {typing.Union, UnionType}:
        return typing.get_args(hint)
    return (hint,)


def metadata_of(hint: Any) -> Iterator[Any]:
    return iter(unwrapped(hint)[1])


def _parameter(raw: inspect.Parameter, hint: Any, described: str) -> Parameter:
    hint = Any if hint is EMPTY else hint
    default = raw.default
    if isinstance(default, FieldInfo):
        # ``limit: int = Field(10, le=50)``, as in a pydantic model.
        hint, default = Annotated[hint, default], EMPTY
    if default is None:
        hint = _optional(hint)
    fields = [item for item in metadata_of(hint) if isinstance(item, FieldInfo)]
    texts = [item for item in metadata_of(hint) if isinstance(item, str | Promise)]
    aliases = [item.validation_alias or item.alias for item in fields]
    return Parameter(
        name=raw.name,
        key=next((alias for alias in aliases if isinstance(alias, str)), raw.name),
        hint=hint,
        default=default,
        filled=any(not item.is_required() for item in fields),
        title=next((item.title for item in fields if item.title), ""),
        description=next(
            (item.description for item in fields if item.description),
            texts[0] if texts else described,
        ),
    )


def _optional(hint: Any) -> Any:
    """Return the hint with ``None`` allowed, where the default is ``None``."""
    inner, metadata = unwrapped(hint)
    if inner is Any or {NoneType, None} & set(alternatives(inner)):
        return hint
    inner = typing.Optional[inner]  # noqa: UP045  (the hint may be a string)
    return Annotated[(inner, *metadata)] if metadata else inner


def _is_context(name: str, hint: Any) -> bool:
    if hint is EMPTY:
        return name == "context"
    inner, _ = unwrapped(hint)
    return any(
        isinstance(member, type) and issubclass(member, Context)
        for member in (unwrapped(part)[0] for part in alternatives(inner))
        if typing.get_origin(member) is None
    )


# -- looking inside ------------------------------------------------------------


def _inner(function: Any) -> Any:
    """Return the function whose module, name and hints count."""
    while isinstance(function, partial):
        function = function.func
    return inspect.unwrap(function)


def _parameters(function: Function) -> dict[str, inspect.Parameter]:
    if isinstance(function, type) or not callable(function):
        raise ImproperlyConfigured(f"{function!r} is not a function.")
    try:
        return dict(inspect.signature(function).parameters)
    except (NameError, TypeError, ValueError) as error:
        raise _unreadable(function, error) from error


def _hints(function: Function) -> dict[str, Any]:
    """Resolve the hints, also those written as strings."""
    inner = _inner(function)
    if not inspect.isroutine(inner):
        inner = inspect.unwrap(type(inner).__call__)
    # Many import the context for type checkers only.
    known = getattr(inner, "__globals__", {})
    names = {} if "Context" in known else {"Context": Context}
    try:
        return typing.get_type_hints(inner, localns=names, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise _unreadable(function, error) from error


def _unreadable(function: Function, error: Exception) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The type hints of {source_of(function)} cannot be read: {error}"
    )
