"""A token is for one server, the one the client named, or the only one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from django_mcp import MCPServer, mcp
from django_mcp.auth import AllowAnonymous, BaseAuthenticator
from tests.oauth.conftest import provider
from tests.oauth.flow import BASE_URL, RESOURCE, Flow, redirected
from tests.wire import filled

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


class TokensOfOthers(BaseAuthenticator):
    """Takes tokens of another authorization server."""

    def authorization_servers(self) -> list[str]:
        return ["https://other.example"]


def granted() -> Any:
    from oauth2_provider.models import get_grant_model

    return get_grant_model().objects.get().resource


@pytest.mark.parametrize("named", [RESOURCE, "HTTPS://SHOP.example:443/mcp/", None, ""])
def test_what_is_stored_is_the_canonical_uri(
    flow: Flow, browser: Client, named: str | None
) -> None:
    flow.code(browser, resource=named)
    assert granted() == [RESOURCE]


@pytest.mark.parametrize(
    "named",
    [
        BASE_URL,
        f"{RESOURCE}/child",
        f"{BASE_URL}/mcp2",
        "https://evil.example/mcp",
        "http://shop.example/mcp",
        f"{RESOURCE}#fragment",
        f"{RESOURCE}?query",
        "https://evil@shop.example/mcp",
        "mcp",
        [RESOURCE, "https://evil.example"],
    ],
)
@pytest.mark.parametrize("step", ["ask", "decide"])
def test_no_token_is_given_for_another_resource(
    flow: Flow, browser: Client, named: Any, step: str
) -> None:
    answer = redirected(getattr(flow, step)(browser, resource=named))
    assert answer["error"] == "invalid_target"
    assert answer["state"] == flow.state
    assert answer["iss"] == BASE_URL


def test_naming_it_twice_is_naming_it(flow: Flow, browser: Client) -> None:
    flow.code(browser, resource=[RESOURCE, f"{RESOURCE}/"])
    assert granted() == [RESOURCE]


def test_with_several_servers_a_client_must_say_which(
    flow: Flow, browser: Client
) -> None:
    news = filled(MCPServer("news", path="/news/mcp"))
    assert news.url == f"{BASE_URL}/news/mcp"
    error = redirected(flow.ask(browser, resource=None))["error"]
    assert error == "invalid_target"
    flow.code(browser, resource=news.url)
    assert granted() == [news.url]


def test_one_token_is_not_for_two_servers(flow: Flow, browser: Client) -> None:
    news = filled(MCPServer("news", path="/news/mcp"))
    answer = redirected(flow.ask(browser, resource=[RESOURCE, news.url]))
    assert answer["error"] == "invalid_target"


def test_a_server_that_takes_no_tokens_gets_none(flow: Flow, browser: Client) -> None:
    news = filled(
        MCPServer("news", path="/news/mcp", authenticators=[AllowAnonymous()])
    )
    answer = redirected(flow.ask(browser, resource=news.url))
    assert answer["error"] == "invalid_target"


@pytest.mark.parametrize("named", ["https://evil.example", BASE_URL])
def test_a_code_and_a_refresh_cannot_be_widened(
    flow: Flow, browser: Client, named: str
) -> None:
    code = flow.code(browser)
    refused = flow.exchange(code, resource=named)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    refused = flow.exchange(code, resource=[RESOURCE, named])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    tokens = flow.exchange(code).json()
    refused = flow.refresh(tokens["refresh_token"], resource=named)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("named", [RESOURCE, "HTTPS://SHOP.example/mcp/", None])
def test_tokens_carry_the_canonical_uri(
    flow: Flow, browser: Client, named: str | None
) -> None:
    from oauth2_provider.models import get_access_token_model, get_refresh_token_model

    tokens = flow.exchange(flow.code(browser), resource=named).json()
    flow.refresh(tokens["refresh_token"], resource=named)
    for model in (get_access_token_model(), get_refresh_token_model()):
        assert all(row.resource == [RESOURCE] for row in model.objects.all())
        assert model.objects.exists()


def test_a_code_that_was_bound_to_nothing_stays_so(flow: Flow, browser: Client) -> None:
    from oauth2_provider.models import get_grant_model

    code = flow.code(browser)
    get_grant_model().objects.update(resource=[])
    assert flow.exchange(code).json()["error"] == "invalid_target"


def test_a_token_of_a_machine_is_made_out_to_a_server_too(make_client: Any) -> None:
    from oauth2_provider.models import get_access_token_model

    make_client(
        client_id="robot",
        client_type="confidential",
        client_secret="secret",
        authorization_grant_type="client-credentials",
        redirect_uris="",
    )
    form = {
        "grant_type": "client_credentials",
        "client_id": "robot",
        "client_secret": "secret",
        "scope": "shop:read",
    }
    flow = Flow("robot")
    assert flow.post(**form, resource=BASE_URL).json()["error"] == "invalid_target"
    assert flow.post(**form).status_code == 200
    assert flow.post(**form, resource=f"{RESOURCE}/").status_code == 200
    tokens = get_access_token_model().objects.all()
    assert [token.resource for token in tokens] == [[RESOURCE]] * 2


def test_the_servers_are_those_that_name_this_issuer(site: None) -> None:
    from django_mcp.oauth.resources import issuer, servers

    other = filled(MCPServer("other", path="/other", authenticators=[TokensOfOthers()]))
    assert issuer() == BASE_URL
    assert other.metadata_url
    assert servers() == {RESOURCE: mcp}


def test_without_a_setting_the_issuer_is_the_site(site: None) -> None:
    from django_mcp.oauth.resources import issuer, servers

    with override_settings(OAUTH2_PROVIDER=provider(OIDC_ISS_ENDPOINT="")):
        assert issuer() == BASE_URL
        assert servers() == {RESOURCE: mcp}
