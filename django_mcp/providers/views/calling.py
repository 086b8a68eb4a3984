"""Calling a view as Django's handlers do, with the project's middleware or not.

What a view raises is raised here as well, with middleware too: whether it is
a refusal or a failure is decided once, above. A view's error page is never
made.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    ImproperlyConfigured,
    ObjectDoesNotExist,
    SuspiciousOperation,
    ValidationError,
)
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import (
    ResolverMatch,
    get_script_prefix,
    get_urlconf,
    set_script_prefix,
    set_urlconf,
)
from django.utils import timezone, translation
from django.utils.translation import gettext

from django_mcp.exceptions import ToolError
from django_mcp.providers.views.requests import ViewRequest

#: Middleware that decides nothing about who may do what: the session, the
#: user and the messages are brought by the request itself, and the rest is
#: about headers, cookies and caches of browsers.
HARMLESS = frozenset(
    f"django.{name}"
    for name in (
        "contrib.auth.middleware.AuthenticationMiddleware",
        "contrib.auth.middleware.PersistentRemoteUserMiddleware",
        "contrib.auth.middleware.RemoteUserMiddleware",
        "contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        "contrib.messages.middleware.MessageMiddleware",
        "contrib.redirects.middleware.RedirectFallbackMiddleware",
        "contrib.sessions.middleware.SessionMiddleware",
        "middleware.cache.FetchFromCacheMiddleware",
        "middleware.cache.UpdateCacheMiddleware",
        "middleware.clickjacking.XFrameOptionsMiddleware",
        "middleware.common.BrokenLinkEmailsMiddleware",
        "middleware.common.CommonMiddleware",
        "middleware.csp.ContentSecurityPolicyMiddleware",
        "middleware.csrf.CsrfViewMiddleware",
        "middleware.gzip.GZipMiddleware",
        "middleware.http.ConditionalGetMiddleware",
        "middleware.locale.LocaleMiddleware",
        "middleware.security.SecurityMiddleware",
    )
)
#: What Django answers with "bad request", without saying why.
_BAD = (SuspiciousOperation, BadRequest, MultiPartParserError)
#: What says "no" elsewhere, and is a failure in a view.
_FAILURES = (ValidationError, ObjectDoesNotExist)


class ViewFailed(Exception):
    """A view did not do what views do; for the log, not for clients."""


def deciding_middleware() -> list[str]:
    """Return the project's middleware that may have a say in what a view does."""
    return [name for name in settings.MIDDLEWARE if name not in HARMLESS]


def check_atomic(view: Any, source: str) -> None:
    """Refuse what Django refuses in each request. Raises: ImproperlyConfigured"""
    if not iscoroutinefunction(view):
        return
    exempt: set[str] = getattr(view, "_non_atomic_requests", set())
    for alias, values in connections.settings.items():
        if values["ATOMIC_REQUESTS"] and alias not in exempt:
            raise ImproperlyConfigured(
                f"{source} is async, and the database {alias!r} has ATOMIC_REQUESTS:"
                " Django cannot call it. Mark it with non_atomic_requests."
            )


class PlainHandler(BaseHandler):
    """Calls views without middleware."""

    def respond(self, request: ViewRequest, match: ResolverMatch) -> HttpResponseBase:
        """Return the answer of a synchronous view. May block."""
        request.resolver_match = match
        view = self.make_view_atomic(match.func)
        response: Any = view(request, *match.args, **match.kwargs)
        self.check_response(response, match.func)
        return response  # type: ignore[no-any-return]

    async def arespond(
        self, request: ViewRequest, match: ResolverMatch
    ) -> HttpResponseBase:
        """Return the answer of an asynchronous view."""
        request.resolver_match = match
        response: Any = await match.func(request, *match.args, **match.kwargs)
        self.check_response(response, match.func)
        return response  # type: ignore[no-any-return]


class MiddlewareHandler(BaseHandler):
    """Calls views behind the project's middleware, as its pages are."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def respond(self, request: ViewRequest, match: ResolverMatch) -> HttpResponseBase:
        """Return the answer of a view of either kind. May block."""
        request.wanted = match  # type: ignore[attr-defined]
        response = self.get_response(request)
        raised = getattr(request, "raised", None)
        if raised is not None and response.status_code >= 400:
            raise raised
        return response

    def resolve_request(self, request: Any) -> ResolverMatch:
        """Resolve it as Django does, and refuse another view or another user.

        Middleware may have changed the language, the URLconf or the user.
        """
        try:
            match: ResolverMatch = super().resolve_request(request)
        except Http404:
            raise self._noted(request, Http404()) from None
        if match.func is not request.wanted.func or match.route != request.wanted.route:
            raise self._noted(
                request, Http404(gettext("There is no page at this address."))
            )
        if request.user.pk != request.mcp.user.pk:
            raise self._noted(
                request, ViewFailed("The middleware made somebody else of the caller.")
            )
        return match

    def process_exception_by_middleware(self, exception: Any, request: Any) -> Any:
        """Let the middleware see what a view raised, and remember it."""
        response: Any = super().process_exception_by_middleware(exception, request)
        if response is None:
            self._noted(request, exception)
        return response

    def _noted(self, request: Any, exception: Exception) -> Exception:
        request.raised = exception
        return exception


@cache
def handler_with(middleware: tuple[str, ...]) -> MiddlewareHandler:
    """Return the one handler with these, which are the project's."""
    return MiddlewareHandler()


@contextmanager
def refusals(path: str) -> Iterator[None]:
    """Turn what a view raises into what it means for the caller."""
    try:
        yield
    except Http404 as error:
        # One of Django's own lists the URLconf.
        plain = error.args and isinstance(error.args[0], str)
        raise (error if plain else Http404()) from None
    except _BAD as error:
        name = type(error).__name__
        logger = "security" if isinstance(error, SuspiciousOperation) else "request"
        logging.getLogger(f"django.{logger}.{name}").error(
            "%s: %s", path, error, extra={"status_code": 400}
        )
        raise ToolError(gettext("The site calls this a bad request.")) from None
    except _FAILURES as error:
        raise ViewFailed(f"{path} raised {type(error).__name__}") from error


@contextmanager
def undisturbed() -> Iterator[None]:
    """Undo what a request leaves behind: language, time zone, URLconf, prefix.

    The prefix is that of the settings, as in a request: threads of ours have none.
    """
    urlconf, prefix = get_urlconf(), get_script_prefix()
    if settings.FORCE_SCRIPT_NAME:
        set_script_prefix(settings.FORCE_SCRIPT_NAME)
    language: Any = translation.get_language()
    zone = timezone.get_current_timezone()
    try:
        yield
    finally:
        set_urlconf(urlconf)
        set_script_prefix(prefix)
        if translation.get_language() != language:
            if language is None:
                translation.deactivate_all()
            else:
                translation.activate(language)
        if timezone.get_current_timezone() != zone:
            timezone.activate(zone)
