"""The policy for clients that nobody registered by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.oauth.clients import (
    MAX_NAME,
    MAX_REDIRECTS,
    ClientMetadata,
    ClientRefused,
    is_fit_redirect,
    is_loopback,
    reduced,
)
from tests.oauth.registering import (
    CHATGPT,
    CURSOR,
    CURSOR_REDIRECT,
    DEVICE,
    DOCUMENTS,
    GRANTS,
    PLAIN,
    VS_CODE_POSTED,
)

METHODS = ["none", "client_secret_basic"]


def kept(
    document: dict[str, Any], default: str = "client_secret_basic"
) -> ClientMetadata:
    return reduced(document, auth_methods=METHODS, default=default)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one["client_name"])
def test_the_clients_of_the_world_are_accepted(document: dict[str, Any]) -> None:
    metadata = reduced(document, auth_methods=["none"], default="none")
    assert metadata.name == document["client_name"]
    assert metadata.redirect_uris == document["redirect_uris"]
    assert metadata.auth_method == "none"
    assert metadata.document()["grant_types"] == GRANTS


def test_a_listed_private_address_is_kept(settings: Settings) -> None:
    settings.DJANGO_MCP = {"OAUTH_REDIRECT_URIS": [CURSOR_REDIRECT]}
    assert kept(CURSOR).redirect_uris == CURSOR["redirect_uris"]
    assert not is_fit_redirect(CURSOR_REDIRECT + "?more")
    assert not is_fit_redirect("cursor://other/callback")


def test_a_private_address_that_is_not_listed_is_left_out() -> None:
    assert kept(CURSOR).redirect_uris == CURSOR["redirect_uris"][1:]


def test_grants_beyond_ours_are_left_out() -> None:
    assert DEVICE in VS_CODE_POSTED["grant_types"]
    assert kept(VS_CODE_POSTED).document()["grant_types"] == GRANTS


def test_no_secret_is_made_for_a_client_that_can_do_without() -> None:
    assert CHATGPT["token_endpoint_auth_method"] == "private_key_jwt"
    assert kept(CHATGPT).auth_method == "none"
    offers = [*METHODS, "private_key_jwt"]
    document = {**PLAIN, "token_endpoint_auth_methods_supported": offers}
    assert kept(document).auth_method == "none"


def test_a_client_that_names_no_method_has_the_usual_one() -> None:
    assert kept(PLAIN).auth_method == "client_secret_basic"
    assert kept(PLAIN, default="none").auth_method == "none"


def test_nothing_else_of_what_a_client_says_is_kept() -> None:
    document = {**PLAIN, "skip_authorization": True, "logo_uri": "https://a.example/x"}
    assert set(kept(document).document()) == {
        "client_name",
        "grant_types",
        "redirect_uris",
        "response_types",
        "token_endpoint_auth_method",
    }


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/callback",
        "https://client.example:8443/callback?a=b",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:33418/",
        "http://127.0.0.1",
        "http://[::1]:5000/callback",
        "http://localhost/callback",
        "HTTPS://Client.Example/",
    ],
)
def test_these_redirects_fit(uri: str) -> None:
    assert is_fit_redirect(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://client.example/callback",
        "http://127.0.0.1.client.example/",
        "http://localhost.client.example/",
        "http://127.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "https://somebody@client.example/",
        "https://somebody:secret@client.example/",
        "https://client.example/#",
        "https://client.example/#fragment",
        "https://*.client.example/",
        "https://client.example/*",
        "https://client.example\\@evil.example/",
        "https://client%2eexample/",
        "https://client.example:port/",
        "https://client.example:99999/",
        "https://[client.example/",
        "https:///callback",
        "https:callback",
        "//client.example/",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://client.example/",
        "com.example.app:/callback",
        "cursor://anysphere.cursor-retrieval/oauth/user-agent-callback",
        "https://client.example/\r\nSet-Cookie: a=b",
        "https://client.example/ https://evil.example/",
        "\thttps://client.example/",
        "https://client.example/\n",
        "https://clıent.example/",
        "https://client.example/" + "a" * 500,
    ],
)
def test_these_redirects_do_not(uri: str) -> None:
    assert not is_fit_redirect(uri)


def test_loopback_is_the_own_machine_without_tls() -> None:
    assert is_loopback("http://localhost:1/")
    assert is_loopback("http://[::1]/")
    assert not is_loopback("https://client.example/")
    assert not is_loopback("http://client.example/")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  My\tclient\r\n of  mine ", "My client of mine"),
        ("Cl\u202eedua\u202c", "Cledua"),
        ("\u2066Claude\u2069", "Claude"),
        ("Clau\u200bde\ufeff", "Claude"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("line\u2028separator", "line separator"),
        ("\ud800Surrogate\ue000", "Surrogate"),
        ("Büchershop 書店", "Büchershop 書店"),
        ("<b>Claude</b>", "<b>Claude</b>"),
        ("x" * 1000, "x" * MAX_NAME),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(name: str, shown: str) -> None:
    assert kept({**PLAIN, "client_name": name}).name == shown


@pytest.mark.parametrize(
    "change",
    [
        {"client_name": ""},
        {"client_name": " \u200b\u202e "},
        {"client_name": None},
        {"client_name": ["Claude"]},
        {"grant_types": []},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": "authorization_code"},
        {"grant_types": [1]},
        {"grant_types": None},
        {"response_types": ["token"]},
        {"response_types": []},
        {"response_types": {"code": 1}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": None},
        {"token_endpoint_auth_method": ["none"]},
        {"token_endpoint_auth_methods_supported": "none"},
    ],
)
def test_metadata_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ClientRefused) as refused:
        kept({**PLAIN, **change})
    assert refused.value.code == "invalid_client_metadata"
    assert str(refused.value).isascii()


@pytest.mark.parametrize(
    "uris",
    [
        [],
        None,
        "https://client.example/",
        [None],
        [["https://client.example/"]],
        ["http://client.example/"],
        [f"https://client.example/{n}" for n in range(MAX_REDIRECTS + 1)],
    ],
)
def test_a_client_without_a_fit_redirect_is_refused(uris: Any) -> None:
    with pytest.raises(ClientRefused):
        kept({**PLAIN, "redirect_uris": uris})


def test_a_document_without_a_name_is_refused() -> None:
    with pytest.raises(ClientRefused):
        kept({"redirect_uris": PLAIN["redirect_uris"]})


def test_a_redirect_is_kept_once() -> None:
    uri = "https://client.example/"
    assert kept({**PLAIN, "redirect_uris": [uri, uri]}).redirect_uris == [uri]
