"""Forms in, JSON out; pages that nobody frames; views of a project's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory, override_settings

from tests.oauth.conftest import MIDDLEWARE, provider
from tests.oauth.flow import AUTHORIZE, REVOKE, TOKEN, Flow, redirected
from tests.oauth.test_forms import assert_is_refused_in_json

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
@pytest.mark.parametrize("address", [TOKEN, REVOKE])
def test_only_post_is_answered(site: None, address: str, method: str) -> None:
    answer = getattr(Client(), method)(address)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
def test_a_client_in_a_page_may_ask(site: None, address: str) -> None:
    wanted = {"Access-Control-Request-Headers": "authorization"}
    asked = Client().options(address, headers=wanted)
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Headers"] == "authorization"
    answer = Client().post(address, b"", content_type=FORM)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize(
    "grant",
    ["", "password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"],
)
def test_a_grant_that_is_not_offered_is_not_given(flow: Flow, grant: str) -> None:
    answer = flow.post(grant_type=grant, client_id="agent", username="a", password="b")
    assert_is_refused_in_json(answer, 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "authorization_code"},
        {"grant_type": "authorization_code", "code": "\0", "client_id": "agent"},
        {"grant_type": "authorization_code", "code": "x", "client_id": "nobody"},
        {"grant_type": "authorization_code", "code": "x" * 9_000, "client_id": "agent"},
        {"grant_type": "authorization_code", "code": "x", "client_id": ["agent", "b"]},
        {"grant_type": "refresh_token", "client_id": "agent"},
        {"grant_type": "refresh_token", "client_id": "agent", "refresh_token": "\0"},
        {"grant_type": "client_credentials", "client_id": "agent"},
    ],
)
def test_whatever_is_posted_is_answered_in_json(flow: Flow, form: Any) -> None:
    answer = flow.post(**form)
    assert answer.status_code in {400, 401}
    assert_is_refused_in_json(answer, answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(
    "query",
    [
        "client_id=%zz",
        "client_id=%00",
        "client_id=%",
        "client_id=agent&client_id=agent",
        "redirect_uri=%ff",
        "scope=%22%3Cscript%3E",
        f"nonce={'x' * 256}&client_id=agent",
    ],
)
@pytest.mark.parametrize("prompt", ["", "&prompt=none"])
def test_a_query_that_cannot_be_read_is_a_page(
    flow: Flow, browser: Client, query: str, prompt: str
) -> None:
    for client in (browser, Client()) if prompt else (browser,):
        answer = client.get(f"{AUTHORIZE}?{query}{prompt}")
        assert answer.status_code == 400
        assert "Location" not in answer
        assert answer["Content-Type"].startswith("text/html")


def test_a_project_that_asks_everybody_to_log_in_still_answers_clients(
    flow: Flow, browser: Client
) -> None:
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    with override_settings(MIDDLEWARE=[*MIDDLEWARE, middleware]):
        tokens = flow.log_in(browser)
        form = f"token={tokens['access_token']}&client_id=agent"
        assert Client().post(REVOKE, form, content_type=FORM).status_code == 200
        for place in ("oauth-authorization-server", "oauth-protected-resource"):
            assert Client().get(f"/.well-known/{place}").status_code == 200


def test_views_of_a_project_take_the_mixins(site: None) -> None:
    from oauth2_provider.views import TokenView

    from django_mcp.oauth.mixins import TokenMixin

    class Tokens(TokenMixin, TokenView):  # type: ignore[misc]
        pass

    view: Any = Tokens.as_view()
    assert view.csrf_exempt
    assert view.login_required is False
    request = RequestFactory().post("/", {"grant_type": "password"})
    assert_is_refused_in_json(view(request), 400, "invalid_request")
    # Django's reports of errors leave out what clients posted.
    assert getattr(request, "sensitive_post_parameters") == "__ALL__"  # noqa: B009


def test_a_client_entered_by_hand_may_be_trusted(
    make_client: Any, browser: Client
) -> None:
    make_client(client_id="own", skip_authorization=True)
    flow = Flow("own")
    assert "code" in redirected(flow.ask(browser))
    assert "code" in redirected(flow.ask(browser, prompt="none"))


def test_a_setting_may_spare_a_client_entered_by_hand_the_second_question(
    make_client: Any, browser: Client
) -> None:
    from oauth2_provider.models import get_access_token_model

    flow = Flow(make_client(client_id="own").client_id, scope="shop:read shop:write")
    with override_settings(OAUTH2_PROVIDER=provider(REQUEST_APPROVAL_PROMPT="auto")):
        assert flow.ask(browser).status_code == 200
        flow.log_in(browser)
        assert "code" in redirected(flow.ask(browser))
        assert "code" in redirected(flow.ask(browser, scope="shop:read"))
        get_access_token_model().objects.update(resource=["https://shop.example"])
        assert flow.ask(browser).status_code == 200
