"""The one door: what is hidden from a caller shows nowhere, by no argument."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import MCPServer
from django_mcp.protocol.errors import ProtocolError
from tests.providers.models.asking import (
    Open,
    call,
    person,
    refusal,
    result_of,
    server_with,
)
from tests.testapp.models import Author, Book, Country, Item, Label, Maker, Note

pytestmark = pytest.mark.django_db


class Makers(Open):
    """Hides some makers."""

    fields = ("id", "name", "country")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


class Labels(Open):
    """Hides some labels."""

    fields = ("id", "name")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


class Notes(Open):
    """Hides some notes."""

    fields = ("id", "text", "about")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


ITEMS: dict[str, Any] = {
    "fields": [
        "id",
        "name",
        "maker",
        "rival",
        "maker__name",
        {"parent": ["name", "maker__name", {"labels": ["name"]}]},
        {"labels": ["id", "name"]},
        {"notes": ["text"]},
        {"maker__country": ["code", "name"]},
    ],
    "filter_fields": {
        "maker": ["exact", "isnull", "in"],
        "rival": ["exact"],
        "maker__name": ["exact", "icontains", "isnull"],
        "maker__country__name": ["exact", "isnull"],
        "parent__maker__name": ["exact", "isnull"],
        "labels__name": ["exact", "isnull"],
        "notes__text": ["icontains"],
    },
    "search_fields": ["maker__name", "labels__name", "notes__text"],
    "ordering_fields": ["maker__name", "maker", "name", "maker__country__name"],
    "ordering": ["name"],
}


@pytest.fixture
def server() -> MCPServer:
    return server_with((Item, ITEMS), (Maker, Makers), (Label, Labels), (Note, Notes))


@pytest.fixture
def items() -> dict[str, Item]:
    home = Country.objects.create(code="de", name="Germany")
    shown = Maker.objects.create(name="Shown", country=home)
    secret = Maker.objects.create(name="Secret", country=home, hidden=True)
    red = Label.objects.create(name="red")
    covert = Label.objects.create(name="covert", hidden=True)
    a = Item.objects.create(name="a", maker=shown, rival=secret)
    b = Item.objects.create(name="b", maker=secret, rival=shown, parent=a)
    c = Item.objects.create(name="c", parent=b)
    for item in (a, b, c):
        item.labels.add(red, covert)
        Note.objects.create(about=item, text=f"plain {item}")
        Note.objects.create(about=item, text=f"whispered {item}", hidden=True)
    return {"a": a, "b": b, "c": c}


def names(server: MCPServer, **arguments: Any) -> str:
    """Return the names of the items a query finds."""
    page = call(server, "list_items", arguments)
    return "".join(row["name"] for row in page["rows"])


def test_a_hidden_related_row_shows_as_none(
    server: MCPServer, items: dict[str, Item]
) -> None:
    a, b, c = call(server, "list_items")["rows"]
    assert (a["maker"], a["maker__name"]) == (items["a"].maker_id, "Shown")
    assert a["rival"] is None
    assert a["maker__country"] == {"code": "de", "name": "Germany"}
    assert (b["maker"], b["maker__name"], b["rival"]) == (None, None, "Shown")
    assert b["maker__country"] is None
    assert (c["maker"], c["maker__name"], c["maker__country"]) == (None, None, None)
    assert b["parent"]["maker__name"] == "Shown"
    assert c["parent"]["maker__name"] is None
    assert [label["name"] for label in a["labels"]] == ["red"]
    assert [label["name"] for label in b["parent"]["labels"]] == ["red"]
    assert a["notes"] == [{"text": "plain a"}]


def test_one_row_hides_the_same(server: MCPServer, items: dict[str, Item]) -> None:
    row = call(server, "get_item", id=items["b"].pk)
    assert (row["maker"], row["maker__name"]) == (None, None)
    assert [label["name"] for label in row["labels"]] == ["red"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"maker__name": "Shown"}, "a"),
        ({"maker__name": "Secret"}, ""),
        ({"maker__name": {"icontains": "s"}}, "a"),
        ({"maker__name": {"isnull": True}}, "bc"),
        ({"maker__name": {"isnull": False}}, "a"),
        ({"maker": {"isnull": True}}, "bc"),
        ({"maker": {"isnull": False}}, "a"),
        ({"maker__country__name": "Germany"}, "a"),
        ({"maker__country__name": {"isnull": True}}, "bc"),
        ({"parent__maker__name": {"isnull": True}}, "ac"),
        ({"parent__maker__name": {"isnull": False}}, "b"),
        ({"rival": "Secret"}, ""),
        ({"rival": "Shown"}, "b"),
        ({"labels__name": "covert"}, ""),
        ({"labels__name": "red"}, "abc"),
        ({"labels__name": {"isnull": True}}, ""),
        ({"notes__text": {"icontains": "whispered"}}, ""),
        ({"notes__text": {"icontains": "plain"}}, "abc"),
    ],
)
def test_filters_tell_nothing_of_hidden_rows(
    server: MCPServer, items: dict[str, Item], asked: Any, found: str
) -> None:
    assert names(server, filter=asked) == found


def test_the_key_of_a_hidden_row_finds_nothing(
    server: MCPServer, items: dict[str, Item]
) -> None:
    keys = [items["a"].maker_id, items["b"].maker_id]
    assert names(server, filter={"maker": {"in": keys}}) == "a"
    assert names(server, filter={"maker": keys[1]}) == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [("shown", "a"), ("secret", ""), ("covert", ""), ("red", "abc"), ("whisp", "")],
)
def test_searching_tells_nothing_of_hidden_rows(
    server: MCPServer, items: dict[str, Item], words: str, found: str
) -> None:
    assert names(server, search=words) == found


@pytest.mark.parametrize("order", ["maker__name", "maker", "maker__country__name"])
def test_hidden_rows_sort_as_none(
    server: MCPServer, items: dict[str, Item], order: str
) -> None:
    assert names(server, order_by=order) == "abc"
    first = call(server, "list_items", order_by=order, limit=1)
    rest = call(server, "list_items", order_by=order, cursor=first["next_cursor"])
    assert [row["name"] for row in rest["rows"]] == ["b", "c"]
    assert names(server, order_by=f"-{order}") == "cba"


def test_a_hidden_row_and_a_missing_one_give_the_same_words(
    server: MCPServer, items: dict[str, Item]
) -> None:
    hidden = items["b"].maker_id
    words = "id: there is no maker with this id"
    assert refusal(server, "get_maker", id=hidden) == words
    assert refusal(server, "get_maker", id=10**9) == words


def test_generic_keys_of_hidden_rows_show_as_none(
    server: MCPServer, items: dict[str, Item]
) -> None:
    visible, hidden = items["a"].maker, items["b"].maker
    for about in (visible, hidden):
        Note.objects.create(about=about, text="on a maker")
    rows = call(server, "list_notes")["rows"]
    abouts = [row["about"] for row in rows if row["text"] == "on a maker"]
    assert visible is not None
    assert abouts == [{"model": "testapp.maker", "id": visible.pk}, None]
    assert rows[0]["about"] == {"model": "testapp.item", "id": items["a"].pk}


# -- permissions -----------------------------------------------------------


def test_without_permission_there_is_no_such_tool() -> None:
    server = MCPServer()
    server.register(Book, fields=["id", "title"])
    with pytest.raises(ProtocolError, match="Unknown tool: list_books"):
        call(server, "list_books", user=person("eve"))
    with pytest.raises(ProtocolError, match="Unknown tool: list_books"):
        call(server, "list_books")
    clerk = person("clerk", "testapp.view_book")
    assert call(server, "list_books", user=clerk) == {"rows": []}


def test_related_rows_need_the_permission_of_their_own_toolset() -> None:
    server = MCPServer()
    server.register(Book, fields=["id", {"author": ["name"]}, "author__name"])
    server.register(Author, fields=["id", "name"])
    Book.objects.create(title="T", author=Author.objects.create(name="Ann"))
    clerk = person("clerk", "testapp.view_book")
    [row] = call(server, "list_books", user=clerk)["rows"]
    assert (row["author"], row["author__name"]) == (None, None)
    chief = person("chief", "testapp.view_book", "testapp.view_author")
    [row] = call(server, "list_books", user=chief)["rows"]
    assert (row["author"], row["author__name"]) == ({"name": "Ann"}, "Ann")


class OwnBackend:
    """Gives a user permission for the rows that bear the user's name."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user: User, permission: str, obj: Any = None) -> bool:
        """See Django's backends."""
        return obj is not None and getattr(obj, "name", "") == user.username


