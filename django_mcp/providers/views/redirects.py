"""What a redirect means: log in first, or: done, and here it goes on.

No redirect is followed. Where it leads is told as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy

from django_mcp.content import Result
from django_mcp.providers.views.requests import ViewRequest

#: The longest target that is told.
MAX_TARGET = 2000
_ANONYMOUS = gettext_lazy("You must be logged in to do this.")


def is_redirect(response: Any) -> bool:
    """Does it lead somewhere else?"""
    return 300 <= response.status_code < 400 and "Location" in response.headers


def target_of(response: Any) -> str:
    """Return where a redirect leads, as it is told."""
    return str(response.headers["Location"])[:MAX_TARGET]


def check_login(request: ViewRequest, response: Any, view: Any) -> None:
    """Refuse what a browser would be sent to the login page for.

    Raises: PermissionDenied
    """
    target = urlsplit(response.headers["Location"])
    here = {request.get_full_path(), request.build_absolute_uri()}
    back = {value for name, value in parse_qsl(target.query) if name in _fields(view)}
    if back & here:
        # Also for a user who has logged in, and may not.
        raise _refused(request)
    if request.mcp.user.is_anonymous and request.method in {"GET", "HEAD"}:
        pages = {urlsplit(page).path for page in _login_pages(view)}
        if target.path in pages:
            raise _refused(request)


def _refused(request: ViewRequest) -> PermissionDenied:
    return PermissionDenied(*([_ANONYMOUS] if request.mcp.user.is_anonymous else []))


def _fields(view: Any) -> set[str]:
    return {REDIRECT_FIELD_NAME, *_told(view, "redirect_field_name")}


def _login_pages(view: Any) -> Iterator[str]:
    for page in (str(settings.LOGIN_URL), *_told(view, "login_url")):
        try:
            yield resolve_url(page)
        except NoReverseMatch:
            continue


def _told(view: Any, name: str) -> set[str]:
    """Return what decorators and mixins of a view say of the login page."""
    given = (
        getattr(view, name, None),
        getattr(view, "view_initkwargs", {}).get(name),
        getattr(getattr(view, "view_class", None), name, None),
    )
    return {str(one) for one in given if one}


def redirected(
    response: Any, messages: list[str], *, done: bool = True, failed: bool = False
) -> Result:
    """Return what was done and where it goes on."""
    target = target_of(response)
    words = messages or (["Done."] if done else [])
    data = {"location": target, "messages": messages}
    text = "\n".join([*words, f"It goes on at {target}"])
    return Result(text, structured=data, is_error=failed)
