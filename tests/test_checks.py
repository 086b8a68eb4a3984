"""Each mistake has an id, and is found by the check that names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings

from django_mcp import MCPServer, mcp
from django_mcp.auth import AllowAnonymous, BaseAuthenticator
from django_mcp.checks import check_aliases
from django_mcp.conf import conf
from tests.testapp.models import Book

OPEN = "django_mcp.auth.AllowAnonymous"
KEYS = "django_mcp.keys.authentication.KeyAuthenticator"
REDIS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
SHARED = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}


def ids(*, deploy: bool = False) -> list[str]:
    """Return what the checks of this package find."""
    found = (
        message.id
        for message in run_checks(include_deployment_checks=deploy, databases=[])
    )
    return sorted(i for i in found if i and i.startswith("django_mcp."))


def hints() -> str:
    return " ".join(
        f"{message.msg} {message.hint}" for message in run_checks(databases=[])
    )


def test_the_settings_of_this_suite_are_fine() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("AUTHENTICATORS", ["E001"]),
        (["AUTHENTICATORS"], ["E001"]),
        ({"AUTHENTICATOR": []}, ["E002"]),
        ({"AUTHENTICATOR": [], "max_depth": 1}, ["E002", "E002"]),
        ({"MAX_DEPTH": 0}, ["E003"]),
        ({"MAX_BODY_SIZE": "4 MB"}, ["E003"]),
        ({"MAX_STREAMS": True}, ["E003"]),
        ({"KEEP_ALIVE": -1, "SESSION_AGE": None}, ["E003", "E003"]),
        ({"KEEP_ALIVE": 0.5, "THREADS": 0, "LIST_TTL": 0}, []),
        ({"THREADS": -1}, ["E003"]),
        ({"PAGE_SIZE": 0}, ["E003"]),
        ({"PAGE_SIZE": None}, []),
        ({"AUTHENTICATORS": [OPEN]}, []),
        ({"AUTHENTICATORS": [KEYS, OPEN]}, []),
        ({"AUTHENTICATORS": [OPEN, KEYS]}, ["W020"]),
        ({"AUTHENTICATORS": OPEN}, ["E005"]),
        ({"AUTHENTICATORS": ["nowhere.Authenticator"]}, ["E005"]),
        ({"AUTHENTICATORS": ["nowhere"]}, ["E005"]),
        ({"AUTHENTICATORS": [None]}, ["E005"]),
        ({"AUTHENTICATORS": ["django_mcp.mcp", OPEN]}, ["E005"]),
        ({"ALLOWED_ORIGINS": ["https://app.example", "http://localhost:3000"]}, []),
        ({"ALLOWED_ORIGINS": "https://app.example"}, ["E006"]),
        ({"ALLOWED_ORIGINS": ["app.example"]}, ["E006"]),
        ({"ALLOWED_ORIGINS": ["https://app.example/"]}, ["E006"]),
        ({"ALLOWED_ORIGINS": ["https://App.example"]}, ["E006"]),
        ({"ALLOWED_ORIGINS": ["https://[bad", 7]}, ["E006", "E006"]),
        ({"ALLOWED_ORIGINS": ["*"]}, ["W001"]),
        ({"CACHE": "nowhere"}, ["E007"]),
        ({"CHANNEL_LAYER": "nowhere"}, ["E008"]),
    ],
)
def test_a_wrong_setting_is_named(
    settings: Any, given: Any, expected: list[str]
) -> None:
    settings.DJANGO_MCP = given
    assert ids() == [f"django_mcp.{number}" for number in expected]


def test_a_wrong_key_is_answered_with_the_right_ones(settings: Any) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATOR": []}
    assert "AUTHENTICATORS" in hints()


def test_a_server_that_nobody_may_call_is_an_error(settings: Any) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATORS": []}
    assert ids() == []  # it has nothing to call yet

    @mcp.tool
    def secret() -> str:
        return "No."

    try:
        assert ids() == ["django_mcp.E004"]
        assert "AllowAnonymous" in hints()
        settings.DJANGO_MCP = {"AUTHENTICATORS": [OPEN]}
        assert ids() == []
        assert isinstance(mcp.authenticators[0], AllowAnonymous)
    finally:
        mcp.remove(*filter(None, [mcp.registry.tools.peek("secret")]))


def test_every_server_of_a_project_is_looked_at(settings: Any) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATORS": []}
    closed = MCPServer("closed")
    own = MCPServer("own", authenticators=[AllowAnonymous()])
    assert ids() == []  # nothing is served by them yet

    @closed.tool
    def secret() -> str:
        return "No."

    own.tool(secret)
    own.register(Book, fields=["title", "no_such_field"])
    own.declare(refuse)

    assert ids() == ["django_mcp.E004", "django_mcp.E010", "django_mcp.E015"]
    assert "Nobody may call <MCPServer 'closed'>" in hints()


class Unfit(BaseAuthenticator):
    """One that knows what it lacks."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [Error("It has no issuer.", id="django_mcp.E999")]


