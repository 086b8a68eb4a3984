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


def request_from_scope(
    scope: MutableMapping[str, Any], body: bytes, context: Context
) -> HttpRequest:
    """Return the view's own request, or one made from what ASGI told us.

    Its user is the caller and its session, if a middleware gave it one, is
    not looked at: cookies are no credentials here.
    """
    request: HttpRequest | None = scope.get(REQUEST)
    if request is None:
        # Credentials are not handed on: a tool that calls another service needs
        # its own (2025-11-25, basic/authorization, "Token Passthrough").
        kept = [pair for pair in scope["headers"] if pair[0] not in _CREDENTIALS]
        request = ASGIRequest({**scope, "headers": kept}, BytesIO(body))
    request.user = context.principal.user  # type: ignore[assignment]
    request.mcp = context  # type: ignore[attr-defined]
    request.LANGUAGE_CODE = get_language()  # as LocaleMiddleware leaves it
    return request
