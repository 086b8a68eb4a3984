"""Where a call comes from: the address by which limits count.

``X-Forwarded-For`` is what anybody may write; only its end, which the site's
own proxies wrote, is read, and only if ``TRUSTED_PROXIES`` says that there
are any.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

from django_mcp.conf import conf

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Bits of an IPv6 address that tell callers apart: one line gets a /64 (RFC
#: 6177), and its owner may take another address of it for each call.
IPV6_PREFIX = 64


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """Return where an ASGI message comes from; ``""`` if nobody knows."""
    client = scope.get("client")
    peer = client[0] if client else None
    if not conf.now.TRUSTED_PROXIES:
        return _address(peer, "")
    forwarded = b",".join(
        value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"
    )
    return _address(peer, forwarded.decode("latin-1"))


def address_of_request(request: HttpRequest) -> str:
    """Return where one of Django's requests comes from; see `address_of_scope`."""
    meta = request.META
    return _address(meta.get("REMOTE_ADDR"), meta.get("HTTP_X_FORWARDED_FOR", ""))


def _address(peer: str | None, forwarded: str) -> str:
    proxies = conf.now.TRUSTED_PROXIES
    if proxies:
        # Each proxy appends whom it was called by. What is left of that was
        # there before, and may be a lie; fewer entries came a shorter way.
        written = forwarded.rsplit(",", proxies)[-proxies:][0]
        if known := _counted(written):
            return known
    return _counted(peer or "") or peer or ""


def _counted(text: str) -> str:
    """Return an address as it is counted; ``""`` for what is none."""
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:4711
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:4711
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
