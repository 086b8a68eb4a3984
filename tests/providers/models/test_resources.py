"""Rows and files as resources: what can be read, by whom, and what cannot."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.db import connection

from django_mcp import MCPServer, ModelToolset, PermissionRequired
from django_mcp.auth import AllowAnonymous
from django_mcp.methods.primitives import read_resource
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for
from tests.providers.models.asking import (
    Open,
    call,
    person,
    read,
    refusal,
    server_with,
    suggested,
)
from tests.testapp.models import Author, Item, Maker, Note, Portrait
from tests.wire import REVISIONS, STATELESS, Client

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
ITEMS = {"fields": ["id", "name", "manual"], "search_fields": ["name"]}
ROW = "model://testapp/author/{pk}"
FILE = "model://testapp/item/{pk}/{field}"


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """Keep files in a folder of the test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


def item_with(content: bytes, called: str = "manual.pdf", name: str = "drill") -> Item:
    item = Item.objects.create(name=name)
    item.manual.save(called, ContentFile(content))
    return item


def uris(server: MCPServer) -> list[str]:
    registry = server.registry
    return [
        *(one.uri for one in registry.resources),
        *(one.uri_template for one in registry.templates),
    ]


def is_missing(server: MCPServer, uri: str, user: Any = None) -> bool:
    """Is there nothing at a URI, in the words for everything that is not?"""
    with pytest.raises(ProtocolError) as caught:
        read(server, uri, user)
    event = asked("resources/read")
    code = event.revision.resource_not_found
    error = caught.value
    return (error.code, error.message) == (code, "Resource not found")


# -- what is offered -----------------------------------------------------------


def test_a_toolset_offers_its_fields_its_rows_and_their_files() -> None:
    server = server_with((Item, ITEMS), (Author, {"fields": ["id", "name"]}))
    assert uris(server) == [
        "model://testapp/author",
        "model://testapp/item",
        "model://testapp/author/{pk}",
        "model://testapp/item/{pk}",
        "model://testapp/item/{pk}/{field}",
    ]
    assert [one.name for one in server.registry.templates] == [
        "author", "item", "item_file",
    ]  # fmt: skip
    server.unregister(Item)
    assert len(uris(server)) == 2


@pytest.mark.parametrize(
    ("attributes", "count"),
    [
        ({"resources": False}, 0),
        ({"actions": ["list"]}, 1),
        ({"actions": ["aggregate"]}, 1),
        ({"actions": ["get"]}, 3),
        ({"fields": ["name", "manual"]}, 1),
        ({"fields": ["nothing"]}, 0),
        ({"fields": []}, 0),
    ],
)
def test_rows_that_no_tool_gets_are_no_resources(attributes: Any, count: int) -> None:
    assert len(uris(server_with((Item, {**ITEMS, **attributes})))) == count


def test_the_list_of_resources_does_not_grow_with_the_rows() -> None:
    Author.objects.bulk_create(Author(name=f"A{number}") for number in range(10_000))
    server = server_with((Author, {"fields": ["id", "name"]}))
    assert len(uris(server)) == 2
    found = suggested(server, ROW, "pk")
    assert len(found) == 100


def test_a_row_is_what_the_tool_gets() -> None:
    server = server_with((Author, {"fields": ["id", "name"]}))
    ann = Author.objects.create(name="Ann")
    contents = read(server, f"model://testapp/author/{ann.pk}")
    assert contents["mimeType"] == "application/json"
    assert json.loads(contents["text"]) == call(server, "get_author", id=ann.pk)


def test_a_row_that_looks_like_contents_is_still_a_row() -> None:
    server = server_with((Note, {"fields": ["id", "text"], "lookup_field": "id"}))
    content_type = ContentType.objects.get_for_model(Author)
    note = Note.objects.create(text="a", content_type=content_type, object_id=1)
    contents = read(server, f"model://testapp/note/{note.pk}")
    assert json.loads(contents["text"]) == {"id": note.pk, "text": "a"}


