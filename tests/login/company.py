"""A company whose people use the shop: it says who they are, with a signature."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.login.documents import Documents
from tests.login.names import AGENT, COMPANY


class Company:
    """An identity provider, with a key that it publishes."""

    def __init__(self, documents: Documents) -> None:
        self.issuer = documents.origin(COMPANY)
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        keys = [{**public, "kid": "one", "use": "sig", "alg": "ES256"}]
        documents.pages["/keys.json"] = {"keys": keys}

    def assertion(self, audience: str, resource: str, /, **changes: Any) -> str:
        """Say that Alice may use a server by way of the company's client."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "alice",
            "aud": audience,
            "client_id": AGENT,
            "resource": resource,
            "scope": "shop:read shop:write",
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        headers = {"typ": "oauth-id-jag+jwt", "kid": "one"}
        return jwt.encode(claims, self._key, "ES256", headers)
