"""What clients that nobody registered by hand may say of themselves.

One policy for both ways of it: the document that a client's URL leads to
(``cimd.py``), and what a client posts (``registration.py``). Clients write
one document for all servers they meet, so what goes beyond our policy is left
out where that is safe, and the rest is refused. Nothing here trusts a word:
the consent page says that nobody checked the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from django_mcp.conf import conf

#: Where ``http`` stays on the person's own machine (RFC 8252, section 7.3;
#: ``localhost`` because 2026-07-28, basic/authorization, names it).
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: What a client is for that registers itself: somebody logs in, and it stays.
GRANTS = ["authorization_code", "refresh_token"]
RESPONSES = ["code"]
#: Redirect URIs of one client; VS Code has six.
MAX_REDIRECTS = 10
#: Characters of one redirect URI, and of a name.
MAX_REDIRECT = 500
MAX_NAME = 100
#: What a URI is made of (RFC 3986, section 2), but ``#``, which would begin a
#: fragment, and ``*``, which some read as a wildcard.
_URI = re.compile(r"[A-Za-z0-9:/?\[\]@!$&'()+,;=._~%-]+\Z")


class ClientRefused(ValueError):
    """A client cannot be registered; ``code`` is one of RFC 7591, section 3.2.2.

    The message goes to whoever wrote the client. It is ASCII because
    ``error_description`` must be, so it is in English, and it repeats nothing
    of what was sent.
    """

    def __init__(self, message: str, code: str = "invalid_client_metadata") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What is kept of a client's own words.

    Logos and links are not: nothing shows what nobody checked.
    """

    name: str
    redirect_uris: list[str]
    auth_method: str

    def document(self) -> dict[str, Any]:
        """Return it as a client reads it (RFC 7591, section 2)."""
        return {
            "client_name": self.name,
            "redirect_uris": self.redirect_uris,
            "grant_types": [*GRANTS],
            "response_types": [*RESPONSES],
            "token_endpoint_auth_method": self.auth_method,
        }


def reduced(
    document: Mapping[str, Any], *, auth_methods: Iterable[str], default: str
) -> ClientMetadata:
    """Return what is kept of a client's document.

    ``auth_methods`` are those it may prove itself by; ``default`` is the one
    of a client that names none.

    Raises: ClientRefused
    """
    if GRANTS[0] not in _strings(document, "grant_types", GRANTS):
        # Whoever acts for nobody has nobody's permissions (and no password).
        raise ClientRefused("grant_types must contain authorization_code.")
    if RESPONSES[0] not in _strings(document, "response_types", RESPONSES):
        raise ClientRefused("response_types must contain code.")
    return ClientMetadata(
        name=_name(document.get("client_name")),
        redirect_uris=_redirect_uris(document),
        auth_method=_auth_method(document, set(auth_methods), default),
    )


def _auth_method(document: Mapping[str, Any], known: set[str], default: str) -> str:
    """Choose ``none`` where a client offers it.

    A secret that anybody can have made for himself proves nothing, and PKCE
    binds the code without one.
    """
    wanted = document.get("token_endpoint_auth_method", default)
    offered = _strings(document, "token_endpoint_auth_methods_supported", [])
    if "none" in offered:
        return "none"
    if not isinstance(wanted, str) or wanted not in known:
        raise ClientRefused(
            f"token_endpoint_auth_method must be one of: {', '.join(sorted(known))}."
        )
    return wanted


def _redirect_uris(document: Mapping[str, Any]) -> list[str]:
    """Return those that fit; a client may list some for other servers."""
    uris = list(dict.fromkeys(_strings(document, "redirect_uris", [])))
    if not 0 < len(uris) <= MAX_REDIRECTS:
        raise ClientRefused(
            f"redirect_uris must be a list of 1 to {MAX_REDIRECTS} addresses.",
            "invalid_redirect_uri",
        )
    fit = [uri for uri in uris if is_fit_redirect(uri)]
    if not fit:
        raise ClientRefused(
            "redirect_uris must be https, or http on 127.0.0.1, [::1] or localhost,"
            " or a private-use address that this server lists.",
            "invalid_redirect_uri",
        )
    return fit


def is_uri(value: str) -> bool:
    """Is it written as a URI, without a fragment and wildcards?"""
    return bool(_URI.match(value))


def is_fit_redirect(uri: str) -> bool:
    """May an authorization code be sent there?"""
    if len(uri) > MAX_REDIRECT or not is_uri(uri):
        return False
    if uri in conf.OAUTH_REDIRECT_URIS:
        return True
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (raises ValueError)
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or "%" in parts.netloc:
        return False
    return parts.scheme == "https" or is_loopback(uri)


def is_loopback(uri: str) -> bool:
    """Does a redirect lead to a program on the person's own machine?"""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _name(value: Any) -> str:
    """Return a name on one line, without what turns or hides text around it."""
    if not isinstance(value, str):
        raise ClientRefused("client_name must be a string.")
    shown = "".join(_shown(character) for character in value)
    name = " ".join(shown.split())[:MAX_NAME].rstrip()
    if not name:
        raise ClientRefused("client_name must not be empty.")
    return name


def _shown(character: str) -> str:
    """Leave out what cannot be seen: directions, joiners, private characters."""
    kind = category(character)
    if kind == "Cc" or kind.startswith("Z"):
        return " "
    return "" if kind.startswith("C") else character


def _strings(document: Mapping[str, Any], key: str, default: list[str]) -> list[str]:
    value = document.get(key, default)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ClientRefused(f"{key} must be a list of strings.")
    return value
