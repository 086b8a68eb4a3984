"""An operation as a tool: its arguments taken apart, its view called for real.

Each call makes a request for the caller and gives it to the view that the
URLconf leads to; whatever decides there decides here. Nothing is kept between
calls, and the view is never changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import Tool
from django_mcp.providers.calls import listed
from django_mcp.providers.drf.answers import result_of
from django_mcp.providers.drf.bodies import Body, body_of
from django_mcp.providers.drf.filtersets import query_text, serialized_query
from django_mcp.providers.drf.operations import Operation
from django_mcp.providers.drf.outputs import output_schema
from django_mcp.providers.drf.paths import path_arguments, place_of
from django_mcp.providers.drf.queries import (
    FAILURES,
    model_of,
    page_arguments,
    query_arguments,
)
from django_mcp.providers.drf.requests import request_for
from django_mcp.providers.fields.arguments import Argument, Arguments
from django_mcp.providers.views.calling import (
    MiddlewareHandler,
    PlainHandler,
    deciding_middleware,
    handler_with,
    refusals,
    undisturbed,
)

if TYPE_CHECKING:
    from django_mcp.context import Context

Names = dict[str, str]

_SENTENCES = {
    "list": "List {several}",
    "retrieve": "Get one {one}",
    "create": "Add one {one}",
    "update": "Replace one {one}",
    "partial_update": "Change one {one}",
    "destroy": "Delete one {one}",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each argument of a tool goes: its name outside to the one inside."""

    arguments: Arguments
    path: Names
    query: Names
    body: Names

    def taken(self, values: dict[str, Any], names: Names) -> dict[str, Any]:
        """Return the values of one part, under the names it knows."""
        return {name: values[outer] for outer, name in names.items() if outer in values}

    @property
    def renamed(self) -> Names:
        """Fields of the body that have another name outside."""
        return {name: outer for outer, name in self.body.items() if outer != name}


def plan_of(
    path: Mapping[str, Argument],
    query: Mapping[str, Argument],
    body: Mapping[str, Argument],
) -> Plan:
    """Put the arguments of all parts side by side.

    A field of the body that is called like a variable of the path is the new
    value of what that one finds: ``slug`` and ``new_slug``.
    """
    all_of_them = dict(path)
    parts: list[Names] = []
    for arguments, prefix in ((query, "query_"), (body, "new_")):
        names: Names = {}
        for name, argument in arguments.items():
            outer = prefix + name if name in all_of_them else name
            names[outer] = name
            all_of_them[outer] = argument
        parts.append(names)
    return Plan(Arguments(all_of_them), {name: name for name in path}, *parts)


def tool_of(
    operation: Operation,
    fields: dict[str, Any],
    *,
    body: Any,
    query: Any,
    middleware: bool | None,
) -> Tool:
    """Return the tool for an operation.

    ``body`` and ``query`` are serializers that the project names for it.
    Raises: ImproperlyConfigured
    """
    handler = _handler(operation, middleware)
    try:
        return _tool(operation, fields, body, query, handler)
    except ImproperlyConfigured:
        raise
    except FAILURES as error:
        raise ImproperlyConfigured(
            f"{operation.source} cannot be described: its code raised {error!r}, asked"
            " for nobody in particular. It can tell by view.swagger_fake_view."
        ) from error


def _tool(
    operation: Operation,
    fields: dict[str, Any],
    body: Any,
    query: Any,
    handler: PlainHandler | MiddlewareHandler,
) -> Tool:
    view = operation.view()
    found = query_arguments(operation, view) | serialized_query(query)
    asked = page_arguments(getattr(view, "paginator", None), view)
    pages = {name: one for name, one in asked.items() if name in found}
    takes = body_of(operation, view, body)
    plan = plan_of(path_arguments(operation, view), found, takes.arguments)
    fields = {
        **fields,
        "name": fields["name"] or operation.name,
        "title": fields["title"] or _title(operation, view),
        "description": fields["description"] or _description(operation, view),
        "source": operation.source,
        "blocking": True,
    }
    is_deleting = operation.method == "delete"
    # What another POST does, only its code knows.
    destroys = None if operation.method in {"get", "post"} else True
    return Tool(
        call=_Call(operation, plan, takes, pages, handler),
        input_schema=plan.arguments.schema,
        output_schema=output_schema(operation, view, pages),
        read_only=operation.is_reading,
        destructive=False if operation.role == "create" else destroys,
        idempotent=True if is_deleting or operation.method == "put" else None,
        **fields,
    )


def _handler(
    operation: Operation, middleware: bool | None
) -> PlainHandler | MiddlewareHandler:
    """Return what calls the view: behind the middleware, if that may decide."""
    if iscoroutinefunction(operation.route.callback):
        raise ImproperlyConfigured(
            f"{operation.source} is async; the framework's own views are not, and"
            " others are not served."
        )
    deciding = deciding_middleware()
    if not (deciding if middleware is None else middleware):
        return PlainHandler()
    if operation.route.way is None:
        raise ImproperlyConfigured(
            f"{operation.source} has no URL, and so no request of it passes the"
            f" middleware of the project ({listed(deciding)}). Route it, or say"
            " middleware=False."
        )
    return handler_with(tuple(settings.MIDDLEWARE))


@dataclass(frozen=True, slots=True)
class _Call:
    """Calls a view; the same for all callers, and without state."""

    operation: Operation
    plan: Plan
    body: Body
    pages: dict[str, Argument]
    handler: PlainHandler | MiddlewareHandler

    def __call__(self, context: Context, values: dict[str, Any]) -> Any:
        """Call the view. May block."""
        plan = self.plan
        given = {
            name: value
            for name, value in values.items()
            if value is not None or name in plan.body
        }
        values = plan.arguments.validated(given)
        path, match = place_of(self.operation.route, plan.taken(values, plan.path))
        method, query = self.operation.method.upper(), self._query(values)
        with undisturbed(), refusals(path):
            content = self.body.content(plan.taken(values, plan.body))
            request = request_for(context, method, path, query, content)
            response = self.handler.respond(request, match)
            return result_of(request, response, pages=self.pages, renamed=plan.renamed)

    def _query(self, values: dict[str, Any]) -> str:
        found = self.plan.taken(values, self.plan.query)
        return urlencode({name: query_text(one) for name, one in found.items()}, True)


def _title(operation: Operation, view: Any) -> str:
    return _sentence(operation, view) or str(view.get_view_name())


def _description(operation: Operation, view: Any) -> str:
    """Say what it does: in the words of its code, or in ours and its view's."""
    if not operation.is_own and (own := operation.function.__doc__):
        return inspect.cleandoc(own)
    sentence = _sentence(operation, view)
    about = str(view.get_view_description() or "").strip()
    return "\n\n".join(text for text in (sentence and f"{sentence}.", about) if text)


def _sentence(operation: Operation, view: Any) -> str:
    """Name what one of the usual actions does with the rows of a view."""
    model = model_of(view)
    sentence = _SENTENCES.get(operation.role, "")
    if model is None or not sentence:
        return ""
    names = model._meta
    return sentence.format(one=names.verbose_name, several=names.verbose_name_plural)
