"""Tokens are given and taken back."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.signals import got_request_exception
from django.db import DatabaseError
from django.test import Client
from django.views.debug import ExceptionReporter

from tests.oauth.flow import REVOKE, TOKEN, Flow

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


def revoke(**form: str) -> Any:
    return Client().post(
        REVOKE, urlencode(form), content_type="application/x-www-form-urlencoded"
    )


def test_a_login_gives_what_the_protocol_says(flow: Flow, browser: Client) -> None:
    answer = flow.exchange(flow.code(browser))
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    tokens = answer.json()
    assert set(tokens) == {
        "access_token", "expires_in", "refresh_token", "scope", "token_type",
    }  # fmt: skip
    assert (tokens["expires_in"], tokens["token_type"]) == (3600, "Bearer")


def test_the_signal_of_the_toolkit_is_sent(flow: Flow, browser: Client) -> None:
    from oauth2_provider.signals import app_authorized

    heard: list[Any] = []

    def listener(token: Any, **kwargs: Any) -> None:
        heard.append(token.user.username)

    app_authorized.connect(listener)
    try:
        flow.log_in(browser)
    finally:
        app_authorized.disconnect(listener)
    assert heard == ["alice"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_client_can_give_its_tokens_back(
    flow: Flow, browser: Client, kind: str
) -> None:
    from oauth2_provider.models import get_access_token_model

    tokens = flow.log_in(browser)
    assert revoke(token=tokens[kind], client_id="agent").status_code == 200
    assert not get_access_token_model().objects.exists()
    assert flow.refresh(tokens["refresh_token"]).status_code == 400


def test_a_client_cannot_take_those_of_another(
    flow: Flow, browser: Client, make_client: Any
) -> None:
    from oauth2_provider.models import get_access_token_model

    tokens = flow.log_in(browser)
    make_client(client_id="other")
    assert revoke(token=tokens["access_token"], client_id="other").status_code == 200
    assert get_access_token_model().objects.exists()
    assert revoke(token=tokens["access_token"], client_id="no").status_code == 401


def test_a_report_of_what_failed_shows_no_code_and_no_token(
    flow: Flow, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports show the form and the values of local variables, and are sent by mail.

    Defence: ``oauth/mixins.py``, ``EndpointMixin.dispatch``: ``@sensitive_variables()``
    and ``request.sensitive_post_parameters``.
    """
    from oauth2_provider.oauth2_validators import OAuth2Validator

    def fails(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("gone")

    refresh = flow.log_in(browser)["refresh_token"]
    code = flow.code(browser)
    monkeypatch.setattr(OAuth2Validator, "_create_access_token", fails)
    reports: list[str] = []

    def report(request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.append(reporter.get_traceback_html())

    got_request_exception.connect(report)
    agent = Client(raise_request_exception=False)
    form = {"client_id": "agent", "code": code, "code_verifier": flow.verifier}
    form |= {"redirect_uri": flow.redirect_uri, "refresh_token": refresh}
    for grant in ("authorization_code", "refresh_token"):
        body = urlencode({**form, "grant_type": grant})
        agent.post(TOKEN, body, content_type="application/x-www-form-urlencoded")
    got_request_exception.disconnect(report)
    assert len(reports) == 2
    for shown in reports:
        assert "gone" in shown
        assert not any(one in shown for one in (code, flow.verifier, refresh))
