"""What a view reads from the body of a request: which serializer, as arguments.

The view's own serializer judges the values; here they are only checked to be
JSON that any database can take.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic_core import PydanticCustomError, core_schema

from django_mcp.providers.calls import listed
from django_mcp.providers.drf import serializers
from django_mcp.providers.drf.operations import Operation
from django_mcp.providers.drf.queries import FAILURES
from django_mcp.providers.drf.routes import View
from django_mcp.providers.drf.sending import Content, as_form, as_json, as_mixture
from django_mcp.providers.fields.arguments import Argument, unpacked
from django_mcp.providers.views.requests import JSON as JSON_TYPE
from django_mcp.schema.walk import Schema

#: The argument that is a body which is no object.
WHOLE = "data"
_INTEGERS = (-(2**63), 2**63 - 1)
_DEEPEST = 50
_UNTOLD = (
    "{source} reads a body that no serializer describes."
    " Say which does: body={{{action!r}: …Serializer}}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request's body is made of."""

    arguments: dict[str, Argument] = field(default_factory=dict)
    #: The body is a list, or something else that is no object.
    is_whole: bool = False
    #: The view reads forms alone.
    is_form: bool = False
    #: Fields that take a file or several, and fields that take JSON.
    files: frozenset[str] = frozenset()
    packed: frozenset[str] = frozenset()

    def content(self, values: dict[str, Any]) -> Content:
        """Return the body that says this. Raises: ArgumentErrors"""
        if not self.arguments:
            return Content()
        if self.is_whole:
            return as_json(values.get(WHOLE))
        if self.is_form:
            return as_form(values, self.files, self.packed)
        if self.files & values.keys():
            return as_mixture(values, self.files)
        return as_json(values)


NONE = Body()


def body_of(operation: Operation, view: View, given: Any) -> Body:
    """Return the body an operation reads. ``given`` is what the project says.

    Raises: ImproperlyConfigured
    """
    if given is None and operation.method in {"get", "delete"}:
        return NONE
    serializer = _serializer(operation, view, given)
    if serializer is None:
        return NONE
    is_partial = operation.method == "patch"
    schema = serializers.input_schema(serializer, partial=is_partial)
    if "properties" not in schema:
        words: Schema = {**schema, "description": "The body of the request."}
        whole = Argument(schema=words, core=JSON, required=True)
        return Body(arguments={WHOLE: whole}, is_whole=True)
    files = frozenset(serializers.file_fields(serializer))
    required = set(schema.get("required", ()))
    return Body(
        is_form=_is_form(operation, view, files),
        arguments={
            name: Argument(
                schema=one,
                core=_PACKED if one.get("type") in _COMPOUND else JSON,
                required=name in required,
            )
            for name, one in schema["properties"].items()
        },
        files=files,
        packed=frozenset(serializers.json_fields(serializer)),
    )


def _serializer(operation: Operation, view: View, given: Any) -> Any:
    if given is not None:
        return _made(given, view) if isinstance(given, type) else given
    is_generic, is_usual = hasattr(view, "get_serializer"), operation.role in _ACTIONS
    if is_generic and (operation.is_own or is_usual and operation.uses(operation.role)):
        return _own_serializer(operation, view)
    reads = operation.reads_body
    if reads and operation.uses("is_valid"):
        if is_generic and operation.uses("get_serializer", "get_serializer_class"):
            return _own_serializer(operation, view)
        mentioned = operation.mentioned_serializers()
        if len(mentioned) == 1:
            return _made(mentioned[0], view)
    if is_generic and is_usual:
        return _own_serializer(operation, view)
    if reads:
        raise ImproperlyConfigured(
            _UNTOLD.format(source=operation.source, action=operation.action)
        )
    return None


_ACTIONS = ("create", "update", "partial_update")


def _own_serializer(operation: Operation, view: View) -> Any:
    try:
        return view.get_serializer()
    except FAILURES:
        found = getattr(type(view), "serializer_class", None)
    if found is not None:
        return _made(found, view)
    raise ImproperlyConfigured(
        _UNTOLD.format(source=operation.source, action=operation.action)
    )


def _made(kind: Any, view: View) -> Any:
    if not serializers.is_serializer(kind):
        return kind()
    return kind(context={"request": view.request, "view": view, "format": None})


_FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}


def _is_form(operation: Operation, view: View, files: Collection[str]) -> bool:
    """Does a view read its body as a form alone? Raises: ImproperlyConfigured"""
    kinds = {str(parser.media_type) for parser in view.get_parsers()}
    if files and "multipart/form-data" not in kinds:
        raise ImproperlyConfigured(
            f"{operation.source} takes files ({listed(files)}), and its view has no"
            " parser that reads them: add MultiPartParser to parser_classes."
        )
    if JSON_TYPE in kinds:
        return False
    if kinds & _FORMS:
        return True
    raise ImproperlyConfigured(
        f"The view of {operation.source} has no parser that reads JSON or forms:"
        " add JSONParser to parser_classes."
    )


# -- values that any database can take ------------------------------------------


def _checked(value: Any) -> Any:
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            raise PydanticCustomError("depth", "should not be nested so deep")
        _check(one)
        if isinstance(one, dict):
            waiting += [(part, depth + 1) for part in (*one, *one.values())]
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in one]
    return value


def _check(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise PydanticCustomError("null", "should have no null characters")
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise PydanticCustomError("string_unicode", "should be valid text")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise PydanticCustomError("finite", "should be a finite number")
    elif isinstance(value, int) and not _INTEGERS[0] <= value <= _INTEGERS[1]:
        raise PydanticCustomError("range", "should be a number of at most 64 bits")


JSON = core_schema.no_info_plain_validator_function(_checked)
#: Some models encode objects and lists twice.
_PACKED = core_schema.no_info_before_validator_function(unpacked, JSON)
_COMPOUND = ("array", "object")