def test_another_field_can_name_a_row() -> None:
    server = server_with((Maker, {"fields": ["name"], "lookup_field": "name"}))
    Maker.objects.create(name="A & B/C")
    assert "model://testapp/maker/{name}" in uris(server)
    contents = read(server, "model://testapp/maker/A%20%26%20B%2FC")
    assert json.loads(contents["text"]) == {"name": "A & B/C"}


def test_a_key_called_field_is_no_second_field() -> None:
    class Odd(Open):
        fields = ("id",)
        lookup_field = "field"

    server = MCPServer("tests")
    server.register(Author, Odd)
    addresses = server.toolsets[Author].addresses
    assert addresses.field == "field_name"
    assert addresses.of_file(1, "photo") == "model://testapp/author/1/photo"


# -- who may, and what is not there --------------------------------------------


class OnlyAnn(Open):
    """Shows one author."""

    fields = ("id", "name")
    search_fields = ("name",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(name__startswith="Ann")


@pytest.mark.parametrize(
    "key",
    [
        "0", "-1", "9" * 30, "9" * 5000, "1e3", "NaN", "x", "%00", "1%00", "%",
        "%2E%2E", "1/2", "1?x=1", "1#a", "%ED%A0%80", "\ud800", "true", "None", "[1]",
        "1' OR '1'='1", " ", "%20", "", "ü", "١٢x",
    ],
)  # fmt: skip
def test_what_is_no_key_is_nothing(key: str) -> None:
    server = server_with((Author, OnlyAnn), (Item, ITEMS))
    Author.objects.create(name="Ann")
    assert is_missing(server, f"model://testapp/author/{key}")
    assert is_missing(server, f"model://testapp/item/{key}/manual")


def test_a_hidden_row_and_a_missing_one_are_alike() -> None:
    server = server_with((Author, OnlyAnn))
    bob = Author.objects.create(name="Bob")
    assert is_missing(server, f"model://testapp/author/{bob.pk}")
    assert is_missing(server, f"model://testapp/author/{bob.pk + 1}")


def test_without_permission_there_are_no_resources() -> None:
    server = MCPServer("tests")
    server.register(Item, **ITEMS)
    item = item_with(b"%PDF-")
    reader, other = person("reader", "testapp.view_item"), person("other")
    paths = ["", f"/{item.pk}", f"/{item.pk}/manual"]
    for path in paths:
        uri = f"model://testapp/item{path}"
        assert read(server, uri, reader)
        assert is_missing(server, uri, other)
    context = context_for(server, asked("resources/list"), other)
    assert not server.registry.resources.allowed(context)
    assert not server.registry.templates.allowed(context)
    with pytest.raises(ProtocolError):
        suggested(server, FILE, "pk", user=other)


def test_scopes_are_asked_for() -> None:
    server = server_with((Author, {"fields": ["id"], "scopes": ["books:read"]}))
    for primitive in (*server.registry.resources, *server.registry.templates):
        assert primitive.scopes == {"books:read"}
    event = asked("resources/read", {"uri": "model://testapp/author/1"})
    narrow = context_for(server, event, scopes=frozenset())
    with pytest.raises(PermissionRequired):
        read_resource(server, event, narrow)


class NotBob(Open):
    """Asks for each row."""

    fields = ("id", "name", "manual")

    def has_view_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.name != "Bob"


def test_a_permission_about_the_row_hides_its_files_too() -> None:
    server = server_with((Item, NotBob))
    for name, hidden in (("Ann", False), ("Bob", True)):
        item = item_with(b"x", name=name)
        for path in (f"{item.pk}", f"{item.pk}/manual"):
            uri = f"model://testapp/item/{path}"
            assert hidden == (_readable(server, uri) is False)


def _readable(server: MCPServer, uri: str) -> bool:
    try:
        return bool(read(server, uri))
    except ProtocolError:
        return False


class Careful(Open):
    """Shows strangers less."""

    fields = ("id", "name", "manual")

    def get_fields(self, context: Any) -> Any:
        if context.user.is_anonymous:
            return ["id", "name"]
        return ["name"] if context.user.username == "keyless" else self.fields


def test_fields_that_a_caller_does_not_have_are_no_files() -> None:
    server = server_with((Item, Careful))
    item = item_with(b"x")
    uri = f"model://testapp/item/{item.pk}"
    assert is_missing(server, f"{uri}/manual")
    assert "manual" not in json.loads(read(server, uri)["text"])
    boss, keyless = person("boss"), person("keyless")
    assert read(server, f"{uri}/manual", boss)
    assert suggested(server, FILE, "field") == []
    assert suggested(server, FILE, "field", user=boss) == ["manual"]
    # Who is not told what names a row cannot name one.
    assert is_missing(server, uri, keyless)
    assert is_missing(server, f"{uri}/manual", keyless)
    assert suggested(server, FILE, "pk", user=keyless) == []
    assert "can be named by you" in refusal(server, "get_item", {"id": 1}, keyless)


# -- files ---------------------------------------------------------------------


def test_a_row_says_where_its_file_is_and_it_can_be_read_there() -> None:
    server = server_with((Item, ITEMS))
    item = item_with(b"%PDF-1.7 \xff")
    [row] = call(server, "list_items")["rows"]
    uri = f"model://testapp/item/{item.pk}/manual"
    assert row["manual"] == {"name": "manual.pdf", "uri": uri}
    assert call(server, "get_item", id=item.pk)["manual"] == row["manual"]
    table = call(server, "list_items", format="table", fields=["manual"])
    assert table == {"columns": ["manual"], "rows": [[row["manual"]]]}
    contents = read(server, uri)
    assert contents["mimeType"] == "application/pdf"
    assert base64.b64decode(contents["blob"]) == b"%PDF-1.7 \xff"


def test_rows_without_a_file_have_none() -> None:
    server = server_with((Item, ITEMS))
    empty = [Item.objects.create(name="a", manual=value) for value in (None, "")]
    assert [row["manual"] for row in call(server, "list_items")["rows"]] == [None, None]
    for item in empty:
        assert is_missing(server, f"model://testapp/item/{item.pk}/manual")


def test_a_file_that_nobody_can_read_is_a_name() -> None:
    server = server_with((Item, {**ITEMS, "resources": False}))
    item_with(b"x")
    assert call(server, "list_items")["rows"][0]["manual"] == "manual.pdf"


def test_text_is_text() -> None:
    server = server_with((Item, ITEMS))
    item = item_with("Größe".encode(), "notes.md")
    contents = read(server, f"model://testapp/item/{item.pk}/manual")
    assert (contents["text"], contents["mimeType"]) == ("Größe", "text/markdown")


def test_an_image_is_what_its_first_bytes_say() -> None:
    server = server_with((Portrait, {"fields": ["title", "picture", "scan"]}))
    portrait = Portrait.objects.create(title="Me")
    portrait.picture.save("me.html", ContentFile(PNG))
    portrait.scan.save("me.bin", ContentFile(PNG))
    assert (
        read(server, "model://testapp/portrait/Me/picture")["mimeType"] == "image/png"
    )
    assert base64.b64decode(read(server, "model://testapp/portrait/Me/scan")["blob"])
    uri = "model://testapp/portrait/{pk}/{field}"
    assert suggested(server, uri, "field", "p") == ["picture"]


@pytest.mark.parametrize("size", [100, 101])
def test_a_file_that_is_too_large_is_refused(size: int) -> None:
    server = server_with((Item, {**ITEMS, "max_file_size": 100}))
    item = item_with(b"x" * size, "x.bin")
    uri = f"model://testapp/item/{item.pk}/manual"
    if size == 100:
        assert len(base64.b64decode(read(server, uri)["blob"])) == 100
    else:
        with pytest.raises(ProtocolError, match="larger than 100 bytes"):
            read(server, uri)


def test_a_storage_that_knows_no_sizes_is_read_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = server_with((Item, {**ITEMS, "max_file_size": 100}))
    item = item_with(b"x" * 101, "x.bin")
    for size in (lambda storage, name: 0, Storage.size):
        monkeypatch.setattr(FileSystemStorage, "size", size)
        with pytest.raises(ProtocolError, match="larger than 100 bytes"):
            read(server, f"model://testapp/item/{item.pk}/manual")


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt", "/etc/passwd", "lost.pdf", "a\x00b", ".", "..", "folder",
        "x" * 99, "\\..\\secret.txt", "folder/../../secret.txt",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_nothing(storage: Path, name: str) -> None:
    (storage / "folder").mkdir(parents=True)
    (storage.parent / "secret.txt").write_text("secret")
    server = server_with((Item, ITEMS))
    if "\x00" in name and connection.vendor == "postgresql":
        return  # where no column holds such a name
    item = Item.objects.create(name="a", manual=name)
    assert is_missing(server, f"model://testapp/item/{item.pk}/manual")


def paths(model: Any, depth: int = 2, prefix: str = "") -> Iterator[str]:
    """Yield every path of a model, over relations in both directions."""
    for field in model._meta.get_fields(include_hidden=True):
        yield f"{prefix}{field.name}"
        if field.is_relation and field.related_model and depth:
            yield from paths(field.related_model, depth - 1, f"{prefix}{field.name}__")


def test_no_unlisted_path_leads_to_a_file() -> None:
    server = server_with((Portrait, {"fields": ["title", "picture"]}))
    item = item_with(b"secret")
    portrait = Portrait.objects.create(title="Me", item=item)
    for file in (portrait.picture, portrait.scan):
        file.save("me.bin", ContentFile(b"secret"))
    found = {path for path in paths(Portrait) if path != "picture"}
    assert {"scan", "item__manual", "item__portraits__picture"} <= found
    for path in found:
        assert is_missing(server, f"model://testapp/portrait/Me/{path}")


def test_only_listed_files_are_read() -> None:
    server = server_with((Portrait, {"fields": ["title", "picture"]}))
    portrait = Portrait.objects.create(title="Me", scan="x.bin")
    portrait.picture.save("me.png", ContentFile(PNG))
    portrait.scan.save("me.bin", ContentFile(b"secret"))
    for field in ("scan", "title", "pk", "maker", "nothing", "picture__name", "%00"):
        assert is_missing(server, f"model://testapp/portrait/Me/{field}")


@pytest.mark.parametrize(
    "title", ["a/b", "ü ß", "100%", "a%2Fb", "?x=1#y", "a\\b", "'"]
)
def test_keys_of_any_text_have_uris(title: str) -> None:
    server = server_with(
        (Portrait, {"fields": ["title", "picture"], "search_fields": ["title"]})
    )
    portrait = Portrait.objects.create(title=title)
    portrait.picture.save("me.png", ContentFile(PNG))
    [row] = call(server, "list_portraits")["rows"]
    uri = row["picture"]["uri"]
    assert uri == f"model://testapp/portrait/{quote(title, safe='')}/picture"
    assert base64.b64decode(read(server, uri)["blob"]) == PNG
    found = read(server, uri.rpartition("/")[0])
    assert json.loads(found["text"])["title"] == title
    assert suggested(server, "model://testapp/portrait/{pk}", "pk", title) == [title]


@pytest.mark.parametrize("title", ["..", ".", "", "a\nb"])
def test_a_key_that_no_uri_can_carry_has_none(title: str) -> None:
    server = server_with((Portrait, {"fields": ["title", "picture"]}))
    Portrait.objects.create(title=title, picture="me.png")
    [row] = call(server, "list_portraits")["rows"]
    assert row["picture"] == {"name": "me.png"}


class Shown(Open):
    """Hides what is hidden."""

    fields = ("id", "name", "manual")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).exclude(name="hidden")