def test_an_authenticator_tells_what_is_wrong_with_it_once(settings: Any) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATORS": [f"{__name__}.Unfit"]}
    other = MCPServer("of the settings too")
    assert ids() == ["django_mcp.E999"]
    own = MCPServer("own", authenticators=[Unfit(), AllowAnonymous()])
    settings.DJANGO_MCP = {"AUTHENTICATORS": [OPEN]}
    assert ids() == ["django_mcp.E999"]
    assert own.authenticators.check() and not other.authenticators.check()


def refuse() -> Any:
    raise ImproperlyConfigured("There is no such view.")


async def too_late(context: Any) -> str:
    return "de"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("shop.no_such_module.language_of", "cannot be imported"),
        (f"{__name__}.no_such_function", "cannot be imported"),
        (7, "cannot be imported"),
        (f"{__name__}.OPEN", "cannot be called"),
        (f"{__name__}.too_late", "is asynchronous"),
    ],
)
def test_the_function_that_knows_languages_can_be_called(
    settings: Any, path: Any, problem: str
) -> None:
    settings.DJANGO_MCP = {"AUTHENTICATORS": [OPEN], "LANGUAGE": path}
    assert ids() == ["django_mcp.E017"]
    assert problem in hints()
    settings.DJANGO_MCP["LANGUAGE"] = "tests.test_languages.wants_french"
    conf.forget()
    assert ids() == []


def test_channels_without_a_layer_need_no_alias(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    assert ids() == []


def test_callers_need_django_users() -> None:
    # Django looks at its own apps in checks of its own, which would fail.
    with modify_settings(INSTALLED_APPS={"remove": ["django.contrib.auth"]}):
        found = [message.id for message in check_aliases(None)]
    assert found == ["django_mcp.E009"]


def test_a_foreign_distribution_of_the_same_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "django_mcp-0.3.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: django-mcp\n")
    (metadata / "top_level.txt").write_text("django_mcp\n")
    (metadata / "RECORD").write_text("django_mcp/__init__.py,,\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert ids() == ["django_mcp.W002"]
    assert "'django-mcp'" in hints()


def test_what_workers_do_not_share_is_said_before_deploying(
    settings: Any,
) -> None:
    settings.CHANNEL_LAYERS = MEMORY
    assert ids(deploy=True) == ["django_mcp.W003", "django_mcp.W004"]
    settings.CACHES = SHARED
    settings.CHANNEL_LAYERS = {}
    assert ids(deploy=True) == ["django_mcp.W004"]
    settings.CHANNEL_LAYERS = REDIS
    assert ids(deploy=True) == []


def test_without_sessions_no_cache_has_to_be_shared(settings: Any) -> None:
    settings.DJANGO_MCP = {"SESSIONS": False}
    settings.CHANNEL_LAYERS = REDIS
    assert ids(deploy=True) == []
