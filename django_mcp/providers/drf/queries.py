"""Arguments that go into the query of a URL: filters, search, order, pages.

Each is typed as the backend or the paginator reads it; what they make of a
value is theirs to judge. Nothing here queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import (
    FieldError,
    ImproperlyConfigured,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.db import DatabaseError
from django.http import Http404
from pydantic_core import core_schema
from rest_framework import exceptions, pagination, versioning
from rest_framework.filters import OrderingFilter, SearchFilter

from django_mcp.providers.drf.filtersets import form_arguments
from django_mcp.providers.drf.operations import Operation
from django_mcp.providers.drf.routes import View
from django_mcp.providers.fields.arguments import (
    Argument,
    described,
    one_of,
    some_of,
)
from django_mcp.schema import incoming
from django_mcp.schema.walk import Schema

#: The largest number of rows, or of rows to pass over, that is sent on.
MAX_NUMBER = 2**31 - 1
#: Filters of django-filter whose choices are the values there are, by name: it
#: is optional.
_FETCHING = {"AllValuesFilter", "AllValuesMultipleFilter"}
#: Names in the code of an action that show what it does with rows.
_FILTERS = ("filter_queryset", "list")
_PAGES = ("paginate_queryset", "list")
#: What a schema made at registration may meet in a project's code: it runs
#: for nobody, without a path and without a query.
FAILURES = (
    AttributeError,
    AssertionError,
    DatabaseError,
    FieldError,
    Http404,
    ImproperlyConfigured,
    LookupError,
    ObjectDoesNotExist,
    PermissionDenied,
    TypeError,
    ValidationError,
    ValueError,
    exceptions.APIException,
)


def query_arguments(operation: Operation, view: View) -> dict[str, Argument]:
    """Return the arguments that the backends and the paginator read."""
    found = _version(view)
    if not operation.is_reading:
        return found
    if operation.role == "list" or operation.uses(*_FILTERS):
        for backend in getattr(view, "filter_backends", ()):
            found |= _filter(backend(), view)
    if operation.role == "list" or operation.uses(*_PAGES):
        found |= page_arguments(getattr(view, "paginator", None), view)
    return found


def _version(view: View) -> dict[str, Argument]:
    """Return the argument that chooses a version, if it is in the query."""
    scheme = view.versioning_class
    if scheme is None or not issubclass(scheme, versioning.QueryParameterVersioning):
        return {}
    return {scheme.version_param: version_argument(scheme)}


def version_argument(scheme: Any) -> Argument:
    """Return an argument that is one of the versions there are."""
    known = [str(one) for one in scheme.allowed_versions or ()]
    if not known:
        return Argument(schema={"type": "string"}, core=incoming.text_core())
    return one_of(known)


def page_arguments(paginator: Any, view: View) -> dict[str, Argument]:
    """Return the arguments that choose a page."""
    if isinstance(paginator, pagination.PageNumberPagination):
        if not paginator.page_size and not paginator.page_size_query_param:
            return {}
        page = _whole(1, MAX_NUMBER)
        return {
            paginator.page_query_param: _said(
                page, paginator.page_query_description, minimum=1, default=1
            ),
            **_size(paginator, paginator.page_size_query_param),
        }
    if isinstance(paginator, pagination.LimitOffsetPagination):
        return _limits(paginator)
    if isinstance(paginator, pagination.CursorPagination):
        cursor = Argument(schema={"type": "string"}, core=incoming.text_core())
        return {
            paginator.cursor_query_param: _said(
                cursor, paginator.cursor_query_description
            ),
            **_size(paginator, paginator.page_size_query_param),
        }
    return dict(_declared(paginator, view)) if paginator is not None else {}


# -- pages -----------------------------------------------------------------------


def _limits(paginator: Any) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    if paginator.limit_query_param:
        found[paginator.limit_query_param] = _count(
            paginator.max_limit,
            paginator.default_limit,
            paginator.limit_query_description,
        )
    found[paginator.offset_query_param] = _said(
        _whole(0, MAX_NUMBER),
        paginator.offset_query_description,
        minimum=0,
        default=0,
    )
    return found


def _size(paginator: Any, name: str | None) -> dict[str, Argument]:
    if not name:
        return {}
    words = paginator.page_size_query_description
    return {name: _count(paginator.max_page_size, paginator.page_size, words)}


def _count(most: int | None, default: int | None, words: Any) -> Argument:
    limits: Schema = {"minimum": 1}
    if most:
        limits["maximum"] = most
    if default:
        limits["default"] = min(default, most or default)
    return _said(_whole(1, most or MAX_NUMBER), words, **limits)


def _whole(least: int, most: int) -> Argument:
    return Argument(schema={"type": "integer"}, core=incoming.integer_core(least, most))


def _said(argument: Argument, words: Any, **schema: Any) -> Argument:
    schema = described({**argument.schema, **schema}, words)
    return Argument(schema=schema, core=argument.core, required=argument.required)


# -- filters ---------------------------------------------------------------------


def _filter(backend: Any, view: View) -> dict[str, Argument]:
    if isinstance(backend, SearchFilter):
        return _search(backend, view)
    if isinstance(backend, OrderingFilter):
        return _ordering(backend, view)
    if hasattr(backend, "get_filterset_class"):
        return dict(_filterset(backend, view))
    return dict(_declared(backend, view))


def _search(backend: Any, view: View) -> dict[str, Argument]:
    if not backend.get_search_fields(view, view.request):
        return {}
    text = Argument(schema={"type": "string"}, core=incoming.text_core())
    return {backend.search_param: _said(text, backend.search_description)}


def _ordering(backend: Any, view: View) -> dict[str, Argument]:
    rows = rows_of(view)
    try:
        valid = backend.get_valid_fields(rows, view, {"request": view.request})
    except FAILURES:
        valid = [(name, name) for name in getattr(view, "ordering_fields", None) or ()]
    names = [str(name) for name, _ in valid]
    if not names:
        return {}
    argument = some_of([*names, *(f"-{name}" for name in names)])
    core = core_schema.no_info_after_validator_function(
        ",".join,
        core_schema.no_info_before_validator_function(_split, argument.core),
    )
    ordering = Argument(schema=argument.schema, core=core)
    return {backend.ordering_param: _said(ordering, backend.ordering_description)}


def _split(value: Any) -> Any:
    """Take ``title,-price`` for what it is in a URL."""
    if isinstance(value, str) and not value.startswith("["):
        return [part.strip() for part in value.split(",")]
    return value


def _filterset(backend: Any, view: View) -> Iterator[tuple[str, Argument]]:
    rows = rows_of(view)
    filterset_class = backend.get_filterset_class(view, rows)
    if filterset_class is None:
        return
    filterset = filterset_class(data={}, queryset=rows, request=view.request)
    try:
        fields = dict(filterset.get_form_class().base_fields)
    except DatabaseError:  # its choices are rows, and there is no table yet
        fields = {name: forms.CharField(required=False) for name in filterset.filters}
    for name, field in fields.items():
        if _lists_rows(filterset.filters.get(name)):
            field.choices = ()
        yield from form_arguments(name, field)


def _lists_rows(one: Any) -> bool:
    """Does a filter fetch its choices? They are not everybody's to see."""
    kinds = {kind.__name__ for kind in type(one).__mro__}
    made = callable(getattr(one, "extra", {}).get("choices"))
    return made or not kinds.isdisjoint(_FETCHING)


