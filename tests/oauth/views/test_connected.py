"""A person sees who acts for them, and can end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from tests.oauth.flow import Flow

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]
PAGE = "/oauth/connected/"


def listed(browser: Client) -> list[Any]:
    page = browser.get(PAGE)
    assert page.status_code == 200
    found: list[Any] = page.context["connections"]
    return found


def test_nobody_is_connected_at_first(browser: Client) -> None:
    assert not listed(browser)
    assert b"No program is connected." in browser.get(PAGE).content


def test_a_client_is_listed_with_what_it_may_and_since_when(
    flow: Flow, browser: Client
) -> None:
    from oauth2_provider.models import get_refresh_token_model

    tokens = flow.log_in(browser)
    yesterday = now() - timedelta(days=1)
    get_refresh_token_model().objects.update(created=yesterday)
    flow.refresh(tokens["refresh_token"])
    (connection,) = listed(browser)
    assert connection.name == "Agent"
    assert connection.is_self_registered
    assert connection.permissions == ["See the shop"]
    assert connection.since == yesterday
    assert connection.last > yesterday + timedelta(hours=23)


def test_a_client_that_can_renew_its_token_is_still_connected(
    flow: Flow, browser: Client
) -> None:
    from oauth2_provider.models import get_access_token_model, get_refresh_token_model

    flow.log_in(browser)
    get_access_token_model().objects.update(expires=now() - timedelta(days=1))
    assert len(listed(browser)) == 1
    get_refresh_token_model().objects.update(revoked=now())
    assert not listed(browser)


def test_the_list_costs_the_same_for_many(
    make_client: Any, browser: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        Flow(make_client(client_id=f"agent{number}").client_id).log_in(browser)
    with django_assert_max_num_queries(5):
        assert len(listed(browser)) == 5


def test_disconnecting_takes_everything_back(flow: Flow, browser: Client) -> None:
    from oauth2_provider.models import (
        get_access_token_model,
        get_grant_model,
        get_refresh_token_model,
    )

    tokens = flow.log_in(browser)
    code = flow.code(browser)
    assert browser.post(PAGE, {"client_id": "agent"})["Location"] == PAGE
    assert not listed(browser)
    assert not get_access_token_model().objects.exists()
    assert not get_grant_model().objects.exists()
    assert not get_refresh_token_model().objects.filter(revoked=None).exists()
    assert flow.refresh(tokens["refresh_token"]).status_code == 400
    assert flow.exchange(code).status_code == 400


def test_only_ones_own_clients_are_seen_and_disconnected(
    flow: Flow, browser: Client
) -> None:
    flow.log_in(browser)
    other = Client()
    other.force_login(User.objects.create_user("bob"))
    assert not listed(other)
    other.post(PAGE, {"client_id": "agent"})
    assert len(listed(browser)) == 1


@pytest.mark.parametrize("client_id", ["nobody", "", "\0"])
def test_an_unknown_client_cannot_be_disconnected(
    browser: Client, client_id: str
) -> None:
    assert browser.post(PAGE, {"client_id": client_id}).status_code == 404


def test_the_page_is_for_people_who_are_logged_in(site: None) -> None:
    for answer in (Client().get(PAGE), Client().post(PAGE)):
        assert answer["Location"].startswith("/accounts/login/")


def test_disconnecting_needs_the_forms_token(flow: Flow, alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(PAGE, {"client_id": "agent"}).status_code == 403


def test_the_page_cannot_be_framed(browser: Client) -> None:
    page = browser.get(PAGE)
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["Cache-Control"] == "no-store"
