"""A web server with a certificate, for what clients publish about themselves."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.login.names import CLIENT, COMPANY, HERE


@dataclass
class Documents:
    """Documents by path, and who asked for them."""

    port: int
    #: The certificate of who vouches for the server's.
    authority: Path
    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def origin(self, host: str) -> str:
        """Return where a host is, that is here."""
        return f"https://{host}:{self.port}"

    def publish(self, path: str, **document: Any) -> str:
        """Put a client's document at a path; return its URL, the client's id."""
        url = self.origin(CLIENT) + path
        self.pages[path] = {"client_id": url, **document}
        return url


@contextmanager
def serving_documents(place: Path) -> Iterator[Documents]:
    """Serve documents over HTTPS, on a free port of this machine."""
    chain, authority = place / "chain.pem", place / "authority.pem"
    write_certificates(chain, authority)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    server = _Server((HERE, 0), _Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.documents = documents = Documents(server.server_port, authority)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield documents
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    documents: Documents


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        documents = self.server.documents
        documents.asked.append(self.path)
        page = documents.pages.get(self.path)
        body = json.dumps(page).encode()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests ask for what was asked."""


def write_certificates(chain: Path, authority: Path) -> None:
    """Make an authority, and the certificate of all the hosts that it signed."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    host_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _certificate(name, name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(_signs_certificates(), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    host = (
        _certificate(x509.Name([]), name, host_key.public_key())
        .add_extension(
            x509.SubjectAlternativeName(map(x509.DNSName, (CLIENT, COMPANY))),
            critical=True,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = host_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority.write_bytes(root.public_bytes(pem))
    chain.write_bytes(key + host.public_bytes(pem))


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
