"""What an operation refused, in the words of the API, by argument where it can.

Of what went wrong inside, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext
from pydantic_core import ErrorDetails, from_json, to_json

from django_mcp.content.media import is_text
from django_mcp.exceptions import ToolError
from django_mcp.providers.ninja.arguments import OperationArguments
from django_mcp.providers.views import bodies
from django_mcp.providers.views.bodies import Body
from django_mcp.providers.views.calling import ViewFailed
from django_mcp.schema.errors import (
    ArgumentErrors,
    bounded,
    lines_from_details,
    path_text,
)

#: Words of a refusal that say no more than its status does.
_BARE = frozenset({"", "Unauthorized", "Forbidden", "CSRF check Failed"})
#: Members in which APIs put their words, the usual one first.
_WORDS = ("detail", "message", "error", "title")
#: Members around what is wrong, which say nothing themselves.
_AROUND = frozenset({*_WORDS, "errors"})


def refusal_from(
    response: Any, body: Body, known: OperationArguments, arguments: dict[str, Any]
) -> Exception:
    """Return what to raise for an answer with a status from 400 on."""
    status, data = response.status_code, _data(response, body)
    if status == 500 or (status > 500 and data is None):
        # Where DEBUG is on, the answer holds the whole traceback.
        return ViewFailed(f"The operation answered with the status {status}.")
    if status == 429:
        return ToolError(_too_many(response.headers.get("Retry-After", "")))
    said = _said(data) if data is not None else _text(response, body)
    if status in (401, 403):
        return PermissionDenied() if said in _BARE else PermissionDenied(said)
    if status == 404:
        return Http404(*([] if said.startswith("Not Found") else [said]))
    complaints = [_detail(one, known) for one in _complaints(data)]
    if complaints:
        return ArgumentErrors(lines_from_details(complaints, arguments))
    words = gettext("The request was refused (status {status}).")
    return ToolError(said or words.format(status=status))


def _too_many(wait: str) -> str:
    if not wait.isdecimal():
        return gettext("Too many requests.")
    words = gettext("Too many requests. Try again in {seconds} seconds.")
    return words.format(seconds=wait)


def _data(response: Any, body: Body) -> Any:
    """Return the data of a refusal; ``None``: it is no data."""
    if not bodies.is_json(bodies.essence_of(response)):
        return None
    try:
        return from_json(body.data)
    except ValueError:
        return None


def _text(response: Any, body: Body) -> str:
    """Return the words of a refusal that is no data; none, if it is a page."""
    essence = bodies.essence_of(response)
    text = bodies.text_of(response, body).strip() if is_text(essence) else ""
    # Most small answers call themselves HTML and are a sentence.
    if bodies.is_html(essence) and "<" in text:
        return ""
    return "\n".join(bounded(text.splitlines()))


def _said(data: Any) -> str:
    """Return the words of a refusal, or all that is in it, line by line."""
    if isinstance(data, dict):
        for name in _WORDS:
            if data.get(name) and isinstance(data[name], str):
                return str(data[name])
    return "\n".join(bounded(_lines(data, ())))


def _lines(data: Any, path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield ``path: words`` for everything in it."""
    if isinstance(data, dict):
        for name, one in data.items():
            is_around = not path and name in _AROUND
            yield from _lines(one, path if is_around else (*path, name))
    elif isinstance(data, list) and not all(isinstance(one, str) for one in data):
        for place, one in enumerate(data):
            yield from _lines(one, (*path, place) if path else path)
    elif data not in (None, "", []):
        words = " ".join(data) if isinstance(data, list) else data
        words = words if isinstance(words, str) else to_json(words).decode()
        yield f"{path_text(path)}: {words}" if path else words


# -- about arguments -------------------------------------------------------------


def _complaints(data: Any) -> Iterator[dict[str, Any]]:
    """Yield ninja's complaints about values, wherever an API puts them."""
    if isinstance(data, dict):
        if {"loc", "msg"} <= data.keys():
            yield data
            return
        data = [*data.values()]
    if isinstance(data, list):
        for one in data:
            yield from _complaints(one)


def _detail(one: dict[str, Any], known: OperationArguments) -> ErrorDetails:
    location = one["loc"] if isinstance(one["loc"], list) else [one["loc"]]
    context = one.get("ctx")
    detail: Any = {
        "type": str(one.get("type", "")),
        "loc": known.located(location),
        "msg": str(one["msg"]),
        "ctx": context if isinstance(context, dict) else {},
    }
    return detail  # type: ignore[no-any-return]
