"""Every test here has the APIs in its URLconf, and a server of its own."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from pytest_django import Settings

from django_mcp import MCPServer


@pytest.fixture(autouse=True)
def _urlconf(settings: Settings) -> None:
    """The sessions of the compared browser are in its cookie: there is no table."""
    settings.ROOT_URLCONF = "tests.providers.ninja.apis"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    cache.clear()


@pytest.fixture
def server() -> MCPServer:
    return MCPServer("test")


@pytest.fixture
def answers(server: MCPServer) -> MCPServer:
    """Return a server with the API that answers in every way."""
    from tests.providers.ninja import apis  # needs the extra

    server.ninja(apis.answers)
    return server
