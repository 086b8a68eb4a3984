"""The profile is a pure function, and what a project says wins."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.utils.module_loading import import_string

from django_mcp.oauth import oauth_settings

SCOPES = {"shop:read": "See the shop"}


def test_the_issuer_is_the_address_of_the_site() -> None:
    for base in ("https://shop.example", "https://shop.example/"):
        profile = oauth_settings(base, scopes=SCOPES, default_scopes=["shop:read"])
        assert profile["OIDC_ISS_ENDPOINT"] == "https://shop.example"


def test_clients_describe_themselves_and_do_not_register_unless_asked() -> None:
    profile = oauth_settings("https://shop.example", scopes={}, default_scopes=[])
    assert profile["CIMD_ENABLED"] is True
    assert profile["DCR_ENABLED"] is False


def test_overrides_win() -> None:
    profile = oauth_settings(
        "https://shop.example",
        scopes=SCOPES,
        default_scopes=[],
        ACCESS_TOKEN_EXPIRE_SECONDS=60,
        OAUTH2_SERVER_CLASS="shop.oauth.Server",
    )
    assert profile["ACCESS_TOKEN_EXPIRE_SECONDS"] == 60
    assert profile["OAUTH2_SERVER_CLASS"] == "shop.oauth.Server"


def test_what_is_given_is_not_changed_and_not_shared() -> None:
    scopes, default = dict(SCOPES), ["shop:read"]
    profile = oauth_settings("https://h", scopes=scopes, default_scopes=default)
    profile["SCOPES"]["shop:write"] = "Change the shop"
    profile["DEFAULT_SCOPES"].append("shop:write")
    assert scopes == SCOPES
    assert default == ["shop:read"]


def test_a_settings_module_can_import_it() -> None:
    code = (
        "import sys; from django_mcp.oauth import oauth_settings;"
        "oauth_settings('https://h', scopes={}, default_scopes=[]);"
        "from django.conf import settings;"
        "print(settings.configured, 'oauth2_provider' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False False"


@pytest.mark.needs("oauth")
def test_every_key_is_one_of_django_oauth_toolkit() -> None:
    known = import_string("oauth2_provider.settings.DEFAULTS")
    assert not set(oauth_settings("h", scopes={}, default_scopes=[])) - set(known)
