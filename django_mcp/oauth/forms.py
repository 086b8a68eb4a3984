"""Forms that clients post: small, and of the one kind the protocol knows."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from oauth2_provider.models import get_grant_model, get_refresh_token_model

#: Bytes of a form.
MAX_FORM = 16 * 1024


def refused(
    description: str, error: str = "invalid_request", status: int = 400
) -> HttpResponse:
    """Return an error as the token endpoint words it (RFC 6749, section 5.2)."""
    return JsonResponse(
        {"error": error, "error_description": description}, status=status
    )


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """Return what is wrong with a request that should be a small form."""
    if request.method != "POST":
        return None
    return _refusal_of_headers(request) or _refusal_of_body(request)


def _refusal_of_headers(request: HttpRequest) -> HttpResponse | None:
    if request.content_type != "application/x-www-form-urlencoded":
        return refused("Send application/x-www-form-urlencoded.")
    # What is not breaks the toolkit where it reads the base64 of Basic.
    if not request.headers.get("Authorization", "").isascii():
        return refused("The Authorization header must be ASCII.")
    if request.META.get("QUERY_STRING"):
        return refused("Send everything in the form.")
    return None


def _refusal_of_body(request: HttpRequest) -> HttpResponse | None:
    try:
        large = len(request.body) > MAX_FORM
        unreadable = any("\0" in value for _, value in _values(request))
    except SuspiciousOperation:
        return refused("The form is too large.", status=413)
    except BadRequest:
        return refused("The form must be UTF-8.")
    if large:
        return refused("The form is too large.", status=413)
    return refused("This is no form.") if unreadable else None


def _values(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, found in request.POST.lists() for value in found]


def shown_in(form: QueryDict) -> Any:
    """Return the row of the code or the refresh token that a form shows."""
    if form["grant_type"] == "authorization_code":
        return get_grant_model().objects.filter(code=form.get("code", ""))
    if form["grant_type"] == "refresh_token":
        checksum = sha256(form.get("refresh_token", "").encode()).hexdigest()
        return get_refresh_token_model().objects.filter(token_checksum=checksum)
    return None
