"""A client taken apart: each step of its login can be looked at.

`waiting_program` is one on the person's own machine, which waits at a port for
what they come back with, as command line clients and editors do.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.login.names import HERE

VERIFIER = "the words that only this program knows, and nobody else does"
#: With a picture for the tab, so that browsers do not ask for one.
PAGE = b"""<!doctype html><html lang="en"><title>Done</title>
<link rel="icon" href="data:,"><p>You can close this window.</p>"""


class Program:
    """A client, and what it was told."""

    def __init__(self, shop: str, client_id: str, redirect_uri: str) -> None:
        self.shop = shop
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self.told: dict[str, str] = {}

    def url(self, scope: str = "shop:read", **changes: str) -> str:
        """Return where it sends a person."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": "a state",
            "resource": f"{self.shop}/mcp",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{self._address('authorization_endpoint')}?{urlencode(query)}"

    def register(self, **document: Any) -> None:
        """Ask for an id."""
        answer = httpx.post(self._address("registration_endpoint"), json=document)
        self.client_id = str(answer.raise_for_status().json()["client_id"])

    def token(self) -> str:
        """Change the code that it was told for a token."""
        form = {
            "grant_type": "authorization_code",
            "code": self.told["code"],
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": VERIFIER,
            "resource": f"{self.shop}/mcp",
        }
        answer = httpx.post(self._address("token_endpoint"), data=form)
        return str(answer.raise_for_status().json()["access_token"])

    def knocks(self, token: str) -> int:
        """Knock at the server; return the status of the answer."""
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "program", "version": "1.0.0"},
            },
        }
        headers = {
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {token}",
        }
        return httpx.post(f"{self.shop}/mcp", json=body, headers=headers).status_code

    def _address(self, name: str) -> str:
        """Look an endpoint up, as clients do."""
        metadata = f"{self.shop}/.well-known/oauth-authorization-server"
        return str(httpx.get(metadata).json()[name])


@contextmanager
def waiting_program(shop: str, client_id: str) -> Iterator[Program]:
    """Start a program, which waits for its answer on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/callback":
                program.told = dict(parse_qsl(parts.query))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the tests ask for what was told."""

    server = ThreadingHTTPServer((HERE, 0), Handler)
    redirect_uri = f"http://{HERE}:{server.server_port}/callback"
    program = Program(shop, client_id, redirect_uri)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield program
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
