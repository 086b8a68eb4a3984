"""How often one address may ask what anybody may ask.

Whoever authorizes, fetches a token or registers is not known yet, so what is
counted is the address.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from django_mcp.addresses import address_of_request
from django_mcp.conf import conf
from django_mcp.exceptions import Throttled
from django_mcp.throttling import count, rates_from, refuse_spent

View = Callable[..., HttpResponseBase]


def limited(setting: str, *, failures: bool = False) -> Callable[[View], View]:
    """Let one address ask a view no more often than a setting says.

    With ``failures``, only what is refused counts: many people of one service
    have one address, and only guesses and probes are refused all the time.
    """
    ask = refuse_spent if failures else count
    what = f"{setting} refused" if failures else setting

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            rates = rates_from(getattr(conf, setting))
            who = (what, address_of_request(request))
            try:
                ask(rates, *who)
            except Throttled as refused:
                return refusal(request, refused)
            response = view(request, *args, **kwargs)
            if failures and response.status_code >= 400:
                with suppress(Throttled):
                    count(rates, *who)
            return response

        return wrapped

    return decorate


def refusal(request: HttpRequest, refused: Throttled) -> HttpResponse:
    """Tell a person, or a program, when to come back."""
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        response = HttpResponse(str(refused), status=429, content_type="text/plain")
    else:
        # ASCII and English, as any description of an OAuth error.
        error = {"error": "temporarily_unavailable"}
        error["error_description"] = "Too many requests. Try again later."
        response = JsonResponse(error, status=429)
    response["Retry-After"] = str(refused.retry_after)
    response["Cache-Control"] = "no-store"
    return response
