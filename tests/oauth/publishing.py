"""A real HTTPS server on which clients publish their documents.

The fetcher speaks to it as to any other: TLS, the certificate's name and all
that is sent are real. Only names are resolved here, because the fetcher takes
no address that is not public, and a test has no other.
"""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "client.example"
CLIENT_ID = f"https://{HOST}/client.json"
#: What the name is said to resolve to: a public address that nobody asks.
PUBLIC = "93.184.215.14"

Page = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """What stands where, and what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        #: Addresses that each name resolves to.
        self.names: dict[str, list[str]] = {HOST: [PUBLIC]}

    def publish(self, document: Any, path: str = "/client.json", **headers: str) -> str:
        """Publish a JSON document; return its URL."""
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json", **headers}
        self.pages[path] = lambda handler: answer(handler, 200, body, headers)
        return f"https://{HOST}{path}"


def answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
) -> None:
    """Answer in the ordinary way."""
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve a site over TLS for the length of a ``with`` block."""
    site = Site()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = _certificate(folder)
    context.load_cert_chain(certificate, key)
    # Where OpenSSL looks for those it trusts.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    _resolve(site, server.server_address[1], monkeypatch)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[Site]

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        page = self.site.pages.get(self.path)
        try:
            if page is None:
                answer(self, 404, b"", {})
            else:
                page(self)
        except OSError:
            """The fetcher went away, as it should."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _resolve(site: Site, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve the site's names, and lead the public address to the server."""
    ask = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if host == PUBLIC:
            return ask("127.0.0.1", port, type=socket.SOCK_STREAM)
        if host in site.names:
            kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*kind, (address, 443)) for address in site.names[host]]
        return ask(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the host, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
