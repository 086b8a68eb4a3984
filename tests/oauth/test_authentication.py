"""A token of this site is good here if it is made out to this very server."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from django_mcp import MCPServer
from django_mcp.auth.base import AuthError, AuthRequest
from django_mcp.checks import check_authenticators
from django_mcp.protocol.headers import Headers
from tests.oauth.tokens import (
    BASE_URL,
    ENDPOINT,
    MACHINE,
    SCOPES,
    SITE,
    authenticator,
    make_application,
    make_token,
    make_user,
    rows,
    shop,
    shown,
    site,
)

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _at_its_address() -> Any:
    with site:
        yield


def refused(token: str, **attributes: Any) -> None:
    with pytest.raises(AuthError) as caught:
        authenticator(**attributes).authenticate(shown(token))
    assert caught.value.message == AuthError().message
    assert caught.value.code == "invalid_token"
    assert token not in repr(caught.value)


# -- who is named ----------------------------------------------------------


def test_a_token_names_its_user_its_client_and_its_scopes() -> None:
    token = make_token(scope="shop:read shop:write")
    row = rows().get()
    principal = authenticator().authenticate(shown(token))
    assert principal.user == make_user()
    assert principal.client_id == "editor"
    assert principal.scopes == {"shop:read", "shop:write"}
    assert principal.expires_at == row.expires.timestamp()
    assert principal.token_id == f"oauth2_provider.accesstoken:{row.pk}"
    path = "django_mcp.oauth.authentication.OAuthAuthenticator"
    assert principal.authenticator == path


def test_nothing_about_a_principal_holds_the_token() -> None:
    token = make_token()
    principal = authenticator().authenticate(shown(token))
    row = rows().get()
    assert token not in repr(principal)
    assert row.token_checksum not in repr(principal)
    assert not hasattr(principal.user, "access_token")


def test_each_call_has_a_principal_of_its_own() -> None:
    token, asked = make_token(), authenticator()
    first, second = (asked.authenticate(shown(token)) for _ in range(2))
    first.verdicts["shop.view_book"] = True
    assert first is not second
    assert first.user is not second.user
    assert not second.verdicts


def test_a_scope_that_the_site_no_longer_knows_counts_for_nothing() -> None:
    token = make_token(scope="shop:read shop:burn")
    assert authenticator().authenticate(shown(token)).scopes == {"shop:read"}


def test_other_credentials_are_left_to_others() -> None:
    for headers in ([], [(b"authorization", b"Basic YTpi")]):
        request = AuthRequest(shop(), Headers(headers))
        assert authenticator().authenticate(request) is None


# -- what it costs ---------------------------------------------------------


def test_one_query_finds_the_token_its_application_and_its_user(
    django_assert_num_queries: Any,
) -> None:
    token, server = make_token(), shop()
    with django_assert_num_queries(1):
        principal = authenticator().authenticate(shown(token, server))
        assert principal.user.username == "alice"
        assert principal.client_id == "editor"


@pytest.mark.parametrize("token", ["", "a b", "ü", "=", "x" * 9000, "a\tb", "(x)"])
def test_what_is_no_token_is_not_looked_up(
    token: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(AuthError) as caught:
        authenticator().authenticate(shown(token))
    assert caught.value.status == 400


# -- whom it is made out to ------------------------------------------------


@pytest.mark.parametrize(
    "resource",
    [
        [ENDPOINT],
        ["HTTPS://Shop.Example/mcp"],
        [f"{ENDPOINT}/"],
        ["https://shop.example:443/mcp"],
        ["https://other.example/mcp", ENDPOINT],
    ],
)
def test_a_token_for_this_server_is_taken(resource: list[str]) -> None:
    assert authenticator().authenticate(shown(make_token(resource=resource)))


#: To whom a token may be made out that is none for this server.
FOREIGN = [
    [],
    [BASE_URL],
    [f"{BASE_URL}/"],
    [f"{ENDPOINT}/admin"],
    [f"{BASE_URL}/mcp2"],
    [f"{BASE_URL}/m"],
    [f"{BASE_URL}/other"],
    [f"{BASE_URL}/MCP"],
    [f"{ENDPOINT}?x=1"],
    [f"{ENDPOINT}#x"],
    [f"{ENDPOINT}/x/../../mcp"],
    ["https://other.example/mcp"],
    ["https://shop.example.evil.example/mcp"],
    ["https://shop.example@evil.example/mcp"],
    ["https://evil@shop.example/mcp"],
    ["http://shop.example/mcp"],
    ["https://shop.example:8443/mcp"],
    ["//shop.example/mcp"],
    ["/mcp"],
    ["*"],
    [""],
]


@pytest.mark.parametrize("resource", FOREIGN)
def test_a_token_for_anybody_else_is_refused(resource: list[str]) -> None:
    refused(make_token(resource=resource))


@pytest.mark.parametrize(
    "validator", [None, "tests.oauth.test_authentication.gullible"]
)
@pytest.mark.parametrize("resource", [*FOREIGN, ["https://[/mcp"]])
def test_what_the_site_lets_pass_is_still_compared(
    resource: list[str], validator: str | None
) -> None:
    changed = {"RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR": validator}
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        refused(make_token(resource=resource))


def gullible(uri: str, audiences: list[str]) -> bool:
    """Let every audience pass."""
    return True


@pytest.mark.parametrize("resource", ['"%s"', "{}", "0", "[null]", "[[]]", "true"])
def test_a_resource_that_is_no_list_of_addresses_is_refused(resource: str) -> None:
    token = make_token()
    from django.db import connection

    with connection.cursor() as cursor:
        table = rows().model._meta.db_table
        cursor.execute(
            f"UPDATE {table} SET resource = %s",  # noqa: S608
            [resource.replace("%s", ENDPOINT)],
        )
    changed = {"RESOURCE_SERVER_TOKEN_RESOURCE_VALIDATOR": None}
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        refused(token)


def test_each_server_takes_its_own_tokens() -> None:
    token = make_token(resource=[f"{BASE_URL}/staff/mcp"])
    staff = shop(path="/staff/mcp")
    assert authenticator().authenticate(shown(token, staff))
    refused(token)


def test_a_server_at_the_root_takes_tokens_for_the_site() -> None:
    token = make_token(resource=[f"{BASE_URL}/"])
    assert authenticator().authenticate(shown(token, shop(path="/")))


def test_without_an_address_every_token_is_refused(
    django_assert_num_queries: Any,
) -> None:
    token = make_token(resource=[])
    with override_settings(DJANGO_MCP={}), django_assert_num_queries(0):
        refused(token, accept_unbound=True)
        assert authenticator().authorization_servers() == []


def test_tokens_for_nobody_are_taken_where_that_is_said() -> None:
    bound, unbound = make_token(resource=[BASE_URL]), make_token(resource=[])
    refused(bound, accept_unbound=True)
    assert authenticator(accept_unbound=True).authenticate(shown(unbound))


# -- what else is no access token ------------------------------------------


def test_an_unknown_token_is_refused() -> None:
    refused("of-nobody")


def test_an_expired_token_is_refused() -> None:
    refused(make_token(expires=timezone.now() - timedelta(seconds=1)))


def test_a_revoked_token_is_refused() -> None:
    token = make_token()
    rows().get().revoke()
    refused(token)


def test_a_token_without_its_plain_text_in_the_table_is_taken() -> None:
    changed = {"COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True}
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        token = make_token()
        rows().update(token="")
        assert authenticator().authenticate(shown(token))
        # What is left in its place opens nothing.
        refused(rows().get().token_checksum)


@pytest.mark.parametrize("scope", ["oauth2_provider:registration", "of:clients"])
def test_a_token_to_manage_a_registration_is_refused(scope: str) -> None:
    changed = {
        "SCOPES": {**SCOPES, scope: "Manage the client"},
        "DCR_REGISTRATION_SCOPE": scope,
    }
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        refused(make_token(scope=f"shop:read {scope}"))
        refused(make_token(scope=scope, resource=[]), accept_unbound=True)


def test_a_token_of_no_application_is_refused() -> None:
    refused(make_token(application=None))


def test_a_deactivated_user_is_refused() -> None:
    refused(make_token(user=make_user(is_active=False)))


# -- machines --------------------------------------------------------------


def test_a_token_without_a_user_is_refused() -> None:
    machine = make_application("robot", authorization_grant_type=MACHINE)
    refused(make_token(user=None, application=machine))


def test_a_machine_is_the_user_it_was_given() -> None:
    machine = make_application("robot", authorization_grant_type=MACHINE)
    token = make_token(user=None, application=machine)
    robot = make_user("robot")
    asked = authenticator(machine_user=lambda application: robot)
    principal = asked.authenticate(shown(token))
    assert principal.user == robot
    assert principal.client_id == "robot"
    robot.is_active = False
    refused(token, machine_user=lambda application: robot)
    refused(token, machine_user=lambda application: None)


@pytest.mark.urls("oauth2_provider.urls")
def test_what_the_authorization_server_gives_a_machine_is_taken() -> None:
    make_application(
        "robot",
        client_type="confidential",
        client_secret="secret",
        authorization_grant_type=MACHINE,
    )
    robot = make_user("robot")

    def token_for(**form: str) -> str:
        form |= {"grant_type": "client_credentials", "scope": "shop:read"}
        given = Browser().post(
            "/token/", form, headers={"authorization": "Basic cm9ib3Q6c2VjcmV0"}
        )
        return str(given.json()["access_token"])

    asked = authenticator(machine_user=lambda application: robot)
    principal = asked.authenticate(shown(token_for(resource=ENDPOINT)))
    assert principal.user == robot
    assert principal.scopes == {"shop:read"}
    for resource in ({}, {"resource": BASE_URL}):
        refused(token_for(**resource), machine_user=lambda application: robot)


def test_only_a_machine_is_given_a_user() -> None:
    def never(application: Any) -> Any:
        raise AssertionError("Nobody should ask.")

    refused(make_token(user=None), machine_user=never)


def test_a_user_who_is_named_is_not_replaced() -> None:
    machine = make_application("robot", authorization_grant_type=MACHINE)
    asked = authenticator(machine_user=lambda application: make_user("robot"))
    principal = asked.authenticate(shown(make_token(application=machine)))
    assert principal.user == make_user("alice")


# -- the project's own validator, and other servers ------------------------


def test_a_validator_of_the_project_is_asked() -> None:
    token = make_token()
    path = "tests.oauth.validators.Strict"
    with override_settings(
        OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | {"OAUTH2_VALIDATOR_CLASS": path}
    ):
        strict = import_string(path)
        strict.asked.clear()
        assert authenticator().authenticate(shown(token))
        assert strict.asked == [ENDPOINT]
        refused(make_token("wrong"))


def test_what_a_validator_writes_to_a_request_stays_there() -> None:
    asked = import_string("django_mcp.oauth.authentication._Asked")
    request = import_string("oauthlib.common.Request")
    first = asked(ENDPOINT)
    assert vars(first) == vars(request(ENDPOINT))
    first.headers["X"] = first.validator_log["x"] = "x"
    first.oauth_params.append("x")
    first.user = first._params["client"] = "x"
    assert vars(asked(ENDPOINT)) == vars(request(ENDPOINT))


def test_a_validator_that_finds_tokens_in_its_own_way_does() -> None:
    token = make_token()
    path = "tests.oauth.validators.Remembering"
    with override_settings(
        OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | {"OAUTH2_VALIDATOR_CLASS": path}
    ):
        remembering = import_string(path)
        remembering.asked.clear()
        assert authenticator().authenticate(shown(token))
        assert remembering.asked == [token]


def test_no_other_server_is_asked_about_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(*args: Any) -> None:
        raise AssertionError("Somebody connected.")

    changed = {
        "RESOURCE_SERVER_INTROSPECTION_URL": "http://127.0.0.1:9/introspect",
        "RESOURCE_SERVER_AUTH_TOKEN": "secret",
        "RESOURCE_SERVER_INTROSPECTION_CREDENTIALS": ("client", "secret"),
    }
    good = make_token()
    expired = make_token(expires=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(socket.socket, "connect", connect)
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        assert authenticator().authenticate(shown(good))
        refused("of-another-server")
        refused(expired)


# -- where to get a token --------------------------------------------------


def test_the_issuer_is_the_address_of_the_site() -> None:
    assert authenticator().authorization_servers() == [BASE_URL]


def test_the_issuer_is_the_one_in_its_own_metadata() -> None:
    issuer = f"{BASE_URL}/accounts"
    with override_settings(
        OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | {"OIDC_ISS_ENDPOINT": issuer}
    ):
        assert authenticator().authorization_servers() == [issuer]


def test_it_is_named_by_its_path_in_the_settings() -> None:
    path = "django_mcp.oauth.authentication.OAuthAuthenticator"
    token = make_token()
    with override_settings(DJANGO_MCP=SITE["DJANGO_MCP"] | {"AUTHENTICATORS": [path]}):
        server = MCPServer("shop")
        principal = server.authenticators.authenticate(shown(token, server))
        assert principal.client_id == "editor"


# -- checks ----------------------------------------------------------------


def ids(*authenticators: Any) -> list[str]:
    """Return what is said of servers with one authenticator each."""
    servers = [shop(authenticators=[one]) for one in authenticators]
    found = [one.id or "" for one in check_authenticators(None)]
    assert all(server.authenticators for server in servers)
    return found


def test_an_authenticator_that_is_as_it_should_be_is_not_mentioned() -> None:
    assert ids(authenticator()) == []


def test_a_site_without_an_address_is_an_error_that_is_said_once() -> None:
    with override_settings(DJANGO_MCP={}):
        assert ids(authenticator(), authenticator()).count("django_mcp.E045") == 1


def test_tokens_for_nobody_are_a_warning() -> None:
    assert ids(authenticator(accept_unbound=True)) == ["django_mcp.W045"]
