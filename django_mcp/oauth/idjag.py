"""Enterprise-managed authorization: a company says which client may act for whom.

Its identity provider signs an assertion (an ID-JAG) that a client exchanges
here for an access token, without a page that asks anybody. Off unless
``OAUTH2_SERVER_CLASS`` is `Server`. Everything in an assertion is checked
against what the project configured; nothing in it says whom to ask.

Signatures are verified where those of access tokens are, ``auth/jwt.py``: two
ways to verify are two to keep right. So this needs the extra ``jwt`` too.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from django.utils.module_loading import import_string
from oauth2_provider.scopes import get_scopes_backend
from oauthlib import oauth2, openid
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types import ClientCredentialsGrant

from django_mcp.auth.base import AuthError, AuthRequest, Principal
from django_mcp.auth.jwt import ASYMMETRIC, JWTAuthenticator, unverified
from django_mcp.auth.tokens import Claims, active, refused
from django_mcp.caching import project_cache
from django_mcp.conf import conf
from django_mcp.oauth.resources import issuer, narrowed, server_for
from django_mcp.server import MCPServer

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TYPE = "oauth-id-jag+jwt"
#: Seconds that an assertion may be good for; what was used is kept as long.
MAX_AGE = 60 * 60


class IdentityProvider(JWTAuthenticator):
    """Whose assertions are taken: subclass, and say whose they are.

    ``get_user(claims)`` finds a user by ``iss`` and ``sub``, and has no
    default: whoever may write names and addresses there becomes whom they like.
    """

    types = (TYPE,)
    required_claims = ("sub", "client_id", "jti", "exp", "iat", "resource")

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Know nobody: an assertion is no access token."""
        return None

    def get_audience(self, server: MCPServer) -> str:
        """Return what assertions are made out to: this authorization server."""
        return issuer()

    def asserted(self, assertion: str) -> tuple[Claims, MCPServer]:
        """Return the claims of an assertion, and the server that it is for.

        Raises: AuthError, OAuth2Error
        """
        header, _claims = unverified(assertion)
        claims = self._verified(assertion, header)
        server = _server(claims)
        self._check_claims(claims, server)
        # Others may be among the audiences of an access token, but not here.
        if claims["aud"] not in (issuer(), [issuer()]):
            raise refused("it is made out to others as well")
        _check_age(claims, time.time())
        return claims, server

    def person(self, claims: Claims) -> Any:
        """Return the user whom a company means. Raises: AuthError"""
        return active(self._user(claims))

    def _takes(self, algorithm: str) -> bool:
        return algorithm in ASYMMETRIC and super()._takes(algorithm)


def providers() -> dict[str, IdentityProvider]:
    """Return the identity providers of ``OAUTH_IDENTITY_PROVIDERS``, by issuer."""
    found = [import_string(path)() for path in conf.OAUTH_IDENTITY_PROVIDERS]
    return {provider.issuer: provider for provider in found}


