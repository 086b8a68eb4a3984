"""`MCPServer.view`: from what a project names to a tool.

What can be refused at once is; the rest waits for the URLconf.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.views.generic import View

from django_mcp.declarations import written_at
from django_mcp.primitives import Tool
from django_mcp.providers.forms.registration import warn_of_secrets
from django_mcp.providers.functions import primitive_fields
from django_mcp.providers.views.admins import rule_of
from django_mcp.providers.views.calling import deciding_middleware
from django_mcp.providers.views.generic import class_of, sample_form
from django_mcp.providers.views.options import ViewOptions
from django_mcp.providers.views.planning import call_from_view
from django_mcp.providers.views.routes import (
    Route,
    all_routes,
    routes_of_name,
    routes_of_path,
    routes_of_view,
)
from django_mcp.providers.views.tool import ViewCall
from django_mcp.providers.views.words import description_of, purpose_of, snake_case
from django_mcp.schema.parameters import source_of

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

_SHARED = frozenset(inspect.signature(primitive_fields).parameters) - {"function"}
_UNNAMED = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_NAME = 128


def register(server: MCPServer, target: Any, /, **options: Any) -> Any:
    """Declare a tool of a view; see `MCPServer.view`.

    Raises: ImproperlyConfigured, TypeError
    """
    if target is None:
        return partial(_registered, server, options=options)
    return _registered(server, target, options=options)


def _registered(server: MCPServer, target: Any, *, options: dict[str, Any]) -> Any:
    _check_target(target)
    shared = {name: options[name] for name in options.keys() & _SHARED}
    own = {name: options[name] for name in options.keys() - _SHARED}
    source = written_at()
    chosen = ViewOptions(**own)
    chosen.check()
    server.declare(
        partial(_build, server, target, chosen, shared, source), source=source
    )
    return target


def _check_target(target: Any) -> None:
    if isinstance(target, type):
        if issubclass(target, View):
            return
    elif isinstance(target, str) and target or callable(target):
        return
    raise TypeError(
        f"{target!r} is no view: give a function, a subclass of View, the name of a"
        ' URL ("shop:report"), or a path ("/shop/report/").'
    )


# -- when the URLconf is there ---------------------------------------------------


def _build(
    server: MCPServer,
    target: Any,
    options: ViewOptions,
    shared: dict[str, Any],
    source: str,
) -> Iterator[Tool]:
    routes, others = _of_one_view(routes_of(target))
    view = routes[0].view
    label = f"The view {_label(target)}"
    for text in _doubts(label, options, others):
        server.declarations.warn(text, source, id="django_mcp.W009")
    call = call_from_view(routes, options, source=label)
    for form in filter(None, (call.form_class, call.query_form)):
        sample = sample_form(view, form)
        warn_of_secrets(server, sample, source, exclude=options.exclude)
    words = description_of(view, call.method, routes[0].text)
    given = {
        "name": name_of(target),
        "description": words,
        "allowed": rule_of(view),
    }
    fields = primitive_fields(view, **{**given, **shared})
    yield Tool(
        call=call.call if call.blocks else call.acall,
        input_schema=call.arguments.schema,
        **_hints(view, call, options),
        **{**fields, "blocking": call.blocks},
    )


def _hints(view: Any, call: ViewCall, options: ViewOptions) -> dict[str, Any]:
    """Return what clients are told of the effects of the tool."""
    read_only = options.read_only
    destructive = options.destructive
    if destructive is None and call.method != "GET":
        destructive = _EFFECTS.get(purpose_of(view))
        destructive = True if call.method == "DELETE" else destructive
    return {
        "read_only": call.method == "GET" if read_only is None else read_only,
        "destructive": destructive,
        "idempotent": options.idempotent,
        "open_world": options.open_world,
    }


#: Do views for these purposes destroy?
_EFFECTS = {"add": False, "delete": True}


def routes_of(target: Any) -> list[Route]:
    """Return the ways to a view. Raises: ImproperlyConfigured"""
    if not isinstance(target, str):
        routes = routes_of_view(target)
        problem = f"{_label(target)} has no URL: name it in the URLconf."
    elif target.startswith("/"):
        routes = routes_of_path(target)
        problem = f"No view is at {target!r}."
    else:
        routes = routes_of_name(target)
        problem = f"There is no URL named {target!r}.{_hint(target)}"
    if not routes:
        raise ImproperlyConfigured(problem)
    return routes


def _hint(name: str) -> str:
    known = {":".join((*r.namespaces, r.name)) for r in all_routes() if r.name}
    close = get_close_matches(name, known, 3)
    return f" Did you mean {' or '.join(close)}?" if close else ""


def _of_one_view(routes: list[Route]) -> tuple[list[Route], list[Route]]:
    """Return the routes of the first one's view, and those of others."""
    first = routes[0].view
    kind = class_of(first)
    own = [
        route
        for route in routes
        if route.view is first or (kind is not None and class_of(route.view) is kind)
    ]
    return own, [route for route in routes if route not in own]


def _doubts(label: str, options: ViewOptions, others: list[Route]) -> Iterator[str]:
    if others:
        left = ", ".join(route.text for route in others)
        yield f"{label}: URLs of this name that lead to another view are left out: {left}."
    if options.middleware is False and (skipped := deciding_middleware()):
        yield (
            f"{label} is called without middleware that may decide who may do what:"
            f" {', '.join(skipped)}."
        )


# -- names and words -------------------------------------------------------------


def name_of(target: Any) -> str:
    """Return the name of a tool that was given none."""
    if isinstance(target, str):
        return _UNNAMED.sub("_", target).strip("_").replace("-", "_")[:_MAX_NAME]
    name = str(getattr(class_of(target) or target, "__name__", ""))
    if isinstance(target, type) or class_of(target):
        name = snake_case(name.removesuffix("View") or name)
    return name


def _label(target: Any) -> str:
    if isinstance(target, str):
        return repr(target)
    return (
        source_of(class_of(target) or target)
        if not isinstance(target, type)
        else (f"{target.__module__}.{target.__qualname__}")
    )
