"""Clients that nobody knows make themselves known: what they must not get by it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.oauth.publishing import CLIENT_ID, HOST, PUBLIC, Site, answer, published
from tests.oauth.registering import CLAUDE_CODE, PLAIN, PROVIDER

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]

DOCUMENT = {**CLAUDE_CODE, "client_id": CLIENT_ID}


@pytest.fixture(autouse=True)
def _anybody_may_register(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.oauth.registering_urls"
    settings.OAUTH2_PROVIDER = {**PROVIDER, "CIMD_FETCH_TIMEOUT_SECONDS": 1}
    cache.clear()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with published(tmp_path, monkeypatch) as site:
        yield site


def resolve(client_id: str) -> Any:
    """Look a client up, as every request to authorize does."""
    from oauth2_provider.cimd import resolve_cimd_application

    return resolve_cimd_application(client_id, None)


def register(**changes: Any) -> Any:
    """Register a client; the address is another for another ``REMOTE_ADDR``."""
    address = changes.pop("REMOTE_ADDR", "192.0.2.1")
    return Client(REMOTE_ADDR=address).post(
        "/register", {**PLAIN, **changes}, "application/json"
    )


def rows() -> int:
    from oauth2_provider.models import get_application_model

    count: int = get_application_model().objects.count()
    return count


# -- our own net, asked for by others -----------------------------------------


@pytest.mark.parametrize(
    "client_id",
    [
        "http://client.example/client.json",
        "file:///etc/passwd",
        "https://127.0.0.1/client.json",
        "https://localhost/client.json",
        "https://[::1]/client.json",
        "https://0.0.0.0/client.json",
        "https://2130706433/client.json",
        "https://0x7f.1/client.json",
        "https://10.0.0.1/client.json",
        "https://172.16.0.1/client.json",
        "https://192.168.1.1/client.json",
        "https://100.64.0.1/client.json",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00::1]/client.json",
        "https://[fe80::1]/client.json",
        "https://[::ffff:169.254.169.254]/client.json",
        "https://[64:ff9b::a9fe:a9fe]/client.json",
        "https://[2002:a9fe:a9fe::]/client.json",
        "https://somebody@client.example/client.json",
        "https://client.example/a/../client.json",
        "https://client.example/client.json#fragment",
        "https://client.example",
        "https://client.example:99999/client.json",
        "https://client.example/\r\nHost: internal.example",
        "https://client.example\\@10.0.0.1/client.json",
    ],
)
def test_an_address_of_our_own_net_is_not_asked(
    client_id: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's URL must not make the site a way into what is behind it.

    Defence: ``oauth/cimd.py``, ``_validate_client_id_url`` and
    ``_resolve_and_validate`` of django-oauth-toolkit, called in ``fetch``.
    """
    site.publish(DOCUMENT)

    def connect(*args: Any, **kwargs: Any) -> None:
        pytest.fail(f"connected to {args}")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert resolve(client_id) is None
    assert rows() == 0


def test_a_name_of_an_inner_and_an_outer_address_is_not_asked(site: Site) -> None:
    """Of two addresses, the second may be the one that is meant.

    Defence: ``oauth/cimd.py``, ``_resolve_and_validate`` in ``fetch``.
    """
    site.publish(DOCUMENT)
    site.names[HOST] = [PUBLIC, "10.0.0.1"]
    assert resolve(CLIENT_ID) is None
    assert not site.asked


