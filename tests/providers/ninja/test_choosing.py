"""Which operations become tools, and what they are called."""

from __future__ import annotations

import pytest

pytest.importorskip("ninja")

from django_mcp import MCPServer
from tests.providers.ninja import apis
from tests.providers.ninja.calling import mistake_of, names, tool_of, value_of

pytestmark = pytest.mark.needs("ninja")


def test_operations_that_read_and_are_documented_are_served(server: MCPServer) -> None:
    server.ninja(apis.shapes)
    served = {"address", "both", "headers", "old", "query", "shadowed", "typed"}
    assert names(server) == served
    assert all(tool.read_only for tool in server.registry.tools)


@pytest.mark.parametrize(
    ("operations", "served"),
    [
        (["one_body"], {"one_body"}),
        (["unlisted"], {"unlisted"}),
        (["old"], {"old"}),
        (["PATCH"], {"patch"}),
        (["PATCH", "one_body"], {"patch", "one_body"}),
        (["old", "PATCH"], {"old", "patch"}),
        ([], set()),
    ],
)
def test_ids_name_operations_and_methods_ask_for_them(
    server: MCPServer, operations: list[str], served: set[str]
) -> None:
    server.ninja(apis.shapes, operations=operations)
    assert names(server) == served


@pytest.mark.parametrize(
    ("operations", "served"),
    [
        (["inner"], {"list_all"}),
        (["outer"], {"outer.list", "list_all"}),
        (["inner", "POST"], {"add"}),
        (["inner", "GET", "POST"], {"add", "list_all"}),
        (["inner", "outer.list"], {"list_all", "outer.list"}),
        (["list_outer"], {"outer.list"}),
    ],
)
def test_tags_narrow_what_is_read(
    server: MCPServer, operations: list[str], served: set[str]
) -> None:
    server.ninja(apis.first, operations=operations)
    assert names(server) == served


def test_a_name_nobody_has_is_a_mistake_that_lists_the_others(
    server: MCPServer,
) -> None:
    server.ninja(apis.first, operations=["lst"])
    assert mistake_of(server) == (
        "There is no operation, tag or method lst. The operations are add, list_all,"
        " outer.list; the tags inner, outer."
    )


def test_several_operations_cannot_have_one_name(server: MCPServer) -> None:
    server.ninja(apis.first, name="it")
    assert mistake_of(server) == "name cannot be that of 2 operations."


def test_an_operation_of_several_methods_is_several_tools(server: MCPServer) -> None:
    server.ninja(apis.both)
    assert names(server) == {"both_get", "both_post"}
    assert value_of(server, "both_post") == "POST"
    assert value_of(server, "both_get") == "GET"
    assert tool_of(server, "both_get").read_only
    assert not tool_of(server, "both_post").read_only


def test_a_prefix_tells_two_versions_apart(server: MCPServer) -> None:
    server.ninja(apis.first, prefix="v1")
    server.ninja(apis.second, prefix="v2")
    # One router of the second is mounted twice, under two names of its URLs.
    assert names(server) == {"v1_list_all", "v1_outer.list", "v2_a_list_", "v2_b_list_"}


def test_routers_that_a_function_makes_are_told_apart_by_address(
    server: MCPServer,
) -> None:
    server.ninja(apis.made, operations=["GET", "PUT"])
    assert names(server) == {
        "list_items_books",
        "list_items_authors",
        "item_books_place_get",
        "item_books_place_put",
        "item_authors_place_get",
        "item_authors_place_put",
    }
    assert value_of(server, "list_items_authors") == ["Ada"]
    one = MCPServer("one")
    one.ninja(apis.made, operations=["list_items_authors"])
    assert names(one) == {"list_items"}
    assert value_of(one, "list_items") == ["Ada"]
