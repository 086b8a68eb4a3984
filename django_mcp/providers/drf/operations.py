"""What is served of a view: one operation for each action that is named.

An operation knows its HTTP method, its name and its code; whoever needs to ask
the view something gets a fresh instance, as the view itself would be made.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings

from django_mcp.providers.calls import listed
from django_mcp.providers.drf.routes import Route, View, is_viewset, word_of
from django_mcp.providers.drf.serializers import is_serializer

ALL = "__all__"
#: What is served when nothing is named.
READING = ("list", "retrieve", "get")
#: Where a request has its body.
_BODY = ("data", "POST", "FILES")
#: The actions that generic views answer the HTTP methods with.
_ROLES = {
    "get": ("list", "retrieve"),
    "post": ("create",),
    "put": ("update",),
    "patch": ("partial_update",),
    "delete": ("destroy",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One action of a viewset, or one HTTP method of a view."""

    route: Route
    #: The HTTP method, in small letters.
    method: str
    #: The name of the method of the class that answers.
    action: str
    name: str

    @property
    def is_reading(self) -> bool:
        """Is nothing changed by it?"""
        return self.method == "get"

    @property
    def source(self) -> str:
        """What it is called in messages."""
        cls = self.route.cls
        return f"{cls.__module__}.{cls.__name__}.{self.action}"

    @property
    def function(self) -> Any:
        """The code that answers: of ``@api_view``, the function itself."""
        function = inspect.unwrap(getattr(self.route.cls, self.action))
        inner = inspect.getclosurevars(function).nonlocals.get("func")
        is_handler = function.__module__ == "rest_framework.decorators"
        return inspect.unwrap(inner) if is_handler and inner else function

    @property
    def is_own(self) -> bool:
        """Is the code the framework's, and not the project's?"""
        return str(self.function.__module__).startswith("rest_framework.")

    @property
    def role(self) -> str:
        """What a viewset would call it: ``get`` of a list view is ``list``."""
        cls = self.route.cls
        if is_viewset(cls):
            return self.action
        for name in _ROLES.get(self.method, ()):
            if hasattr(cls, name) and (self.is_own or self.uses(name)):
                return name
        return self.action

    @property
    def words(self) -> frozenset[str]:
        """The names that the code uses."""
        code = getattr(self.function, "__code__", None)
        return frozenset(code.co_names + code.co_freevars) if code else frozenset()

    def uses(self, *names: str) -> bool:
        """Does the code use one of these names?"""
        return not self.words.isdisjoint(names)

    @property
    def reads_body(self) -> bool:
        """Does the code read the body itself, as ``request.data``?"""
        try:
            tree = ast.parse(dedent(inspect.getsource(self.function)))
        except (OSError, SyntaxError, TypeError):  # no source, or not all of it
            return self.uses(*_BODY)
        given = {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)}
        return any(
            (isinstance(one.value, ast.Name) and one.value.id in given)
            or (isinstance(one.value, ast.Attribute) and one.value.attr == "request")
            for one in ast.walk(tree)
            if isinstance(one, ast.Attribute) and one.attr in _BODY
        )

    def mentioned_serializers(self) -> list[Any]:
        """Return the classes of serializers that the code names."""
        found = inspect.getclosurevars(self.function)
        known = {**found.globals, **found.nonlocals}
        objects = [known[word] for word in sorted(self.words) if word in known]
        modules = [one for one in objects if isinstance(one, types.ModuleType)]
        objects += [
            getattr(one, word, None) for one in modules for word in sorted(self.words)
        ]
        return [one for one in objects if is_serializer(one)]

    def view(self) -> View:
        """Return a fresh view as it would be for this operation, for nobody."""
        cls, request = self.route.cls, HttpRequest()
        request.method = self.method.upper()
        view = cls(**self.route.initkwargs)
        view.action_map = dict(self.route.mapping)
        view.action = self.action
        view.args, view.kwargs, view.format_kwarg = (), {}, None
        view.request = Request(request)
        if api_settings.UNAUTHENTICATED_USER:
            view.request.user = api_settings.UNAUTHENTICATED_USER()
        # What other makers of schemas set, for code that asks for it.
        view.swagger_fake_view = True
        return view


def operations_of(
    routes: Iterable[Route], actions: Collection[str] | str | None, prefix: str
) -> list[Operation]:
    """Return the operations to serve: those named, or those that read.

    Raises: ImproperlyConfigured, for an action that is not there
    """
    found: dict[str, Operation] = {}
    known: dict[str, None] = {}
    for route in routes:
        several = len(route.mapping) > len(set(route.mapping.values()))
        for method, action in route.mapping.items():
            known[action] = None
            if not _wanted(action, actions):
                continue
            suffix = f"_{method}" if several and action in _named(found) else ""
            name = f"{_base(route, prefix)}{_ending(route, action)}{suffix}"
            operation = Operation(route=route, method=method, action=action, name=name)
            found.setdefault(name, operation)
    missing = set(actions or ()) - set(known) if actions != ALL else set()
    if missing or not found:
        wanted = listed(missing) if missing else "action that only reads"
        raise ImproperlyConfigured(
            f"There is no {wanted}; there are {listed(known)}."
            " Name those to serve: actions=[…]."
        )
    return list(found.values())


def _named(found: dict[str, Operation]) -> set[str]:
    return {operation.action for operation in found.values()}


def _wanted(action: str, actions: Collection[str] | str | None) -> bool:
    if actions is None:
        return action in READING
    return actions == ALL or action in actions


def _base(route: Route, prefix: str) -> str:
    if prefix:
        return prefix
    if is_viewset(route.cls):
        name = route.basename.rpartition(":")[2]
        return name.replace("-", "_") or word_of(route.cls.__name__)
    return word_of(route.cls.__name__)


def _ending(route: Route, action: str) -> str:
    if is_viewset(route.cls):
        return f"_{action}"
    return "" if action == "get" else f"_{action}"
