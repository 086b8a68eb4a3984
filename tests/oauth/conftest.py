"""A site with an authorization server, a person in a browser, and clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from django_mcp import mcp
from django_mcp.oauth import oauth_settings
from tests.oauth.asserting import agent as agent
from tests.oauth.asserting import assertion as assertion
from tests.oauth.asserting import idp as idp
from tests.oauth.asserting import trusting_site as trusting_site
from tests.oauth.flow import BASE_URL, REDIRECT, SCOPES, Flow
from tests.wire import filled

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def provider(**overrides: Any) -> dict[str, Any]:
    """Return ``OAUTH2_PROVIDER`` of the site."""
    return oauth_settings(
        BASE_URL,
        scopes=SCOPES,
        default_scopes=["shop:read"],
        # Each test has its own settings, and views keep what they were made with.
        **{"ALWAYS_RELOAD_OAUTHLIB_CORE": True, **overrides},
    )


@pytest.fixture
def site(db: None) -> Iterator[None]:
    """The whole of what a project writes to let clients log in."""
    with override_settings(
        ROOT_URLCONF="tests.oauth.urls",
        MIDDLEWARE=MIDDLEWARE,
        LOGIN_URL="/accounts/login/",
        OAUTH2_PROVIDER=provider(),
        DJANGO_MCP={
            "BASE_URL": BASE_URL,
            "AUTHENTICATORS": ["django_mcp.oauth.authentication.OAuthAuthenticator"],
            "PROMPT_TEMPLATES": False,
            # All tests come from one address.
            "OAUTH_RATE": None,
        },
    ):
        filled(mcp)
        yield
        tool = mcp.registry.tools.peek("something")
        assert tool is not None
        mcp.remove(tool)


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="secret")


@pytest.fixture
def browser(site: None, alice: User) -> Client:
    """Alice's browser, logged in."""
    browser = Client()
    browser.force_login(alice)
    return browser


@pytest.fixture
def make_client(site: None) -> Callable[..., Any]:
    """Register a client: ``make_client(registration_source="cimd")``."""

    def make(**fields: Any) -> Any:
        from oauth2_provider.models import get_application_model

        return get_application_model().objects.create(
            **{
                "client_id": "agent",
                "name": "Agent",
                "client_type": "public",
                "client_secret": "",
                "authorization_grant_type": "authorization-code",
                "redirect_uris": REDIRECT,
                **fields,
            }
        )

    return make


@pytest.fixture
def flow(make_client: Callable[..., Any]) -> Flow:
    """The login of a client that registered itself."""
    return Flow(make_client(registration_source="dcr").client_id)


@pytest.fixture
def log_in_client(
    make_client: Callable[..., Any], browser: Client
) -> Callable[..., dict[str, Any]]:
    """Run a whole login: ``log_in_client(scope="shop:write")["access_token"]``."""

    def log_in(client: Any = None, **changes: Any) -> dict[str, Any]:
        client = client or make_client()
        return Flow(client.client_id, **changes).log_in(browser)

    return log_in
