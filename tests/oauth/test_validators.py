"""What a code and a token cost, and how often each is good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tests.oauth.flow import BASE_URL, Flow, redirected

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "x" * 44},
        {"code_challenge": "é" * 43},
        {"code_challenge": "x" * 42 + "\n"},
    ],
)
@pytest.mark.parametrize("step", ["ask", "decide"])
def test_only_an_s256_challenge_is_taken(
    flow: Flow, browser: Client, changes: dict[str, Any], step: str
) -> None:
    answer = redirected(getattr(flow, step)(browser, **changes))
    assert answer["error"] == "invalid_request"
    assert answer["iss"] == BASE_URL


def test_a_code_needs_its_verifier(flow: Flow, browser: Client) -> None:
    code = flow.code(browser)
    for verifier in (None, "", flow.challenge, "x" * 64):
        answer = flow.exchange(code, code_verifier=verifier)
        assert answer.status_code == 400
    assert flow.exchange(code).status_code == 200


def test_a_code_is_good_once(flow: Flow, browser: Client) -> None:
    code = flow.code(browser)
    assert flow.exchange(code).status_code == 200
    assert refusal(flow.exchange(code)) == (400, "invalid_grant")


def test_a_code_is_for_its_client_and_its_redirect(
    flow: Flow, browser: Client, make_client: Any
) -> None:
    other = make_client(client_id="other")
    code = flow.code(browser)
    assert refusal(flow.exchange(code, client_id=other.client_id))[0] == 400
    changed = flow.exchange(code, redirect_uri="https://agent.example/other")
    assert changed.status_code == 400
    assert flow.exchange(code).status_code == 200


def test_a_scope_that_does_not_exist_is_refused(flow: Flow, browser: Client) -> None:
    answer = redirected(flow.ask(browser, scope="shop:read shop:steal"))
    assert answer["error"] == "invalid_scope"


def test_without_a_scope_the_default_is_granted(flow: Flow, browser: Client) -> None:
    answer = flow.exchange(flow.code(browser, scope=None)).json()
    assert answer["scope"] == "shop:read"


def test_refreshing_replaces_the_token_and_cannot_add_scopes(
    flow: Flow, browser: Client
) -> None:
    tokens = flow.log_in(browser)
    wider = flow.refresh(tokens["refresh_token"], scope="shop:read shop:write")
    assert refusal(wider) == (400, "invalid_scope")
    renewed = flow.refresh(tokens["refresh_token"]).json()
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert renewed["scope"] == "shop:read"


def test_nobody_who_was_locked_out_gets_a_token(
    flow: Flow, browser: Client, alice: User
) -> None:
    code = flow.code(browser)
    tokens = flow.log_in(browser)
    User.objects.update(is_active=False)
    assert refusal(flow.exchange(code)) == (400, "invalid_grant")
    assert refusal(flow.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    User.objects.update(is_active=True)
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_a_refresh_token_is_for_its_client(
    flow: Flow, browser: Client, make_client: Any
) -> None:
    tokens = flow.log_in(browser)
    other = make_client(client_id="other")
    answer = flow.refresh(tokens["refresh_token"], client_id=other.client_id)
    assert refusal(answer) == (400, "invalid_grant")


def test_a_confidential_client_shows_its_secret(
    make_client: Any, browser: Client
) -> None:
    make_client(client_id="c", client_type="confidential", client_secret="secret")
    flow = Flow("c")
    code = flow.code(browser)
    for secret in (None, "", "wrong"):
        assert flow.exchange(code, client_secret=secret).status_code == 401
    assert flow.exchange(code, client_secret="secret").status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["code", "refresh_token"])
def test_of_many_at_once_one_gets_a_token(
    flow: Flow, browser: Client, kind: str
) -> None:
    shown = flow.code(browser) if kind == "code" else flow.log_in(browser)[kind]
    post = flow.exchange if kind == "code" else flow.refresh

    def use(_: int) -> int:
        try:
            status: int = post(shown).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(use, range(8)))
    assert answers == [200] + [400] * 7
