"""Names to primitives: order, owners, and who sees what."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from django_mcp import AlreadyRegistered, MCPServer, NotRegistered
from django_mcp.primitives import Prompt, Resource, ResourceTemplate, Tool
from django_mcp.registry import Registry
from tests.calls import asked, context_for

SERVER = MCPServer("registry", authenticators=[])
CONTEXT = context_for(SERVER, asked("tools/list"))


def nothing(*args: Any) -> None:
    """Do nothing."""


def nobody(context: Any) -> bool:
    return False


def everybody(context: Any) -> bool:
    return True


def tool(name: str, **options: Any) -> Tool:
    return Tool(name=name, call=nothing, **options)


def template(uri: str, found: bool = True, **options: Any) -> ResourceTemplate:
    return ResourceTemplate(
        name=uri,
        uri_template=uri,
        match=lambda uri: {} if found else None,
        read=nothing,
        **options,
    )


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_primitives_stand_in_the_order_of_their_keys(registry: Registry) -> None:
    for name in ("b", "a", "C"):
        registry.add(tool(name))
    assert [found.name for found in registry.tools] == ["C", "a", "b"]
    assert len(registry.tools) == 3


def test_a_name_is_taken_once_and_the_message_says_by_whom(registry: Registry) -> None:
    registry.add(tool("add", source="shop.mcp.add"))
    with pytest.raises(AlreadyRegistered, match=r"tool 'add'.*shop\.mcp\.add"):
        registry.add(tool("add"))
    registry.add(Prompt(name="add", get=nothing))
    assert len(registry.tools) == 1


def test_who_left_no_name_is_called_so(registry: Registry) -> None:
    registry.add(tool("add"))
    with pytest.raises(AlreadyRegistered, match="left no name"):
        registry.add(tool("add"))


def test_what_is_not_there_cannot_be_removed(registry: Registry) -> None:
    with pytest.raises(NotRegistered, match="tool 'add'"):
        registry.remove(tool("add"))


@pytest.mark.parametrize("allowed", [None, nobody])
def test_hidden_and_missing_are_the_same(registry: Registry, allowed: Any) -> None:
    if allowed is not None:
        registry.add(tool("add", allowed=allowed))
    with pytest.raises(NotRegistered, match=r"There is no tool 'add'\.") as caught:
        registry.tools.get("add", CONTEXT)
    assert str(caught.value) == "There is no tool 'add'."
    assert registry.tools.allowed(CONTEXT) == []


def test_a_rule_is_asked_once_for_many(registry: Registry) -> None:
    asked_for = []

    def rule(context: Any) -> bool:
        asked_for.append(context)
        return True

    for number in range(100):
        registry.add(tool(f"t{number}", allowed=rule))
    registry.add(tool("free"))
    assert len(registry.tools.allowed(CONTEXT)) == 101
    assert asked_for == [CONTEXT]
    assert registry.tools.rules == (rule,)


def test_without_rules_nobody_is_asked(registry: Registry) -> None:
    registry.add(tool("free"))
    assert registry.tools.passed(CONTEXT) == frozenset()
    assert registry.tools.get("free", CONTEXT).name == "free"


def test_changes_are_counted(registry: Registry) -> None:
    before = registry.tools.generation
    registry.add(tool("add"))
    registry.remove(tool("add"))
    assert registry.tools.generation == before + 2
    assert registry.prompts.generation == 0


def test_a_resource_comes_before_a_template_that_fits_too(registry: Registry) -> None:
    fixed = Resource(name="hours", uri="shop://hours", read=nothing)
    registry.add(template("shop://{x}"))
    registry.add(fixed)
    found, _ = registry.resource_at("shop://hours", CONTEXT)
    assert found is fixed
    found, _ = registry.resource_at("shop://other", CONTEXT)
    assert isinstance(found, ResourceTemplate)


def test_a_hidden_resource_is_not_found(registry: Registry) -> None:
    registry.add(
        Resource(name="hours", uri="shop://hours", read=nothing, allowed=nobody)
    )
    registry.add(template("shop://no{x}", found=False))
    registry.add(template("shop://{x}", allowed=nobody))
    for uri in ("shop://hours", "shop://else"):
        with pytest.raises(NotRegistered):
            registry.resource_at(uri, CONTEXT)


def test_the_next_template_is_tried_where_one_is_hidden(registry: Registry) -> None:
    registry.add(template("a://{x}", allowed=nobody))
    registry.add(template("b://{x}", allowed=everybody))
    found, _ = registry.resource_at("b://1", CONTEXT)
    assert found.name == "b://{x}"


def test_primitives_can_be_there_for_a_while(registry: Registry) -> None:
    with registry.temporarily(tool("one"), tool("two")):
        assert len(registry.tools) == 2
    assert len(registry.tools) == 0


def test_a_snapshot_can_be_restored(registry: Registry) -> None:
    registry.add(tool("one"))
    snapshot = registry.snapshot()
    registry.remove(tool("one"))
    registry.add(tool("two"))
    registry.add(template("a://{x}"))
    registry.restore(snapshot)
    assert [found.name for found in registry.tools] == ["one"]
    assert len(registry.templates) == 0


def test_only_primitives_have_a_shelf(registry: Registry) -> None:
    with pytest.raises(TypeError, match="no tool, resource"):
        registry.add("add")  # type: ignore[arg-type]


def test_readers_see_whole_lists_while_others_write(registry: Registry) -> None:
    registry.add(tool("always"))
    seen: set[bool] = set()
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            names = [found.name for found in registry.tools]
            seen.add("always" in names and names == sorted(names))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        registry.add(tool(f"t{number}"))
    ended.set()
    reader.join(5)
    assert seen == {True}
