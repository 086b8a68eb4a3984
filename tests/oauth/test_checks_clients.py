"""What the system checks say of how clients make themselves known."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from pytest_django import Settings

from tests.oauth.registering import CURSOR_REDIRECT, PROVIDER

pytestmark = pytest.mark.needs("oauth")


def told() -> list[str]:
    """Return the ids of all that is told."""
    from django_mcp.oauth.checks_clients import CHECKS, DEPLOY_CHECKS

    found = [one for check in CHECKS + DEPLOY_CHECKS for one in check()]
    return [str(one.id).removeprefix("django_mcp.") for one in found]


@pytest.fixture(autouse=True)
def _a_site_that_is_right(settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = PROVIDER
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": [CURSOR_REDIRECT]}
    backend = "django.core.cache.backends.db.DatabaseCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "cache"}}


def test_a_site_that_is_right_is_told_nothing() -> None:
    assert not told()


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/",
        "http://localhost/",
        "javascript:/alert(1)",
        "data:/x",
        "cursor:",
        "cursor://*",
        "cursor://a/#b",
        "cursor://a b",
        "Cursor://a",
        "//a/b",
        "",
        None,
        7,
    ],
)
def test_what_is_no_private_address_is_an_error(settings: Settings, uri: Any) -> None:
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": [uri]}
    assert told() == ["E038"]


def test_private_addresses_are_a_list(settings: Settings) -> None:
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": CURSOR_REDIRECT}
    assert told() == ["E038"]


def test_the_toolkit_must_know_a_private_scheme(settings: Settings) -> None:
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": ["com.example.app:/callback"]}
    assert told() == ["E039"]
    settings.OAUTH2_PROVIDER = {
        **PROVIDER,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "com.example.app"],
    }
    assert not told()


@pytest.mark.parametrize("name", ["OAUTH_RATE", "OAUTH_REGISTRATION_RATE"])
@pytest.mark.parametrize("rate", ["often", "", 20, ["20/fortnight"]])
def test_what_is_no_rate_is_an_error(settings: Settings, name: str, rate: Any) -> None:
    settings.DJANGO_MCP = {name: rate}
    assert told() == ["E041"]
    settings.DJANGO_MCP = {name: None}
    assert not told()


def test_documents_that_nobody_reduces_are_told_of(settings: Settings) -> None:
    fetcher = "oauth2_provider.cimd.SafeMetadataFetcher"
    settings.OAUTH2_PROVIDER = {**PROVIDER, "CIMD_METADATA_FETCHER": fetcher}
    assert told() == ["W038"]
    settings.OAUTH2_PROVIDER = {
        **PROVIDER,
        "CIMD_METADATA_FETCHER": fetcher,
        "CIMD_ENABLED": False,
    }
    assert not told()


def test_workers_that_count_alone_are_told_of(settings: Settings) -> None:
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend}}
    assert told() == ["W039"]
    settings.OAUTH2_PROVIDER = {**PROVIDER, "DCR_ENABLED": False}
    assert not told()


ASSERTING: dict[str, Any] = {
    **PROVIDER,
    "OAUTH2_SERVER_CLASS": "django_mcp.oauth.idjag.Server",
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
}


def trust(settings: Settings, *paths: Any) -> None:
    settings.OAUTH2_PROVIDER = ASSERTING
    settings.DJANGO_MCP = {
        "BASE_URL": "https://shop.example",
        "OAUTH_IDENTITY_PROVIDERS": list(paths),
    }


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of an identity provider that is right."""
    asserting = import_module("tests.oauth.asserting")
    made = asserting.company("https://idp.example")
    monkeypatch.setattr(asserting, "Company", made, raising=False)
    return "tests.oauth.asserting.Company"


@pytest.mark.needs("jwt")
def test_a_company_that_is_known_and_heard_is_fine(
    settings: Settings, company: str
) -> None:
    trust(settings, company)
    assert not told()


@pytest.mark.needs("jwt")
@pytest.mark.parametrize("path", ["no.such.Company", "Company", None, "json.loads"])
def test_what_is_no_identity_provider_is_an_error(
    settings: Settings, path: Any
) -> None:
    trust(settings, path)
    assert told() == ["E040"]


def test_identity_providers_are_a_list(settings: Settings) -> None:
    settings.DJANGO_MCP = {"OAUTH_IDENTITY_PROVIDERS": "shop.Acme"}
    assert told() == ["E040"]


@pytest.mark.needs("jwt")
def test_a_company_says_who_is_whom_and_where_it_is(settings: Settings) -> None:
    trust(settings, "django_mcp.oauth.idjag.IdentityProvider")
    assert sorted(told()) == ["E022", "E024"]


@pytest.mark.needs("jwt")
@pytest.mark.parametrize(
    "missing", ["OAUTH2_SERVER_CLASS", "OAUTH2_GRANT_TYPES_SUPPORTED"]
)
def test_a_company_that_nobody_listens_to_is_an_error(
    settings: Settings, company: str, missing: str
) -> None:
    trust(settings, company)
    settings.OAUTH2_PROVIDER = {k: v for k, v in ASSERTING.items() if k != missing}
    assert told() == ["E042"]


@pytest.mark.needs("jwt")
def test_assertions_that_workers_remember_alone_are_told_of(
    settings: Settings, company: str
) -> None:
    trust(settings, company)
    settings.OAUTH2_PROVIDER = {**ASSERTING, "DCR_ENABLED": False}
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend}}
    assert told() == ["W040"]
