"""Limits, checks and programs of one's own, as a whole site has them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.oauth.flow import RESOURCE, REVOKE, Flow

pytestmark = pytest.mark.needs("oauth")


@pytest.fixture
def rated(site: None, settings: Settings) -> None:
    cache.clear()
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "OAUTH_RATE": "3/hour"}


def test_the_page_that_asks_is_asked_only_so_often(
    rated: None, flow: Flow, browser: Client
) -> None:
    assert [flow.ask(browser).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_only_refusals_count_where_tokens_are_given(
    rated: None, flow: Flow, browser: Client, settings: Settings
) -> None:
    told = flow.log_in(browser)
    for _ in range(4):
        answer = flow.refresh(told["refresh_token"])
        assert answer.status_code == 200
        told = answer.json()
    asked = [flow.refresh("guessed").status_code for _ in range(4)]
    assert asked == [400, 400, 400, 429]
    answer = flow.refresh("guessed")
    assert answer.json()["error"] == "temporarily_unavailable"


def test_nobody_makes_the_site_fetch_documents_without_an_end(
    rated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To give back a token, too, names a client, and its document is fetched.

    Defence: ``oauth/urls.py``, ``rated`` around ``RevokeTokenView``.
    """
    from oauth2_provider.cimd import CIMDError

    from django_mcp.oauth.cimd import MetadataFetcher

    asked: list[str] = []

    def fetch(self: Any, client_id: str) -> Any:
        asked.append(client_id)
        raise CIMDError

    monkeypatch.setattr(MetadataFetcher, "fetch", fetch)
    answers = [
        Client().post(
            REVOKE,
            f"token=x&client_id=https://victim.example/{number}",
            content_type="application/x-www-form-urlencoded",
        )
        for number in range(5)
    ]
    assert answers[-1].status_code == 429
    assert len(asked) == 3


def test_the_checks_of_a_project_ask_about_its_clients(
    site: None, settings: Settings
) -> None:
    settings.DJANGO_MCP = {
        **settings.DJANGO_MCP,
        "OAUTH_RATE": "often",
        "OAUTH_IDENTITY_PROVIDERS": ["no.such.Company"],
    }
    ids = {one.id for one in run_checks(include_deployment_checks=True, databases=[])}
    assert {"django_mcp.E040", "django_mcp.E041", "django_mcp.W040"} <= ids


def test_a_program_of_ones_own_gets_a_token_for_one_server(
    site: None, flow: Flow
) -> None:
    """As ``docs/howto/oauth_clients.md`` says."""
    from oauth2_provider.models import get_access_token_model

    robot = User.objects.create_user("night job")
    command = ["createapplication", "confidential", "client-credentials"]
    more = ["--name", "Night job", "--user", str(robot.pk)]
    secret = ["--client-id", "night", "--client-secret", "not told to anybody"]
    call_command(*command, *more, *secret, stdout=StringIO())
    form = {
        "grant_type": "client_credentials",
        "client_id": "night",
        "client_secret": "not told to anybody",
        "resource": RESOURCE,
    }
    answer = flow.post(**form)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    token = get_access_token_model().objects.get()
    assert token.resource == [RESOURCE]
    assert token.application.user == robot
    other = flow.post(**form | {"resource": "https://other.example/mcp"})
    assert other.json()["error"] == "invalid_target"


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_a_program_without_a_secret_gets_no_token(
    make_client: Callable[..., Any], kind: str
) -> None:
    """Who knows its name would be it; the toolkit takes no secret for an empty one.

    Defence: ``oauth/validators.py``, ``_check_secret``.
    """
    machine = make_client(
        authorization_grant_type="client-credentials", client_type=kind
    )
    flow = Flow(machine.client_id)
    for secret in ("", None):
        answer = flow.post(
            grant_type="client_credentials",
            client_id=machine.client_id,
            client_secret=secret,
        )
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"


def test_a_client_that_made_itself_known_is_no_program_of_ones_own(
    make_client: Callable[..., Any],
) -> None:
    secret: dict[str, Any] = {"client_type": "confidential", "client_secret": "known"}
    make_client(registration_source="dcr", **secret)
    answer = Flow("agent").post(
        grant_type="client_credentials",
        client_id="agent",
        client_secret="known",
        resource=RESOURCE,
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"
