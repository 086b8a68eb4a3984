"""Tokens that only their authorization server can read: ask it (RFC 7662).

Whoever sends a bearer token makes this ask; name it after authenticators that
know their own tokens by sight.
"""

from __future__ import annotations

import base64
import logging
import math
import time
from urllib.parse import quote_plus, urlencode

from django.core.checks import CheckMessage, Warning

from django_mcp.auth.base import AuthRequest, Principal
from django_mcp.auth.fetching import TIMEOUT, Unreachable, fetch_json
from django_mcp.auth.tokens import Claims, ClaimsAuthenticator, digest, refused, unknown
from django_mcp.caching import project_cache

#: Seconds for which "no" is kept, if anything is.
NEGATIVE = 10
#: Seconds after which one should not still believe in a token.
LONG = 5 * 60

logger = logging.getLogger("django_mcp")


class IntrospectionAuthenticator(ClaimsAuthenticator):
    """Ask another server what a token is: subclass, and say whose they are."""

    bearer = "every"

    #: Where it is asked, with ``client_id`` and ``client_secret`` by Basic.
    introspection_uri = ""
    client_id = ""
    client_secret = ""
    #: Seconds for which an answer is kept; a token may be revoked meanwhile.
    cache_seconds: float = 0
    timeout = TIMEOUT

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Return who is calling. Raises: AuthError"""
        token = request.bearer()
        if token is None:
            return None
        claims = self._claims(token)
        if claims.get("active") is not True:
            raise refused("it is not active")
        if self.issuer:
            claims = {"iss": self.issuer, **claims}
            if claims["iss"] != self.issuer:
                raise refused("it is of another issuer")
        return self.principal(claims, token, request.server)

    def _claims(self, token: str) -> Claims:
        """Return what is said of a token. Raises: AuthError"""
        if self.cache_seconds <= 0:
            return self._asked(token)
        name = f"django_mcp:introspection:{digest(f'{self.introspection_uri} {token}')}"
        claims: Claims | None = project_cache().get(name)
        if claims is None:
            claims = self._asked(token)
            project_cache().set(name, claims, self._kept(claims))
        return claims

    def _asked(self, token: str) -> Claims:
        body = urlencode({"token": token, "token_type_hint": "access_token"})
        try:
            return fetch_json(
                self.introspection_uri,
                body=body.encode(),
                headers={"Authorization": self._basic()},
                timeout=self.timeout,
            )
        except Unreachable as error:
            logger.error("%s says nothing: %s", self.introspection_uri, error)
            raise unknown() from None

    def _basic(self) -> str:
        """Return our credentials, each encoded first (RFC 6749, section 2.3.1)."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def _kept(self, claims: Claims) -> float:
        """Return for how long an answer may be believed."""
        if claims.get("active") is not True:
            return min(self.cache_seconds, NEGATIVE)
        expires = claims.get("exp", math.inf)
        if type(expires) not in {int, float}:
            return 0
        return max(0, min(self.cache_seconds, expires - time.time()))  # type: ignore[no-any-return]

    def check_urls(self) -> list[CheckMessage]:
        """E022, W023: it asks in private, and often enough."""
        found = self.check_url("introspection_uri")
        if self.issuer:
            found += self.check_url("issuer")
        if self.cache_seconds > LONG:
            text = f"A token that was revoked is taken for {self.cache_seconds} s more."
            hint = "Set cache_seconds to some seconds, or to 0."
            found.append(Warning(text, hint=hint, id="django_mcp.W023"))
        return found
