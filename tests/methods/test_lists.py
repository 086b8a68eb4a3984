"""The four lists: pages, caching, and the shape of each revision."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from django_mcp import MCPServer
from django_mcp.methods import lists
from django_mcp.primitives import (
    Icon,
    Prompt,
    PromptArgument,
    Resource,
    ResourceTemplate,
    Tool,
)
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for, members
from tests.wire import REVISIONS, STATELESS


def nothing(*args: Any) -> None:
    """Do nothing."""


@pytest.fixture
def server() -> MCPServer:
    return MCPServer("lists", authenticators=[])


def listed(
    server: MCPServer,
    revision: str = STATELESS,
    serve: Any = lists.tools,
    **params: Any,
) -> dict[str, Any]:
    event = asked("tools/list", params, revision)
    return members(serve(server, event, context_for(server, event)))


def tools(server: MCPServer, count: int, **options: Any) -> None:
    for number in range(count):
        server.add(Tool(name=f"t{number:02}", call=nothing, **options))


def paged(settings: Any, size: int) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "PAGE_SIZE": size}


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (3, 1), (4, 2), (9, 3), (10, 4)])
def test_a_list_is_cut_into_pages(
    server: MCPServer, settings: Any, count: int, pages: int
) -> None:
    paged(settings, 3)
    tools(server, count)
    found, names, params = 1, [], {}
    while True:
        page = listed(server, **params)
        names += [tool["name"] for tool in page["tools"]]
        if "nextCursor" not in page:
            break
        found, params = found + 1, {"cursor": page["nextCursor"]}
    assert found == pages
    assert names == [f"t{number:02}" for number in range(count)]


def test_pages_stay_right_when_something_goes(server: MCPServer, settings: Any) -> None:
    paged(settings, 2)
    tools(server, 5)
    first = listed(server)
    server.remove(next(iter(server.registry.tools)))
    second = listed(server, cursor=first["nextCursor"])
    assert [tool["name"] for tool in second["tools"]] == ["t02", "t03"]


BAD = ["", "x", "é", "AAAA", 1, 1.5, True, [], {}, "x" * 10_000]
BAD.append(base64.urlsafe_b64encode(b"prompts:t01").decode())
BAD.append(base64.urlsafe_b64encode(b"tools").decode())
BAD.append(base64.urlsafe_b64encode(b"\xff\xfe").decode())
BAD.append(base64.urlsafe_b64encode(b"tools:" + b"x" * 10_000).decode())


@pytest.mark.parametrize("size", [None, 2])
@pytest.mark.parametrize("cursor", BAD, ids=lambda cursor: repr(cursor)[:20])
def test_a_bad_cursor_is_refused(
    server: MCPServer, settings: Any, size: Any, cursor: Any
) -> None:
    paged(settings, size)
    tools(server, 3)
    with pytest.raises(ProtocolError, match="cursor: ") as caught:
        listed(server, cursor=cursor)
    assert caught.value.code == -32602
    assert len(server.pages) == 0


def test_a_page_is_made_once_for_all_who_see_the_same(server: MCPServer) -> None:
    tools(server, 3, allowed=lambda context: context.user.username != "eve")
    event = asked("tools/list")

    def seen_by(name: str) -> Any:
        user = type("User", (), {"username": name})()
        return lists.tools(server, event, context_for(server, event, user))

    assert seen_by("ann") is seen_by("bob")
    assert members(seen_by("eve"))["tools"] == []
    assert members(seen_by("ann"))["cacheScope"] == "private"


def test_a_change_makes_a_new_page(server: MCPServer) -> None:
    tools(server, 1)
    before = listed(server)
    server.add(Tool(name="new", call=nothing))
    after = listed(server)
    assert len(before["tools"]) + 1 == len(after["tools"])


def test_pages_are_not_kept_without_end(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_PAGES", 3)
    for number in range(10):
        tools_before = len(server.registry.tools)
        server.add(Tool(name=str(number), call=nothing))
        assert len(listed(server)["tools"]) == tools_before + 1
    assert len(server.pages) <= 3


def test_large_pages_are_few(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_SIZE", 2000)
    for number in range(5):
        server.add(Tool(name=str(number), call=nothing, description="d" * 500))
        listed(server)
        assert len(server.pages) == 1 or sum(map(len, server.pages.values())) <= 2000
    listed(server)
    assert len(server.pages) == 1


def test_an_old_page_says_how_long_it_lives(server: MCPServer, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "LIST_TTL": 7}
    page = listed(server)
    assert (page["ttlMs"], page["cacheScope"]) == (7, "public")
    assert page["resultType"] == "complete"


ICON = Icon(
    src="https://a.example/i.png", mime_type="image/png", sizes=("any",), theme="dark"
)
COMMON: dict[str, Any] = {
    "title": "T",
    "description": "D",
    "icons": (ICON,),
    "meta": {"a": 1},
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_tool_is_described_as_its_revision_knows(
    server: MCPServer, revision: str
) -> None:
    server.add(
        Tool(
            name="t",
            call=nothing,
            output_schema={"type": "integer"},
            read_only=True,
            destructive=False,
            open_world=True,
            **COMMON,
        )
    )
    [tool] = listed(server, revision)["tools"]
    titled = revision >= "2025-06-18"
    assert tool["description"] == "D"
    assert (tool.get("title") == "T") is titled
    assert ("_meta" in tool) is titled
    assert ("outputSchema" in tool) is titled
    assert ("icons" in tool) is (revision >= "2025-11-25")
    hints = {"readOnlyHint": True, "destructiveHint": False, "openWorldHint": True}
    expected: Any = None if revision < "2025-03-26" else hints
    if revision == "2025-03-26":
        expected = {**hints, "title": "T"}
    assert tool.get("annotations") == expected
    if revision >= "2025-11-25":
        assert tool["icons"] == [
            {
                "src": "https://a.example/i.png",
                "mimeType": "image/png",
                "sizes": ["any"],
                "theme": "dark",
            }
        ]


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_others_are_described_as_their_revision_knows(
    server: MCPServer, revision: str
) -> None:
    titled = revision >= "2025-06-18"
    notes = {"audience": ["user"]}
    server.add(
        Resource(
            name="r",
            uri="r://r",
            read=nothing,
            mime_type="text/plain",
            size=3,
            annotations=notes,
            **COMMON,
        ),
        ResourceTemplate(
            name="t", uri_template="t://{x}", match=nothing, read=nothing, **COMMON
        ),
        Prompt(
            name="p",
            get=nothing,
            arguments=(
                PromptArgument(name="a", title="A", description="d", required=True),
                PromptArgument(name="b"),
            ),
            **COMMON,
        ),
        Prompt(name="q", get=nothing),
    )
    [resource] = listed(server, revision, lists.resources)["resources"]
    assert (resource["uri"], resource["mimeType"]) == ("r://r", "text/plain")
    assert (resource["size"], resource["annotations"]) == (3, notes)
    [template] = listed(server, revision, lists.templates)["resourceTemplates"]
    assert template["uriTemplate"] == "t://{x}"
    prompt, other = listed(server, revision, lists.prompts)["prompts"]
    assert other == {"name": "q"}
    first, second = prompt["arguments"]
    assert (first.get("title") == "A") is titled
    assert (first["required"], first["description"]) == (True, "d")
    assert second == {"name": "b"}
    for one in (resource, template, prompt):
        assert ("title" in one) is titled
        assert ("icons" in one) is (revision >= "2025-11-25")


def test_a_cursor_nobody_gave_is_served_and_not_kept(
    server: MCPServer, settings: Any
) -> None:
    tools(server, 5)
    paged(settings, 2)
    for key in ("tool", "x" * 50, "zzz"):
        made_up = base64.urlsafe_b64encode(f"tools:{key}".encode()).decode()
        listed(server, cursor=made_up.rstrip("="))
    assert not server.pages
