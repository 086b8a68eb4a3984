"""Ask another server over HTTP: the little that authenticators need.

Addresses come from the settings of a project, never from a token. No redirect
is followed, only https leaves the machine, and neither a slow answer nor a
large one is read to its end.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    getproxies,
)

from pydantic_core import from_json

from django_mcp.auth.resources import is_loopback

#: Seconds for each wait, and for all of an answer's body.
TIMEOUT = 5.0
#: Bytes of an answer: the keys of the largest providers are a tenth of it.
MAX_ANSWER = 256 * 1024
_CHUNK = 64 * 1024
_HEADERS = {"Accept": "application/json", "User-Agent": "django-mcp"}


class Unreachable(Exception):
    """The other server gave no answer that can be used; the text is for a log."""


def is_safe(url: str) -> bool:
    """Return whether nobody on the way can read or change what is said there."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises ValueError)
    except (AttributeError, TypeError, ValueError):
        return False
    if not parts.hostname or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(parts.hostname)
    )


def fetch_json(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> dict[str, Any]:
    """Return the JSON object at an address; with ``body``, what a POST is answered.

    Raises: Unreachable
    """
    if not is_safe(url):
        raise Unreachable("The address is neither https nor on this machine.")
    deadline = time.monotonic() + timeout
    request = Request(url, body, {**_HEADERS, **(headers or {})})  # noqa: S310
    try:
        with _opener().open(request, timeout=timeout) as answer:
            if answer.status != 200:
                raise Unreachable(f"The answer has the status {answer.status}.")
            found = from_json(_read(answer, deadline), allow_inf_nan=False)
    except (HTTPException, OSError, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
    if not isinstance(found, dict):
        raise Unreachable("The answer is no JSON object.")
    return found


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    data = b""
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > MAX_ANSWER:
            raise Unreachable(f"The answer has more than {MAX_ANSWER} bytes.")
        if time.monotonic() > deadline:
            raise Unreachable("The answer takes too long.")
    return data


@cache
def _opener() -> OpenerDirector:
    """Return what opens http and https, and hands on whatever is answered.

    Without the usual handlers there are no redirects, cookies, files or FTP.
    A proxy of the environment only sees what is encrypted.
    """
    opener = OpenerDirector()
    proxy = getproxies().get("https")
    proxies = ProxyHandler({"https": proxy} if proxy else {})
    for handler in (proxies, HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener
