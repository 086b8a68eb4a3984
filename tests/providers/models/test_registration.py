"""A model is registered once, as a call or as a decorator."""

from __future__ import annotations

import pytest

from django_mcp import AlreadyRegistered, MCPServer, ModelToolset, NotRegistered, mcp
from tests.providers.models.asking import Open
from tests.test_checks import ids
from tests.testapp.models import Author, Book


def names(server: MCPServer) -> list[str]:
    return [tool.name for tool in server.registry.tools]


def test_a_class_is_registered_by_decorating_it() -> None:
    server = MCPServer()

    @server.register(Book)
    class Books(ModelToolset):
        fields = ("id", "title")

    assert names(server) == ["aggregate_books", "get_book", "list_books"]
    assert isinstance(server.toolsets[Book], Books)
    assert list(server.toolsets) == [Book]


def test_attributes_are_enough() -> None:
    server = MCPServer()
    server.register(Book, fields=["id"], actions=["list"])
    assert names(server) == ["list_books"]


def test_attributes_change_a_class() -> None:
    server = MCPServer()
    server.register(Book, Open, fields=["id"], prefix="shop")
    assert names(server) == [
        "shop_aggregate_books",
        "shop_get_book",
        "shop_list_books",
    ]
    assert Open.fields == ()


def test_an_attribute_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="feilds"):
        MCPServer().register(Book, feilds=["id"])


def test_a_second_toolset_is_refused_and_the_first_named() -> None:
    server = MCPServer()
    server.register(Book, Open, fields=["id"])
    with pytest.raises(AlreadyRegistered, match=r"testapp\.Book .* by .*asking\.Open"):
        server.register(Book, fields=["title"])
    assert names(server) == ["aggregate_books", "get_book", "list_books"]


def test_names_that_collide_are_refused_whole_and_a_prefix_helps() -> None:
    server = MCPServer()
    server.register(Book, fields=["id"])
    attributes = {"fields": ["id"], "name": "author", "plural_name": "books"}
    with pytest.raises(AlreadyRegistered, match="list_books"):
        server.register(Author, **attributes)
    assert names(server) == ["aggregate_books", "get_book", "list_books"]
    assert Author not in server.toolsets
    server.register(Author, prefix="other", **attributes)
    assert "other_list_books" in names(server)


def test_a_model_can_be_taken_away() -> None:
    server = MCPServer()
    server.register(Book, fields=["id"])
    server.unregister(Book)
    assert not names(server)
    assert not server.toolsets
    with pytest.raises(NotRegistered, match=r"testapp\.Book"):
        server.unregister(Book)


def test_the_system_checks_report_what_is_wrong() -> None:
    mcp.register(Book, fields=["nothing"], filter_fields=["title"], page_size=0)
    mcp.register(Author, fields=[])
    try:
        assert ids() == [
            f"django_mcp.{number}"
            for number in ("E010", "E012", "E013", "W005", "W005")
        ]
        assert not names(mcp)
    finally:
        mcp.unregister(Book)
        mcp.unregister(Author)
    assert ids() == []
