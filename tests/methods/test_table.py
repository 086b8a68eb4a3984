"""The table of methods: what blocks, and in which era it is served."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer
from django_mcp.methods.table import METHODS
from django_mcp.primitives import Prompt, Resource, ResourceTemplate, Tool
from tests.calls import asked, context_for


def nothing(*args: Any) -> None:
    """Do nothing."""


def somebody(context: Any) -> bool:
    return True


@pytest.fixture
def server() -> MCPServer:
    return MCPServer("table", authenticators=[])


def add_all(server: MCPServer, **options: Any) -> None:
    server.add(
        Tool(name="x", call=nothing, **options),
        Prompt(name="x", get=nothing, **options),
        Resource(name="x", uri="x://x", read=nothing, **options),
    )


def blocks(server: MCPServer, event: Any) -> bool:
    return METHODS[event.method].blocks(server, event, context_for(server, event))


CALLS = [
    ("tools/call", {"name": "x"}),
    ("prompts/get", {"name": "x"}),
    ("resources/read", {"uri": "x://x"}),
]


@pytest.mark.parametrize(("method", "params"), CALLS)
@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({}, {}),
        ({"blocking": True}, {}),
        ({"allowed": somebody}, {}),
        ({}, {"requestState": ""}),
    ],
)
def test_what_may_wait_runs_in_a_thread(
    server: MCPServer, method: str, params: Any, options: Any, more: Any
) -> None:
    add_all(server, **options)
    event = asked(method, params | more)
    assert blocks(server, event) is bool(options or more)


@pytest.mark.parametrize(
    "params", [{}, {"name": 1, "uri": []}, {"name": "y", "uri": "y"}]
)
@pytest.mark.parametrize("method", [method for method, _ in CALLS])
def test_what_is_not_there_does_not_wait(
    server: MCPServer, method: str, params: Any
) -> None:
    assert blocks(server, asked(method, params)) is False


@pytest.mark.parametrize("known", [True, False])
def test_a_rule_that_knows_its_answer_does_not_wait(
    server: MCPServer, known: bool
) -> None:
    def rule(context: Any) -> bool:
        return True

    rule.known = lambda context: known  # type: ignore[attr-defined]
    add_all(server, allowed=rule)
    assert blocks(server, asked("tools/call", {"name": "x"})) is not known
    assert blocks(server, asked("tools/list")) is not known


@pytest.mark.parametrize("options", [{"blocking": True}, {"allowed": somebody}])
def test_a_template_may_wait_too(server: MCPServer, options: Any) -> None:
    def template(uri: str, **options: Any) -> ResourceTemplate:
        return ResourceTemplate(
            name=uri, uri_template=uri, match=lambda u: {}, read=nothing, **options
        )

    event = asked("resources/read", {"uri": "t://x"})
    server.add(template("t://{x}"))
    assert not blocks(server, event)
    server.add(template("u://{x}", **options))
    assert blocks(server, event)


@pytest.mark.parametrize(
    ("method", "shelf"),
    [
        ("tools/list", Tool),
        ("prompts/list", Prompt),
        ("resources/list", Resource),
        ("resources/templates/list", ResourceTemplate),
    ],
)
def test_a_list_waits_only_for_rules(
    server: MCPServer, method: str, shelf: type
) -> None:
    add_all(server, blocking=True)
    assert not blocks(server, asked(method))
    for one in (
        server.registry.tools,
        server.registry.prompts,
        server.registry.resources,
    ):
        for primitive in tuple(one):
            server.remove(primitive)
    add_all(server, allowed=somebody)
    assert blocks(server, asked(method)) is (shelf is not ResourceTemplate)


def test_each_method_is_in_one_era_at_least() -> None:
    assert all(row.handshake or row.stateless for row in METHODS.values())
