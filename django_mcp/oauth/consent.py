"""What a person must know before allowing a client: a value, made for words.

Names are chosen by whoever registered them. They are shown without anything
that could move or hide the text around them, and never instead of the address
that the answer goes to.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.encoding import punycode
from oauth2_provider.models import get_application_model
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.auth import resources
from django_mcp.server import MCPServer

#: Characters of a client's name that are shown.
MAX_NAME = 80
#: Letters and a sign that are drawn as nothing: fillers of Hangul, Braille's blank.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"


@dataclass(frozen=True)
class Question:
    """May this client use that server, for these scopes?"""

    application: Any
    server: MCPServer
    scopes: tuple[str, ...]
    credentials: dict[str, Any]

    @property
    def redirect_uri(self) -> str:
        """Where the answer is sent."""
        return str(self.credentials["redirect_uri"])

    @property
    def redirect_host(self) -> str:
        """Who gets the answer: a host, or what opens the link on this device."""
        return shown_host(self.redirect_uri)

    @property
    def is_loopback(self) -> bool:
        """Is the answer sent to a program on this computer?"""
        return is_loopback(self.redirect_uri)

    @property
    def client_name(self) -> str:
        """What the client calls itself."""
        return name_of(self.application)

    @property
    def client_host(self) -> str:
        """Whose site describes the client, or ``""`` if none does."""
        return host_of(self.application)

    @property
    def is_self_registered(self) -> bool:
        """Did nobody here look at the client?"""
        return is_self_registered(self.application)

    @property
    def server_name(self) -> str:
        """What the client wants to use."""
        return str(self.server.title or self.server.name)

    @property
    def permissions(self) -> list[str]:
        """What it asks for, in words."""
        words = get_scopes_backend().get_all_scopes()
        return [str(words.get(scope) or scope) for scope in self.scopes]


def name_of(application: Any) -> str:
    """Return what a client calls itself, or what else it can be told by."""
    return plain(application.name) or host_of(application) or application.client_id


def host_of(application: Any) -> str:
    """Return whose site describes a client, or ``""`` if none does."""
    client_id = application.client_id
    return shown_host(client_id) if client_id.startswith("https://") else ""


def is_self_registered(application: Any) -> bool:
    """Tell whether a client made itself known, and nobody checked who it is."""
    sources = application.RegistrationSource
    return bool(application.registration_source != sources.MANUAL)


def leads_to_stranger(client_id: str, uri: str) -> bool:
    """Did a client that registered itself choose this address on the net?"""
    client = get_application_model().objects.filter(client_id=client_id).first()
    trusted = client is not None and not is_self_registered(client)
    return not trusted and not is_loopback(uri)


def is_loopback(uri: str) -> bool:
    """Tell whether a URI leads to the computer it is opened on."""
    host = urlsplit(uri).hostname or ""
    return resources.is_loopback(host) or host.endswith(".localhost")


def shown_host(uri: str) -> str:
    """Return the host of a URI in letters that look like no others.

    With its scheme, where that is not the web's: ``cursor://…``.
    """
    parts = urlsplit(uri)
    host = parts.hostname or ""
    try:
        host = punycode(host)
    except UnicodeError:
        host = host.encode("ascii", "backslashreplace").decode()
    if parts.scheme in {"http", "https"}:
        return host
    return f"{parts.scheme}://{host}" if host else f"{parts.scheme}:"


def plain(text: str) -> str:
    """Return a name on one line, without characters that direct others.

    ``""`` if there is nothing to be seen.
    """
    kept = "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    kept = " ".join(kept.split())
    if not any(map(_is_drawn, kept)):
        return ""
    return kept if len(kept) <= MAX_NAME else f"{kept[:MAX_NAME]}…"


def _is_drawn(character: str) -> bool:
    """Is it seen by itself? Accents need another, and some letters are blank."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