def test_permissions_of_single_rows(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{__name__}.OwnBackend",
    ]
    server = MCPServer()
    server.register(Author, fields=["id", "name"], object_permissions=True)
    server.register(Book, Open, fields=["id", "author__name"])
    ann = Author.objects.create(name="ann")
    bob = Author.objects.create(name="bob")
    Book.objects.create(title="T", author=ann)
    user = person("ann")
    page = call(server, "list_authors", user=user, total=True)
    assert page == {"rows": [{"id": ann.pk, "name": "ann"}], "total": None}
    assert call(server, "get_author", id=ann.pk, user=user)["name"] == "ann"
    words = "id: there is no author with this id"
    assert refusal(server, "get_author", id=bob.pk, user=user) == words
    # Behind a relation no row can be asked for, so all of them are hidden.
    assert call(server, "list_books", user=user)["rows"][0]["author__name"] is None
    with pytest.raises(ProtocolError, match="Unknown tool"):
        call(server, "list_authors")


def answers(server: MCPServer) -> list[Any]:
    """Ask everything that can be asked of items, and keep the answers."""
    words = ["Shown", "Secret", "Changed", "Germany", "France", "red", "covert", "new"]
    asked: list[dict[str, Any]] = [{"search": word} for word in words]
    for name, lookups in ITEMS["filter_fields"].items():
        for lookup in lookups:
            values: list[Any] = [*words]
            if lookup == "isnull":
                values = [True, False]
            elif name == "maker":
                values = [*range(1, 4)]
            for value in values:
                one = [value] if lookup == "in" else value
                asked.append({"filter": {name: {lookup: one}}})
    for name in ITEMS["ordering_fields"]:
        asked += [{"order_by": name}, {"order_by": f"-{name}"}]
    tables = [call(server, "list_items", {"format": "table"})]
    for arguments in asked:
        page = result_of(server, "list_items", {**arguments, "total": True})
        assert not page.get("isError"), (arguments, page)
        tables.append(page)
    return tables


def test_no_answer_depends_on_a_hidden_row(
    server: MCPServer, items: dict[str, Item]
) -> None:
    before = answers(server)
    france = Country.objects.create(code="fr", name="France")
    Maker.objects.filter(hidden=True).update(country=france, api_token="new")
    Label.objects.filter(hidden=True).update(name="new")
    Note.objects.filter(hidden=True).update(text="new")
    assert answers(server) == before
    # A maker's name is the key of another relation, so both must change.
    Item.objects.update(rival=None)
    before = answers(server)
    Maker.objects.filter(hidden=True).update(name="Changed")
    assert answers(server) == before
    Maker.objects.filter(hidden=True).delete()
    Label.objects.filter(hidden=True).delete()
    Note.objects.filter(hidden=True).delete()
    assert answers(server) == before
