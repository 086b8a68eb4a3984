"""completion/complete."""

from __future__ import annotations

from inspect import isawaitable
from itertools import count
from typing import Any

import pytest

from django_mcp import MCPServer, PermissionRequired
from django_mcp.methods.completion import MAX_VALUES, complete
from django_mcp.primitives import Prompt, ResourceTemplate
from django_mcp.protocol.errors import ProtocolError
from django_mcp.threads import in_django_thread
from tests.calls import asked, context_for
from tests.testapp.models import Author

SERVER = MCPServer("completion", authenticators=[])
PROMPT = {"type": "ref/prompt", "name": "p"}
TEMPLATE = {"type": "ref/resource", "uri": "t://{x}"}


def nothing(*args: Any) -> None:
    """Do nothing."""


async def later(context: Any, value: str, others: Any) -> list[str]:
    return [value, *others.values()]


async def rows_later(context: Any, value: str, others: Any) -> Any:
    return Author.objects.order_by("name").values_list("name", flat=True)


SERVER.add(
    Prompt(
        name="p",
        get=nothing,
        complete={
            "many": lambda context, value, others: [str(n) for n in range(150)],
            "later": later,
            "rows": lambda context, value, others: Author.objects.order_by(
                "name"
            ).values_list("name", flat=True),
            "rows later": rows_later,
            "endless": lambda context, value, others: map(str, count()),
            "numbers": lambda context, value, others: [1, 2],  # type: ignore[list-item]
        },
    ),
    ResourceTemplate(
        name="t",
        uri_template="t://{x}",
        match=lambda uri: None,
        read=nothing,
        complete={"x": lambda context, value, others: [value + "!"]},
    ),
    Prompt(name="hidden", get=nothing, allowed=lambda context: False),
)


async def run(ref: Any, argument: Any, others: Any = None) -> Any:
    params = {"ref": ref, "argument": argument}
    if others is not None:
        params["context"] = others
    event = asked("completion/complete", params)
    result = complete(SERVER, event, context_for(SERVER, event))
    return (await result if isawaitable(result) else result)["completion"]


@pytest.mark.django_db(transaction=True)
async def test_rows_of_an_async_function_are_fetched_off_the_loop() -> None:
    await Author.objects.acreate(name="Ann")
    params = {"ref": PROMPT, "argument": {"name": "rows later", "value": ""}}
    event = asked("completion/complete", params)
    context = context_for(SERVER, event, cross=in_django_thread)
    result: Any = complete(SERVER, event, context)
    assert (await result)["completion"]["values"] == ["Ann"]


@pytest.mark.django_db
def test_no_more_rows_are_fetched_than_an_answer_holds(
    django_assert_num_queries: Any,
) -> None:
    Author.objects.bulk_create(Author(name=f"{n:03}") for n in range(150))
    params = {"ref": PROMPT, "argument": {"name": "rows", "value": ""}}
    event = asked("completion/complete", params)
    with django_assert_num_queries(1) as queries:
        result: Any = complete(SERVER, event, context_for(SERVER, event))
    found = result["completion"]
    assert "LIMIT 101" in queries[0]["sql"]
    assert found["values"][-1] == "099"
    assert found["hasMore"]


async def test_what_never_ends_is_not_waited_for() -> None:
    found = await run(PROMPT, {"name": "endless", "value": ""})
    assert (len(found["values"]), found["hasMore"]) == (100, True)


async def test_an_answer_holds_a_hundred_values_and_says_that_there_are_more() -> None:
    found = await run(PROMPT, {"name": "many", "value": ""})
    assert len(found["values"]) == MAX_VALUES == 100
    assert (found["total"], found["hasMore"]) == (150, True)


async def test_a_completion_sees_the_other_arguments() -> None:
    others = {"arguments": {"a": "b", "n": 1}}
    found = await run(PROMPT, {"name": "later", "value": "v"}, others)
    assert found == {"values": ["v", "b", "1"], "total": 3, "hasMore": False}


async def test_values_are_text() -> None:
    assert (await run(PROMPT, {"name": "numbers", "value": ""}))["values"] == ["1", "2"]


async def test_a_template_has_completions_too() -> None:
    assert (await run(TEMPLATE, {"name": "x", "value": "a"}))["values"] == ["a!"]


@pytest.mark.parametrize("ref", [PROMPT, TEMPLATE])
async def test_an_argument_without_completions_has_no_values(ref: Any) -> None:
    assert (await run(ref, {"name": "none", "value": ""}))["values"] == []


@pytest.mark.parametrize(
    ("ref", "argument", "others"),
    [
        (None, {"name": "a", "value": ""}, None),
        ([], {"name": "a", "value": ""}, None),
        ({}, {"name": "a", "value": ""}, None),
        ({"type": "ref/tool", "name": "p"}, {"name": "a", "value": ""}, None),
        ({"type": "ref/prompt"}, {"name": "a", "value": ""}, None),
        ({"type": "ref/prompt", "name": []}, {"name": "a", "value": ""}, None),
        ({"type": "ref/prompt", "name": "no"}, {"name": "a", "value": ""}, None),
        ({"type": "ref/prompt", "name": "hidden"}, {"name": "a", "value": ""}, None),
        ({"type": "ref/resource", "uri": 1}, {"name": "a", "value": ""}, None),
        ({"type": "ref/resource", "uri": "t://1"}, {"name": "a", "value": ""}, None),
        (PROMPT, None, None),
        (PROMPT, {"name": "a"}, None),
        (PROMPT, {"value": ""}, None),
        (PROMPT, {"name": 1, "value": ""}, None),
        (PROMPT, {"name": "a", "value": 1}, None),
        (PROMPT, {"name": "a", "value": ""}, {"arguments": []}),
    ],
)
async def test_what_is_malformed_is_refused(
    ref: Any, argument: Any, others: Any
) -> None:
    with pytest.raises(ProtocolError) as caught:
        await run(ref, argument, others)
    assert caught.value.code == -32602


def test_completions_need_the_scopes_of_what_they_complete() -> None:
    server = MCPServer("scoped", authenticators=[])
    server.add(
        Prompt(
            name="secret",
            get=nothing,
            scopes=frozenset({"read"}),
            complete={"who": lambda context, value, others: ["alice"]},
        )
    )
    params = {
        "ref": {"type": "ref/prompt", "name": "secret"},
        "argument": {"name": "who", "value": ""},
    }
    event = asked("completion/complete", params)
    with pytest.raises(PermissionRequired):
        complete(server, event, context_for(server, event, scopes=frozenset()))
    context = context_for(server, event, scopes=frozenset({"read"}))
    result: Any = complete(server, event, context)
    assert result["completion"]["values"] == ["alice"]