@pytest.mark.parametrize("entry", ["item__manual", {"item": ["manual"]}])
def test_a_file_of_a_related_row_is_read_through_that_rows_door(entry: Any) -> None:
    server = server_with((Portrait, {"fields": ["title", entry]}), (Item, Shown))
    for name in ("shown", "hidden"):
        Portrait.objects.create(title=name, item=item_with(b"x", name=name))
    rows = call(server, "list_portraits")["rows"]
    shown = {row["title"]: row.get("item__manual", row.get("item")) for row in rows}
    assert shown["hidden"] is None
    address = shown["shown"].get("manual", shown["shown"])["uri"]
    assert address == "model://testapp/portrait/shown/item__manual"
    assert base64.b64decode(read(server, address)["blob"]) == b"x"
    assert is_missing(server, "model://testapp/portrait/hidden/item__manual")


def test_files_of_several_related_rows_are_read_at_their_own_toolset() -> None:
    fields = ["id", {"portraits": ["title", "picture"]}]
    items = (Item, {"fields": fields})
    item = Item.objects.create(name="a")
    portrait = Portrait.objects.create(title="Me", item=item)
    portrait.picture.save("me.png", ContentFile(PNG))
    alone = server_with(items)
    [shown] = call(alone, "get_item", id=item.pk)["portraits"]
    assert shown == {"title": "Me", "picture": "me.png"}
    assert "model://testapp/item/{pk}/{field}" not in uris(alone)
    portraits = {"fields": ["title", "picture"]}
    wrong = server_with(items, (Portrait, {**portraits, "page_size": 0}))
    [shown] = call(wrong, "get_item", id=item.pk)["portraits"]
    assert shown["picture"] == "me.png"
    both = server_with(items, (Portrait, portraits))
    [shown] = call(both, "get_item", id=item.pk)["portraits"]
    assert shown["picture"]["uri"] == "model://testapp/portrait/Me/picture"
    assert read(both, shown["picture"]["uri"])