def _declared(backend: Any, view: View) -> Iterator[tuple[str, Argument]]:
    """Yield what a backend or paginator of the project's own says it reads."""
    describe = getattr(backend, "get_schema_operation_parameters", None)
    for parameter in describe(view) if describe is not None else ():
        if parameter.get("in", "query") == "query":
            schema = dict(parameter.get("schema") or {"type": "string"})
            words = parameter.get("description", "")
            yield (
                str(parameter["name"]),
                Argument(
                    schema=described(schema, words),
                    core=_CORES.get(str(schema.get("type")), _ANY),
                    required=bool(parameter.get("required")),
                ),
            )


_ANY = incoming.text_core()
_CORES: Mapping[str, Any] = {
    "integer": incoming.integer_core(),
    "number": incoming.FLOAT,
    "boolean": incoming.BOOLEAN,
    "array": core_schema.list_schema(
        core_schema.union_schema([incoming.integer_core(), incoming.text_core()])
    ),
}


def rows_of(view: View) -> Any:
    """Return the rows of a view, as nobody would see them, or ``None``."""
    if not hasattr(view, "get_queryset"):
        return None
    try:
        return view.get_queryset()
    except FAILURES:
        rows = getattr(type(view), "queryset", None)
        return None if rows is None else rows.all()


def model_of(view: View) -> Any:
    """Return the model a view is about, or ``None``."""
    rows, serializer = rows_of(view), getattr(view, "serializer_class", None)
    if rows is not None:
        return getattr(rows, "model", None)
    return getattr(getattr(serializer, "Meta", None), "model", None)
