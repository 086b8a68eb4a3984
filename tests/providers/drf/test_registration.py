"""What is refused at once, and what is missing."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp import MCPServer


def test_a_missing_framework_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "django_mcp.providers.drf.registration.find_spec", lambda name: None
    )
    with pytest.raises(ImproperlyConfigured, match=r'"django-mcp-channels\[drf\]"'):
        MCPServer("tests").viewset("book-list")


@pytest.mark.needs("drf")
@pytest.mark.parametrize("target", [3, dict, lambda request: None, MCPServer])
def test_what_is_no_view_is_refused_at_once(target: Any) -> None:
    with pytest.raises(TypeError, match=r"Use mcp\.view for views of Django's"):
        MCPServer("tests").viewset(target)


@pytest.mark.needs("drf")
def test_unknown_options_are_refused_at_once() -> None:
    with pytest.raises(TypeError, match="colour"):
        MCPServer("tests").viewset("book-list", colour="red")


@pytest.mark.needs("drf")
def test_it_returns_what_it_was_given() -> None:
    pytest.importorskip("rest_framework")
    viewset = importlib.import_module("tests.testapp.drf_api").BookViewSet
    assert MCPServer("tests").viewset(viewset) is viewset


@pytest.mark.needs("drf")
def test_it_is_a_decorator_as_well_with_options() -> None:
    viewsets = pytest.importorskip("rest_framework.viewsets")
    decorators = importlib.import_module("rest_framework.decorators")
    server = MCPServer("tests")

    @server.viewset(actions=["pong"], prefix="game")
    class Ping(viewsets.ViewSet):  # type: ignore[name-defined]
        @decorators.action(detail=False)
        def pong(self, request: Any) -> Any: ...

    server.settle()
    assert [tool.name for tool in server.registry.tools] == ["game_pong"]
    assert isinstance(Ping, type)
