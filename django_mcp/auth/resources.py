"""The canonical URI of an endpoint: what tokens for it are made out to.

It comes from the settings and never from a request: whoever writes the
``Host`` header must not choose which tokens fit (RFC 8707, section 2;
2026-07-28, basic/authorization, "Canonical Server URI").
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

#: Where the metadata of protected resources stands (RFC 9728, section 3).
METADATA_PATH = ".well-known/oauth-protected-resource"

_PORTS = {"http": ":80", "https": ":443"}


@lru_cache(maxsize=256)
def canonical(uri: str) -> str:
    """Return a URI in the one form that is compared, or ``""`` if it is none.

    Scheme and host in lower case, no port that goes without saying, no
    fragment, no slash at the end.
    """
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (raises ValueError)
    except ValueError:
        return ""
    scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
    if not scheme or not netloc or "@" in netloc or parts.fragment:
        return ""
    netloc = netloc.removesuffix(_PORTS.get(scheme, ":"))
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{netloc}{parts.path.rstrip('/')}{query}"


def is_loopback(host: str) -> bool:
    """Does a host name mean this machine (RFC 8252, section 7.3)?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
