"""The output schema of an operation, where something can be promised.

Only code of the framework's own is taken at its word: an action that builds its
answer by hand, a renderer that renames, a serializer that depends on who asks
promise nothing. Clients refuse an answer that breaks its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import pagination
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer

from django_mcp.providers.drf import serializers
from django_mcp.providers.drf.fields import is_own
from django_mcp.providers.drf.operations import Operation
from django_mcp.providers.drf.queries import FAILURES
from django_mcp.providers.drf.routes import View
from django_mcp.providers.fields.arguments import Argument
from django_mcp.schema.walk import Schema

_ONE = ("retrieve", "create", "update", "partial_update")
#: Code that asks for these may choose its serializer by the caller.
_BY_REQUEST = frozenset({"request", "kwargs", "user", "query_params"})


def output_schema(
    operation: Operation, view: View, pages: Mapping[str, Argument]
) -> Schema | None:
    """Return the schema of what an operation gives, or ``None``."""
    if not operation.is_own or not _is_settled(view):
        return None
    many = operation.role == "list"
    if not many and operation.role not in _ONE:
        return None
    try:
        serializer = view.get_serializer(many=True) if many else view.get_serializer()
        schema = serializers.output_schema(serializer)
    except FAILURES:
        return None
    if not schema or not many or view.paginator is None:
        return schema or None
    return _page(view.paginator, schema, pages)


def _is_settled(view: View) -> bool:
    cls = type(view)
    renderers = [one for one in view.get_renderers() if "json" in str(one.media_type)]
    plain = renderers and type(renderers[0]) is JSONRenderer
    return bool(plain) and is_own(cls.finalize_response) and _is_known(cls)


def _is_known(cls: View) -> bool:
    if not issubclass(cls, GenericAPIView) or not is_own(cls.get_serializer):
        return False
    chooses = cls.get_serializer_class
    code = getattr(chooses, "__code__", None)
    names = frozenset(code.co_names) if code is not None else _BY_REQUEST
    return is_own(chooses) or _BY_REQUEST.isdisjoint(names)


def _page(paginator: Any, rows: Schema, pages: Mapping[str, Argument]) -> Schema | None:
    """Return the schema of a page, if the paginator makes the usual ones."""
    if not is_own(type(paginator).get_paginated_response):
        return None
    counted = isinstance(
        paginator, pagination.PageNumberPagination | pagination.LimitOffsetPagination
    )
    size = getattr(paginator, "page_size", None) or getattr(
        paginator, "default_limit", None
    )
    if not size:
        # Pages only for those who ask for a size, or for nobody.
        return None if pages else rows
    if not counted and not isinstance(paginator, pagination.CursorPagination):
        return None
    link: Schema = {
        "type": ["object", "null"],
        "description": "The arguments for that page, beside those of this one.",
        "properties": {
            name: {"type": argument.schema["type"]} for name, argument in pages.items()
        },
    }
    count: Schema = {"count": {"type": "integer"}} if counted else {}
    properties = {**count, "next": link, "previous": link, "results": rows}
    return {"type": "object", "properties": properties, "required": list(properties)}
