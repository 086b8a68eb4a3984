"""Another authorization server: real keys, real tokens, real HTTP on this machine."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from django_mcp import MCPServer
from django_mcp.auth.base import AuthRequest
from django_mcp.protocol.headers import Headers

SITE = "https://shop.example"
OURS = f"{SITE}/mcp"
#: Later than the end of any run: what is collected first may be tried last.
DAY = 24 * 60 * 60

#: What a path answers: the body, or a status, headers and the body.
Answered = dict[str, Any] | bytes | tuple[int, dict[str, str], bytes]


class Remote:
    """A server of somebody else, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: dict[str, Answered | Callable[[bytes], Answered]] = {}
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.authorizations: list[str] = []

    def answer(self, path: str, body: bytes, authorization: str) -> Answered:
        self.asked.append(path)
        self.bodies.append(body)
        self.authorizations.append(authorization)
        found = self.answers.get(path, (404, {}, b"Not here."))
        return found(body) if callable(found) else found


@contextmanager
def remote() -> Iterator[Remote]:
    """Run a server for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            given = running.answer(
                self.path, body, self.headers.get("authorization", "")
            )
            status, headers, content = given if isinstance(given, tuple) else _ok(given)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        running = Remote(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


def _ok(given: dict[str, Any] | bytes) -> tuple[int, dict[str, str], bytes]:
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return 200, {"content-type": "application/json"}, body


# -- keys -------------------------------------------------------------------


@cache
def rsa_key(name: str = "rsa", size: int = 2048) -> Any:
    """Return the same key for the same name: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


@cache
def ec_key(name: str = "ec") -> Any:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key(name: str = "ed") -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> bytes:
    """Return the public half, as an administrator would have it."""
    made: bytes = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return made


def jwk(key: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    """Return the public half, as an authorization server publishes it."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        members = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        members = {
            "kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32),
        }  # fmt: skip
    else:
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        members = {"kty": "OKP", "crv": "Ed25519", "x": encoded(raw)}
    named = {} if kid is None else {"kid": kid}
    return {**members, **named, **more}


def _number(number: int, length: int = 0) -> str:
    return encoded(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def encoded(data: bytes) -> str:
    """Return Base64 as tokens have it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# -- tokens -----------------------------------------------------------------


def claims(issuer: str, **changed: Any) -> dict[str, Any]:
    """Return what a good token says, but for changes; ``...`` leaves one out."""
    now = int(time.time())
    good = {
        "iss": issuer, "aud": OURS, "sub": "auth0|7", "exp": now + 600, "iat": now,
        "jti": "t-1", "client_id": "editor", "scope": "shop:read shop:write",
    }  # fmt: skip
    said = {**good, **changed}
    return {name: value for name, value in said.items() if value is not ...}


def signed(
    said: dict[str, Any] | bytes,
    key: Any = None,
    algorithm: str = "RS256",
    kid: Any = "one",
    **header: Any,
) -> str:
    """Return a token; what is not right about it is not corrected."""
    from jwt.algorithms import get_default_algorithms

    head = {"alg": algorithm, "typ": "at+jwt", "kid": kid, **header}
    head = {name: value for name, value in head.items() if value is not ...}
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    text = f"{encoded(json.dumps(head).encode())}.{encoded(body)}"
    if key == b"":
        return f"{text}."
    signer = get_default_algorithms()[algorithm]
    signature = signer.sign(text.encode(), rsa_key() if key is None else key)
    return f"{text}.{encoded(signature)}"


# -- messages ---------------------------------------------------------------


def message(*headers: tuple[str, str], scope: Any = None) -> AuthRequest:
    """Return what a message with these headers shows to a server of ours."""
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return AuthRequest(MCPServer("shop", authenticators=[]), Headers(pairs), scope)


def bearing(token: str) -> AuthRequest:
    """Return a message with a bearer token."""
    return message(("authorization", f"Bearer {token}"))
