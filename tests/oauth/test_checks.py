"""What keeps clients out, or lets strangers in, is said before it happens."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.views import LoginView
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.test import override_settings
from django.test.utils import override_script_prefix
from django.urls import include, path, re_path

from django_mcp import MCPServer, mcp
from django_mcp.oauth import oauth_settings
from tests.oauth.conftest import provider
from tests.oauth.flow import BASE_URL, SCOPES
from tests.wire import filled

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.usefixtures("site")]
GATE = "COMPLIANT_BCP_RFC9700_"
SHARED = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def ids(*, deploy: bool = False) -> list[str]:
    """Return what the checks of this folder find."""
    found = (
        message.id or ""
        for message in run_checks(include_deployment_checks=deploy, databases=[])
    )
    return sorted(
        i for i in found if i.startswith(("django_mcp.E03", "django_mcp.W03"))
    )


def found_with(*patterns: Any) -> list[str]:
    """Return what is found about a project with these addresses."""
    urlconf = ModuleType("of_a_project")
    urlconf.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=urlconf):
        return ids()


def test_the_profile_and_the_addresses_are_fine() -> None:
    assert ids() == []
    with override_settings(CACHES=SHARED):
        assert ids(deploy=True) == []


def test_the_toolkit_has_only_to_say_that_programs_on_a_computer_are_allowed() -> None:
    found = run_checks(include_deployment_checks=True, databases=[])
    theirs = [one.id for one in found if (one.id or "").startswith("oauth2_provider")]
    assert theirs == ["oauth2_provider.W008"]


def test_the_checks_are_registered_by_the_app() -> None:
    modules = {check.__module__ for check in registry.get_checks()}
    assert "django_mcp.oauth.checks" in modules


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"OIDC_ISS_ENDPOINT": ""}, ["E030"]),
        ({"OIDC_ISS_ENDPOINT": "https://other.example"}, ["E030"]),
        ({f"{GATE}IMPLICIT_GRANT": False}, ["E031"]),
        ({f"{GATE}TOKEN_STORAGE": False}, ["E031"]),
        ({"PKCE_REQUIRED": False}, ["E031"]),
        ({"PKCE_REQUIRED": lambda client_id: True}, []),
        ({"ROTATE_REFRESH_TOKEN": False}, ["E031"]),
        ({"REFRESH_TOKEN_REUSE_PROTECTION": False}, ["E031"]),
        ({"ALLOW_URI_WILDCARDS": True}, ["E031"]),
        ({"DEFAULT_SCOPES": ["__all__"]}, ["E032"]),
        (
            {
                "OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"
            },
            ["E033"],
        ),
    ],
)
def test_a_setting_that_is_wrong_is_told(
    overrides: dict[str, Any], expected: list[str]
) -> None:
    with override_settings(OAUTH2_PROVIDER=provider(**overrides)):
        assert ids() == [f"django_mcp.{name}" for name in expected]


def test_a_server_whose_scopes_nobody_can_grant_is_told() -> None:
    news = filled(MCPServer("news", path="/news", base_scopes=["news:read"]))
    assert ids() == ["django_mcp.E036"]
    del news


def test_addresses_that_are_missing_are_told() -> None:
    assert found_with(path("mcp", mcp.urls)) == [
        "django_mcp.E035", "django_mcp.W030",
    ]  # fmt: skip
    below = path("below/", include("django_mcp.oauth.urls"))
    assert "django_mcp.E035" in found_with(below)


def test_addresses_behind_one_that_takes_all_are_told() -> None:
    takes_all = re_path("", LoginView.as_view())
    ours = import_module("tests.oauth.urls").urlpatterns
    assert found_with(takes_all, *ours) == ["django_mcp.E035"]
    assert found_with(*ours, takes_all) == []


def test_addresses_below_a_prefix_of_the_server_are_found() -> None:
    with override_script_prefix("/app/"), override_settings(LOGIN_URL="login"):
        assert ids() == []


def test_a_site_below_a_path_needs_its_addresses_there() -> None:
    below = f"{BASE_URL}/app"
    login = path("accounts/login/", LoginView.as_view())
    with override_settings(
        OAUTH2_PROVIDER=provider(OIDC_ISS_ENDPOINT=below),
        DJANGO_MCP={
            "BASE_URL": below,
            "AUTHENTICATORS": ["django_mcp.oauth.authentication.OAuthAuthenticator"],
        },
    ):
        for place in ("", "app/"):
            include_ = path(place, include("django_mcp.oauth.urls"))
            assert found_with(login, include_) == []
        elsewhere = path("other/", include("django_mcp.oauth.urls"))
        assert found_with(login, elsewhere) == ["django_mcp.E035"]


@pytest.mark.filterwarnings("ignore")
def test_views_of_the_toolkit_beside_ours_are_told() -> None:
    ours = import_module("tests.oauth.urls").urlpatterns
    patterns = [*ours, path("o/", include("oauth2_provider.urls"))]
    assert found_with(*patterns) == ["django_mcp.E034"] * 2
    with override_settings(OAUTH2_PROVIDER=provider(DCR_ENABLED=True)):
        assert found_with(*patterns) == ["django_mcp.E034"] * 2 + ["django_mcp.E037"]


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("/accounts/login/", []),
        ("/accounts/login/?way=sso", []),
        ("login", []),
        ("https://login.example/", []),
        ("/nowhere/", ["django_mcp.W030"]),
        ("nothing", ["django_mcp.W030"]),
    ],
)
def test_a_login_page_that_does_not_exist_is_told(
    login: str, expected: list[str]
) -> None:
    with override_settings(LOGIN_URL=login):
        assert ids() == expected


def test_workers_that_cannot_hear_each_other_are_told() -> None:
    with override_settings(CACHES=LOCAL):
        assert ids(deploy=True) == ["django_mcp.W031"]
        with override_settings(OAUTH2_PROVIDER=provider(CIMD_ENABLED=False)):
            assert ids(deploy=True) == []


@pytest.fixture
def open_project() -> Iterator[None]:
    """A project that uses the toolkit for something else."""
    with override_settings(
        DJANGO_MCP={"AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"]},
        OAUTH2_PROVIDER={"SCOPES": SCOPES},
        ROOT_URLCONF="tests.urls",
    ):
        yield


def test_whoever_uses_the_toolkit_for_something_else_hears_nothing(
    open_project: None,
) -> None:
    assert ids(deploy=True) == []


def test_an_authenticator_that_cannot_be_imported_is_told_elsewhere() -> None:
    checks = import_module("django_mcp.oauth.checks")
    with override_settings(
        DJANGO_MCP={"BASE_URL": BASE_URL, "AUTHENTICATORS": ["nowhere.Auth"]},
        OAUTH2_PROVIDER=oauth_settings("https://h", scopes={}, default_scopes=[]),
    ):
        assert checks.check_authorization_server(None) == []
