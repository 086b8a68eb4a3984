"""From an API to its tools, with what is to be said about those that do not work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from pydantic.errors import PydanticUserError

from django_mcp.declarations import written_at
from django_mcp.primitives import Tool
from django_mcp.providers.calls import listed
from django_mcp.providers.functions import primitive_fields
from django_mcp.providers.ninja.arguments import arguments_of
from django_mcp.providers.ninja.calls import (
    FORMS_FOR_ALL,
    Auth,
    OperationCall,
    guard_from,
)
from django_mcp.providers.ninja.choosing import chosen, names_of
from django_mcp.providers.ninja.results import output_schema_of
from django_mcp.providers.views.calling import check_atomic, deciding_middleware
from django_mcp.schema.docstrings import parse

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

_WARNING = "django_mcp.W013"
#: What may be said about one tool only.
_OF_ONE = frozenset({"name", "title", "description"})

#: What a client may conclude from the method (RFC 9110, section 9.2).
_HINTS: dict[str, dict[str, Any]] = {
    "GET": {"read_only": True},
    "POST": {},
    "PUT": {"idempotent": True},
    "PATCH": {},
    "DELETE": {"idempotent": True, "destructive": True},
}


def register_ninja(
    server: MCPServer,
    target: Any,
    *,
    operations: Iterable[str] | None = None,
    prefix: str = "",
    auth: Auth | None = None,
    middleware: bool | None = None,
    **options: Any,
) -> None:
    """Declare the tools of an API, a router or an operation.

    ``operations`` are ids, tags and methods: an id names an operation,
    whatever its method; tags and methods narrow the rest, of which those that
    read (``GET``) are served. ``auth`` stands for keys and tokens:
    ``auth(context, request)`` returns what ``request.auth`` becomes, or nothing
    to refuse; ``True`` takes any user who is logged in. ``middleware``: call
    through the project's middleware; by default, if some of it may decide who
    may do what. ``options`` are those of every primitive.

    Raises: ImproperlyConfigured, TypeError
    """
    ninja = _adapter()
    if not ninja.is_exposable(target):
        raise TypeError("Give a NinjaAPI, a Router, or the function of an operation.")
    if isinstance(operations, str):
        raise TypeError(f'operations takes a list: ["{operations}"].')
    if auth is not None and auth is not True and not callable(auth):
        raise TypeError("auth takes True, or a function of (context, request).")
    maker = _Maker(ninja, prefix, auth, middleware, options)
    wanted = None if operations is None else tuple(operations)
    source = written_at()

    def build() -> list[Tool]:
        found = ninja.endpoints(target)
        if wanted is not None or not ninja.is_single(target):
            found = chosen(found, wanted)
        tools = list(maker.tools(found))
        for text in maker.warnings:
            server.declarations.warn(text, source, id=_WARNING)
        return tools

    server.declare(build, source=source)


def _adapter() -> Any:
    try:
        return import_module("django_mcp.providers.ninja.operations")
    except ModuleNotFoundError as error:
        if error.name != "ninja":
            raise
        raise ImproperlyConfigured(
            'django-ninja is not installed: pip install "django-mcp-channels[ninja]"'
        ) from None


class _Maker:
    """Makes tools of endpoints, and says what will not work."""

    def __init__(
        self,
        ninja: Any,
        prefix: str,
        auth: Auth | None,
        middleware: bool | None,
        options: Mapping[str, Any],
    ) -> None:
        self.warnings: list[str] = []
        #: Names of tools that nobody may call.
        self._closed: list[str] = []
        self._ninja = ninja
        self._prefix = prefix
        self._auth = auth
        self._middleware = middleware
        self._options = dict(options)
        # What is wrong with the options shows now, not when they are used.
        primitive_fields(_Maker, **{"description": "checked", **self._options})

    def tools(self, found: list[Any]) -> Iterator[Tool]:
        """Yield a tool for each endpoint that can be called."""
        skipped = _deciding()
        if self._middleware is False and skipped:
            self.warnings.append(
                "Operations are called without middleware that may decide who may do"
                f" what: {listed(skipped)}."
            )
        names = names_of(found, self._prefix)
        if len(found) > 1 and (given := _OF_ONE & self._options.keys()):
            raise ImproperlyConfigured(
                f"{listed(given)} cannot be that of {len(found)} operations."
            )
        for endpoint, name in zip(found, names, strict=True):
            tool = self._tool(endpoint, name)
            if tool is not None:
                yield tool
        if self._closed:
            self.warnings.append(
                f"Everybody is refused by {listed(self._closed)}: a key or a token is"
                " asked for, which a caller over MCP has not got. Say with auth= who"
                " may call."
            )

    def _tool(self, endpoint: Any, name: str) -> Tool | None:
        operation = endpoint.operation
        words = parse(operation.description)
        try:
            known = arguments_of(
                operation.models, endpoint.route.converters, words.arguments
            )
        except PydanticUserError as error:
            reason = str(error).partition("\n")[0]
            self._leave_out(name, f"there is no schema of it: {reason}")
            return None
        if known.unsendable:
            needs = listed(known.unsendable)
            self._leave_out(name, f"it needs {needs}, which no tool sends.")
            return None
        output = output_schema_of(
            endpoint.response, operation, many=operation.stream_format is not None
        )
        call = OperationCall(
            endpoint.route,
            endpoint.method,
            known,
            stand_in=self._stand_in(endpoint, name),
            promised=output is not None,
            middleware=self._is_through(endpoint, name),
        )
        fields = self._fields(operation, name, words.summary_and_body)
        return Tool(
            call=call.call,
            input_schema=known.schema,
            output_schema=output,
            **_HINTS[endpoint.method],
            **{**fields, "blocking": call.blocks},
        )

    def _leave_out(self, name: str, reason: str) -> None:
        self.warnings.append(f"{name} is not served: {reason}")

    def _fields(self, operation: Any, name: str, description: str) -> dict[str, Any]:
        if operation.deprecated:
            description = f"Deprecated. {description}".strip()
        given = {
            "name": name,
            "title": operation.summary or "",
            "description": description,
            **self._options,
            "tags": {*(operation.tags or ()), *self._options.get("tags", ())},
        }
        return primitive_fields(operation.view_func, **given)

    def _is_through(self, endpoint: Any, name: str) -> bool:
        through = self._middleware
        if through is None:
            through = bool(_deciding())
        if not through:
            check_atomic(endpoint.route.view, name)
        return through

    def _stand_in(self, endpoint: Any, name: str) -> Any:
        """Return the view with the project's own guard, where one is needed."""
        if not endpoint.needs_credential:
            return None
        if self._auth is None:
            self._closed.append(name)
            return None
        view = self._ninja.stood_in(endpoint, guard_from(self._auth))
        if view is None:
            self.warnings.append(
                f"Everybody is refused by {name}: it asks for a key or a token, and"
                " its guard cannot be stood in for, because no router of ninja's has"
                " it."
            )
        return view


def _deciding() -> list[str]:
    """Return the project's middleware that is more than a help of ninja's."""
    return [name for name in deciding_middleware() if name != FORMS_FOR_ALL]
