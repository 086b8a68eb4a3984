"""Which servers this site gives tokens for, and which one a client means.

A token is made out to the canonical URI of one server and is good for nothing
else (RFC 8707). What a client names is compared in its canonical form; what is
stored is always the server's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from django_mcp.auth.resources import canonical
from django_mcp.conf import conf
from django_mcp.server import MCPServer
from django_mcp.transports.metadata import described_servers


def issuer() -> str:
    """Return what this authorization server is called, everywhere the same."""
    return str(oauth2_settings.OIDC_ISS_ENDPOINT or conf.BASE_URL)


def servers() -> dict[str, MCPServer]:
    """Return the servers that take tokens of this site, by canonical URI."""
    return {
        server.url: server
        for server in described_servers()
        if issuer() in server.authenticators.authorization_servers()
    }


def server_for(asked: Iterable[str]) -> MCPServer:
    """Return the one server that a client's ``resource`` parameters name.

    Clients from before 2025-06-18 name none: then it is the only one there is.

    Raises: CustomOAuth2Error
    """
    known = servers()
    named = {canonical(uri) for uri in asked if uri} or set(known)
    if len(named) != 1:
        raise invalid_target("Name one resource that the token is for.")
    found = known.get(named.pop())
    if found is None:
        raise invalid_target("No tokens are given for this resource.")
    return found


def narrowed(asked: Iterable[str], granted: Iterable[str]) -> list[str]:
    """Return what a token is for: what was granted, or less if so asked.

    Raises: CustomOAuth2Error
    """
    wanted = {canonical(uri) for uri in asked if uri}
    if not wanted <= set(granted):
        raise invalid_target("This resource was not granted.")
    return [uri for uri in granted if not wanted or uri in wanted]


def invalid_target(description: str) -> CustomOAuth2Error:
    """Return the error of RFC 8707, section 2."""
    return CustomOAuth2Error(error="invalid_target", description=description)
