"""Few tools for many models: the same rules, and nothing told of hidden ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps

from django_mcp import (
    AlreadyRegistered,
    Context,
    MCPServer,
    ModelToolset,
    PermissionRequired,
    Throttled,
    action,
)
from django_mcp.auth import AllowAnonymous
from django_mcp.methods.lists import tools as list_tools
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members
from tests.providers.models.asking import (
    Open,
    call,
    person,
    read,
    refusal,
    server_with,
    suggested,
)
from tests.testapp.models import Author, Book, Country, Item, Portrait
from tests.wire import REVISIONS, STATELESS, Client

pytestmark = pytest.mark.django_db

BOOKS: dict[str, Any] = {
    "fields": ["id", "title", "price", {"author": ["id", "name"]}],
    "filter_fields": {"price": ["gte", "lte"], "author": ["exact"]},
    "search_fields": ["title"],
    "ordering_fields": ["title"],
    "catalogue": True,
}
AUTHORS: dict[str, Any] = {"fields": ["id", "name"], "catalogue": True}


def names(server: MCPServer) -> list[str]:
    return [tool.name for tool in server.registry.tools]


def shop() -> MCPServer:
    """Return a server on which everybody sees books, and some see authors."""
    server = server_with((Book, BOOKS))
    server.register(Author, **AUTHORS)
    return server


# -- what is offered -----------------------------------------------------------


def test_models_of_the_catalogue_share_their_tools() -> None:
    server = server_with((Book, BOOKS), (Author, AUTHORS))
    assert names(server) == [
        "aggregate_rows", "describe_models", "get_row", "list_rows",
    ]  # fmt: skip
    assert all(tool.read_only for tool in server.registry.tools)
    server.register(Country, Open, fields=["code"])
    assert "list_countrys" in names(server)


def test_tools_that_nobody_needs_go() -> None:
    books = {**BOOKS, "actions": ["list"]}
    server = server_with((Book, books), (Author, AUTHORS))
    server.unregister(Author)
    assert names(server) == ["describe_models", "list_rows"]
    server.unregister(Book)
    assert names(server) == []
    server.register(Book, Open, **BOOKS)
    assert len(names(server)) == 4


def test_a_toolset_with_a_mistake_is_not_in_the_catalogue() -> None:
    server = server_with((Book, {**BOOKS, "fields": ["nothing"]}))
    assert names(server) == []


def test_a_tool_of_the_same_name_is_refused_whole() -> None:
    server = MCPServer("tests")
    server.tool(name="list_rows")(lambda: "mine")
    with pytest.raises(AlreadyRegistered, match="list_rows"):
        server.register(Book, Open, **BOOKS)
    assert names(server) == ["list_rows"]
    assert not list(server.registry.templates)
    assert not server.toolsets


def test_an_argument_named_as_the_catalogues_is_refused() -> None:
    class Odd(Open):
        fields = ("id", "name")
        catalogue = True

        @action
        def pose(self, context: Context, author: Author, model: str) -> str:
            """Sit for a portrait."""
            return model

    server = MCPServer("tests")
    with pytest.raises(ImproperlyConfigured, match="pose_author .* 'model'"):
        server.register(Author, Odd)
    assert names(server) == []


# -- registering many ----------------------------------------------------------


def test_models_are_registered_together_each_with_its_fields() -> None:
    class Authors(Open):
        fields = ("id", "name")

    server = MCPServer("tests")
    server.register_all(
        "testapp",
        {
            "Book": ["id", "title"],
            "country": {"fields": ["code"], "page_size": 5},
            "Author": Authors,
        },
        catalogue=True,
        scopes=["read"],
    )
    assert set(server.toolsets) == {Book, Country, Author}
    assert names(server) == [
        "aggregate_rows", "describe_models", "get_row", "list_rows",
    ]  # fmt: skip
    assert server.toolsets[Country].page_size == 5
    assert {tuple(one.scopes) for one in server.toolsets.values()} == {("read",)}
    assert isinstance(server.toolsets[Author], Authors)


def test_without_the_catalogue_each_has_its_own_tools() -> None:
    server = MCPServer("tests")
    server.register_all("testapp", {"Book": ["title"], "Author": ["name"]})
    assert names(server) == [
        f"{verb}_{noun}"
        for verb in ("aggregate", "list")
        for noun in ("authors", "books")
    ]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"Book": ["id"], "Boook": ["id"]}, LookupError, "Boook"),
        ({"Book": ["id"], "Author": "__all__"}, TypeError, "Author"),
        ({"Book": ["id"], "Author": None}, TypeError, "Author"),
        ({"Book": ["id"], "Author": dict}, TypeError, "Author"),
        ({"Book": ["id"], "Author": {"feilds": []}}, TypeError, "feilds"),
        ({"Book": ["id"], "book": ["id"]}, AlreadyRegistered, "Book"),
        (["Book"], TypeError, "fields"),
        ("__all__", TypeError, "fields"),
    ],
)
def test_a_mistake_registers_nothing(given: Any, error: Any, words: str) -> None:
    server = MCPServer("tests")
    with pytest.raises(error, match=words):
        server.register_all("testapp", given, catalogue=True)
    assert not server.toolsets
    assert names(server) == []
    assert not list(server.registry.resources)


# -- the same as the model's own tools -----------------------------------------


def test_a_call_is_passed_on() -> None:
    own = server_with((Book, {**BOOKS, "catalogue": False}))
    shared = server_with((Book, BOOKS))
    ann = Author.objects.create(name="Ann")
    made = [
        Book.objects.create(title=title, price=number, author=ann)
        for number, title in enumerate("abc")
    ]
    for arguments in (
        {},
        {"filter": {"price": {"gte": 1}}, "order_by": "-title", "format": "table"},
        {"search": "b", "fields": ["title"], "total": True},
    ):
        given = {"model": "testapp.book", **arguments}
        assert call(shared, "list_rows", given) == call(own, "list_books", arguments)
    given = {"model": "testapp.Book", "id": made[0].pk}
    assert call(shared, "get_row", given) == call(own, "get_book", id=made[0].pk)


@pytest.mark.parametrize(
    "arguments",
    [
        {"filter": {"stock": 1}},
        {"filter": {"price": {"regex": "x"}}},
        {"order_by": "stock"},
        {"fields": ["stock"]},
        {"limit": 0},
        {"cursor": "x"},
        {"nothing": 1},
        {"filter": {"author": 10**30}},
        {"search": "\x00"},
        {"search": 5},
    ],
)
def test_refusals_are_those_of_the_models_own_tools(arguments: Any) -> None:
    own = server_with((Book, {**BOOKS, "catalogue": False}))
    shared = server_with((Book, BOOKS))
    given = {"model": "testapp.book", **arguments}
    assert refusal(shared, "list_rows", given) == refusal(own, "list_books", arguments)


def test_a_page_of_one_model_is_none_of_another() -> None:
    class Other(Country):
        class Meta:
            proxy = True
            app_label = "testapp"
            verbose_name = "country"

    try:
        given = {"fields": ["code"], "ordering": ["code"], "catalogue": True}
        server = server_with((Country, given), (Other, given))
        for code in ("aa", "bb"):
            Country.objects.create(code=code)
        page = call(server, "list_rows", model="testapp.country", limit=1)
        arguments = {"cursor": page["next_cursor"], "limit": 1}
        assert call(server, "list_rows", {"model": "testapp.country", **arguments})
        text = refusal(server, "list_rows", {"model": "testapp.other", **arguments})
        assert text.startswith("cursor:")
    finally:
        del apps.all_models["testapp"]["other"]
        apps.clear_cache()


def test_long_text_says_how_to_read_on() -> None:
    items = {"fields": ["id", "text"], "max_text": 5, "catalogue": True}
    server = server_with((Item, items))
    item = Item.objects.create(name="a", text="0123456789")
    [row] = call(server, "list_rows", model="testapp.item")["rows"]
    assert "get_row and text_from=5" in row["text"]
    rest = call(server, "get_row", model="testapp.item", id=item.pk, text_from=5)
    assert rest["text"] == "56789"


def test_resources_are_those_of_each_model() -> None:
    server = server_with(
        (Portrait, {"fields": ["title", "picture"], "catalogue": True})
    )
    Portrait.objects.create(title="Me")
    assert suggested(server, "model://testapp/portrait/{pk}", "pk") == ["Me"]
    assert json.loads(read(server, "model://testapp/portrait/Me")["text"])


# -- what is told, and to whom -------------------------------------------------


def test_models_are_named_and_one_is_described() -> None:
    server = server_with((Book, {**BOOKS, "description": "In print."}))
    server.register(Author, Open, **AUTHORS)
    assert call(server, "describe_models") == {
        "testapp.author": "authors",
        "testapp.book": "books: In print.",
    }
    found = call(server, "describe_models", model="testapp.book")
    assert found["fields"]["price"] == {"type": "number", "digits": 8, "decimals": 2}
    assert found["fields"]["author"]["relation"] == "testapp.author"
    computing = found["tools"].pop("aggregate_rows")
    assert "sum(price)" in computing["aggregates"][0]
    assert found["tools"] == {
        "list_rows": {
            "filter": {
                "price": {"gte": "number", "lte": "number"},
                "author": "integer",
            },
            "search": "string; Words to find in title.",
            "order_by": "title|-title",
            "fields": ["any of fields"],
            "limit": "integer; at least 1; at most 100; else 20",
            "cursor": "string; next_cursor of the page before.",
            "total": "boolean; Also count all rows.",
            "format": "objects|table",
        },
        "get_row": {"id*": "integer", "fields": ["any of fields"]},
    }
    own = server_with((Book, {**BOOKS, "catalogue": False}))
    schemas = [tool.input_schema for tool in own.registry.tools]
    assert len(json.dumps(found["tools"])) < len(json.dumps(schemas)) / 2


def test_hidden_and_unknown_models_are_refused_alike() -> None:
    server = shop()
    reader = person("reader", "testapp.view_author")
    words = "model: there is no such model; allowed are testapp.book"
    for tool in ("list_rows", "get_row", "describe_models"):
        for name in ("testapp.author", "testapp.item", "author", "", "x" * 10_000):
            assert refusal(server, tool, {"model": name}) == words
    assert list(call(server, "describe_models")) == ["testapp.book"]
    assert call(server, "list_rows", {"model": "testapp.author"}, reader)["rows"] == []
    assert "author" in refusal(server, "list_rows", {"model": "x"}, reader)


def test_nothing_anywhere_names_a_hidden_model() -> None:
    server = shop()
    event = asked("tools/list")
    listed = json.dumps(members(list_tools(server, event, context_for(server, event))))
    assert "book" not in listed
    assert "author" not in listed
    told = json.dumps(call(server, "describe_models", model="testapp.book"))
    assert "testapp.author" not in told


def test_without_any_model_there_are_no_tools() -> None:
    server = MCPServer("tests")
    server.register(Author, **AUTHORS)
    context = context_for(server, asked("tools/list"))
    assert server.registry.tools.allowed(context) == []
    reader = person("reader", "testapp.view_author")
    context = context_for(server, asked("tools/list"), reader)
    assert len(server.registry.tools.allowed(context)) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "model: field required; describe_models names all"),
        (5, "model: should be a valid string"),
        (["testapp.book"], "model: should be a valid string"),
        ({"$ne": ""}, "model: should be a valid string"),
        ("\x00", "model: there is no such model; allowed are testapp.book"),
        ("\ud800", "model: there is no such model; allowed are testapp.book"),
        (
            "testapp.book; DROP",
            "model: there is no such model; allowed are testapp.book",
        ),
    ],
)
def test_whatever_is_no_model_is_refused(name: Any, words: str) -> None:
    server = shop()
    assert refusal(server, "list_rows", {"model": name}) == words
    if name is not None:
        assert refusal(server, "describe_models", {"model": name}) == words


def test_an_unknown_argument_of_the_description_is_refused() -> None:
    words = "nothing: unknown argument; allowed are model"
    assert refusal(shop(), "describe_models", nothing=1) == words


def test_fields_that_a_caller_does_not_have_are_not_described() -> None:
    class Careful(Open):
        fields = ("id", "title", "price")
        filter_fields = ("title", "price")
        ordering_fields = ("price", "title")
        catalogue = True

        def get_fields(self, context: Any) -> Any:
            return ["title"] if context.user.is_anonymous else self.fields

    server = server_with((Book, Careful))
    told = json.dumps(call(server, "describe_models", model="testapp.book"))
    assert "price" not in told
    boss = person("boss")
    told = json.dumps(call(server, "describe_models", {"model": "testapp.book"}, boss))
    assert "price" in told


def test_scopes_are_those_of_the_model() -> None:
    server = server_with((Book, {**BOOKS, "scopes": ["books:read"]}), (Author, AUTHORS))
    for name in ("list_rows", "describe_models"):
        arguments = {"model": "testapp.book"}
        event = asked("tools/call", {"name": name, "arguments": arguments})
        for scopes, allowed in (((), False), (("books:read",), True)):
            context = context_for(server, event, scopes=frozenset(scopes))
            if allowed:
                assert call_tool(server, event, context)
            else:
                with pytest.raises(PermissionRequired):
                    call_tool(server, event, context)


# -- actions that others add ---------------------------------------------------


class Writers(Open):
    """Authors who can be added, praised and looked up."""

    fields = ("id", "name")
    actions = ("list", "get", "create")
    writable_fields = ("name",)
    catalogue = True

    @action(detail=False)
    def praise(self, context: Context, words: str) -> str:
        """Praise all of them."""
        return f"praised: {words}"

    @action(read_only=True)
    def age_of(self, context: Context, author: Author) -> str:
        """Say how old one is."""
        return f"{author.name} is old"


@pytest.fixture
def extended() -> MCPServer:
    server = MCPServer("tests")
    server.register(Author, Writers)
    return server


def test_writing_has_tools_of_its_own(extended: MCPServer) -> None:
    kinds = {tool.name: tool.read_only for tool in extended.registry.tools}
    assert kinds == {
        "describe_models": True,
        "list_rows": True,
        "get_row": True,
        "create_row": False,
        "read_action": True,
        "run_action": False,
    }
    create = extended.registry.tools.peek("create_row")
    assert create is not None
    assert create.destructive is False


def test_who_may_not_write_is_not_told_how(extended: MCPServer) -> None:
    given = {"model": "testapp.author"}
    told = call(extended, "describe_models", given)["tools"]
    assert list(told) == ["list_rows", "get_row", "read_action age_of_author"]
    writer = person("writer", "testapp.add_author")
    told = call(extended, "describe_models", given, writer)["tools"]
    assert told["create_row"] == {"name*": "string"}
    made = call(extended, "create_row", {**given, "name": "Ann"}, writer)
    assert made == {"id": Author.objects.get().pk, "name": "Ann"}
    text = refusal(extended, "create_row", given, writer)
    assert text.startswith("name: ")


def test_a_model_without_the_action_says_what_it_has(extended: MCPServer) -> None:
    extended.register(Book, Open, **{**BOOKS, "actions": ["list"]})
    writer = person("writer", "testapp.add_author")
    text = refusal(extended, "create_row", {"model": "testapp.book"}, writer)
    assert text.startswith("model: testapp.book offers list_rows")
    assert "create" not in text


def test_own_methods_are_run_by_their_name(extended: MCPServer) -> None:
    editor = person("editor", "testapp.change_author")
    arguments: dict[str, Any] = {"model": "testapp.author"}
    arguments |= {"action": "praise_authors", "words": "good"}
    assert text_of(extended, "run_action", arguments, editor) == "praised: good"
    author = Author.objects.create(name="Ann")
    arguments = {"model": "testapp.author", "action": "age_of_author", "id": author.pk}
    assert text_of(extended, "read_action", arguments, editor) == "Ann is old"


def text_of(server: MCPServer, name: str, arguments: Any, user: Any) -> str:
    event = asked("tools/call", {"name": name, "arguments": arguments})
    result = members(call_tool(server, event, context_for(server, event, user)))
    text: str = result["content"][0]["text"]
    return text


@pytest.mark.parametrize(
    "named", ["praise_authors", "create_row", "list_authors", "", "x", None, 5, ["x"]]
)
def test_reading_tools_run_nothing_that_writes(extended: MCPServer, named: Any) -> None:
    given = {"model": "testapp.author", "action": named}
    assert refusal(extended, "read_action", given).startswith("action: ")


# -- as many as there may be ---------------------------------------------------


@isolate_apps("tests.testapp")
def test_fifty_models_cost_little_to_list() -> None:
    country = {"fields": ["code"], "filter_fields": ["code"], "catalogue": True}
    server = server_with((Country, country))
    for number in range(49):
        fields = {
            f"field_{place}": models.CharField(max_length=50) for place in range(10)
        }
        attributes = {"__module__": "tests.testapp.models", **fields}
        server.register(
            type(f"Thing{number}", (models.Model,), attributes),
            Open,
            fields=["id", *fields],
            filter_fields=list(fields),
            search_fields=list(fields),
            ordering_fields=list(fields),
            catalogue=True,
        )
    event = asked("tools/list")
    page = list_tools(server, event, context_for(server, event))
    assert len(bytes(page)) < 12_000
    assert len(bytes(page)) < 4_000
    assert len(json.dumps(call(server, "describe_models"))) < 4_000
    told = call(server, "describe_models", model="testapp.thing7")
    assert len(json.dumps(told)) < 4_000
    text = refusal(server, "list_rows", {"model": "testapp.thing99"})
    assert text == "model: there is no such model; describe_models names all"
    Country.objects.create(code="de")
    given = {"model": "testapp.country", "filter": {"code": "de"}}
    assert call(server, "list_rows", given) == {"rows": [{"code": "de"}]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_client_of_any_revision_uses_the_catalogue(revision: str) -> None:
    server = MCPServer(authenticators=[AllowAnonymous()])
    server.register(Author, Open, **AUTHORS)
    await Author.objects.acreate(name="Ann")
    client = Client(server.asgi, revision)
    if revision != STATELESS:
        await client.open()
    listed = (await client.ask("tools/list")).result["tools"]
    assert [tool["name"] for tool in listed] == [
        "aggregate_rows",
        "describe_models",
        "get_row",
        "list_rows",
    ]
    answer = await client.call("describe_models")
    assert json.loads(answer.text) == {"testapp.author": "authors"}
    arguments = {"model": "testapp.author", "fields": ["name"]}
    answer = await client.call("list_rows", arguments)
    assert json.loads(answer.text) == {"rows": [{"name": "Ann"}]}


def test_a_rule_that_is_known_does_not_block() -> None:
    server = MCPServer("tests")
    server.register(Author, ModelToolset, **AUTHORS)
    tool = server.registry.tools.peek("list_rows")
    assert tool is not None
    rule: Any = tool.allowed
    context = context_for(server, asked("tools/list"), person("somebody"))
    assert not rule.known(context)
    assert not rule(context)
    assert rule.known(context)
    assert "list_rows" in repr(rule)


def test_a_rate_counts_each_tool_of_a_model_behind_the_catalogue() -> None:
    cache.clear()
    server = server_with((Book, {**BOOKS, "throttle": "2/hour"}))
    for _ in range(2):
        call(server, "list_rows", model="testapp.book")
    with pytest.raises(Throttled):
        call(server, "list_rows", model="testapp.book")
    call(server, "describe_models")