def test_files_cost_a_list_no_query(django_assert_num_queries: Any) -> None:
    server = server_with((Item, ITEMS))
    for _ in range(5):
        Item.objects.create(name="a", manual="a.pdf")
    with django_assert_num_queries(1):
        assert len(call(server, "list_items")["rows"]) == 5


@pytest.mark.parametrize("size", [0, -1, "5M", None])
def test_a_limit_that_is_no_number_is_a_mistake(size: Any) -> None:
    server = server_with((Item, {**ITEMS, "max_file_size": size}))
    [problem] = server.toolsets[Item].problems
    assert problem.id == "django_mcp.E013"
    assert "max_file_size" in problem.text


def test_a_lookup_field_that_cannot_be_a_variable_is_reported() -> None:
    server = server_with((Item, {"fields": ["id"], "lookup_field": "no-such"}))
    assert uris(server) == ["model://testapp/item"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_client_of_any_revision_reads_rows(revision: str) -> None:
    server = MCPServer(authenticators=[AllowAnonymous()])
    server.register(Author, Open, fields=["id", "name"], search_fields=["name"])
    ann = await Author.objects.acreate(name="Ann")
    client = Client(server.asgi, revision)
    if revision != STATELESS:
        await client.open()
    answer = await client.ask(
        "resources/read", {"uri": f"model://testapp/author/{ann.pk}"}
    )
    [contents] = answer.result["contents"]
    assert json.loads(contents["text"])["name"] == "Ann"
    listed = await client.ask("resources/templates/list")
    [template] = listed.result["resourceTemplates"]
    assert template["uriTemplate"] == ROW
    found = await client.ask(
        "completion/complete",
        {
            "ref": {"type": "ref/resource", "uri": ROW},
            "argument": {"name": "pk", "value": "an"},
        },
    )
    assert found.result["completion"]["values"] == [str(ann.pk)]


def test_a_toolset_without_rules_of_its_own_asks_for_the_models_permission() -> None:
    server = MCPServer("tests")
    server.register(Author, ModelToolset, fields=["id"])
    rule = server.toolsets[Author].permission_rule("view")
    assert {one.allowed for one in server.registry.templates} == {rule}
