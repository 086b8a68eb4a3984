"""What is said to a project that named our login and not what it runs on."""

from __future__ import annotations

from importlib import reload
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings

pytestmark = pytest.mark.needs("oauth")

without = modify_settings(INSTALLED_APPS={"remove": ["oauth2_provider"]})


def read_again() -> None:
    from django_mcp.oauth import installed

    reload(installed)


def test_a_project_is_told_which_app_is_missing() -> None:
    read_again()
    with without, pytest.raises(ImproperlyConfigured, match="oauth2_provider"):
        read_again()


def test_the_checks_tell_it_of_the_authenticator(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unready(path: str) -> Any:
        raise ImproperlyConfigured("it needs an app")

    monkeypatch.setattr("django_mcp.auth.checks.import_string", unready)
    settings.DJANGO_MCP = {"AUTHENTICATORS": ["shop.Authenticator"]}
    [found] = [one for one in run_checks() if one.id == "django_mcp.E005"]
    assert "it needs an app" in found.msg
