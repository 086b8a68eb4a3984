"""What a client reads about the tools of a toolset."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from tests.calls import asked, context_for
from tests.providers.models.asking import Open, server_with
from tests.testapp.models import Author, Book, Item
from tests.wire import REVISIONS, STATELESS, Client

BOOKS: dict[str, Any] = {
    "fields": ["id", "title", "format", "price", {"author": ["id", "name"]}],
    "filter_fields": {
        "price": ["exact", "gte", "lte"],
        "author": ["exact"],
        "format": ["exact", "in"],
        "title": ["isnull"],
    },
    "search_fields": ["title", "author__name"],
    "ordering_fields": ["title"],
    "description": "Only those in print.",
    "scopes": ["shop:read"],
}


def schema(server: MCPServer, name: str) -> Any:
    tool = server.registry.tools.peek(name)
    assert tool is not None
    return tool.input_schema


def test_lists_say_what_can_be_asked() -> None:
    server = server_with((Book, BOOKS))
    properties = schema(server, "list_books")["properties"]
    assert list(properties) == [
        "filter", "search", "order_by", "fields", "limit", "cursor", "total", "format",
    ]  # fmt: skip
    number = {"type": "number"}
    assert properties["filter"]["properties"] == {
        "price": {
            "type": "object",
            "properties": {"exact": number, "gte": number, "lte": number},
            "additionalProperties": False,
        },
        "author": {"type": "integer"},
        "format": {
            "type": "object",
            "properties": {
                "exact": {"enum": ["hardback", "paperback"]},
                "in": {
                    "type": "array",
                    "items": {"enum": ["hardback", "paperback"]},
                    "maxItems": 100,
                },
            },
            "additionalProperties": False,
        },
        "title": {
            "type": "object",
            "properties": {"isnull": {"type": "boolean"}},
            "additionalProperties": False,
        },
    }
    assert properties["order_by"] == {"enum": ["title", "-title"]}
    assert properties["fields"]["items"]["enum"] == [
        "id", "title", "format", "price", "author",
    ]  # fmt: skip


def test_what_cannot_be_asked_is_no_argument() -> None:
    server = server_with((Book, {"fields": ["id"]}))
    assert list(schema(server, "list_books")["properties"]) == [
        "fields", "limit", "cursor", "total", "format",
    ]  # fmt: skip
    assert schema(server, "get_book")["required"] == ["id"]
    assert "text_from" not in schema(server, "get_book")["properties"]


def test_choices_whose_labels_say_more_are_described() -> None:
    server = server_with((Item, {"fields": ["size"], "filter_fields": ["size"]}))
    [described] = schema(server, "list_items")["properties"]["filter"][
        "properties"
    ].values()
    assert described == {"enum": [1, 2], "description": "1: small one; 2: large one"}


def test_tools_are_described_and_only_read() -> None:
    server = server_with((Book, BOOKS))
    for name, words in (("list_books", "List books"), ("get_book", "Get one book")):
        tool = server.registry.tools.peek(name)
        assert tool is not None
        assert tool.description == f"{words}. Only those in print."
        assert tool.read_only
        assert tool.blocking
        assert tool.scopes == {"shop:read"}
        assert tool.source.endswith("asking.Open")


def test_tools_ask_for_the_models_permission_by_the_shared_rule() -> None:
    server = MCPServer()
    server.register(Book, fields=["id"])
    rules = {tool.allowed for tool in server.registry.tools}
    assert rules == {server.toolsets[Book].permission_rule("view")}
    context = context_for(server, asked("tools/list"))
    assert server.registry.tools.allowed(context) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_client_of_any_revision_lists_rows(revision: str) -> None:
    server = MCPServer(authenticators=[AllowAnonymous()])
    server.register(Book, Open, fields=["id", "title", "author__name"])
    author = await Author.objects.acreate(name="Ann")
    await Book.objects.acreate(title="T", author=author)
    client = Client(server.asgi, revision)
    if revision != STATELESS:
        await client.open()
    answer = await client.call("list_books", {"fields": ["title", "author__name"]})
    assert json.loads(answer.text) == {"rows": [{"title": "T", "author__name": "Ann"}]}
    answer = await client.call("list_books", {"limit": 0})
    assert answer.result["isError"]
