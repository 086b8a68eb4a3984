"""Who may knock at all: Host, Origin and CORS, before anything is read.

Pure functions over headers and settings.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http.request import split_domain_port, validate_host

from django_mcp.conf import conf
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.remembered import Remembered

#: Bytes of the names of hosts in one message: a name has 253 at most (RFC 1035).
MAX_NAMES = 1024
METHODS = b"GET, POST, DELETE, OPTIONS"
#: Headers a page of an allowed origin may send.
_SENT = {
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
}
_PARAM = re.compile(r"mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,100}\Z")
_EXPOSED = b"Mcp-Session-Id, WWW-Authenticate, Retry-After"


def host_allowed(headers: Headers) -> bool:
    """Judge the ``Host`` header as Django does, by ``ALLOWED_HOSTS``."""
    host, forwarded = headers.get(b"host", b""), headers.get(b"x-forwarded-host")
    allowed = _host_allowed.known.get((host, forwarded))
    return _host_allowed(host, forwarded) if allowed is None else allowed


@Remembered
def _host_allowed(host: bytes, forwarded: bytes | None) -> bool:
    if len(host) + len(forwarded or b"") > MAX_NAMES:
        return False
    if settings.USE_X_FORWARDED_HOST and forwarded is not None:
        host = forwarded
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        # The same three that Django allows while developing.
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    domain, _ = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, allowed)


def origin_allowed(headers: Headers) -> bool:
    """Judge the ``Origin`` header: our own host, or named in the settings.

    A message without one does not come from a web page.
    """
    origin = headers.get(b"origin")
    if origin is None:
        return True
    host = headers.get(b"host", b"")
    allowed = _origin_allowed.known.get((origin, host))
    return _origin_allowed(origin, host) if allowed is None else allowed


@Remembered
def _origin_allowed(origin: bytes, host: bytes) -> bool:
    if len(origin) > MAX_NAMES:
        return False
    allowed = conf.now.ALLOWED_ORIGINS
    text = origin.decode("latin-1").lower()
    if "*" in allowed or text in allowed:
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.netloc)
        and parts.netloc == host.decode("latin-1").lower()
    )


@receiver(setting_changed)
def forget(**kwargs: Any) -> None:
    """Judge anew after a setting changed, which only tests do."""
    _host_allowed.known.clear()
    _origin_allowed.known.clear()


def cors(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return what lets the page of an allowed origin read the answer."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]


def preflight(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the answer to a browser that asks before it sends."""
    wanted = headers.get(b"access-control-request-headers", b"")
    names = [name.strip().lower() for name in wanted.decode("latin-1").split(",")]
    granted = [name for name in names if name in _SENT or _PARAM.match(name)]
    return [
        *cors(headers),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", ", ".join(granted).encode("latin-1")),
        (b"access-control-max-age", b"86400"),
    ]
