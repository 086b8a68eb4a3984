"""A view's response as a tool's result, or as the words of a refusal.

What the view's renderer wrote is the result; links to other pages become the
arguments that lead there. What the caller did wrong is said in the words of the
view; what the view did wrong is not said at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext
from pydantic_core import from_json
from rest_framework import exceptions
from rest_framework.settings import api_settings

from django_mcp.content import Result
from django_mcp.exceptions import ToolError
from django_mcp.providers.fields.arguments import Argument
from django_mcp.providers.views import bodies, redirects
from django_mcp.providers.views.bodies import Body
from django_mcp.providers.views.calling import ViewFailed
from django_mcp.providers.views.contents import content_of
from django_mcp.providers.views.requests import ViewRequest
from django_mcp.schema.errors import bounded, path_text

_LINKS = ("next", "previous", "first", "last")
_DENIED = (401, 403)


def result_of(
    request: ViewRequest,
    response: Any,
    *,
    pages: Mapping[str, Argument],
    renamed: Mapping[str, str],
) -> Any:
    """Return what a view answered, and close the answer. May block.

    ``pages`` are the arguments that choose a page, ``renamed`` are fields of the
    body that have another name outside.

    Raises: ToolError, PermissionDenied, Http404, ViewFailed
    """
    try:
        if not getattr(response, "is_rendered", True):
            response.render()
        body = bodies.body_of(response)
    finally:
        bodies.close(response)
    status = response.status_code
    if status >= 500:
        raise ViewFailed(f"{request.path} answered with the status {status}.")
    if status >= 400:
        raise _refusal(status, _error(request, response, body), renamed)
    if redirects.is_redirect(response):
        redirects.check_login(request, response, None)
        # Words alone: an output schema knows of no redirect.
        said = redirects.redirected(response, request._messages.said())
        return Result(*said.content)
    if not body.data:
        return "Done."
    if bodies.is_json(bodies.essence_of(response)):
        url = request.build_absolute_uri(request.path)
        data = _linked(bodies.data_of(body).structured, url, pages)
        return data if bodies.is_plain(data) else Result(structured=data)
    return content_of(response, body)


# -- refusals --------------------------------------------------------------------


def _error(request: ViewRequest, response: Any, body: Body) -> Any:
    data = getattr(response, "data", None)
    if data is not None:
        return _unnamed(data) if _has_named_nobody(request, response) else data
    essence = bodies.essence_of(response)
    if bodies.is_json(essence):
        try:
            return from_json(body.data)
        except ValueError:
            return ""
    return bodies.text_of(response, body) if essence == "text/plain" else ""


def _has_named_nobody(request: ViewRequest, response: Any) -> bool:
    """Did a view refuse somebody who could have said who they are?

    To the view the caller is settled, and nobody is settled, too; over HTTP its
    answer would be to say who one is.
    """
    view = (response.renderer_context or {}).get("view")
    return bool(
        response.status_code in _DENIED
        and request.mcp.user.is_anonymous
        and view is not None
        and view.get_authenticators()
    )


def _unnamed(data: Any) -> Any:
    detail = data.get("detail") if isinstance(data, Mapping) else None
    refusal = exceptions.PermissionDenied
    if detail == refusal.default_detail and detail.code == refusal.default_code:
        return {**data, "detail": exceptions.NotAuthenticated.default_detail}
    return data


def _refusal(status: int, data: Any, renamed: Mapping[str, str]) -> Exception:
    text = "\n".join(bounded(error_lines(data, renamed)))
    if status in _DENIED:
        return PermissionDenied(
            text or gettext("You do not have permission to do this.")
        )
    if status == 404:
        return Http404(text or gettext("Not found."))
    words = gettext("The request was refused (status {status}).")
    return ToolError(text or words.format(status=status))


def error_lines(data: Any, renamed: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield ``rows[2].price: words`` for the errors of a serializer."""
    for path, words in _errors(data, ()):
        if renamed and path and path[0] in renamed:
            path = (renamed[path[0]], *path[1:])  # type: ignore[index]
        yield f"{path_text(path)}: {words}" if path else words


def _errors(
    data: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            is_whole = key == api_settings.NON_FIELD_ERRORS_KEY
            is_whole = is_whole or (key == "detail" and not path)
            yield from _errors(value, path if is_whole else (*path, _step(key)))
    elif isinstance(data, list | tuple):
        if all(isinstance(one, str) for one in data):
            if data:
                yield path, " ".join(map(str, data))
            return
        for place, one in enumerate(data):
            yield from _errors(one, (*path, place))
    elif data not in {None, ""}:
        yield path, str(data)


def _step(key: Any) -> str | int:
    return key if isinstance(key, int) else str(key)


# -- links to other pages -----------------------------------------------------------


def _linked(value: Any, url: str, pages: Mapping[str, Argument]) -> Any:
    """Turn links of this view to its other pages into arguments."""
    if not pages or not isinstance(value, dict):
        return value
    return {
        key: _arguments(one, pages)
        if key in _LINKS and _leads_here(one, url)
        else (_linked(one, url, pages) if key == "links" else one)
        for key, one in value.items()
    }


def _leads_here(link: Any, url: str) -> bool:
    return isinstance(link, str) and link.partition("?")[0] == url


def _arguments(link: str, pages: Mapping[str, Argument]) -> dict[str, Any]:
    query = parse_qs(urlsplit(link).query)
    found = {
        name: _typed(query[name][0], pages[name]) for name in pages if name in query
    }
    for name, argument in pages.items():
        # The first page is where nothing chooses another one.
        if name not in found and argument.schema.get("default") in {0, 1}:
            found[name] = argument.schema["default"]
    return found


def _typed(text: str, argument: Argument) -> Any:
    is_number = argument.schema.get("type") == "integer" and text.isdecimal()
    return int(text) if is_number else text
