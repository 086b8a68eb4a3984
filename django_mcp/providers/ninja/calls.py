"""Calling an operation: through its address, with a request of the caller's.

What answers is ninja's own view, found by the URLconf: its guards, throttles
and decorators run as for any request, and nothing of them is repeated here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from inspect import iscoroutine
from typing import Any, Literal, TypeAlias

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import Http404
from django.urls import ResolverMatch

from django_mcp.context import Context
from django_mcp.primitives import Call
from django_mcp.providers.ninja.answers import abody_of, value_from
from django_mcp.providers.ninja.arguments import OperationArguments
from django_mcp.providers.ninja.sending import parts_from
from django_mcp.providers.views.bodies import Body, body_of, essence_of, is_html
from django_mcp.providers.views.calling import (
    MiddlewareHandler,
    PlainHandler,
    refusals,
    undisturbed,
)
from django_mcp.providers.views.requests import (
    JSON,
    Sent,
    ViewRequest,
    mark_caller,
    request_for,
)
from django_mcp.providers.views.routes import Route
from django_mcp.schema.errors import ArgumentErrors

#: ``auth(context, request)``: what ``request.auth`` becomes; or: any user.
Auth: TypeAlias = Callable[[Context, Any], Any] | Literal[True]

#: ninja's middleware that lets other methods than POST have forms and files.
FORMS_FOR_ALL = "ninja.compatibility.files.fix_request_files_middleware"


class _Handler(MiddlewareHandler):
    """Calls what stands in for a view, where the URLconf has found the view."""

    def resolve_request(self, request: Any) -> ResolverMatch:
        match = super().resolve_request(request)
        match.func = request.stand_in or match.func
        return match


@cache
def _handler_with(middleware: tuple[str, ...]) -> _Handler:
    """Return the one handler with these, which are the project's."""
    return _Handler()


class OperationCall:
    """The ``call`` of one tool."""

    def __init__(
        self,
        route: Route,
        method: str,
        known: OperationArguments,
        *,
        stand_in: Any = None,
        promised: bool = False,
        middleware: bool = False,
    ) -> None:
        self._route = route
        self._method = method
        self._known = known
        #: What is called in the place of the view that the URLconf finds.
        self._stand_in = stand_in
        self._promised = promised
        self._is_through = middleware
        self._handler: PlainHandler | _Handler = (
            _handler_with(tuple(settings.MIDDLEWARE)) if middleware else PlainHandler()
        )

    @property
    def blocks(self) -> bool:
        """Must it be called in a thread?"""
        view = self._stand_in or self._route.view
        return self._is_through or not iscoroutinefunction(view)

    @property
    def call(self) -> Call:
        """The function for a tool."""
        return self._call if self.blocks else self._acall

    def _call(self, context: Context, arguments: dict[str, Any]) -> Any:
        with undisturbed(), refusals(self._route.text):
            request, match = self._request(context, arguments)
            response: Any = self._handler.respond(request, match)
            _close_with(response, request)
            body = body_of(response)
            return self._value(request, response, body, arguments)

    async def _acall(self, context: Context, arguments: dict[str, Any]) -> Any:
        with undisturbed(), refusals(self._route.text):
            request, match = self._request(context, arguments)
            response: Any = await PlainHandler().arespond(request, match)
            _close_with(response, request)
            body = await abody_of(context, response)
            if is_html(essence_of(response)):  # which takes long to read
                value = context.cross(self._value, request, response, body, arguments)
                return await value
            return self._value(request, response, body, arguments)

    def _request(
        self, context: Context, arguments: dict[str, Any]
    ) -> tuple[ViewRequest, ResolverMatch]:
        parts = parts_from(self._known, arguments)
        found = self._route.match(parts.path)
        if found is None:
            raise _misfit(self._route, parts.path)
        path, match = found
        sent = Sent(
            method=self._method,
            path=path,
            query=parts.query,
            body=parts.body,
            content_type=parts.content_type,
        )
        request = request_for(context, sent)
        mark_caller(request)
        self._prepare(request, match)
        return request, match

    def _prepare(self, request: ViewRequest, match: ResolverMatch) -> None:
        """Do what middleware would, and the handler that goes through it."""
        request.stand_in = self._stand_in  # type: ignore[attr-defined]
        if not self._is_through:
            _load_form(request)
            match.func = self._stand_in or match.func

    def _value(
        self, request: ViewRequest, response: Any, body: Body, arguments: dict[str, Any]
    ) -> Any:
        return value_from(
            request, response, body, self._known, arguments, promised=self._promised
        )


def _close_with(response: Any, request: ViewRequest) -> None:
    """Close the files that were sent, which may be on the disk, as Django does."""
    response._resource_closers.append(request.close)


def guard_from(auth: Auth) -> Callable[[Any], Any]:
    """Return a guard of ninja's that asks the project who a caller is."""
    if auth is True:
        return _any_user
    ask = auth

    def guard(request: Any) -> Any:
        found = ask(request.mcp, request)
        if iscoroutine(found):  # which would be taken for a yes
            found.close()
            raise TypeError("auth returned a coroutine: write it with async def.")
        return found

    async def aguard(request: Any) -> Any:
        return await ask(request.mcp, request)

    is_async = iscoroutinefunction(ask) or iscoroutinefunction(type(ask).__call__)
    return aguard if is_async else guard


def _any_user(request: Any) -> Any:
    user = request.user
    return user if user.is_authenticated and user.is_active else None


def _misfit(route: Route, texts: dict[str, str]) -> Exception:
    """Return why there is no address for these values, or that there is none."""
    lines = list(_misfits(route, texts))
    return ArgumentErrors(lines) if lines else Http404()


def _misfits(route: Route, texts: dict[str, str]) -> Iterator[str]:
    for name, converter in route.converters.items():
        if not re.fullmatch(converter.regex, texts.get(name, "")):
            yield f"{name}: does not fit the address"


def _load_form(request: ViewRequest) -> None:
    """Parse a form as the project's middleware would, if it has that."""
    if request.method in ("GET", "POST") or request.content_type in ("", JSON):
        return
    if FORMS_FOR_ALL in settings.MIDDLEWARE:
        method, request.method = request.method, "POST"
        request._load_post_and_files()
        request.method = method
