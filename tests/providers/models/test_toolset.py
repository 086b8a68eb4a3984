"""Attributes, hooks and permissions, in the admin's manner."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer, ModelToolset
from tests.calls import asked, context_for
from tests.providers.models.asking import Open, call, person, refusal, server_with
from tests.testapp.models import Author, Book, Item

pytestmark = pytest.mark.django_db


def problems(model: Any, **attributes: Any) -> list[str]:
    """Return the ids of what is wrong."""
    server = server_with((model, attributes))
    toolset = server.toolsets[model]
    assert toolset.serves is not any(one.is_error for one in toolset.problems) or (
        not toolset.exposed.listing.members
    )
    assert bool(len(server.registry.tools)) is toolset.serves
    return [one.id.removeprefix("django_mcp.") for one in toolset.problems]


def test_nothing_listed_is_nothing_exposed() -> None:
    assert problems(Book) == ["W005"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, []),
        ({"filter_fields": ["author"]}, []),
        ({"filter_fields": {"title": ["exact"], "price": "gte"}}, []),
        ({"filter_fields": ["stock"]}, ["E012"]),
        ({"filter_fields": ["author__name"]}, ["E012"]),
        ({"filter_fields": {"title": ["regex"]}}, ["E012"]),
        ({"filter_fields": {"title": ["iregex", "exact"]}}, ["E012"]),
        ({"filter_fields": {"price": ["icontains"]}}, ["E012"]),
        ({"filter_fields": {"title": []}}, ["E012"]),
        ({"search_fields": ["title"]}, []),
        ({"search_fields": ["format"]}, ["E012"]),
        ({"search_fields": ["price"]}, ["E012"]),
        ({"search": "regex"}, ["E012"]),
        ({"ordering_fields": ["title", "author"]}, []),
        ({"ordering_fields": ["stock"]}, ["E012"]),
        ({"ordering": ["-title"]}, []),
        ({"ordering": ["-stock"]}, ["E012"]),
        ({"actions": ["list", "publish"]}, ["E013"]),
        ({"page_size": 0}, ["E013"]),
        ({"max_page_size": "many"}, ["E013"]),
        ({"max_related": None}, ["E013"]),
        ({"actions": ["get"], "lookup_field": "title"}, ["E013"]),
        ({"actions": ["get"], "lookup_field": "stock"}, ["E013"]),
    ],
)
def test_mistakes_have_ids(attributes: Any, expected: list[str]) -> None:
    attributes = {"fields": ["id", "title", "price", "author"], **attributes}
    assert problems(Book, **attributes) == expected


def test_rows_that_nothing_names_cannot_be_got() -> None:
    server = server_with((Book, {"fields": ["title"]}))
    assert [tool.name for tool in server.registry.tools] == [
        "aggregate_books",
        "list_books",
    ]


def test_several_rows_cannot_be_sorted_by() -> None:
    attributes = {"fields": ["id", {"labels": ["name"]}]}
    assert problems(Item, **attributes, ordering_fields=["labels__name"]) == ["E012"]


class Careful(Open):
    """Shows strangers less."""

    fields = ("id", "title", "price", {"author": ["name"]})
    filter_fields = ("price", "title")
    search_fields = ("title", "author__name")
    ordering_fields = ("price", "title")
    ordering = ("price", "title")

    def get_fields(self, context: Any) -> Any:
        return ["title"] if context.user.is_anonymous else self.fields


def test_fields_that_a_caller_does_not_have_are_not_there() -> None:
    server = server_with((Book, Careful))
    ann = Author.objects.create(name="Ann")
    Book.objects.create(title="T", price=3, author=ann)
    boss = person("boss")
    assert call(server, "list_books")["rows"] == [{"title": "T"}]
    assert call(server, "list_books", user=boss)["rows"][0]["author"] == {"name": "Ann"}
    assert call(server, "list_books", search="ann")["rows"] == []
    assert len(call(server, "list_books", search="ann", user=boss)["rows"]) == 1
    for arguments in ({"filter": {"price": 3}}, {"order_by": "price"}):
        text = refusal(server, "list_books", arguments)
        assert "title" in text
        assert "author" not in text
    assert "title" in refusal(server, "list_books", fields=["price"])


def test_a_hook_that_lists_a_secret_fails() -> None:
    class Careless(Open):
        fields = ("id",)

        def get_fields(self, context: Any) -> Any:
            return ["password_hash"]

    server = server_with((Item, Careless))
    with pytest.raises(Exception, match="password_hash"):
        call(server, "list_items")


def test_an_order_of_ones_own() -> None:
    class Reversed(Open):
        fields = ("name",)

        def get_ordering(self, context: Any) -> Any:
            return ["-name"]

    for name in "ab":
        Author.objects.create(name=name)
    server = server_with((Author, Reversed))
    assert [row["name"] for row in call(server, "list_authors")["rows"]] == ["b", "a"]


def test_permissions_have_the_names_of_the_models() -> None:
    toolset = ModelToolset(Book, {})
    assert toolset.permission("view") == "testapp.view_book"
    assert toolset.permission("delete") == "testapp.delete_book"
    assert "Book" in repr(toolset)


def test_who_may_not_change_is_told_by_the_same_hooks() -> None:
    server = MCPServer()
    server.register(Book, fields=["id"])
    toolset = server.toolsets[Book]
    user = person("clerk", "testapp.view_book", "testapp.add_book")
    context = context_for(server, asked("tools/call"), user)
    assert toolset.has_view_permission(context)
    assert toolset.has_add_permission(context)
    assert not toolset.has_change_permission(context)
    assert not toolset.has_delete_permission(context)
