"""Tokens for a company's assertions, which a real identity provider signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.module_loading import import_string

from tests.oauth.asserting import GRANT, SECRET, company, exchange, refused, token_of
from tests.oauth.flow import BASE_URL, RESOURCE

pytestmark = [
    pytest.mark.needs("oauth"),
    pytest.mark.needs("jwt"),
    pytest.mark.django_db,
]


def test_an_assertion_gives_a_token_of_its_person(
    agent: Any, trusting_site: None, assertion: Callable[..., str], alice: User
) -> None:
    response = exchange(assertion())
    token = token_of(response)
    assert token.user == alice
    assert token.application == agent
    assert token.resource == [RESOURCE]
    assert set(token.scope.split()) == {"shop:read", "shop:write"}
    told = response.json()
    assert "refresh_token" not in told
    assert response["Cache-Control"] == "no-store"


def test_the_metadata_says_that_assertions_are_taken(
    agent: Any, trusting_site: None
) -> None:
    told = Client().get("/.well-known/oauth-authorization-server").json()
    assert GRANT in told["grant_types_supported"]
    profile = "urn:ietf:params:oauth:grant-profile:id-jag"
    assert told["authorization_grant_profiles_supported"] == [profile]


def test_a_client_may_want_less_than_it_is_granted(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    assert token_of(exchange(assertion(), scope="shop:read")).scope == "shop:read"


def test_a_client_gets_no_more_than_it_is_granted(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    wide = exchange(assertion(scope="shop:read admin"), scope="shop:read shop:write")
    assert token_of(wide).scope == "shop:read"


def test_without_scopes_the_default_ones_are_granted(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    assert token_of(exchange(assertion(scope=...))).scope == "shop:read"


@pytest.mark.parametrize("scope", ["", "admin"])
def test_scopes_that_nobody_offers_give_no_token(
    agent: Any, trusting_site: None, assertion: Callable[..., str], scope: str
) -> None:
    assert refused(exchange(assertion(scope=scope)), "invalid_scope")


def test_an_assertion_is_used_once(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    once = assertion()
    token_of(exchange(once)).delete()
    assert refused(exchange(once))


def test_what_was_refused_is_not_used_up(
    agent: Any, trusting_site: None, assertion: Callable[..., str], alice: User
) -> None:
    mine = assertion()
    alice.is_active = False
    alice.save()
    assert refused(exchange(mine))
    alice.is_active = True
    alice.save()
    assert token_of(exchange(mine))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": f"{BASE_URL}/"},
        {"aud": RESOURCE},
        {"aud": [BASE_URL, "https://other.example"]},
        {"aud": ...},
        {"client_id": "another"},
        {"client_id": ...},
        {"sub": "nobody"},
        {"sub": ...},
        {"sub": 7},
        {"jti": ...},
        {"jti": ["one"]},
        {"resource": ...},
        {"resource": 7},
        {"resource": [RESOURCE, RESOURCE]},
        {"exp": ...},
        {"exp": 1},
        {"exp": 99_999_999_999},
        {"exp": "soon"},
        {"iat": ...},
        {"iat": 1},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"scope": 7},
    ],
    ids=str,
)
def test_claims_that_do_not_fit_are_refused(
    agent: Any,
    trusting_site: None,
    assertion: Callable[..., str],
    changes: dict[str, Any],
) -> None:
    assert refused(exchange(assertion(**changes)))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"},
        {"typ": "JWT"},
        {"typ": ...},
        {"kid": "another"},
        {"alg": "none"},
    ],
    ids=str,
)
def test_headers_that_do_not_fit_are_refused(
    agent: Any,
    trusting_site: None,
    assertion: Callable[..., str],
    header: dict[str, Any],
) -> None:
    key = b"" if header.get("alg") == "none" else None
    sign = {"algorithm": header["alg"]} if "alg" in header else header
    assert refused(exchange(assertion(sign, key)))


def test_the_key_of_somebody_else_is_refused(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    from tests.auth.issuing import rsa_key

    assert refused(exchange(assertion(key=rsa_key("another"))))


def test_a_secret_that_both_know_signs_nothing(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    secret = b"x" * 64
    shared = import_string("tests.oauth.asserting.Company")
    shared.key, shared.algorithms = secret, ("HS256",)
    assert refused(exchange(assertion({"algorithm": "HS256"}, secret)))


def test_a_key_can_be_given_instead_of_its_address(
    agent: Any, trusting_site: None, idp: Any, assertion: Callable[..., str]
) -> None:
    from tests.auth.issuing import pem, rsa_key

    import_string("tests.oauth.asserting.Company").key = pem(rsa_key())
    assert token_of(exchange(assertion()))
    assert not idp.asked


@pytest.mark.parametrize(
    "assertion", ["", "x", "a.b", "a.b.c", "....", "é", "e30.e30."]
)
def test_what_is_no_assertion_is_refused(
    agent: Any, trusting_site: None, assertion: str
) -> None:
    assert refused(
        exchange(assertion), "invalid_grant" if assertion else "invalid_request"
    )


def test_a_request_without_an_assertion_is_refused(
    agent: Any, trusting_site: None
) -> None:
    assert refused(exchange(None), "invalid_request")


def test_an_issuer_that_nobody_configured_is_not_asked(
    agent: Any, trusting_site: None, idp: Any, assertion: Callable[..., str]
) -> None:
    other = f"{idp.url}/other"
    assert refused(exchange(assertion(iss=other)))
    assert refused(exchange(assertion(iss=7)))
    assert refused(exchange(assertion({"jku": f"{idp.url}/evil"}, iss=other)))
    assert not idp.asked


def test_a_resource_of_somebody_else_is_refused(
    agent: Any, trusting_site: None, assertion: Callable[..., str]
) -> None:
    theirs = assertion(resource="https://other.example/mcp")
    assert refused(exchange(theirs), "invalid_target")
    more = exchange(assertion(), resource="https://other.example/mcp")
    assert refused(more, "invalid_target")


def test_an_identity_provider_that_is_away_says_so(
    agent: Any, trusting_site: None, idp: Any, assertion: Callable[..., str]
) -> None:
    idp.answers.clear()
    response = exchange(assertion())
    assert response.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("secret", ["wrong", None])
def test_a_client_must_prove_itself(
    agent: Any,
    trusting_site: None,
    idp: Any,
    assertion: Callable[..., str],
    secret: str | None,
) -> None:
    response = exchange(assertion(), client_secret=secret)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert not idp.asked


@pytest.mark.parametrize(
    "fields",
    [{"registration_source": "dcr"}, {"client_type": "public"}],
    ids=str,
)
def test_only_a_client_that_somebody_registered_may_assert(
    make_client: Callable[..., Any],
    trusting_site: None,
    idp: Any,
    assertion: Callable[..., str],
    fields: dict[str, Any],
) -> None:
    make_client(**{"client_type": "confidential", "client_secret": SECRET, **fields})
    assert refused(exchange(assertion()), "unauthorized_client")
    assert not idp.asked


def test_the_openid_server_takes_assertions_too(
    agent: Any, trusting_site: None
) -> None:
    from oauth2_provider.oauth2_validators import OAuth2Validator

    from django_mcp.oauth.idjag import OpenIDServer

    assert {GRANT, "authorization_code"} <= set(
        OpenIDServer(OAuth2Validator()).grant_types
    )


def test_an_assertion_is_no_access_token(
    idp: Any, assertion: Callable[..., str]
) -> None:
    from tests.auth.issuing import bearing

    assert company(idp.url)().authenticate(bearing(assertion(aud=RESOURCE))) is None
