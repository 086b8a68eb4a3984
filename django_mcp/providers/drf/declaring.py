"""Views of Django REST framework, declared to be served when they can be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.declarations import Mistake, written_at
from django_mcp.primitives import Primitive
from django_mcp.providers.calls import listed
from django_mcp.providers.drf.operations import ALL, Operation, operations_of
from django_mcp.providers.drf.routes import is_router, is_view, others, routes_of
from django_mcp.providers.drf.tools import tool_of
from django_mcp.providers.functions import primitive_fields
from django_mcp.providers.views.calling import deciding_middleware

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


def declare_viewset(
    server: MCPServer,
    target: Any,
    *,
    actions: Collection[str] | str | None = None,
    basename: str = "",
    prefix: str = "",
    body: Any = None,
    query: Any = None,
    middleware: bool | None = None,
    **options: Any,
) -> None:
    """Let views be served once the URLconf can be read.

    ``target``: a viewset, with or without a route; a router, for all of its
    viewsets; a view (a class, ``@api_view``, what ``as_view`` made); or the name
    of a URL with its namespaces, ``"shop:book-list"``.

    ``actions``: those to serve, by the names of a viewset's methods, or by HTTP
    methods (``"post"``) for other views; ``"__all__"`` for all. Unless given,
    ``list`` and ``retrieve``, or ``get``.

    ``basename``: which route is meant where a viewset has several.

    ``prefix``: what the tools' names begin with, instead of the basename.

    ``body`` and ``query``: serializers of what an action reads from there, by
    action (``{"rate": RatingSerializer}``), where its code does not tell.

    ``middleware``: whether the project's middleware runs; unless given, it does if
    some of it may decide who may do what.

    ``options`` are those of every primitive, and hold for each tool. ``name`` is
    for a target that is one tool.

    Raises: TypeError, for what is no view
    """
    if not (isinstance(target, str) or is_router(target) or is_view(target)):
        raise TypeError(
            f"{target!r} is no viewset, view or router of Django REST framework, and no"
            " name of a URL. Use mcp.view for views of Django's."
        )
    if isinstance(actions, str) and actions != ALL:
        actions = [actions]
    fields = primitive_fields(declare_viewset, **{"name": "", **options})
    fields["description"] = options.get("description", "")
    source, named = written_at(), isinstance(target, str)

    def build() -> list[Primitive]:
        routes = routes_of(target, basename)
        found = operations_of(routes, actions, prefix)
        if fields["name"] and len(found) > 1:
            names = ", ".join(one.name for one in found)
            raise ImproperlyConfigured(
                f"One name is not enough for {names}. Give a prefix instead."
            )
        for text in _doubts(found, others(routes) if not named else set(), middleware):
            server.declarations.warn(text, source, id="django_mcp.W012")
        tools: list[Primitive] = []
        for one in found:
            told = {"body": _for(one, body), "query": _for(one, query)}
            try:
                tools.append(tool_of(one, fields, **told, middleware=middleware))
            except ImproperlyConfigured as error:
                server.declarations.mistakes.append(Mistake(str(error), source))
        return tools

    server.declare(build, source=source)


def _for(operation: Operation, given: Any) -> Any:
    """Return what the project says about one operation."""
    if isinstance(given, Mapping):
        return given.get(operation.action)
    return given


def _doubts(
    found: list[Operation], more: set[str], middleware: bool | None
) -> Iterator[str]:
    """Yield what of the project is left out."""
    route = found[0].route
    if more:
        yield (
            f"{route.cls.__name__} is routed more than once. It is served as"
            f" {route.basename or route.cls.__name__}, and not as {listed(more)}: say"
            " basename=…, or give the name of a URL."
        )
    if middleware is False and (skipped := deciding_middleware()):
        yield (
            f"{route.cls.__name__} is called without middleware that may decide who"
            f" may do what: {listed(skipped)}."
        )
