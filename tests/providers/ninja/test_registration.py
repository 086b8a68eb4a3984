"""Which operations become tools, and what is said about each."""

from __future__ import annotations

import sys
from typing import Any

import pytest

pytest.importorskip("ninja")

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from django_mcp import MCPServer, mcp
from tests.providers.ninja import apis
from tests.providers.ninja.calling import mistake_of, names, tool_of, value_of
from tests.testapp import ninja_employees

pytestmark = pytest.mark.needs("ninja")


def test_an_api_that_is_nowhere_is_a_mistake(server: MCPServer) -> None:
    server.ninja(apis.unmounted)
    assert "in the URLconf" in mistake_of(server)


def test_a_target_is_given_back_so_that_a_decorator_takes_nothing_away(
    server: MCPServer,
) -> None:
    assert server.ninja(apis.raises) is apis.raises
    assert names(server) == {"raises"}


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("shop.api", {}),
        (print, {}),
        (apis.shapes, {"operations": "GET"}),
        (apis.shapes, {"auth": "me"}),
        (apis.shapes, {"unknown": 1}),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    server: MCPServer, target: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        server.ninja(target, **options)


def test_without_the_extra_the_line_says_what_to_install(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ninja", None)
    monkeypatch.delitem(sys.modules, "django_mcp.providers.ninja.operations")
    with pytest.raises(ImproperlyConfigured, match=r"django-mcp-channels\[ninja\]"):
        server.ninja(apis.shapes)


def test_a_wrong_permission_is_refused_at_once(server: MCPServer) -> None:
    with pytest.raises(ImproperlyConfigured, match="app_label"):
        server.ninja(apis.shapes, permission="nothing")


def test_an_operation_says_what_it_is(server: MCPServer) -> None:
    server.ninja(apis.old, tags=["mine"], timeout=3)
    tool = tool_of(server, "old")
    assert tool.title == "The old one"
    assert tool.description == "Deprecated. Better ask the new one."
    assert tool.tags == {"old", "mine"}
    assert tool.timeout == 3
    assert tool.source == "tests.providers.ninja.apis.old"


def test_arguments_are_not_described_twice(server: MCPServer) -> None:
    server.ninja(apis.query)
    assert tool_of(server, "query").description == "What the query said."


def test_one_operation_may_be_called_anything(server: MCPServer) -> None:
    server.ninja(apis.one_body, name="sell", title="Sell", description="Sell it.")
    tool = tool_of(server, "sell")
    assert (tool.title, tool.description) == ("Sell", "Sell it.")
    assert not tool.read_only


def test_methods_are_hints(server: MCPServer, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.testapp.ninja_urls"
    server.ninja(ninja_employees.api, operations=["GET", "POST", "PUT", "DELETE"])
    hints = {}
    for name in ("list", "create", "update", "delete"):
        tool = tool_of(server, f"{name}_employee{'s' if name == 'list' else ''}")
        hints[name] = (tool.read_only, tool.destructive, tool.idempotent)
    assert hints == {
        "list": (True, None, None),
        "create": (False, None, None),
        "update": (False, None, True),
        "delete": (False, True, True),
    }


def test_what_has_no_schema_is_left_out_and_said(server: MCPServer) -> None:
    server.ninja(apis.odd)
    assert names(server) == {"gives_word"}
    assert tool_of(server, "gives_word").output_schema is None
    assert value_of(server, "gives_word") == "even"
    [mistake] = server.declarations.mistakes
    assert mistake.text.startswith(
        "takes_word is not served: there is no schema of it: "
    )


@pytest.mark.django_db
def test_the_system_checks_show_mistakes_and_warnings(settings: Settings) -> None:
    before = mcp.registry.snapshot()
    try:
        mcp.ninja(apis.needs_header)
        mcp.ninja(apis.unmounted)
        with pytest.raises(SystemCheckError) as error:
            call_command("check")
    finally:
        mcp.declarations.mistakes.clear()
        mcp.registry.restore(before)
    text = str(error.value)
    assert "django_mcp.W013" in text
    assert "needs_header is not served" in text
    assert "django_mcp.E015" in text
    assert f"{__file__}:" in text
