"""Clients known by a URL: how its document is fetched, and what is kept of it.

django-oauth-toolkit says which addresses are asked at all: https, and public,
every one that the name resolves to. What comes back is reduced by the policy
of ``clients.py`` (2026-07-28, basic/authorization, "Client ID Metadata
Documents").
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from oauth2_provider.cimd import (
    CIMDError,
    SafeMetadataFetcher,
    _resolve_and_validate,
    _validate_client_id_url,
)
from oauth2_provider.settings import oauth2_settings

from django_mcp.oauth.clients import ClientRefused, is_uri, reduced

#: A secret in a public document is none (draft, section 4.1).
_SECRETS = ("client_secret", "client_secret_expires_at")
_ACCEPT = "application/json, application/*+json"


class MetadataFetcher(SafeMetadataFetcher):
    """``OAUTH2_PROVIDER["CIMD_METADATA_FETCHER"]``."""

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return a client's reduced document, and for how long it is good.

        Raises: CIMDError
        """
        if not is_uri(client_id):
            raise CIMDError("the client_id is no URL")
        _validate_client_id_url(client_id)
        parts = urlsplit(client_id)
        deadline = monotonic() + oauth2_settings.CIMD_FETCH_TIMEOUT_SECONDS
        addresses = _resolve_and_validate(parts.hostname, parts.port or 443)
        problem: Exception = CIMDError("there was no time left to ask")
        for address in addresses:
            if monotonic() > deadline:
                break
            try:
                with asked(parts, address, deadline) as response:
                    document, max_age = self._read_document(response)
                return known(client_id, document), max_age
            except (OSError, HTTPException) as error:
                problem = error
        raise CIMDError(f"could not fetch the document: {problem}") from problem


@contextmanager
def asked(parts: SplitResult, address: str, deadline: float) -> Iterator[HTTPResponse]:
    """Ask one address, and no other, for what stands at a URL.

    Everything must be over by the deadline. A timeout is for one read, and a
    server that sends a byte at a time decides how many reads there are; so the
    line is cut, whatever it is that we wait for.
    """
    connection = _Pinned(parts, address, timeout=max(deadline - monotonic(), 0.01))
    with closing(connection):
        connection.connect()
        cut = Timer(max(deadline - monotonic(), 0), _cut, [connection.sock])
        cut.daemon = True
        cut.start()
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {"Host": parts.netloc, "Accept": _ACCEPT}
            connection.request("GET", target, headers=headers)
            with connection.getresponse() as response:
                yield response
        finally:
            cut.cancel()


class _Pinned(HTTPSConnection):
    """Speak to the address that was checked as to the host that it was found by.

    To resolve the name again would ask somebody who may say something else now.
    """

    def __init__(self, parts: SplitResult, address: str, timeout: float) -> None:
        super().__init__(parts.netloc, timeout=timeout)
        self.address = (address, parts.port or 443)
        self.name = parts.hostname

    def connect(self) -> None:
        raw = socket.create_connection(self.address, self.timeout)
        try:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(raw, server_hostname=self.name)
        except BaseException:
            raw.close()
            raise


def _cut(line: socket.socket) -> None:
    """End a connection under the thread that reads from it."""
    with suppress(OSError):
        # Not TLS's own, which would first say goodbye, from two threads at once.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def known(client_id: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a document that was found at ``client_id``.

    Raises: CIMDError
    """
    if document.get("client_id") != client_id:
        raise CIMDError("the document names another client_id")
    if any(secret in document for secret in _SECRETS):
        raise CIMDError("the document contains a secret")
    try:
        metadata = reduced(document, auth_methods=["none"], default="none")
    except ClientRefused as refusal:
        raise CIMDError(str(refusal)) from refusal
    return {"client_id": client_id, **metadata.document()}
