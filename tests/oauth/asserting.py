"""A company's identity provider, which signs assertions, and a site that takes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import override_settings
from pytest_django import Settings

from tests.oauth.flow import BASE_URL, RESOURCE, Flow

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TYPE = "oauth-id-jag+jwt"
SECRET = "a secret that the company's client knows"


def company(issuer: str) -> Any:
    """Return the class of an identity provider, as a project writes it."""
    from django_mcp.oauth.idjag import IdentityProvider

    class Company(IdentityProvider):
        jwks_uri = f"{issuer}/keys"

        def get_user(self, claims: Any) -> Any:
            return User.objects.get(username=claims["sub"])

    Company.issuer = issuer
    return Company


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The identity provider of a company, which publishes its keys."""
    from tests.auth.issuing import jwk, remote, rsa_key

    cache.clear()
    with remote() as running:
        running.answers["/keys"] = {"keys": [jwk(rsa_key(), "one")]}
        place = "tests.oauth.asserting.Company"
        monkeypatch.setattr(place, company(running.url), raising=False)
        yield running
    cache.clear()


@pytest.fixture
def trusting_site(site: None, settings: Settings, idp: Any) -> Iterator[None]:
    """The site of the other tests, which takes the company's assertions."""
    from tests.oauth.conftest import provider

    grants = ["authorization_code", "refresh_token", GRANT]
    with override_settings(
        OAUTH2_PROVIDER=provider(
            OAUTH2_SERVER_CLASS="django_mcp.oauth.idjag.Server",
            OAUTH2_GRANT_TYPES_SUPPORTED=grants,
        ),
        DJANGO_MCP={
            **settings.DJANGO_MCP,
            "OAUTH_IDENTITY_PROVIDERS": ["tests.oauth.asserting.Company"],
        },
    ):
        yield


@pytest.fixture
def agent(make_client: Callable[..., Any], alice: User) -> Any:
    """The company's client, which somebody registered."""
    return make_client(client_type="confidential", client_secret=SECRET)


@pytest.fixture
def assertion(idp: Any) -> Callable[..., str]:
    """Sign an assertion about Alice; ``...`` leaves a claim out."""
    from tests.auth.issuing import signed

    def sign(
        header: dict[str, Any] | None = None, key: Any = None, **changes: Any
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": idp.url,
            "sub": "alice",
            "aud": BASE_URL,
            "client_id": "agent",
            "resource": RESOURCE,
            "jti": f"{time.monotonic_ns()}",
            "exp": now + 300,
            "iat": now,
            "scope": "shop:read shop:write",
            **changes,
        }
        said = {name: value for name, value in claims.items() if value is not ...}
        return signed(said, key, **{"typ": TYPE, **(header or {})})

    return sign


def exchange(assertion: str | None, **changes: Any) -> Any:
    """Post an assertion to the token endpoint."""
    form = {
        "grant_type": GRANT,
        "assertion": assertion,
        "client_id": "agent",
        "client_secret": SECRET,
    }
    return Flow("agent").post(**form | changes)


def token_of(response: Any) -> Any:
    """Return the one token there is, which this answer gave."""
    from oauth2_provider.models import get_access_token_model

    assert response.status_code == 200, response.content
    return get_access_token_model().objects.get()


def refused(response: Any, error: str = "invalid_grant") -> bool:
    """Tell whether an answer is this error, and no token was given."""
    from oauth2_provider.models import get_access_token_model

    assert response.status_code == 400, response.content
    assert response.json()["error"] == error, response.content
    return not get_access_token_model().objects.exists()
