"""The consent page, as a person and as a client see it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils.timezone import now
from django.utils.translation import override

from tests.oauth.flow import BASE_URL, REDIRECT, SCOPES, Flow, redirected

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


def text(page: Any) -> str:
    """Return the words of a page."""
    assert page.status_code == 200, page.content
    body = page.content.decode().partition("<main>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_page_says_who_whom_what_and_where_to(flow: Flow, browser: Client) -> None:
    said = text(flow.ask(browser, scope="shop:read shop:write"))
    for words in (
        "Allow “Agent” to use tests for you?",
        "registered itself",
        "The answer goes to agent.example",
        "See the shop",
        "Change the shop",
        "You are logged in as alice",
    ):
        assert words in said
    assert "this computer" not in said


def test_a_long_list_hides_no_permission(flow: Flow, browser: Client) -> None:
    """Whoever names one scope a thousand times counts on nobody reading on.

    Defence: ``oauth/mixins.py``, ``dict.fromkeys`` in ``question``.
    """
    scope = f"{'shop:read ' * 500}shop:write{' shop:read' * 500}"
    page = flow.ask(browser, scope=scope).content.decode()
    assert page.count(f"<li>{SCOPES['shop:read']}</li>") == 1
    assert page.count(f"<li>{SCOPES['shop:write']}</li>") == 1
    token = flow.exchange(flow.code(browser, scope=scope)).json()
    assert token["scope"] == "shop:read shop:write"


def test_a_client_entered_by_hand_is_not_called_unchecked(
    make_client: Any, browser: Client
) -> None:
    said = text(Flow(make_client(client_id="own").client_id).ask(browser))
    assert "registered itself" not in said
    assert "agent.example" in said


def test_a_client_known_by_its_address_is_shown_with_it(
    make_client: Any, browser: Client
) -> None:
    make_client(
        client_id="https://tools.example/client.json",
        registration_source="cimd",
        cimd_expires_at=now() + timedelta(days=1),
    )
    said = text(Flow("https://tools.example/client.json").ask(browser))
    assert "Described by tools.example" in said


def test_the_page_can_be_read_without_eyes_and_without_a_mouse(
    flow: Flow, browser: Client
) -> None:
    page = flow.ask(browser).content.decode()
    assert '<html lang="en' in page
    assert page.count("<main>") == page.count("<h1>") == page.count("<title>") == 1
    assert 'aria-labelledby="permissions"' in page
    form = page.partition("<form")[2].partition("</form>")[0]
    buttons = re.findall(r"<button[^>]*>([^<]+)</button>", form)
    assert buttons == ["Use another account", "Deny", "Allow"]
    assert 'method="post"' in form
    assert "csrfmiddlewaretoken" in form
    assert "<script" not in page
    assert "tabindex" not in page


def test_whoever_is_not_logged_in_logs_in_first(flow: Flow, site: None) -> None:
    for answer in (flow.ask(Client()), flow.decide(Client())):
        assert answer.status_code == 302
        place = urlsplit(answer["Location"])
        assert place.path == "/accounts/login/"
        assert parse_qs(place.query)["next"] == [flow.address()]


def test_another_account_can_be_used(flow: Flow, browser: Client) -> None:
    answer = flow.decide(browser, "switch")
    assert urlsplit(answer["Location"]).path == "/accounts/login/"
    assert "_auth_user_id" not in browser.session
    User.objects.create_user("bob", password="secret")
    login = browser.post(
        answer["Location"], {"username": "bob", "password": "secret"}, follow=True
    )
    assert "You are logged in as bob" in text(login)


def test_denying_is_told_to_the_client(flow: Flow, browser: Client) -> None:
    for decision in ("deny", "nothing"):
        answer = flow.decide(browser, decision)
        assert answer["Location"].startswith(REDIRECT)
        said = redirected(answer)
        assert (said["error"], said["state"]) == ("access_denied", flow.state)


def test_allowing_gives_a_code_and_says_who_gave_it(
    flow: Flow, browser: Client
) -> None:
    said = redirected(flow.decide(browser))
    assert set(said) == {"code", "state", "iss"}
    assert (said["state"], said["iss"]) == (flow.state, BASE_URL)


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post", "<x>"])
def test_an_answer_stands_in_the_query(flow: Flow, browser: Client, mode: str) -> None:
    for decision in ("allow", "deny"):
        place = urlsplit(flow.decide(browser, decision, response_mode=mode)["Location"])
        assert not place.fragment
        assert parse_qs(place.query)["iss"] == [BASE_URL]


def test_what_the_redirect_says_itself_stays_but_no_other_issuer(
    make_client: Any, browser: Client
) -> None:
    uri = f"{REDIRECT}?a=1&iss=https%3A%2F%2Fevil.example"
    make_client(client_id="query", redirect_uris=uri)
    flow = Flow("query", redirect_uri=uri)
    for decision in ("allow", "deny"):
        place = urlsplit(flow.decide(browser, decision)["Location"])
        said = parse_qs(place.query)
        assert said["a"] == ["1"]
        assert said["iss"] == [BASE_URL]


@pytest.mark.parametrize(
    "wanted", ["token", "id_token token", "code token", "code id_token token"]
)
@pytest.mark.parametrize("grant", ["authorization-code", "openid-hybrid"])
def test_no_token_is_given_in_an_address(
    make_client: Any, browser: Client, grant: str, wanted: str
) -> None:
    """Addresses are logged, and sent on as the referrer.

    Defence: ``oauth/validators.py``, ``validate_response_type``.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    written = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    profile = {
        **settings.OAUTH2_PROVIDER,  # type: ignore[misc]
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": written,
        "SCOPES": {**SCOPES, "openid": "Know you"},
    }
    with override_settings(OAUTH2_PROVIDER=profile):
        client = make_client(authorization_grant_type=grant, algorithm="RS256")
        flow = Flow(client.client_id, scope="openid shop:read")
        told = redirected(flow.decide(browser, response_type=wanted, nonce="n"))
    assert told["error"] == "unauthorized_client"
    assert not {"access_token", "id_token", "code"} & set(told)


