"""Routes: the ways through the URLconf that lead to a view.

A route is read once, and makes the address for given values later. An address
counts only if the URLconf leads from it back to the same route: no value of
an argument reaches another view. Nothing here calls a view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.http import Http404
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize
from django.utils.translation import get_language

View: TypeAlias = Any

#: Parts of a path that no browser sends: it goes where they lead.
_DOTS = frozenset({".", ".."})


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One URL pattern, with all that stands before it."""

    view: View
    name: str
    #: The namespaces of instances, and the names of apps, on the way.
    namespaces: tuple[str, ...]
    app_names: tuple[str, ...]
    #: The patterns on the way, the view's own last.
    steps: tuple[Any, ...]
    #: What the URLconf gives the view beside the path.
    defaults: Mapping[str, Any]
    _shapes: dict[str | None, _Shape] = field(default_factory=dict)
    #: Where an address without values leads, by URLconf and path.
    _fixed: dict[tuple[Any, str], ResolverMatch] = field(default_factory=dict)

    @property
    def converters(self) -> dict[str, Any]:
        """The path converters, by the name of what they convert."""
        found: dict[str, Any] = {}
        for step in self.steps:
            found |= step.converters
        return found

    @property
    def text(self) -> str:
        """The whole path as the URLconf says it: ``books/<int:pk>/``."""
        whole = ""
        for step in self.steps:
            whole = whole + str(step).removeprefix("^") if whole else str(step)
        return whole

    @property
    def shape(self) -> _Shape:
        """What its addresses look like: in i18n patterns, in this language."""
        language = get_language()
        shape = self._shapes.get(language)
        if shape is None:
            shape = self._shapes[language] = _shape(self.steps)
        return shape

    def match(self, texts: Mapping[str, str]) -> tuple[str, ResolverMatch] | None:
        """Return the path for these values and what the URLconf makes of it."""
        path = self.path(texts)
        if path is None:
            return None
        match = self._resolved(path, fixed=not texts)
        return None if match is None else (path, match)

    def _resolved(self, path: str, *, fixed: bool) -> ResolverMatch | None:
        """Return what the URLconf makes of a path, if it leads here."""
        resolver = get_resolver()
        known = self._fixed.get((resolver, path)) if fixed else None
        if known is not None:
            return _copied(known)
        try:
            match = resolver.resolve(path)
        except Http404:
            return None
        if not self.is_way_of(match):
            return None
        if fixed:
            self._fixed[resolver, path] = _copied(match)
        return match

    def path(self, texts: Mapping[str, str]) -> str | None:
        """Return the path with these values in their places, if they fit."""
        shape = self.shape
        for ending, names in shape.endings:
            if set(names) != set(texts):
                continue
            path = ending % texts
            if not _DOTS.isdisjoint(path.split("/")):
                return None
            found = shape.regex.search(path)
            if found and all(_captured(found, name) == texts[name] for name in names):
                return f"/{path}"
        return None

    def is_way_of(self, match: ResolverMatch) -> bool:
        """Did the URLconf come this way?"""
        return match.func is self.view and match.route == self.text


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the addresses of a route look like, in one language."""

    regex: re.Pattern[str]
    #: Formats, each with the names of its values.
    endings: tuple[tuple[str, tuple[str, ...]], ...]


def _shape(steps: tuple[Any, ...]) -> _Shape:
    source = "".join(step.regex.pattern.removeprefix("^") for step in steps)
    endings = tuple((text, tuple(names)) for text, names in normalize(source))
    return _Shape(re.compile(f"^{source}"), endings)


def _copied(match: Any) -> ResolverMatch:
    """Return another of the same, which a view may do with as it likes."""
    return ResolverMatch(
        match.func,
        match.args,
        {**match.kwargs},
        match.url_name,
        match.app_names,
        match.namespaces,
        match.route,
        match.tried,
        {**(match.captured_kwargs or {})},
        {**(match.extra_kwargs or {})},
    )


def _captured(found: re.Match[str], name: str) -> str | None:
    """Return a captured value; groups without a name are called by number."""
    if name.startswith("_") and name[1:].isdigit():
        return found[int(name[1:]) + 1]
    return found[name]


# -- finding them --------------------------------------------------------------


def all_routes() -> Iterator[Route]:
    """Yield every route of the project, in the order of its URLconf."""
    return _walk(get_resolver().url_patterns, Route(None, "", (), (), (), {}))


def _walk(patterns: Iterable[Any], way: Route) -> Iterator[Route]:
    for one in patterns:
        steps = (*way.steps, one.pattern)
        if isinstance(one, URLPattern):
            yield Route(
                one.callback,
                one.name or "",
                way.namespaces,
                way.app_names,
                steps,
                {**way.defaults, **one.default_args},
            )
        elif isinstance(one, URLResolver):
            defaults = {**way.defaults, **one.default_kwargs}
            namespaces = (*way.namespaces, *filter(None, [one.namespace]))
            apps = (*way.app_names, *filter(None, [one.app_name]))
            further = Route(None, "", namespaces, apps, steps, defaults)
            yield from _walk(one.url_patterns, further)


def routes_of_view(view: View) -> list[Route]:
    """Return the routes of a function, or of a class, or of what it made."""
    return [route for route in all_routes() if view in _layers(route.view)]


def _layers(view: View) -> list[View]:
    """Return what the URLconf calls, and what decorators put around."""
    layers = [getattr(view, "view_class", None)]
    while view is not None:
        layers.append(view)
        view = getattr(view, "__wrapped__", None)
    return layers


def routes_of_name(name: str) -> list[Route]:
    """Return the routes of a URL name, in the sense of Django's ``reverse``."""
    *spaces, last = name.split(":")
    named = [route for route in all_routes() if route.name == last]
    exact = [route for route in named if list(route.namespaces) == spaces]
    if exact or not spaces:
        return exact
    # An app's name stands for one of its instances: the last, as for Django.
    of_app = [route for route in named if list(route.app_names) == spaces]
    return [route for route in of_app if route.namespaces == of_app[-1].namespaces]


def routes_of_path(path: str) -> list[Route]:
    """Return the route that is written so, or that a path leads to."""
    written = [route for route in all_routes() if route.text == path.lstrip("/")]
    if written:
        return written[:1]
    try:
        match = get_resolver().resolve(path)
    except Http404:
        return []
    return [route for route in all_routes() if route.is_way_of(match)][:1]
