"""The addresses, under the names that django-oauth-toolkit looks up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module, reload
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import NoReverseMatch, clear_url_caches, reverse

from tests.oauth.conftest import provider
from tests.oauth.flow import BASE_URL, SCOPES, Flow, redirected

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.usefixtures("site")]


def test_the_toolkit_finds_its_views() -> None:
    found = {
        name: reverse(f"oauth2_provider:{name}")
        for name in ("authorize", "token", "revoke-token", "oauth-server-metadata")
    }
    assert found == {
        "authorize": "/oauth/authorize",
        "token": "/oauth/token",
        "revoke-token": "/oauth/revoke",
        "oauth-server-metadata": "/.well-known/oauth-authorization-server",
    }


@pytest.mark.parametrize(
    "name", ["dcr-register", "introspect", "device", "list", "register", "jwks-info"]
)
def test_what_nobody_asked_for_is_not_served(name: str) -> None:
    read_again()  # another test may have loaded them first, with other settings
    with pytest.raises(NoReverseMatch):
        reverse(f"oauth2_provider:{name}")


def test_the_metadata_of_servers_is_served_too() -> None:
    answer = Client().get("/.well-known/oauth-protected-resource/mcp")
    assert answer.json()["resource"] == "https://shop.example/mcp"
    asked = Client().options("/.well-known/oauth-protected-resource/mcp")
    assert asked.status_code == 204


#: Long enough to sign with.
SECRET = "a secret of at least 32 characters"


def read_again() -> None:
    """Let the addresses be those of the settings of this moment."""
    for name in ("django_mcp.oauth.urls", "tests.oauth.urls"):
        reload(import_module(name))
    clear_url_caches()


@pytest.fixture
def _addresses_are_put_back(site: None) -> Iterator[None]:
    yield
    read_again()


@pytest.mark.usefixtures("_addresses_are_put_back")
def test_openid_works_beside(make_client: Callable[..., Any], browser: Client) -> None:
    make_client(
        client_id="openid",
        client_type="confidential",
        client_secret=SECRET,
        hash_client_secret=False,
        algorithm="HS256",
    )
    scopes = {**SCOPES, "openid": "Know who you are"}
    with override_settings(OAUTH2_PROVIDER=provider(OIDC_ENABLED=True, SCOPES=scopes)):
        read_again()
        found = browser.get("/.well-known/openid-configuration").json()
        assert found["issuer"] == BASE_URL
        assert found["jwks_uri"] == f"{BASE_URL}/.well-known/jwks.json"
        assert found["code_challenge_methods_supported"] == ["S256"]
        flow = Flow("openid", scope="openid shop:read", secret=SECRET)
        more = {"nonce": "n", "ui_locales": "de fr", "claims": '{"id_token": {}}'}
        silent = redirected(flow.ask(browser, prompt="none", **more))
        assert silent["error"] == "consent_required"
        assert flow.ask(browser, **more).status_code == 200
        assert "id_token" in flow.exchange(flow.code(browser, **more)).json()
