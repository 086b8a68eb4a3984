"""Somebody wants a token that a person did not mean to give."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from tests.oauth.conftest import MIDDLEWARE, provider
from tests.oauth.flow import BASE_URL, REDIRECT, RESOURCE, TOKEN, Flow, redirected

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


@pytest.mark.parametrize("middleware", [True, False])
def test_nothing_is_allowed_without_the_form_that_was_shown(
    flow: Flow, alice: User, middleware: bool
) -> None:
    """Confused deputy: a stranger's page posts what the person never saw.

    Defence: ``oauth/mixins.py``, ``csrf_protect`` of ``PageMixin``.
    """
    from oauth2_provider.models import get_grant_model

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    kept = [one for one in MIDDLEWARE if middleware or "csrf" not in one]
    with override_settings(MIDDLEWARE=kept):
        assert flow.ask(browser).status_code == 200
        assert flow.decide(browser).status_code == 403
    assert not get_grant_model().objects.exists()


def test_a_login_at_another_site_never_leads_here_by_itself(
    flow: Flow, site: None
) -> None:
    """Confused deputy: nobody is passed on with one identity for all clients.

    Defence: ``oauth/mixins.py``, ``get`` asks once the person is logged in here.
    """
    answer = flow.ask(Client())
    place = urlsplit(answer["Location"])
    assert (place.netloc, place.path) == ("", "/accounts/login/")


@pytest.mark.parametrize(
    "uri",
    [
        f"{REDIRECT}/more",
        f"{REDIRECT}?more=1",
        "https://agent.example.evil.example/callback",
        "https://evil.example/callback",
        "http://agent.example/callback",
        "https://agent.example@evil.example/callback",
        "//evil.example/callback",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("prompt", [None, "none"])
def test_nobody_is_sent_where_the_client_does_not_live(
    flow: Flow, browser: Client, uri: str, prompt: str | None
) -> None:
    """Open redirect: an address of ours that leads to the stranger's.

    Defence: ``oauth/mixins.py``, ``error_response`` renders a fatal error.
    """
    for step in (flow.ask, flow.decide):
        answer = step(browser, redirect_uri=uri, prompt=prompt)
        assert answer.status_code == 400
        assert "Location" not in answer
        assert b"This cannot be allowed" in answer.content
    if prompt:
        answer = flow.ask(Client(), redirect_uri=uri, prompt=prompt)
        assert answer.status_code == 400
        assert "Location" not in answer


@pytest.mark.parametrize("prompt", [None, "none"])
def test_an_unknown_client_leads_nowhere(
    flow: Flow, browser: Client, prompt: str | None
) -> None:
    """Open redirect: there is no client whose address it could be.

    Defence: ``oauth/mixins.py``, ``error_response`` renders a fatal error.
    """
    answer = flow.ask(browser, client_id="nobody", prompt=prompt)
    assert answer.status_code == 400
    assert "Location" not in answer


@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize(
    "asked", [{"prompt": "none"}, {"scope": "shop:steal"}, {"resource": "https://x.y"}]
)
def test_nobody_is_sent_on_to_an_address_that_nobody_checked(
    make_client: Any, browser: Client, asked: dict[str, str], logged_in: bool
) -> None:
    """Open redirect: who registers a client could send people anywhere from here.

    Defence: ``oauth/mixins.py``, ``if unasked and leads_to_stranger(…)``.
    """
    make_client(registration_source="dcr", redirect_uris="https://evil.example/x")
    flow = Flow("agent", redirect_uri="https://evil.example/x")
    page = flow.ask(browser if logged_in else Client(), **asked)
    assert not page.get("Location", "").startswith("https://evil.example")
    if page.status_code == 200:
        assert b"<strong>evil.example</strong>" in page.content
        assert page["X-Frame-Options"] == "DENY"
    local = "http://127.0.0.1:5000/x"
    make_client(client_id="local", registration_source="dcr", redirect_uris=local)
    answer = Flow("local", redirect_uri=local).ask(browser, prompt="none")
    assert answer["Location"].startswith(local)


@pytest.mark.parametrize("source", ["dcr", "cimd", "unknown"])
def test_a_client_cannot_ask_not_to_be_asked_about(
    make_client: Any, browser: Client, source: str
) -> None:
    """Consent bypass: by a parameter, a field or a setting meant for others.

    Defence: ``oauth/mixins.py``, ``if is_self_registered(client): return True``.
    """
    make_client(registration_source=source, skip_authorization=True)
    flow = Flow("agent")
    with override_settings(OAUTH2_PROVIDER=provider(REQUEST_APPROVAL_PROMPT="auto")):
        flow.log_in(browser)
        for approval in ("auto", "force", None):
            assert flow.ask(browser, approval_prompt=approval).status_code == 200
        assert redirected(flow.ask(browser, prompt="none"))["error"] == (
            "consent_required"
        )


def test_a_client_entered_by_hand_cannot_ask_for_it_either(
    make_client: Any, browser: Client
) -> None:
    """Consent bypass: the client chooses the parameter, the site its setting.

    Defence: ``oauth/mixins.py``, ``must_ask`` reads no parameter.
    """
    flow = Flow(make_client(client_id="own").client_id)
    flow.log_in(browser)
    assert flow.ask(browser, approval_prompt="auto").status_code == 200


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback"],
)
def test_a_program_on_this_computer_is_warned_about(
    make_client: Any, browser: Client, uri: str
) -> None:
    """Localhost impersonation: any program here may say to be the known client.

    Defence: ``templates/django_mcp/oauth/authorize.html``,
    ``question.is_loopback``; asked each time.
    """
    make_client(
        client_id="local", name="Claude", registration_source="dcr", redirect_uris=uri
    )
    flow = Flow("local", redirect_uri=uri)
    flow.log_in(browser)
    page = flow.ask(browser).content.decode()
    assert 'class="warning"' in page
    assert f"({urlsplit(uri).hostname})" in page
    assert "registered itself" in page


def test_the_page_cannot_be_framed_kept_or_filled_by_others(
    flow: Flow, browser: Client
) -> None:
    """Clickjacking: the button under a picture of another one.

    Defence: ``oauth/mixins.py``, ``PageMixin.dispatch``.
    """
    for page in (flow.ask(browser), flow.ask(browser, client_id="nobody")):
        policy = page["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action" not in policy
        assert page["X-Frame-Options"] == "DENY"
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "same-origin"
        nonce = page.content.decode().partition('nonce="')[2].partition('"')[0]
        assert len(nonce) >= 22
        assert f"style-src 'nonce-{nonce}'" in policy
    again = flow.ask(browser)["Content-Security-Policy"]
    assert again != policy


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>Claude</b><script>", "&lt;b&gt;Claude&lt;/b&gt;&lt;script&gt;"),
        ('" onfocus="x', "&quot; onfocus=&quot;x"),
        ("Claude\n\nVerified by the shop", "Claude Verified by the shop"),
        ("\u202egnihton", "gnihton"),
    ],
)
def test_a_name_is_only_a_name(
    make_client: Any, browser: Client, name: str, shown: str
) -> None:
    """Misleading names: whoever registers chooses what it is called.

    Defence: ``oauth/consent.py``, ``plain``; the template escapes.
    """
    make_client(name=name, registration_source="dcr")
    flow = Flow("agent")
    pages = [flow.ask(browser)]
    flow.log_in(browser)
    pages.append(browser.get("/oauth/connected/"))
    for page in pages:
        text = page.content.decode()
        assert shown in text
        assert name not in text
        assert "Nobody here has checked its name." in text
        assert "agent.example" in text or page is pages[1]


def test_every_answer_says_who_gave_it(flow: Flow, browser: Client) -> None:
    """Mix-up: the answer of one authorization server, taken for another's.

    Defence: ``oauth/mixins.py``, ``redirect``.
    """
    metadata = browser.get("/.well-known/oauth-authorization-server").json()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    answers = {
        "code": flow.decide(browser),
        "access_denied": flow.decide(browser, "deny"),
        "invalid_scope": flow.ask(browser, scope="shop:steal"),
        "invalid_target": flow.ask(browser, resource="https://evil.example"),
        "invalid_request": flow.ask(browser, code_challenge=None),
        "unauthorized_client": flow.ask(browser, response_type="token"),
        "consent_required": flow.ask(browser, prompt="none"),
        "login_required": flow.ask(Client(), prompt="none"),
    }
    for kind, answer in answers.items():
        said = redirected(answer)
        assert kind in said or said["error"] == kind
        assert said["iss"] == metadata["issuer"] == BASE_URL
        assert said["state"] == flow.state


def test_a_stolen_code_is_worth_nothing(flow: Flow, browser: Client) -> None:
    """Code theft and downgrade: no challenge, a plain one, a wrong verifier, a replay.

    Defence: ``oauth/validators.py``, ``is_pkce_required``; the toolkit's own.
    """
    for changes in (
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
    ):
        assert redirected(flow.ask(browser, **changes))["error"] == "invalid_request"
        assert "code" not in redirected(flow.decide(browser, **changes))
    code = flow.code(browser)
    assert flow.exchange(code, code_verifier="x" * 64).status_code == 400
    assert flow.exchange(code, code_verifier=None).status_code == 400
    assert flow.exchange(code).status_code == 200
    assert flow.exchange(code).status_code == 400
    metadata = browser.get("/.well-known/oauth-authorization-server").json()
    assert metadata["code_challenge_methods_supported"] == ["S256"]


def test_whoever_reads_the_database_has_no_token(flow: Flow, browser: Client) -> None:
    """Token theft at rest: a backup, a replica, an injected query.

    Defence: ``oauth/__init__.py``, ``TOKEN_STORAGE`` among ``GATES``.
    """
    from oauth2_provider.models import get_access_token_model, get_refresh_token_model

    tokens = flow.log_in(browser)
    tokens |= {"new": flow.refresh(tokens["refresh_token"]).json()["access_token"]}
    secrets = {tokens[k] for k in ("access_token", "refresh_token", "new")}
    for model in (get_access_token_model(), get_refresh_token_model()):
        for row in model.objects.values():
            assert row["token"] == ""
            assert not secrets & {str(value) for value in row.values()}


def test_a_refresh_token_that_is_used_twice_ends_all_of_them(
    flow: Flow, browser: Client
) -> None:
    """Refresh replay: the thief and the client hold the same token.

    Defence: ``oauth/__init__.py``, ``REFRESH_TOKEN_REUSE_PROTECTION``.
    """
    from oauth2_provider.models import get_access_token_model

    first = flow.log_in(browser)["refresh_token"]
    second = flow.refresh(first).json()["refresh_token"]
    third = flow.refresh(second).json()["refresh_token"]
    assert get_access_token_model().objects.count() == 1
    assert flow.refresh(first).status_code == 400
    assert not get_access_token_model().objects.exists()
    assert flow.refresh(third).status_code == 400


def test_who_was_locked_out_gets_no_further_token(
    flow: Flow, browser: Client, alice: User
) -> None:
    """Deactivated user: a code or a refresh token outlives the account.

    Defence: ``oauth/validators.py``, ``request.user.is_active``, in both places.
    """
    code, tokens = flow.code(browser), flow.log_in(browser)
    User.objects.update(is_active=False)
    for answer in (flow.exchange(code), flow.refresh(tokens["refresh_token"])):
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_grant"


def test_no_answer_to_a_client_can_be_read_as_a_page(
    flow: Flow, browser: Client, make_client: Any
) -> None:
    """Content type confusion: an error that repeats what a stranger wrote.

    Defence: ``oauth/mixins.py``, ``EndpointMixin.dispatch``.
    """
    script = "<script>alert(1)</script>"
    make_client(
        client_id="robot",
        client_type="confidential",
        client_secret="secret",
        authorization_grant_type="client-credentials",
    )
    robot = {"client_id": "robot", "client_secret": "secret"}
    answers = [
        flow.exchange(flow.code(browser)),
        flow.exchange(script),
        flow.refresh(script),
        flow.exchange("x", client_id=script),
        flow.exchange(flow.code(browser), resource=script),
        flow.exchange(flow.code(browser), resource=f"{RESOURCE}{script}"),
        flow.post(grant_type=script),
        flow.post(grant_type="client_credentials", **robot, resource=script),
        flow.post(),
        Client().get(TOKEN),
        Client().post(TOKEN, {"a": script}),
        Client().post("/oauth/revoke", {"a": script}),
    ]
    for answer in answers:
        assert answer["Content-Type"] == "application/json"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        json.loads(answer.content)
