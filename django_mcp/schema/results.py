"""What a function returns, as a schema and as a check.

Only what the return annotation promises in full gets a schema. Content
(images, files …), ``Any``, responses and Django models get none: the first
is not data, the others would promise nothing or too much.
"""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from pydantic import TypeAdapter
from pydantic.errors import (
    PydanticInvalidForJsonSchema,
    PydanticSchemaGenerationError,
    PydanticUserError,
)
from pydantic_core import (
    PydanticSerializationError,
    SchemaError,
    ValidationError,
    to_jsonable_python,
)

from django_mcp.schema.errors import lines_from
from django_mcp.schema.generator import schema_from_adapter
from django_mcp.schema.models import is_model
from django_mcp.schema.parameters import EMPTY, return_hint, source_of, unwrapped
from django_mcp.schema.walk import Schema

Check: typing.TypeAlias = Callable[[Any], Any]

#: Modules whose classes are content rather than data. By name: content is on
#: the same layer, and the official types are not a dependency.
_CONTENT = ("django_mcp.content.", "mcp_types.", "mcp.types.")
_BARE = {Any, object, dict, list, tuple, set, frozenset, bytes, bytearray, EMPTY}
_ITERATORS = {
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.Generator,
    collections.abc.Iterable,
    collections.abc.Iterator,
}
_AWAITABLES = {collections.abc.Awaitable, collections.abc.Coroutine}


class Promised(NamedTuple):
    """What a return annotation promises."""

    schema: Schema
    #: Makes a result fit: returns the result itself, or what it becomes by
    #: validation. Objects with the right attributes become the annotated
    #: model, iterables a list, and a ``TypedDict`` loses the members it does
    #: not name. Content passes. A result that does not fit is a mistake in
    #: the function: ``TypeError``.
    check: Check


def promise_from_function(function: Callable[..., Any]) -> Promised | None:
    """Return schema and check together; compiling them is the slow part.

    Raises: ImproperlyConfigured
    """
    hint = _data_hint(return_hint(function))
    if hint in {None, NoneType} or _is_vague(hint):
        return None
    source = source_of(function)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(hint)
        schema = schema_from_adapter(adapter, "serialization")
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
        # A class nothing is known of: whether it is content shows in the call.
        return None
    except (PydanticUserError, SchemaError, NameError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ImproperlyConfigured(
            f"The return annotation of {source} cannot be used: {reason}"
        ) from error
    return Promised(schema, _checker(adapter, source, hint))


def carries_content(value: Any) -> bool:
    """Is this content for the client, or a list with some in it?"""
    if isinstance(value, list | tuple):
        return any(_is_content(type(item)) for item in value)
    return _is_content(type(value))


def _checker(adapter: TypeAdapter[Any], source: str, hint: Any) -> Check:
    validate = adapter.validator.validate_python
    # What has just the type that is promised needs no closer look.
    plain = hint if hint is str or hint is int or hint is bool else None

    async def awaited(value: Any) -> Any:
        return check(await value)

    def check(value: Any) -> Any:
        if type(value) is plain:
            return value
        try:
            return validate(value, from_attributes=True)
        except ValidationError as error:
            if carries_content(value):
                return value
            if inspect.isawaitable(value):
                return awaited(value)
            lines = lines_from(error, value)
        try:
            return validate(to_jsonable_python(value, fallback=_text))
        except (ValidationError, PydanticSerializationError, TypeError):
            raise TypeError(
                f"{source} returned what its annotation does not promise:"
                f" {'; '.join(lines)}"
            ) from None

    return check


def _data_hint(hint: Any) -> Any:
    """Return the hint of the value itself: awaited, and gathered in a list."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in _AWAITABLES:
        return _data_hint(arguments[-1])
    if origin in _ITERATORS:
        return list[arguments[0]]  # type: ignore[valid-type]
    return hint


def _is_vague(hint: Any) -> bool:
    inner, _ = unwrapped(hint)
    if typing.get_origin(inner) is typing.Literal:
        return False
    arguments = typing.get_args(inner)
    if arguments:
        return _is_unfit(typing.get_origin(inner)) or any(map(_is_vague, arguments))
    try:
        return inner in _BARE or _is_unfit(inner)
    except TypeError:  # not hashable, so none of the bare ones
        return False


def _is_unfit(hint: Any) -> bool:
    if not inspect.isclass(hint):
        return False
    return (
        is_model(hint)
        or hasattr(hint, "as_manager")  # a QuerySet
        or issubclass(hint, HttpResponseBase)
        or _is_content(hint)
    )


def _is_content(kind: Any) -> bool:
    module = f"{kind.__module__}."
    return module.startswith(_CONTENT)


def _text(value: Any) -> str:
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not data")
