"""What is declared waits until somebody is served, or the checks look."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from django_mcp import AlreadyRegistered, MCPServer, Tool, mcp
from django_mcp.primitives import Primitive


def tool(name: str) -> Tool:
    return Tool(name=name, call=lambda context, arguments: name)


def broken() -> Iterator[Primitive]:
    yield tool("half")
    raise ImproperlyConfigured("There is no such view.")


def test_what_fails_for_another_reason_waits_for_the_next_time() -> None:
    server = MCPServer("tests")
    answers = iter([ConnectionError("The database is not up yet."), [tool("late")]])

    def build() -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    server.declare(build)
    server.declare(lambda: [tool("other")])
    with pytest.raises(ConnectionError):
        server.settle()
    server.settle()
    assert [one.name for one in server.registry.tools] == ["late", "other"]


def test_nothing_is_made_before_it_is_needed() -> None:
    server = MCPServer("tests")
    made: list[str] = []

    def build() -> list[Primitive]:
        made.append("now")
        return [tool("late")]

    server.declare(build)
    assert not made
    server.go_live()
    server.go_live()
    assert made == ["now"]
    assert server.registry.tools.peek("late")


def test_a_served_server_makes_it_at_once() -> None:
    server = MCPServer("tests")
    server.go_live()
    server.declare(lambda: [tool("late")])
    assert server.registry.tools.peek("late")


def test_building_may_declare_more() -> None:
    server = MCPServer("tests")

    def build() -> list[Primitive]:
        server.declare(lambda: [tool("second")])
        return [tool("first")]

    server.declare(build)
    server.go_live()
    assert [one.name for one in server.registry.tools] == ["first", "second"]


def test_a_mistake_keeps_nothing_else_from_being_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = MCPServer("tests")
    server.declare(broken, source="shop/mcp.py:3")
    server.declare(lambda: [tool("fine")])
    with caplog.at_level(logging.ERROR, "django_mcp"):
        server.go_live()
    assert [one.name for one in server.registry.tools] == ["fine"]
    assert "shop/mcp.py:3 is not served: There is no such view." in caplog.text


def test_a_name_that_is_taken_is_a_mistake() -> None:
    server = MCPServer("tests")
    server.add(tool("same"))
    server.declare(lambda: [tool("same")])
    server.go_live()
    [mistake] = server.declarations.mistakes
    assert "already registered" in mistake.text
    with pytest.raises(AlreadyRegistered):
        server.add(tool("same"))


def test_a_mistake_names_the_line_that_made_it() -> None:
    server = MCPServer("tests")
    server.declare(broken)
    server.go_live()
    [mistake] = server.declarations.mistakes
    line = test_a_mistake_names_the_line_that_made_it.__code__.co_firstlineno + 2
    assert mistake.source == f"{__file__}:{line}"


def test_the_checks_tell_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "declarations", type(mcp.declarations)())
    mcp.declare(broken, source="shop/mcp.py:3")
    found: list[Any] = [
        m for m in run_checks(databases=[]) if m.id == "django_mcp.E015"
    ]
    assert [message.msg for message in found] == [
        "shop/mcp.py:3: There is no such view."
    ]
