"""Access tokens that another authorization server signed (RFC 9068).

The only file that imports PyJWT (the extra ``jwt``), and only to verify
signatures. A token of another issuer is answered without a look at a key, a
database or the net; nothing in a token says where a key is fetched.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from jwt import PyJWK, PyJWS, PyJWTError
from pydantic_core import from_json

from django_mcp.auth.base import AuthRequest, Principal
from django_mcp.auth.fetching import Unreachable
from django_mcp.auth.jwks import Key, KeySet
from django_mcp.auth.tokens import Claims, ClaimsAuthenticator, refused, unknown
from django_mcp.conf import conf

#: Signatures that whoever verifies them cannot make.
ASYMMETRIC = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
SYMMETRIC = ("HS256", "HS384", "HS512")
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

_jws = PyJWS(options={"verify_signature": True, "enforce_minimum_key_length": True})


class JWTAuthenticator(ClaimsAuthenticator):
    """Take the access tokens of one issuer: subclass, and say whose they are.

    Its keys come from ``jwks_uri``, or from where its metadata says; or give
    one as ``key``. ID tokens are no access tokens, and refused.
    """

    bearer = "own"

    #: Where its keys are; without it, its metadata is asked.
    jwks_uri = ""
    #: One key instead, as PEM; with ``algorithms`` of ``HS…``, a shared secret.
    key: str | bytes | None = None
    algorithms: tuple[str, ...] = ASYMMETRIC
    #: What the header may call it; with ``""``, it may say nothing.
    types: tuple[str, ...] = ("at+jwt",)
    required_claims: tuple[str, ...] = ("exp", "sub")

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Return who is calling. Raises: AuthError"""
        token = request.bearer()
        header, claims = unverified(token) if token else ({}, {})
        if not token or not self.issuer or claims.get("iss") != self.issuer:
            return None
        return self.principal(self._verified(token, header), token, request.server)

    def _verified(self, token: str, header: Claims) -> Claims:
        """Return the claims of a token whose signature is right.

        Raises: AuthError
        """
        algorithm, kind = header.get("alg"), header.get("typ", "")
        if not isinstance(algorithm, str) or not self._takes(algorithm):
            raise refused("its algorithm is not taken")
        # ``application/`` may be left out (RFC 7515, section 4.1.9).
        kind = kind.lower().removeprefix("application/") if type(kind) is str else None
        if kind not in {one.lower() for one in self.types}:
            raise refused("its type is not taken")
        key = self._key(header.get("kid"), algorithm)
        try:
            claims = from_json(_jws.decode(token, key, [algorithm]))
        except (PyJWTError, ValueError) as error:
            raise refused("its signature is not verified") from error
        return claims  # type: ignore[no-any-return]

    def _takes(self, algorithm: str) -> bool:
        kinds = ASYMMETRIC if self.key is None else ASYMMETRIC + SYMMETRIC
        return algorithm in self.algorithms and algorithm in kinds

    def _key(self, kid: Any, algorithm: str) -> Any:
        """Return the one key that a token can mean. Raises: AuthError"""
        if self.key is not None:
            return self.key
        if kid is not None and not isinstance(kid, str):
            raise refused("its key has no name")
        try:
            named = KeySet(self.issuer, self.jwks_uri).find(kid)
        except Unreachable:
            raise unknown() from None
        fitting = [key for key in named if _fits(key, algorithm)]
        if len(fitting) != 1:
            raise refused("its key is not known")
        return _public_key(algorithm, **fitting[0])

    def check_urls(self) -> list[CheckMessage]:
        """E022, E025, W022: nobody else can make a token that it takes."""
        found = self.check_url("issuer")
        if self.jwks_uri:
            found += self.check_url("jwks_uri")
        shared = [one for one in self.algorithms if one in SYMMETRIC]
        wrong = not self.algorithms or not all(map(self._takes, self.algorithms))
        if wrong or (shared and len(shared) < len(self.algorithms)):
            text = f"cannot verify by {list(self.algorithms)!r}."
            hint = "Shared secrets (HS…) need a key, and go with nothing else."
            found.append(self.problem(text, hint, "django_mcp.E025"))
        return found + self._check_cache()

    def _check_cache(self) -> list[CheckMessage]:
        backend = settings.CACHES.get(conf.CACHE, {}).get("BACKEND", "")
        if self.key is not None or not backend.endswith("DummyCache"):
            return []
        return [
            Warning(
                "The keys of the authorization server are fetched for each call:"
                f" CACHES[{conf.CACHE!r}] keeps nothing.",
                id="django_mcp.W022",
            )
        ]


def unverified(token: str) -> tuple[Claims, Claims]:
    """Return header and claims as anybody could write them; ``{}`` if it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}, {}
    try:
        header, claims = (from_json(_decoded(part)) for part in parts[:2])
    except ValueError:
        return {}, {}
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return {}, {}
    return header, claims


def _decoded(part: str) -> bytes:
    """Raises: ValueError"""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise ValueError from error


def _fits(key: Key, algorithm: str) -> bool:
    """Was a key made for an algorithm (RFC 8725, section 3.1)?"""
    if key.get("alg", algorithm) != algorithm:
        return False
    if key.get("crv") != _CURVES.get(algorithm, key.get("crv")):
        return False
    families = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
    return algorithm.startswith(families[key["kty"]])


@lru_cache(maxsize=64)
def _public_key(algorithm: str, **members: str) -> PyJWK:
    """Raises: AuthError"""
    try:
        return PyJWK(members, algorithm)
    except (PyJWTError, TypeError, ValueError) as error:
        raise refused("its key cannot be used") from error
