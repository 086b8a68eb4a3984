"""Clients that register themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from tests.oauth.registering import (
    CURSOR,
    CURSOR_REDIRECT,
    GRANTS,
    PLAIN,
    PROVIDER,
    VS_CODE_POSTED,
)

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]

Register = Callable[..., Any]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


@pytest.fixture(autouse=True)
def _registration_is_open(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.oauth.registering_urls"
    settings.OAUTH2_PROVIDER = PROVIDER
    cache.clear()


@pytest.fixture
def register(client: Client) -> Register:
    def register(document: Any, **extra: Any) -> Any:
        return client.post("/register", document, "application/json", **extra)

    return register


def applications() -> list[Any]:
    from oauth2_provider.models import get_application_model

    return list(get_application_model().objects.all())


def test_a_public_client_is_registered(register: Register) -> None:
    response = register(VS_CODE_POSTED)
    assert response.status_code == 201
    told = response.json()
    [client] = applications()
    assert told.pop("client_id") == client.client_id
    assert told.pop("client_id_issued_at") == int(client.created.timestamp())
    assert told == {
        "client_name": "Visual Studio Code",
        "redirect_uris": VS_CODE_POSTED["redirect_uris"],
        "grant_types": GRANTS,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    assert client.redirect_uris.split() == VS_CODE_POSTED["redirect_uris"]
    assert client.client_type == client.CLIENT_PUBLIC
    assert client.registration_source == "dcr"
    assert client.user is None


@pytest.mark.parametrize("method", [None, "client_secret_basic", "client_secret_post"])
def test_a_client_that_wants_a_secret_is_told_it_once(
    register: Register, method: str | None
) -> None:
    more = {"token_endpoint_auth_method": method} if method else {}
    told = register({**PLAIN, **more}).json()
    [client] = applications()
    assert client.client_type == client.CLIENT_CONFIDENTIAL
    assert told["token_endpoint_auth_method"] == method or "client_secret_basic"
    assert told["client_secret_expires_at"] == 0
    assert client.client_secret != told["client_secret"]
    assert check_password(told["client_secret"], client.client_secret)


def test_an_unlisted_private_address_is_left_out_and_the_client_told(
    register: Register, settings: Settings
) -> None:
    assert CURSOR_REDIRECT not in register(CURSOR).json()["redirect_uris"]
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": [CURSOR_REDIRECT]}
    assert register(CURSOR).json()["redirect_uris"] == CURSOR["redirect_uris"]


def test_no_token_to_change_a_registration_is_given(register: Register) -> None:
    from oauth2_provider.models import get_access_token_model

    assert not {k for k in register(PLAIN).json() if k.startswith("registration_")}
    assert not get_access_token_model().objects.exists()


def test_what_only_an_administrator_decides_is_never_read(register: Register) -> None:
    mine = {
        "skip_authorization": True,
        "client_id": "mine",
        "client_secret": "mine",
        "user": 1,
        "registration_source": "manual",
    }
    told = register({**VS_CODE_POSTED, **mine}).json()
    [client] = applications()
    assert client.skip_authorization is False
    assert client.registration_source == "dcr"
    assert client.client_id != "mine"
    assert client.user is None
    assert "client_secret" not in told


def test_a_logged_in_person_does_not_own_what_registers_itself(
    register: Register, client: Client, admin_user: Any
) -> None:
    client.force_login(admin_user)
    assert register(PLAIN).status_code == 201
    assert applications()[0].user is None


def test_registration_is_off_unless_it_is_on(
    register: Register, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {}
    assert register(PLAIN).status_code == 404


@pytest.mark.parametrize(
    "classes", [(), ("oauth2_provider.dcr.IsAuthenticatedDCRPermission",)]
)
def test_a_project_decides_who_may_register(
    register: Register, settings: Settings, classes: tuple[str, ...]
) -> None:
    settings.OAUTH2_PROVIDER = {
        **PROVIDER,
        "DCR_REGISTRATION_PERMISSION_CLASSES": classes,
    }
    settings.MIDDLEWARE = MIDDLEWARE
    response = register(PLAIN)
    assert response.status_code == 403
    assert response.json()["error"] == "access_denied"
    assert not applications()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b"{",
        b"\xff\xfe",
        b"[" * 16_000,
        b'{"a":' * 3_000,
        json.dumps({**PLAIN, "more": "x" * 16_384}).encode(),
    ],
)
def test_what_is_no_short_json_object_is_refused(
    register: Register, body: bytes
) -> None:
    response = register(body)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_client_metadata"
    assert not applications()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_form_of_another_site_registers_nothing(client: Client, kind: str) -> None:
    assert client.post("/register", json.dumps(PLAIN), kind).status_code == 400


@pytest.mark.parametrize("uri", ["https://-.example/", "https://!/"])
def test_an_address_that_is_none_to_django_is_refused(
    register: Register, uri: str
) -> None:
    response = register({**PLAIN, "redirect_uris": [uri]})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"
    assert uri not in response.content.decode()


def test_pages_of_any_origin_may_register_and_nobody_keeps_the_answer(
    client: Client, register: Register
) -> None:
    asked = client.options(
        "/register", headers={"Access-Control-Request-Headers": "content-type"}
    )
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Headers"] == "content-type"
    assert "POST" in asked["Access-Control-Allow-Methods"]
    for response in (asked, register(PLAIN), register(b"")):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Cache-Control"] == "no-store"


def test_nothing_but_a_post_registers(client: Client) -> None:
    for method in (client.get, client.put, client.delete):
        assert method("/register").status_code == 405


def test_no_token_against_forgery_and_no_login_is_asked_for(
    settings: Settings,
) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/register", PLAIN, "application/json")
    assert response.status_code == 201
