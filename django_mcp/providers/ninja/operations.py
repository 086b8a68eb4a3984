"""What django-ninja's APIs hold: operations, their guards and their models.

The only file that imports ``ninja`` (the extra ``ninja``). It reads and
changes nothing: where a guard is stood in for, that happens in a copy which
ninja itself makes, as it does when a router is mounted once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from ninja import NinjaAPI, Router
from ninja.constants import NOT_SET
from ninja.operation import Operation, PathView
from ninja.renderers import JSONRenderer
from ninja.router import BoundRouter
from ninja.security import APIKeyHeader, APIKeyQuery
from ninja.security.http import HttpAuthBase
from ninja.streaming import JSONL, SSE

from django_mcp.providers.views.routes import Route, all_routes

#: Guards that ask for what a caller over MCP has not got. Cookies are not
#: among them: behind those may be the user, whom we know.
_CREDENTIALS = (HttpAuthBase, APIKeyHeader, APIKeyQuery)
#: What django-ninja-extra puts behind ids: something else in each process.
_RANDOM = re.compile(r"(_[0-9a-f]{6})?_[0-9a-f]{8}$")
#: The words of an address, without the converters of its values.
_WORDS = re.compile(r"\w+(?![\w:]*:)")
#: Methods in the order in which an operation of several is named.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One operation under one method, at its address in the URLconf."""

    operation: Any
    method: str
    route: Route
    view: Any
    url_name: str

    @property
    def names(self) -> tuple[str, ...]:
        """What a project may call it: its id, its function."""
        operation = self.operation
        given = operation.operation_id or ""
        if type(operation).__module__.startswith("ninja_extra."):
            given = _RANDOM.sub("", given)
        return tuple(name for name in (given, operation.view_func.__name__) if name)

    @property
    def longer_names(self) -> tuple[str, ...]:
        """What tells it apart from others of its name, the shortest first.

        The name of its URL, as for routers that are mounted twice, or its
        address, as for routers that a function makes.
        """
        words = _WORDS.findall(str(self.route.steps[-1]))
        by_address = "_".join((self.names[0], *words))
        return self.url_name, by_address, f"{by_address}_{self.method.lower()}"

    @property
    def needs_credential(self) -> bool:
        """Is it guarded by keys or tokens alone?"""
        guards = self.operation.auth_callbacks
        return bool(guards) and all(isinstance(one, _CREDENTIALS) for one in guards)

    @property
    def response(self) -> Any:
        """The model of what a success answers, if there is one for all.

        Its only field, ``response``, is the answer. An API with a renderer of
        its own answers what only that renderer knows.
        """
        models = self.operation.response_models
        renderer = type(self.operation.api.renderer)
        if renderer.render is not JSONRenderer.render or Ellipsis in models:
            return None
        if self.operation.stream_format not in (None, JSONL, SSE):
            return None
        if renderer.encoder_class is not JSONRenderer.encoder_class:
            return None
        found = [model for status, model in models.items() if 200 <= status < 300]
        if len(found) != 1 or found[0] in (None, NOT_SET):
            return None
        return found[0]


def endpoints(target: Any) -> list[Endpoint]:
    """Return what the URLconf has of an API, a router, or one operation.

    Raises: ImproperlyConfigured
    """
    wanted = _rule(target)
    routes: dict[PathView, list[Route]] = {}
    for route in all_routes():
        view = _path_view(route.view)
        if view is not None:
            routes.setdefault(view, []).append(route)
    found = []
    for view, ways in routes.items():
        for method in METHODS:
            takers = [one for one in view.operations if method in one.methods]
            if takers and wanted(takers[0]):
                # Each operation has a pattern, and the first one answers for all.
                place = view.operations.index(takers[0])
                name = ways[min(place, len(ways) - 1)].name
                found.append(Endpoint(takers[0], method, ways[0], view, name))
    if not found:
        raise ImproperlyConfigured(
            "No operation of it is in the URLconf: add the API's urls to it."
        )
    return found


def is_exposable(target: Any) -> bool:
    """Is this an API, a router, an operation, or the function of one?"""
    return isinstance(target, NinjaAPI | Router | Operation) or isinstance(
        getattr(target, "_ninja_operation", None), Operation
    )


def is_single(target: Any) -> bool:
    """Is this one operation, rather than many?"""
    return not isinstance(target, NinjaAPI | Router)


def stood_in(endpoint: Endpoint, guard: Callable[[Any], Any]) -> Any:
    """Return a view that does all of the operation's, with another guard.

    ``None``: ninja cannot copy it.
    """
    for bound in endpoint.operation.api._get_bound_routers():
        for path, view in bound.path_operations.items():
            if view is endpoint.view:
                copy = _copied(bound, path)
                if copy is None:
                    return None
                for operation in copy.operations:
                    if operation.signature is endpoint.operation.signature:
                        operation.auth_callbacks = [guard]
                return copy.get_view()
    return None


def _copied(bound: Any, path: str) -> Any:
    """Return a copy of what is at a path: nothing is shared, nothing missing."""
    if isinstance(bound, BoundRouter):
        # Decorators of routers are applied anew, which a clone would lose.
        return BoundRouter(bound.mount, bound.api).path_operations[path]
    view = bound.path_operations[path]
    copy = view.clone()
    for new, operation in zip(copy.operations, view.operations, strict=True):
        if "run" in vars(operation) and not hasattr(operation, "_run_decorators"):
            return None
        new.api = operation.api
    return copy


def _path_view(callback: Any) -> PathView | None:
    """Return the object behind a view of ninja's; ``None``: it is another's."""
    for cell in getattr(callback, "__closure__", None) or ():
        if isinstance(cell.cell_contents, PathView):
            return cell.cell_contents
    return None


def _rule(target: Any) -> Callable[[Any], bool]:
    if isinstance(target, NinjaAPI):
        return lambda operation: operation.api is target
    if isinstance(target, Router):
        ours = {id(one.signature) for one in _operations(target)}
    else:
        ours = {id(getattr(target, "_ninja_operation", target).signature)}
    # Each mount of a router has copies of its operations, which share this.
    return lambda operation: id(operation.signature) in ours


def _operations(router: Router) -> Iterator[Operation]:
    for view in router.path_operations.values():
        yield from view.operations
    children: Sequence[tuple[Any, ...]] = router._routers
    for _, child, *_ in children:
        yield from _operations(child)