class AssertionGrant(ClientCredentialsGrant):
    """An assertion for an access token (RFC 7523), and for no refresh token.

    The client has a secret and was registered by hand; django-oauth-toolkit
    gives an application one grant, and this one goes beside it: which client
    may act for whom is what the assertion says.
    """

    def validate_token_request(self, request: Any) -> None:
        """Decide who, what and where a token is for.

        Raises: OAuth2Error
        """
        for validator in self.custom_validators.pre_token:
            validator(request)
        assertion = getattr(request, "assertion", None)
        if not assertion:
            raise errors.InvalidRequestError(
                description="Send an assertion.", request=request
            )
        self.validate_client_confidential(request)
        if not _may_assert(request.client):
            raise errors.UnauthorizedClientError(request=request)
        try:
            self._decide(request, assertion)
        except AuthError as error:
            raise _bad_assertion(request, error) from None
        for validator in self.custom_validators.post_token:
            validator(request)

    def _decide(self, request: Any, assertion: str) -> None:
        """Raises: AuthError, OAuth2Error"""
        provider = providers().get(_issuer_of(assertion))
        if provider is None:
            raise refused("nobody here knows its issuer")
        claims, server = provider.asserted(assertion)
        if claims["client_id"] != request.client.client_id:
            raise refused("it is for another client")
        asked = [value for key, value in request.decoded_body if key == "resource"]
        request.resource = narrowed(asked, [server.url])
        request.scopes = self._scopes(request, claims)
        request.user = provider.person(claims)
        # Last, because what was refused may be sent again.
        _use_up(claims)

    def _scopes(self, request: Any, claims: Claims) -> list[str]:
        """Return what the company grants, less what nobody asks for or offers.

        Raises: OAuth2Error
        """
        backend = get_scopes_backend()
        client = request.client
        granted = claims.get("scope")
        if granted is None:
            granted = backend.get_default_scopes(application=client, request=request)
        words = granted.split() if isinstance(granted, str) else granted
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise refused("its scope is no words")
        offered = backend.get_available_scopes(application=client, request=request)
        wanted = set(request.scopes or words)
        scopes = [one for one in words if one in wanted and one in offered]
        # Empty, it would be "no restriction" to some validators.
        if not scopes or not self.request_validator.validate_scopes(
            client.client_id, scopes, client, request
        ):
            raise errors.InvalidScopeError(request=request)
        return scopes


class AssertionMixin:
    """For servers of oauthlib: take assertions beside their other grants."""

    grant_types: dict[str, Any]

    def __init__(self, request_validator: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request_validator, *args, **kwargs)  # type: ignore[call-arg]
        self.grant_types[GRANT] = AssertionGrant(request_validator)


class Server(AssertionMixin, oauth2.Server):
    """``OAUTH2_PROVIDER["OAUTH2_SERVER_CLASS"]``."""


class OpenIDServer(AssertionMixin, openid.Server):
    """The same, for a site that is an OpenID provider as well."""


def _may_assert(client: Any) -> bool:
    """Was it registered by a person, who gave it a secret?"""
    return bool(
        client.client_type == client.CLIENT_CONFIDENTIAL
        and client.registration_source == client.RegistrationSource.MANUAL
    )


def _issuer_of(assertion: str) -> str:
    """Return who an assertion claims to come from; it only picks the keys."""
    claimed = unverified(assertion)[1].get("iss")
    return claimed if isinstance(claimed, str) else ""


def _server(claims: Claims) -> MCPServer:
    """Return the server that the company means, if it is one of this site.

    Raises: AuthError, OAuth2Error
    """
    named = claims.get("resource")
    if isinstance(named, list) and len(named) == 1:
        [named] = named
    if not isinstance(named, str) or not named:
        raise refused("its resource is not one")
    return server_for([named])


def _check_age(claims: Claims, now: float) -> None:
    """Raises: AuthError"""
    if claims["exp"] - claims["iat"] > MAX_AGE or now - claims["iat"] > MAX_AGE:
        raise refused("it is good for too long")
    if not isinstance(claims["jti"], str):
        raise refused("its id is no string")


def _use_up(claims: Claims) -> None:
    """Let nobody use an assertion a second time, at whichever worker.

    Raises: AuthError
    """
    text = f"{claims['iss']}\n{claims['jti']}"
    key = f"django_mcp:assertion:{hashlib.sha256(text.encode()).hexdigest()}"
    if not project_cache().add(key, True, 2 * MAX_AGE):
        raise refused("it was used before")


def _bad_assertion(request: Any, error: AuthError) -> errors.OAuth2Error:
    """Say which of the two it is: theirs, or an identity provider that is away."""
    if error.code == "temporarily_unavailable":
        return errors.TemporarilyUnavailableError(request=request)
    return errors.InvalidGrantError(
        description="The assertion is not valid.", request=request
    )
