"""The variables of a view's path: as arguments, and as the path of a request.

A value reaches the view exactly as it would in an address, or does not reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.http import Http404
from django.urls import ResolverMatch, converters
from django.utils.translation import gettext
from rest_framework.settings import api_settings
from rest_framework.versioning import URLPathVersioning

from django_mcp.providers.drf.filtersets import TEXT
from django_mcp.providers.drf.operations import Operation
from django_mcp.providers.drf.queries import model_of, version_argument
from django_mcp.providers.drf.routes import Route, View
from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.fields.values import kind_from_field
from django_mcp.schema import incoming
from django_mcp.schema.generator import joined
from django_mcp.schema.walk import Schema


def path_arguments(operation: Operation, view: View) -> dict[str, Argument]:
    """Return the variables of an operation's path as arguments."""
    route = operation.route
    return {
        name: replace(_argument(name, converter, view), required=route.needs(name))
        for name, converter in route.converters.items()
    }


def place_of(route: Route, values: Mapping[str, Any]) -> tuple[str, ResolverMatch]:
    """Return the path for these values and what stands there.

    Raises: Http404, if nobody would come to this view
    """
    texts = {name: str(value) for name, value in values.items()}
    if route.way is None:
        return "/", ResolverMatch(route.callback, (), texts)
    place = route.way.match(texts)
    if place is None:
        raise Http404(gettext("Not found."))
    return place


# -- the arguments ---------------------------------------------------------------


_UUID = Argument(schema={"type": "string", "format": "uuid"}, core=incoming.UUID)
_INTEGER = Argument(
    schema={"type": "integer", "minimum": 0}, core=incoming.integer_core(0)
)


def _argument(name: str, converter: Any, view: View) -> Argument:
    if name == api_settings.VERSION_PARAM and _is_versioned(view):
        return version_argument(view.versioning_class)
    if isinstance(converter, converters.IntConverter):
        return _worded(_INTEGER, name, view)
    if isinstance(converter, converters.UUIDConverter):
        return _worded(_UUID, name, view)
    column = _column(name, view)
    kind = None if column is None else kind_from_field(column)
    if kind is not None and kind.core is not None and kind.schema["type"] == "integer":
        found = Argument(schema=kind.schema, core=kind.core)
        return _worded(found, name, view)
    schema: Schema = {"type": "string"} if kind is None else kind.schema
    return _worded(Argument(schema=schema, core=TEXT), name, view)


def _worded(argument: Argument, name: str, view: View) -> Argument:
    column = _column(name, view)
    if column is None:
        return argument
    of_what = joined(" of one ", column.model._meta.verbose_name)
    words = joined("id" if column.primary_key else column.verbose_name, of_what)
    return replace(argument, schema=described(argument.schema, joined("The ", words)))


def _column(name: str, view: View) -> Any:
    """Return the column that the view looks its row up by, if this is it."""
    lookup = getattr(view, "lookup_field", None)
    if lookup is None or name != (getattr(view, "lookup_url_kwarg", None) or lookup):
        return None
    model = model_of(view)
    if model is None:
        return None
    try:
        column = model._meta.pk if lookup == "pk" else model._meta.get_field(lookup)
    except FieldDoesNotExist:  # it follows a relation
        return None
    while column.is_relation:
        column = column.target_field
    return column


def _is_versioned(view: View) -> bool:
    scheme = view.versioning_class
    return scheme is not None and issubclass(scheme, URLPathVersioning)
