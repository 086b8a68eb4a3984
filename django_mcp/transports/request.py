"""An ``HttpRequest`` for a call that reached no Django view."""

from __future__ import annotations

from collections.abc import MutableMapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.translation import get_language

if TYPE_CHECKING:
    from django_mcp.context import Context

#: Where the Django view leaves the request it was called with.
REQUEST = "django_mcp.request"
_CREDENTIALS = {b"authorization", b"cookie", b"proxy-authorization"}
#: The same, as Django's requests know them.
_CREDENTIALS_META = {
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_PROXY_AUTHORIZATION",
}


def request_from_scope(
    scope: MutableMapping[str, Any], body: bytes, context: Context
) -> HttpRequest:
    """Return a copy of the view's request, or one made from what ASGI told us.

    Its user is the caller and its session, if a middleware gave it one, is
    not looked at: cookies are no credentials here. Nor are credentials handed
    on: a tool that calls another service needs its own (2025-11-25,
    basic/authorization, "Token Passthrough").
    """
    known: HttpRequest | None = scope.get(REQUEST)
    if known is None:
        request: HttpRequest = ASGIRequest(_harmless(scope), BytesIO(body))
    else:
        request = _copied(known)
    request.user = context.principal.user  # type: ignore[assignment]
    request.mcp = context  # type: ignore[attr-defined]
    request.LANGUAGE_CODE = get_language()  # as LocaleMiddleware leaves it
    return request


def _harmless(scope: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return what ASGI told us, without credentials."""
    kept = [pair for pair in scope["headers"] if pair[0] not in _CREDENTIALS]
    return {**scope, "headers": kept}


def _copied(request: HttpRequest) -> HttpRequest:
    """Return all that middleware made of a request, without credentials."""
    # copy() leaves out what cannot be pickled.
    own = HttpRequest.__new__(type(request))
    vars(own).update(vars(request))
    kept = {k: v for k, v in request.META.items() if k not in _CREDENTIALS_META}
    own.META = kept
    if hasattr(own, "environ"):  # WSGI's name of the same
        own.environ = kept
    if hasattr(own, "scope"):
        own.scope = _harmless(own.scope)
    for read in ("headers", "COOKIES"):  # and kept by the request
        vars(own).pop(read, None)
    return own