def test_a_name_is_resolved_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers for a name may say something else after the check.

    Defence: ``oauth/cimd.py``, ``_Pinned.connect``: it connects to the address.
    """
    site.publish(DOCUMENT)
    asked: list[Any] = []
    ask = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        found = ask(host, *args, **kwargs)
        site.names[HOST] = ["127.0.0.1"]
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert resolve(CLIENT_ID) is not None
    assert asked == [HOST, PUBLIC]


def test_a_redirect_is_not_followed(site: Site) -> None:
    """The address behind a redirect is one that nobody checked.

    Defence: ``oauth/cimd.py``, ``asked``: it asks once, and django-oauth-toolkit's
    ``_read_document`` takes nothing but a 200.
    """
    site.publish(DOCUMENT, "/behind.json")
    behind = {"Location": f"https://{HOST}/behind.json"}
    for status in (301, 302, 303, 307, 308):
        cache.clear()
        site.pages["/client.json"] = partial(
            answer, status=status, body=b"", headers=behind
        )
        assert resolve(CLIENT_ID) is None
    assert set(site.asked) == {"/client.json"}


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_takes_its_time_holds_no_worker(site: Site, start: bytes) -> None:
    """Bytes that trickle in would hold a thread for as long as they do.

    Defence: ``oauth/cimd.py``, the timer in ``asked``.
    """
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start or head)
        for _ in range(40):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    site.pages["/client.json"] = trickle
    began = time.monotonic()
    assert resolve(CLIENT_ID) is None
    assert time.monotonic() - began < 1.8


def test_a_large_document_is_not_read_to_its_end(site: Site) -> None:
    """Memory is not a stranger's to fill.

    Defence: ``_read_document`` of django-oauth-toolkit, called in ``oauth/cimd.py``.
    """
    sent: list[int] = []

    def pour(handler: BaseHTTPRequestHandler) -> None:
        headers = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        handler.wfile.write(headers)
        for _ in range(1000):
            handler.wfile.write(b" " * 65_536)
            sent.append(65_536)

    site.pages["/client.json"] = pour
    assert resolve(CLIENT_ID) is None
    assert sum(sent) < 16 * 2**20


# -- codes, sent to others -----------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost@evil.example/",
        "javascript:alert(1)",
        "evil://callback",
        "https://evil.example/#",
        "https://*.evil.example/",
    ],
)
def test_a_code_is_not_sent_where_others_read_it(site: Site, uri: str) -> None:
    """Without TLS, whoever is on the way has the code; so have other programs.

    Defence: ``oauth/clients.py``, ``is_fit_redirect``.
    """
    assert register(redirect_uris=[uri]).status_code == 400
    assert resolve(site.publish({**DOCUMENT, "redirect_uris": [uri]})) is None
    assert rows() == 0


# -- tokens, without a person --------------------------------------------------


@pytest.mark.parametrize("grant", ["client_credentials", "password", "implicit"])
@pytest.mark.parametrize("beside", [[], ["authorization_code"]])
def test_nobody_registers_for_tokens_without_a_person(
    grant: str, beside: list[str]
) -> None:
    """A client that makes itself known is anybody, and gets nobody's tokens.

    Defence: ``oauth/registration.py``, ``FORBIDDEN`` in ``asked_for``.
    """
    assert register(grant_types=[*beside, grant]).status_code == 400
    assert rows() == 0


def test_a_registered_secret_gives_no_token_without_a_person(
    settings: Settings,
) -> None:
    """The grant is the application's, whatever the form says.

    Defence: ``oauth/registration.py``, ``authorization_grant_type`` in ``registered``.
    """
    told = register().json()
    settings.ROOT_URLCONF = "tests.oauth.bare_urls"
    response = Client().post(
        "/o/token/",
        {
            "grant_type": "client_credentials",
            "client_id": told["client_id"],
            "client_secret": told["client_secret"],
        },
    )
    assert response.status_code == 400
    assert response.json()["error"] == "unauthorized_client"


def test_a_client_does_not_spare_itself_the_question() -> None:
    """Consent is the person's to give.

    Defence: ``oauth/clients.py``, ``ClientMetadata``: the field is never read.
    """
    from oauth2_provider.models import get_application_model

    assert register(skip_authorization=True, trusted=True).status_code == 201
    assert get_application_model().objects.get().skip_authorization is False


# -- rows, without end ---------------------------------------------------------


def test_one_address_registers_no_more_than_some_clients(settings: Settings) -> None:
    """Rows cost their maker nothing.

    Defence: ``oauth/registration.py``, ``limited`` before ``post``.
    """
    answers = [register().status_code for _ in range(21)]
    assert answers == [201] * 20 + [429]
    assert rows() == 20
    refused = register(REMOTE_ADDR="192.0.2.1")
    assert int(refused["Retry-After"]) > 0
    assert refused.json()["error"]
    assert register(REMOTE_ADDR="192.0.2.2").status_code == 201


def test_a_network_of_one_customer_registers_as_one_address() -> None:
    """Whoever rents a network of version 6 has more addresses than we have rows.

    Defence: ``addresses.py``, ``IPV6_PREFIX``, by which ``oauth/limits.py`` counts.
    """
    answers = [
        register(REMOTE_ADDR=f"2001:db8::{n:x}").status_code for n in range(1, 22)
    ]
    assert answers[-1] == 429
    assert rows() == 20


def test_what_nobody_used_is_forgotten() -> None:
    """Rows that were made by the thousand go, and those in use stay.

    Defence: ``oauth/pruning.py``, ``unused``.
    """
    from oauth2_provider.models import get_access_token_model, get_application_model

    from django_mcp.oauth.pruning import prune

    for _ in range(3):
        register()
    model = get_application_model()
    used = model.objects.first()
    tomorrow = timezone.now() + timedelta(days=1)
    get_access_token_model().objects.create(
        application=used, token="t", expires=tomorrow
    )
    model.objects.update(updated=timezone.now() - timedelta(days=91))
    assert prune(timezone.now() - timedelta(days=90)) == 2
    assert model.objects.get() == used


def test_one_site_with_many_documents_can_be_left_out(
    site: Site, settings: Settings
) -> None:
    """A host has as many paths as it likes; a project may name its hosts.

    Defence: ``HostAllowlistCIMDPermission`` of django-oauth-toolkit, and
    ``oauth/pruning.py``, which counts such clients too.
    """
    from oauth2_provider.models import get_application_model

    from django_mcp.oauth.pruning import prune

    for number in range(3):
        path = f"/{number}.json"
        document = {**DOCUMENT, "client_id": f"https://{HOST}{path}"}
        assert resolve(site.publish(document, path)) is not None
    settings.OAUTH2_PROVIDER = {
        **PROVIDER,
        "CIMD_REGISTRATION_PERMISSION_CLASSES": (
            "oauth2_provider.cimd.HostAllowlistCIMDPermission",
        ),
        "CIMD_ALLOWED_HOSTS": ["claude.ai", ".openai.com"],
    }
    asked = len(site.asked)
    assert resolve(site.publish(DOCUMENT)) is None
    assert len(site.asked) == asked
    model = get_application_model()
    model.objects.update(updated=timezone.now() - timedelta(days=91))
    assert prune(timezone.now() - timedelta(days=90)) == 3