def test_prompt_login_asks_who_it_is_again(flow: Flow, browser: Client) -> None:
    answer = flow.ask(browser, prompt="login")
    assert urlsplit(answer["Location"]).path == "/accounts/login/"
    assert "prompt" not in parse_qs(urlsplit(answer["Location"]).query)["next"][0]


@pytest.mark.parametrize(
    ("logged_in", "error"), [(True, "consent_required"), (False, "login_required")]
)
def test_prompt_none_shows_nothing_and_gives_nothing(
    flow: Flow, browser: Client, logged_in: bool, error: str
) -> None:
    answer = flow.ask(browser if logged_in else Client(), prompt="none")
    said = redirected(answer)
    said.pop("error_description", None)
    assert said == {"error": error, "state": flow.state, "iss": BASE_URL}


@pytest.mark.parametrize("step", ["ask", "decide"])
def test_an_unknown_client_gets_a_page_in_the_readers_language(
    flow: Flow, browser: Client, step: str
) -> None:
    with override("en"):
        page = getattr(flow, step)(browser, client_id="nobody")
    assert page.status_code == 400
    assert "Location" not in page
    assert b"This cannot be allowed" in page.content


def test_a_template_of_the_project_is_used(
    flow: Flow, browser: Client, tmp_path: Any
) -> None:
    place = tmp_path / "django_mcp" / "oauth"
    place.mkdir(parents=True)
    (place / "authorize.html").write_text(
        '{% extends "django_mcp/oauth/base.html" %}'
        "{% block content %}{{ question.redirect_host }} {{ user }}{% endblock %}"
    )
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [tmp_path],
        "APP_DIRS": True,
    }
    with override_settings(TEMPLATES=[templates]):
        assert text(flow.ask(browser)) == "agent.example alice"
