"""The request a view gets: the caller's, as an API client of theirs would send it.

Who calls is settled before: the view's own authentication neither runs nor is
challenged, and no credentials are in the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.datastructures import MultiValueDict
from rest_framework.settings import api_settings

from django_mcp.providers.drf.sending import EMPTY, Content
from django_mcp.providers.views import requests
from django_mcp.providers.views.requests import JSON, Sent, ViewRequest

if TYPE_CHECKING:
    from django_mcp.context import Context

_ACCEPT = f"{JSON}, */*;q=0.1"


def request_for(
    context: Context, method: str, path: str, query: str = "", content: Content = EMPTY
) -> ViewRequest:
    """Return the request that the caller's client would send."""
    sent = Sent(
        method=method,
        path=path,
        query=query,
        body=content.body,
        content_type=content.content_type,
    )
    request = requests.request_for(context, sent)
    if content.data is not None:
        _fill(request, content)
    request.META["HTTP_ACCEPT"] = _ACCEPT
    requests.mark_caller(request)
    _settle(request)
    return request


def _settle(request: Any) -> None:
    """Settle who calls, whatever authenticators a view has.

    As the framework's own test client does it: a view cannot tell. Nobody is
    whom the settings of the framework take for nobody.
    """
    if not request.user.is_anonymous:
        request._force_auth_user = request.user
    elif api_settings.UNAUTHENTICATED_USER:
        request._force_auth_user = api_settings.UNAUTHENTICATED_USER()
    else:
        # No user at all: any token that is none settles that.
        request._force_auth_token = False


def _fill(request: Any, content: Content) -> None:
    """Make this the body, as if it had been read already."""
    request._post = content.data
    request._files = MultiValueDict(content.uploads)
    request._read_started = True
