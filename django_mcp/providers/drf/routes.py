"""Which views stand behind a viewset, a router, a view or the name of a URL.

Reads the URLconf and classes; calls nothing but ``as_view``, for what has no
route. A class is never changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from rest_framework.routers import BaseRouter, SimpleRouter
from rest_framework.settings import api_settings
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from django_mcp.providers.views import routes as ways
from django_mcp.providers.views.words import snake_case

#: A class of views, which has no types.
View: TypeAlias = Any

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One callable view, and how a URL leads to it."""

    callback: Callable[..., Any]
    cls: View
    #: HTTP method to the name of the method that answers it.
    mapping: Mapping[str, str]
    #: How the URLconf leads to it, if it does.
    way: ways.Route | None = None
    #: The variables of the path, where there is no way.
    variables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name for ``reverse``, with its namespaces, if it has one."""
        way = self.way
        return ":".join((*way.namespaces, way.name)) if way and way.name else ""

    @property
    def converters(self) -> dict[str, Any]:
        """The variables of the path, and their converters where it has some."""
        if self.way is None:
            return dict.fromkeys(self.variables)
        names = [name for _, names in self.way.shape.endings for name in names]
        return {**dict.fromkeys(names), **self.way.converters}

    def needs(self, name: str) -> bool:
        """Is a variable in every path that leads here?"""
        if self.way is None:
            return True
        return all(name in names for _, names in self.way.shape.endings)

    @property
    def initkwargs(self) -> Mapping[str, Any]:
        """What the view's class is made with."""
        return getattr(self.callback, "initkwargs", {})

    @property
    def basename(self) -> str:
        """What a router calls the viewset, with the namespaces."""
        space = self.name.rpartition(":")[0]
        name = str(self.initkwargs.get("basename") or "")
        if not is_viewset(self.cls):
            return self.name
        return f"{space}:{name}" if space and name else name


def is_view(target: Any) -> bool:
    """Is this a class of views, or what ``as_view`` or ``@api_view`` made?"""
    return _class_of(target) is not None


def is_router(target: Any) -> bool:
    """Is this a router?"""
    return isinstance(target, BaseRouter)


def is_viewset(cls: View) -> bool:
    """Has a view actions?"""
    return issubclass(cls, ViewSetMixin)


def routes_of(target: Any, basename: str = "") -> list[Route]:
    """Return what stands behind a target, the first route of each action.

    Raises: ImproperlyConfigured
    """
    if isinstance(target, str):
        found = list(_of_views(ways.routes_of_name(target)))
        if not found:
            raise ImproperlyConfigured(
                f"No view of Django REST framework has the URL name {target!r}."
                " Names in a namespace are written with it: 'shop:book-list'."
            )
        return found
    if is_router(target):
        return [
            route
            for prefix, viewset, name in target.registry
            for route in _of_class(viewset, name)
        ]
    if inspect.isclass(target):
        return _of_class(target, basename)
    return _of_function(target)


def _class_of(target: Any) -> View:
    cls = target if inspect.isclass(target) else getattr(target, "cls", None)
    return cls if inspect.isclass(cls) and issubclass(cls, APIView) else None


def _of_function(target: Any) -> list[Route]:
    """Return the routes of what ``as_view`` or ``@api_view`` made, and no others."""
    routed = list(_of_views(ways.routes_of_view(target)))
    if routed:
        return _first(routed)
    if is_viewset(target.cls):
        raise ImproperlyConfigured(
            f"This view of {target.cls.__name__} has no URL. Name it in the URLconf,"
            " or give the class."
        )
    return [Route(callback=target, cls=target.cls, mapping=_methods(target.cls))]


def _of_class(cls: View, basename: str) -> list[Route]:
    routed = [route for route in _routed() if route.cls is cls]
    named = [
        route
        for route in routed
        if not basename or basename in {route.basename, _last(route.basename)}
    ]
    if routed and basename and not named:
        names = ", ".join(sorted({route.basename for route in routed}))
        raise ImproperlyConfigured(
            f"{cls.__name__} has no route with the basename {basename!r};"
            f" it is routed as {names}."
        )
    return _first(named) if named else _unrouted(cls, basename)


def _first(found: list[Route]) -> list[Route]:
    """Return those that are meant where a view is routed more than once."""
    return [route for route in found if route.basename == found[0].basename]


def others(routes: list[Route]) -> set[str]:
    """Return the names under which the same views are routed as well."""
    served = {route.basename for route in routes}
    classes = {route.cls for route in routes if route.way}
    return {one.basename for one in _routed() if one.cls in classes} - served


def _last(name: str) -> str:
    return name.rpartition(":")[2]


# -- with a route ----------------------------------------------------------------


def _routed() -> Iterator[Route]:
    """Walk the URLconf."""
    return _of_views(ways.all_routes())


def _of_views(found: Iterable[ways.Route]) -> Iterator[Route]:
    """Yield what leads to views; a path that ends in a format is none of its own."""
    for way in found:
        cls = _class_of(way.view)
        if cls is None:
            continue
        actions = getattr(way.view, "actions", None)
        mapping = _served(actions) if actions else _methods(cls)
        route = Route(callback=way.view, cls=cls, mapping=mapping, way=way)
        if api_settings.FORMAT_SUFFIX_KWARG not in route.converters:
            yield route


# -- without one -----------------------------------------------------------------


def _unrouted(cls: View, basename: str) -> list[Route]:
    if not is_viewset(cls):
        return [Route(callback=cls.as_view(), cls=cls, mapping=_methods(cls))]
    router = SimpleRouter()
    router.register("", cls, basename or _word(cls))
    return [
        Route(
            callback=one.callback,
            cls=cls,
            mapping=_served(one.callback.actions),
            variables=tuple(one.pattern.regex.groupindex),
        )
        for one in router.urls
    ]


def _word(cls: View) -> str:
    model = getattr(getattr(cls, "queryset", None), "model", None)
    return model._meta.model_name if model is not None else word_of(cls.__name__)


def word_of(name: str) -> str:
    """Return ``snippet_list`` for ``SnippetListAPIView``."""
    for suffix in ("ViewSet", "APIView", "View"):
        shorter = name.removesuffix(suffix)
        if shorter != name and shorter:
            name = shorter
            break
    return snake_case(name)


def _methods(cls: View) -> dict[str, str]:
    """Return the HTTP methods that a view answers."""
    return {
        method: method
        for method in _METHODS
        if method in cls.http_method_names and hasattr(cls, method)
    }


def _served(actions: Mapping[str, str]) -> dict[str, str]:
    """Return the methods that are tools, of those that are bound to actions."""
    return {method: actions[method] for method in _METHODS if method in actions}
