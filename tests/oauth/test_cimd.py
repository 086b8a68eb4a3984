"""Clients known by a URL; their documents come from a real server."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.oauth.publishing import CLIENT_ID, HOST, PUBLIC, Site, answer, published
from tests.oauth.registering import CLAUDE_CODE, DOCUMENTS, GRANTS, PROVIDER

pytestmark = pytest.mark.needs("oauth")

DOCUMENT = {**CLAUDE_CODE, "client_id": CLIENT_ID}


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[Site]:
    settings.OAUTH2_PROVIDER = {**PROVIDER, "CIMD_FETCH_TIMEOUT_SECONDS": 1}
    cache.clear()
    with published(tmp_path, monkeypatch) as site:
        yield site


def fetch(client_id: str = CLIENT_ID) -> tuple[dict[str, Any], int]:
    from django_mcp.oauth.cimd import MetadataFetcher

    found: tuple[dict[str, Any], int] = MetadataFetcher().fetch(client_id)
    return found


def refused(client_id: str = CLIENT_ID) -> str:
    from oauth2_provider.cimd import CIMDError

    with pytest.raises(CIMDError) as error:
        fetch(client_id)
    return str(error.value)


def test_a_document_is_fetched_and_reduced(site: Site) -> None:
    document, max_age = fetch(
        site.publish(DOCUMENT, **{"Cache-Control": "max-age=600"})
    )
    assert max_age == 600
    assert document == {
        "client_id": CLIENT_ID,
        "client_name": "Claude Code",
        "redirect_uris": CLAUDE_CODE["redirect_uris"],
        "grant_types": GRANTS,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


def test_the_query_of_a_url_is_asked_for(site: Site) -> None:
    path = "/clients/one.json?version=2"
    url = f"https://{HOST}{path}"
    assert fetch(site.publish({**DOCUMENT, "client_id": url}, path))
    assert site.asked == [path]


def test_the_next_address_is_asked_when_one_does_not_answer(site: Site) -> None:
    # The second of two, neither of which anybody else has.
    site.names[HOST] = ["240.0.0.1", PUBLIC]
    assert "not fetch" in refused() or "non-public" in refused()
    site.names[HOST] = [PUBLIC, PUBLIC]
    site.pages["/client.json"] = lambda handler: handler.connection.close()
    assert "could not fetch" in refused()
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "https://claude.ai/oauth/claude-code-client-metadata"},
        {"client_id": None},
        {"client_secret": ""},
        {"client_secret_expires_at": 0},
        {"client_name": ""},
        {"redirect_uris": ["http://evil.example/"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"grant_types": ["client_credentials"]},
    ],
)
def test_a_document_that_does_not_fit_is_refused(
    site: Site, change: dict[str, Any]
) -> None:
    site.publish({**DOCUMENT, **change})
    assert refused()


def test_a_certificate_for_another_name_is_refused(site: Site) -> None:
    site.names["other.example"] = [PUBLIC]
    assert "certificate" in refused("https://other.example/client.json")
    assert not site.asked


def test_a_certificate_that_nobody_vouches_for_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish(DOCUMENT)
    monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().capath or "")
    assert "certificate" in refused()
    assert not site.asked


@pytest.mark.parametrize("head", [True, False])
def test_a_server_that_never_ends_is_cut_off(site: Site, head: bool) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        handler.wfile.write(start + (b"X: " if head else b"\r\n"))
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    site.pages["/client.json"] = drip
    began = time.monotonic()
    assert refused()
    assert time.monotonic() - began < 1.8


@pytest.mark.django_db
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one["client_name"])
def test_the_clients_of_the_world_become_applications(
    site: Site, document: dict[str, Any]
) -> None:
    from oauth2_provider.cimd import resolve_cimd_application

    site.publish({**document, "client_id": CLIENT_ID})
    client = resolve_cimd_application(CLIENT_ID, None)
    assert client is not None
    assert client.name == document["client_name"]
    assert client.redirect_uris.split() == document["redirect_uris"]
    assert client.client_type == client.CLIENT_PUBLIC
    assert client.authorization_grant_type == client.GRANT_AUTHORIZATION_CODE
    assert not client.skip_authorization


@pytest.mark.django_db
def test_a_failed_fetch_is_not_tried_again_at_once(site: Site) -> None:
    from oauth2_provider.cimd import resolve_cimd_application

    site.pages["/client.json"] = lambda handler: answer(handler, 500, b"", {})
    assert resolve_cimd_application(CLIENT_ID, None) is None
    assert resolve_cimd_application(CLIENT_ID, None) is None
    assert len(site.asked) == 1
