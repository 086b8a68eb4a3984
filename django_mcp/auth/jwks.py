"""The public keys of an authorization server, kept in Django's cache.

All workers share what one of them fetched. Tokens name their key, and anybody
can make up a name: one that is unknown has the keys fetched again at most
once a minute, whoever sends it and however many workers hear of it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from django_mcp.auth.fetching import Unreachable, fetch_json
from django_mcp.caching import project_cache

#: A JSON Web Key, with the members that verifying a signature takes.
Key: TypeAlias = dict[str, str]

#: Seconds between two looks for keys that were missing or old.
COOL_DOWN = 60
#: Seconds after which keys are fetched anew: some may have been withdrawn.
MAX_AGE = 60 * 60
#: Seconds for which keys are used while their server cannot be reached.
KEPT = 24 * 60 * 60
#: Seconds for which nobody asks a server that gave nothing the first time.
PAUSE = 10
#: Seconds for which a call waits while another one fetches the first keys.
PATIENCE = 2
MAX_KEYS = 100

_MEMBERS = ("kid", "kty", "alg", "crv", "n", "e", "x", "y")
# A symmetric key ("oct") that is published is a secret of nobody.
_PUBLIC = ("RSA", "EC", "OKP")
#: Calls that come before the first keys wait for them, and do not all fetch.
_fetching = threading.Lock()

logger = logging.getLogger("django_mcp")


class KeySet:
    """The keys of one issuer, at ``uri``, or where its metadata says."""

    def __init__(self, issuer: str, uri: str = "") -> None:
        self._issuer = issuer
        self._uri = uri
        digest = hashlib.sha256(f"{issuer}\n{uri}".encode()).hexdigest()
        self._name = f"django_mcp:jwks:{digest}"

    def find(self, kid: str | None) -> list[Key]:
        """Return the keys of a name; without one, all of them.

        Raises: Unreachable
        """
        keys = self._known()
        if kid is None:
            return keys
        if not _named(kid, keys) and self._may_look_again():
            keys = self._renewed(keys)
        return _named(kid, keys)

    def _known(self) -> list[Key]:
        kept = project_cache().get(self._name)
        if kept is None:
            kept = self._first()
        fetched_at, keys = kept
        if time.time() - fetched_at > MAX_AGE and self._may_look_again():
            return self._renewed(keys)
        return list(keys)

    def _first(self) -> tuple[float, list[Key]]:
        """Return the first keys: who comes meanwhile waits, but not for long.

        Anybody can make all threads wait here, by tokens that nobody signed.
        """
        if not _fetching.acquire(timeout=PATIENCE):
            raise Unreachable("Its keys are being fetched.")
        try:
            return project_cache().get(self._name) or self._fetched_first()
        finally:
            _fetching.release()

    def _may_look_again(self) -> bool:
        return project_cache().add(f"{self._name}:again", True, COOL_DOWN)

    def _fetched_first(self) -> tuple[float, list[Key]]:
        failed = f"{self._name}:failed"
        if project_cache().get(failed):
            raise Unreachable("It gave no keys a moment ago.")
        try:
            return self._fetched()
        except Unreachable as error:
            project_cache().set(failed, True, PAUSE)
            logger.error("There are no keys of %s: %s", self._issuer, error)
            raise

    def _renewed(self, keys: list[Key]) -> list[Key]:
        try:
            return self._fetched()[1]
        except Unreachable as error:
            logger.warning("The keys of %s stay as they are: %s", self._issuer, error)
            return keys

    def _fetched(self) -> tuple[float, list[Key]]:
        document = fetch_json(self._uri or self._discovered())
        keys = list(_usable(document.get("keys")))[:MAX_KEYS]
        if not keys:
            raise Unreachable("The answer has no keys.")
        kept = time.time(), keys
        project_cache().set(f"{self._name}:again", True, COOL_DOWN)
        project_cache().set(self._name, kept, KEPT)
        return kept

    def _discovered(self) -> str:
        """Return the address that the issuer's own metadata names."""
        for url in metadata_urls(self._issuer):
            try:
                document = fetch_json(url)
            except Unreachable:
                continue
            uri = document.get("jwks_uri")
            # Who describes another issuer speaks for another issuer
            # (RFC 8414, section 3.3).
            if document.get("issuer") == self._issuer and isinstance(uri, str):
                return uri
        raise Unreachable("Its metadata names no keys.")


def metadata_urls(issuer: str) -> list[str]:
    """Return where an issuer's metadata may stand (OpenID Connect, RFC 8414)."""
    parts = urlsplit(issuer.rstrip("/"))
    oauth = parts._replace(path=f"/.well-known/oauth-authorization-server{parts.path}")
    return [f"{issuer.rstrip('/')}/.well-known/openid-configuration", oauth.geturl()]


def _usable(keys: Any) -> Iterator[Key]:
    """Yield what may verify a signature, without what that does not need."""
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, dict) or not _verifies(key):
            continue
        kept = {member: key[member] for member in _MEMBERS if member in key}
        if all(isinstance(value, str) for value in kept.values()):
            yield kept


def _verifies(key: dict[str, Any]) -> bool:
    """Is it public, and made for signatures (RFC 7517, sections 4.2 and 4.3)?"""
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") in _PUBLIC
        and key.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )


def _named(kid: str, keys: list[Key]) -> list[Key]:
    return [key for key in keys if key.get("kid") == kid]
