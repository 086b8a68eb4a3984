"""What a caller is told about a model's fields, and what not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_mcp import MCPServer
from tests.providers.models.asking import Open, person, read, server_with
from tests.testapp.models import Author, Book, Item, Label, Maker, Note, Portrait

pytestmark = pytest.mark.django_db


def told(server: MCPServer, model: str, user: Any = None) -> Any:
    contents = read(server, f"model://testapp/{model}", user)
    assert contents["mimeType"] == "application/json"
    return json.loads(contents["text"])


def test_fields_are_described() -> None:
    fields = ["id", "title", "price", "format", {"author": ["id", "name"]}]
    books = {
        "fields": fields,
        "filter_fields": {"price": ["gte", "lte"], "author": ["exact"]},
        "search_fields": ["title", "author__name"],
        "ordering_fields": ["title"],
        "ordering": ["-title"],
        "description": "Only those in print.",
    }
    server = server_with((Book, books))
    assert told(server, "book") == {
        "model": "testapp.book",
        "is": "book",
        "description": "Only those in print.",
        "key": "id",
        "uri": "model://testapp/book/{pk}",
        "fields": {
            "id": {"type": "integer", "unique": True},
            "title": {"type": "string", "max_length": 200},
            "price": {"type": "number", "digits": 8, "decimals": 2},
            "format": {"type": "string", "choices": ["hardback", "paperback"]},
            "author": {
                "fields": {
                    "id": {"type": "integer", "unique": True},
                    "name": {"type": "string", "max_length": 100},
                }
            },
        },
        "filter": {"price": ["gte", "lte"], "author": ["exact"]},
        "search": ["title", "author__name"],
        "order_by": ["title", "-title"],
        "order": ["-title"],
    }


def test_every_sort_of_field_is_told_in_a_word() -> None:
    names = ["size", "data", "made_on", "manual", "labels", {"notes": ["text"]}]
    server = server_with(
        (Item, {"fields": names}),
        (Note, {"fields": ["about"]}),
        (Portrait, {"fields": ["title", "picture", "scan"]}),
    )
    found = told(server, "item")
    assert found["fields"] == {
        "size": {"type": "integer", "choices": {"1": "small one", "2": "large one"}},
        "data": {"type": "json", "null": True},
        "made_on": {"type": "date", "null": True},
        "manual": {"type": "file", "null": True, "max_length": 100},
        "labels": {"type": "integer", "several": True},
        "notes": {
            "several": True,
            "relation": "testapp.note",
            "fields": {"text": {"type": "string"}},
        },
    }
    assert "key" not in found
    assert "uri" not in found
    assert told(server, "note")["fields"] == {
        "about": {"type": "model and id", "null": True}
    }
    fields = told(server, "portrait")["fields"]
    assert fields["picture"]["help"] == "As it hangs on the wall."
    assert fields["scan"]["label"] == "the scan itself"
    assert "label" not in fields["picture"]


def test_a_related_model_is_named_only_to_who_may_see_it() -> None:
    server = server_with((Book, {"fields": ["id", "author"]}))
    assert "relation" not in told(server, "book")["fields"]["author"]
    server.register(Author, fields=["id", "name"])
    assert "relation" not in told(server, "book")["fields"]["author"]
    reader = person("reader", "testapp.view_author")
    author = told(server, "book", reader)["fields"]["author"]
    assert author["relation"] == "testapp.author"


def test_a_related_model_that_is_not_served_is_not_named() -> None:
    server = server_with((Item, {"fields": ["maker"]}), (Maker, {"fields": []}))
    assert "relation" not in told(server, "item")["fields"]["maker"]


class Careful(Open):
    """Shows strangers less."""

    fields = ("id", "name", "hidden")
    filter_fields = ("name", "hidden")
    search_fields = ("name",)
    ordering_fields = ("name", "hidden")
    ordering = ("hidden", "name")

    def get_fields(self, context: Any) -> Any:
        return ["name"] if context.user.is_anonymous else self.fields


def test_what_a_caller_does_not_have_is_not_told() -> None:
    server = server_with((Label, Careful))
    assert "hidden" not in json.dumps(told(server, "label"))
    assert told(server, "label")["filter"] == {"name": ["exact"]}
    assert "hidden" in told(server, "label", person("boss"))["filter"]


def test_what_no_list_takes_is_not_told() -> None:
    labels = {"fields": ["id", "name"], "filter_fields": ["name"], "actions": ["get"]}
    found = told(server_with((Label, labels)), "label")
    assert list(found) == ["model", "is", "key", "fields", "uri"]


def test_nothing_that_is_not_listed_is_told() -> None:
    server = server_with((Item, {"fields": ["id"]}))
    text = json.dumps(told(server, "item"))
    others = {field.name for field in Item._meta.get_fields()} - {"id"}
    assert not {name for name in others if f'"{name}"' in text}
