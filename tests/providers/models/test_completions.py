"""Keys and values are suggested by the words people know, among what they may see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_mcp import MCPServer
from tests.calls import asked, context_for
from tests.providers.models.asking import Open, person, read, server_with, suggested
from tests.testapp.models import (
    Author,
    Book,
    Country,
    Item,
    Label,
    Maker,
    Portrait,
    Ticket,
)

pytestmark = pytest.mark.django_db

AUTHORS: dict[str, Any] = {"fields": ["id", "name"], "search_fields": ["name"]}
BOOKS: dict[str, Any] = {
    "fields": ["id", "title", "author", "format"],
    "filter_fields": ["author", "format", "title"],
    "ordering_fields": ["title"],
}
ROW = "model://testapp/author/{pk}"


def completed(
    server: MCPServer, tool: str, argument: str, value: str = "", user: Any = None
) -> list[str]:
    """Complete an argument of a tool, as a client in this process may."""
    found = server.registry.tools.peek(tool)
    assert found is not None
    context = context_for(server, asked("tools/call"), user)
    values: Any = found.complete[argument](context, value, {})
    return list(values)


def authors(*names: str) -> list[str]:
    return [str(Author.objects.create(name=name).pk) for name in names]


class NoBob(Open):
    """Hides Bob."""

    fields = ("id", "name")
    search_fields = ("name",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).exclude(name="Bob")


def test_a_key_is_found_by_the_words_of_its_row() -> None:
    server = server_with((Author, AUTHORS))
    ann, bob, annabel = authors("Ann Other", "Bob", "Annabel")
    assert suggested(server, ROW, "pk") == [ann, bob, annabel]
    assert suggested(server, ROW, "pk", "ann") == [ann, annabel]
    assert suggested(server, ROW, "pk", "other ann") == [ann]
    assert suggested(server, ROW, "pk", bob) == [bob]
    assert suggested(server, ROW, "pk", "nobody") == []


def test_a_hidden_row_is_not_suggested() -> None:
    server = server_with((Author, NoBob), (Book, BOOKS))
    ann, bob = authors("Ann", "Bob")
    assert suggested(server, ROW, "pk") == [ann]
    assert suggested(server, ROW, "pk", "Bob") == []
    assert suggested(server, ROW, "pk", bob) == []
    assert completed(server, "list_books", "filter.author", "Bob") == []
    assert completed(server, "list_books", "filter.author") == [ann]


def test_rows_that_no_list_shows_are_not_suggested() -> None:
    server = server_with((Author, {**AUTHORS, "actions": ["get"]}), (Book, BOOKS))
    ann, _ = authors("Ann", "Bob")
    assert suggested(server, ROW, "pk") == []
    # What books show may be suggested for books.
    Book.objects.create(title="T", author_id=ann)
    assert completed(server, "list_books", "filter.author") == [ann]
    assert completed(server, "list_books", "filter.author", "Ann") == []


def test_rows_that_each_have_a_permission_are_not_suggested() -> None:
    server = MCPServer("tests")
    server.register(Author, **AUTHORS, object_permissions=True)
    authors("Ann")
    assert suggested(server, ROW, "pk", user=person("somebody")) == []
    reader = person("reader", "testapp.view_author")
    assert len(suggested(server, ROW, "pk", user=reader)) == 1


def test_without_a_toolset_keys_are_those_of_visible_rows() -> None:
    server = server_with((Book, BOOKS))
    ann, _, cid = authors("Ann", "Bob", "Cid")
    for key in (ann, ann, cid):
        Book.objects.create(title="T", author_id=key)
    assert completed(server, "list_books", "filter.author") == [ann, cid]
    assert completed(server, "list_books", "filter.author", cid) == [cid]
    assert completed(server, "list_books", "filter.author", "Ann") == []
    assert completed(server, "list_books", "filter.author", "T") == []


def test_a_related_toolset_that_hides_keys_gives_none_away() -> None:
    server = server_with((Author, {**AUTHORS, "fields": ["name"]}), (Book, BOOKS))
    ann, bob = authors("Ann", "Bob")
    Book.objects.create(title="T", author_id=ann)
    assert completed(server, "list_books", "filter.author") == [ann]
    assert bob not in completed(server, "list_books", "filter.author", "Bob")


def test_who_may_not_see_related_rows_gets_none() -> None:
    server = server_with((Book, BOOKS))
    server.register(Author, **AUTHORS)
    [ann] = authors("Ann")
    Book.objects.create(title="T", author_id=ann)
    assert completed(server, "list_books", "filter.author") == []
    reader = person("reader", "testapp.view_author")
    assert completed(server, "list_books", "filter.author", user=reader) == [ann]


def test_a_relation_by_another_field_is_completed_with_that_field() -> None:
    items = {"fields": ["id", "rival"], "filter_fields": ["rival"]}
    makers = {"fields": ["id", "name", "country__name"]}
    makers["search_fields"] = ["country__name"]
    server = server_with((Item, items), (Maker, makers))
    land = Country.objects.create(code="de", name="Germany")
    Maker.objects.create(name="Acme", country=land)
    assert completed(server, "list_items", "filter.rival", "germ") == ["Acme"]
    assert completed(server, "list_items", "filter.rival", "ac") == ["Acme"]


def test_several_related_rows_are_completed_too() -> None:
    items = {"fields": ["id", "labels"], "filter_fields": ["labels"]}
    item = Item.objects.create(name="a")
    good, bad = (Label.objects.create(name=name) for name in ("good", "bad"))
    item.labels.add(good, bad)
    server = server_with((Item, items))
    both = [str(good.pk), str(bad.pk)]
    assert completed(server, "list_items", "filter.labels") == both

    class Good(Open):
        fields = ("id", "name")
        actions = ("get",)

        def get_queryset(self, context: Any) -> Any:
            return super().get_queryset(context).filter(name="good")

    server.register(Label, Good)
    assert completed(server, "list_items", "filter.labels") == both[:1]
    assert completed(server, "list_items", "filter.labels", both[1]) == []
    assert completed(server, "list_items", "filter.labels", both[0]) == both[:1]


def test_choices_are_found_by_their_labels() -> None:
    server = server_with((Book, BOOKS))
    assert completed(server, "list_books", "filter.format", "HARD") == ["hardback"]
    items = {"fields": ["size", "active"], "filter_fields": ["size", "active"]}
    server = server_with((Item, items))
    assert completed(server, "list_items", "filter.size", "large") == ["2"]
    assert completed(server, "list_items", "filter.active", "t") == ["true"]


def test_names_are_those_this_caller_may_use() -> None:
    class Careful(Open):
        fields = ("id", "title", "author")
        filter_fields = ("author",)
        ordering_fields = ("id", "title")

        def get_fields(self, context: Any) -> Any:
            return ["title"] if context.user.is_anonymous else self.fields

    server = server_with((Book, Careful))
    assert completed(server, "list_books", "order_by") == ["title", "-title"]
    assert completed(server, "list_books", "fields") == ["title"]
    assert completed(server, "list_books", "filter.author") == []
    assert completed(server, "get_book", "id") == []
    assert completed(server, "list_books", "fields", "a", person("x")) == ["author"]


def test_other_values_have_no_suggestions() -> None:
    server = server_with((Book, BOOKS))
    authors("Ann")
    assert completed(server, "list_books", "filter.title", "T") == []


def test_a_uuid_is_found_by_how_it_begins() -> None:
    server = server_with((Ticket, {"fields": ["id"]}))
    key = "12345678-1234-5678-1234-567812345678"
    Ticket.objects.create(id=key)
    Ticket.objects.create()
    uri = "model://testapp/ticket/{pk}"
    for typed in ("1234567", "12345678-1", key, key.upper()):
        assert suggested(server, uri, "pk", typed) == [key]
    assert json.loads(read(server, f"model://testapp/ticket/{key}")["text"]) == {
        "id": key
    }


@pytest.mark.parametrize(
    "value",
    ["\x00", "a\x00", "\ud800", "x" * 100_000, "%", "_", "'", "(((", "\\", "{end}"],
)
def test_whatever_is_typed_is_only_text(value: str) -> None:
    server = server_with((Author, AUTHORS), (Book, BOOKS))
    authors("Ann")
    assert suggested(server, ROW, "pk", value) == []
    assert completed(server, "list_books", "filter.author", value) == []
    assert completed(server, "list_books", "filter.format", value) == []


def test_suggestions_are_bounded() -> None:
    server = server_with((Author, AUTHORS))
    Author.objects.bulk_create(Author(name="A") for _ in range(500))
    assert len(suggested(server, ROW, "pk", "A")) == 100
    assert len(completed(server, "get_author", "id")) == 101


def test_text_keys_come_as_they_are() -> None:
    server = server_with((Portrait, {"fields": ["title"]}))
    Portrait.objects.create(title="a/b ü%")
    uri = "model://testapp/portrait/{pk}"
    assert suggested(server, uri, "pk", "A/") == ["a/b ü%"]
