"""What all resources of this package are told, and how mistakes are said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.declarations import written_at
from django_mcp.primitives import Text
from django_mcp.providers.calls import is_async
from django_mcp.providers.functions import primitive_fields
from django_mcp.schema.uritemplate import UriTemplate

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class _Named:
    """Stands for the function that other primitives are made of."""

    def __init__(self, name: str) -> None:
        self.__module__ = ""
        self.__qualname__ = name

    def __call__(self) -> None:
        """Never called: only what it is called counts."""


def fields_from(
    what: str, uri: str, description: Text, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of a primitive at ``uri``; the name is made of it.

    Raises: ImproperlyConfigured, TypeError
    """
    given = {"name": _name_from(uri), "description": description, **options}
    fields = primitive_fields(_Named(f"{what} {uri}"), **given)
    return {**fields, "blocking": True, "source": written_at()}


def template_from(what: str, uri: Any) -> UriTemplate:
    """Return the template of an address. Raises: ImproperlyConfigured"""
    if not isinstance(uri, str) or not _SCHEME.match(uri):
        raise ImproperlyConfigured(
            f"{what} needs an address such as 'shop://covers/', not {uri!r}."
        )
    try:
        return UriTemplate(uri)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None


def check_plain(what: str, function: Any) -> None:
    """Refuse coroutine functions. Raises: ImproperlyConfigured"""
    if is_async(function):
        raise ImproperlyConfigured(
            f"{what} cannot be asynchronous: storages are read in a thread."
        )


def check_positive(what: str, number: Any) -> None:
    """Raises: ImproperlyConfigured"""
    if type(number) is not int or number < 1:
        raise ImproperlyConfigured(f"{what} must be a positive number.")


def _name_from(uri: str) -> str:
    path = uri.partition(":")[2].partition("?")[0]
    words = re.sub(r"\{[^{}]*\}", "", path)
    name = _NOT_IN_NAME.sub("_", words).strip("_")
    return (name or uri.partition(":")[0])[:128]
