"""Clients find the authorization server, and read what it does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import clear_script_prefix, set_script_prefix

from tests.oauth.conftest import provider
from tests.oauth.flow import BASE_URL

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.usefixtures("site")]
OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def read(address: str = OAUTH) -> dict[str, Any]:
    answer = Client().get(address)
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def test_the_document_says_what_clients_look_for() -> None:
    assert read() == {
        "issuer": BASE_URL,
        "authorization_endpoint": f"{BASE_URL}/oauth/authorize",
        "token_endpoint": f"{BASE_URL}/oauth/token",
        "revocation_endpoint": f"{BASE_URL}/oauth/revoke",
        "scopes_supported": ["shop:read", "shop:write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials",
        ],
        "token_endpoint_auth_methods_supported": [
            "none", "client_secret_post", "client_secret_basic",
        ],
        "revocation_endpoint_auth_methods_supported": [
            "none", "client_secret_post", "client_secret_basic",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }  # fmt: skip


def test_the_other_form_says_the_same_and_that_nobody_is_identified() -> None:
    # The TypeScript SDKs read nothing in this form that leaves these out
    # (OpenID Connect Discovery 1.0, section 3).
    assert read(OPENID) == read(OAUTH) | {
        "jwks_uri": f"{BASE_URL}/.well-known/jwks.json",
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [],
    }
    assert read("/.well-known/jwks.json") == {"keys": []}


def test_the_issuer_is_the_same_string_everywhere() -> None:
    resource = read("/.well-known/oauth-protected-resource/mcp")
    assert resource["authorization_servers"] == [read()["issuer"]]


def test_the_host_of_the_request_changes_nothing() -> None:
    answer = Client().get(OAUTH, headers={"host": "localhost"})
    assert answer.json() == read()


@pytest.mark.parametrize("address", [OAUTH, OPENID])
def test_a_page_of_any_origin_may_read_it(address: str) -> None:
    asked = Client().options(
        address, headers={"Access-Control-Request-Headers": "mcp-protocol-version"}
    )
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Headers"] == "mcp-protocol-version"
    answer = Client().get(address)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("address", [OAUTH, OPENID])
def test_another_issuer_does_not_live_here(address: str) -> None:
    assert Client().get(f"{address}/app").status_code == 404


def test_a_site_below_a_path_is_found_in_every_form() -> None:
    below = provider(OIDC_ISS_ENDPOINT=f"{BASE_URL}/app")
    with override_settings(OAUTH2_PROVIDER=below, FORCE_SCRIPT_NAME="/app"):
        set_script_prefix("/app/")
        try:
            for address in (OAUTH, OPENID, f"{OAUTH}/app", f"{OPENID}/app"):
                document = read(address)
                assert document["issuer"] == f"{BASE_URL}/app"
                assert document["token_endpoint"] == f"{BASE_URL}/app/oauth/token"
        finally:
            clear_script_prefix()


def test_what_is_off_is_not_advertised() -> None:
    with override_settings(OAUTH2_PROVIDER=provider(CIMD_ENABLED=False)):
        document = read()
    assert document["client_id_metadata_document_supported"] is False
    assert "registration_endpoint" not in document
    assert "introspection_endpoint" not in document


def test_a_grant_by_assertion_is_advertised_as_clients_look_for_it() -> None:
    from django_mcp.oauth.views.metadata import ASSERTION, ASSERTION_PROFILE

    offered = provider(OAUTH2_GRANT_TYPES_SUPPORTED=[ASSERTION])
    with override_settings(OAUTH2_PROVIDER=offered):
        document = read()
    assert document["authorization_grant_profiles_supported"] == [ASSERTION_PROFILE]
