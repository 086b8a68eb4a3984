"""Values that travel through a client which must neither read nor change them.

AES-256-GCM with a key derived from ``SECRET_KEY``; what was sealed with one
of ``SECRET_KEY_FALLBACKS`` still opens. A seal is bound to ``about``: opened
about anything else, it does not open. Nothing here knows what it seals.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from functools import lru_cache
from typing import Any

from django.conf import settings
from pydantic_core import from_json, to_json

_NONCE = 12


class BadSeal(Exception):
    """The value was not sealed by us, or about something else."""


def seal(value: Any, about: bytes) -> str:
    """Return JSON-able ``value`` as text that only `unseal` can read."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = _cipher(_secret(settings.SECRET_KEY)).encrypt(nonce, to_json(value), about)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(text: str, about: bytes) -> Any:
    """Return the value. Raises: BadSeal"""
    try:
        padded = text + "=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSeal from None
    if len(raw) <= _NONCE:
        raise BadSeal
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        plain = _opened(_secret(key), raw, about)
        if plain is not None:
            return from_json(plain)
    raise BadSeal


def _opened(secret: bytes, raw: bytes, about: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag

    try:
        plain: bytes = _cipher(secret).decrypt(raw[:_NONCE], raw[_NONCE:], about)
    except InvalidTag:
        return None
    return plain


def _secret(key: str | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.encode()


@lru_cache(maxsize=8)
def _cipher(secret: bytes) -> Any:
    # Imported when first needed: it is the only heavy import, and a server
    # that asks nothing never needs it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"django_mcp.sealing")
    return AESGCM(kdf.derive(secret))
