"""An attacker at every argument: nothing unlisted and nothing hidden leaves.

What leaked once has a test of its own here; the rest is tried at random.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from django_mcp import MCPServer, ModelToolset
from django_mcp.providers.models import lists
from tests.providers.models.asking import Open, call, person, refusal, server_with
from tests.providers.models.probing import (
    all_paths,
    answer,
    arguments,
    ask,
    entries,
    everything,
    spoiled,
    thorough,
    used_fields,
)
from tests.testapp.models import (
    Author,
    Book,
    Box,
    Country,
    Gadget,
    Item,
    Label,
    Maker,
    Note,
    OldItem,
    Passport,
    Piece,
    Rack,
    Token,
)

# Many thousand calls each; a machine that does other things takes a minute for them.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


class Items(Open):
    """Hides the items that are called covert."""

    fields: ClassVar[Any] = ("id", "name")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).exclude(name="covert")


# -- what leaked once ------------------------------------------------------


def test_a_hidden_one_of_several_rows_is_not_known_to_have_a_value() -> None:
    class Parts(Items):
        fields = ("id", "name", {"parts": ["count"]})
        filter_fields = {"parts__count": ["isnull"]}

    server = server_with((Item, Parts))
    item = Item.objects.create(name="a")
    Item.objects.create(name="part", parent=item)
    hidden = Item.objects.create(name="covert", parent=item)
    asked = {"filter": {"parts__count": {"isnull": True}}}
    before = call(server, "list_items", asked)
    Item.objects.filter(pk=hidden.pk).update(count=3)
    assert call(server, "list_items", asked) == before
    assert len(before["rows"]) == 2


def test_the_key_of_a_hidden_row_finds_no_row_that_bears_it() -> None:
    passports = {"fields": ["id", "item", "number"], "lookup_field": "item"}
    server = server_with((Passport, passports), (Item, Items))
    hidden = Item.objects.create(name="covert")
    Passport.objects.create(item=hidden, number="1")
    words = "item: there is no passport with this item"
    assert refusal(server, "get_passport", item=hidden.pk) == words
    assert refusal(server, "get_passport", item=hidden.pk + 1) == words


@pytest.mark.parametrize("order", ["pk", "-pk", "item_ptr"])
def test_rows_whose_own_key_is_hidden_have_an_order(order: str) -> None:
    gadgets = {"fields": ["pk", "volts"], "ordering_fields": ["pk", "item_ptr"]}
    server = server_with((Gadget, gadgets), (Item, Items))
    for volts, name in enumerate(["covert", "a", "covert", "b"]):
        Gadget.objects.create(name=name, volts=volts)
    page = call(server, "list_gadgets", order_by=order, limit=1)
    found = page["rows"]
    while "next_cursor" in page:
        cursor = page["next_cursor"]
        page = call(server, "list_gadgets", order_by=order, limit=1, cursor=cursor)
        found += page["rows"]
    volts_found = [row["volts"] for row in found]
    assert volts_found == ([2, 0, 3, 1] if order == "-pk" else [1, 3, 0, 2])


def test_who_may_see_no_field_gets_words_and_no_rows() -> None:
    class Narrow(Open):
        fields = ("id", "name")

        def get_fields(self, context: Any) -> Any:
            return ["name"] if context.user.is_anonymous else []

    server = server_with((Item, Narrow))
    item = Item.objects.create(name="a")
    assert call(server, "list_items") == {"rows": [{"name": "a"}]}
    assert refusal(server, "get_item", id=item.pk) == "no item can be named by you"
    eve = person("eve")
    for tool in ("list_items", "get_item"):
        words = "nothing about any item is shown to you"
        assert refusal(server, tool, user=eve) == words


class Named:
    """Gives a user permission for the rows that bear the user's name."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user: User, permission: str, obj: Any = None) -> bool:
        """See Django's backends."""
        return obj is not None and getattr(obj, "name", "") == user.username


@pytest.fixture
def by_name(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{__name__}.Named",
    ]


@pytest.mark.usefixtures("by_name")
@pytest.mark.parametrize("found", ["", "e"])
def test_a_next_page_tells_of_no_row_without_permission(found: str) -> None:
    server = MCPServer("tests")
    lookups = {"name": ["startswith"]}
    server.register(
        Author, fields=["id", "name"], object_permissions=True, filter_fields=lookups
    )
    eve = person("eve")
    Author.objects.create(name="eve")
    asked = {"filter": {"name": {"startswith": found}}, "limit": 1}
    before = call(server, "list_authors", asked, eve)
    for name in ("ev", "eves", "evil"):
        Author.objects.create(name=name)
    assert call(server, "list_authors", asked, eve) == before
    assert len(before["rows"]) == 1
    asked["filter"] = {"name": {"startswith": "evi"}}
    assert call(server, "list_authors", asked, eve) == {"rows": []}


@pytest.mark.usefixtures("by_name")
def test_a_page_is_full_though_most_rows_are_hidden() -> None:
    server = MCPServer("tests")
    server.register(
        Author,
        fields=["id"],
        object_permissions=True,
        max_page_size=3,
    )
    eve = person("eve")
    for name in ["eve", *"abcdefghijk", "eve", *"lmn", "eve", "eve", *"op"]:
        Author.objects.create(name=name)
    page = call(server, "list_authors", user=eve)
    assert len(page["rows"]) == 3
    rest = call(server, "list_authors", user=eve, cursor=page["next_cursor"])
    assert [len(rest["rows"]), "next_cursor" in rest] == [1, False]


@pytest.mark.usefixtures("by_name")
def test_asking_for_permissions_ends_somewhere(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(lists, "MAX_ASKED", 10)
    server = MCPServer("tests")
    server.register(Author, fields=["id"], object_permissions=True)
    Author.objects.bulk_create(Author(name=f"{name}") for name in range(50))
    Author.objects.create(name="eve")
    eve = person("eve")
    with django_assert_max_num_queries(6):
        page = call(server, "list_authors", user=eve, limit=2)
    pages = 1
    while "next_cursor" in page:
        assert not page["rows"]
        cursor = page["next_cursor"]
        page = call(server, "list_authors", user=eve, limit=2, cursor=cursor)
        pages += 1
    assert [pages, len(page["rows"])] == [6, 1]


def test_a_rule_of_its_own_about_each_row_is_asked_too() -> None:
    class Own(ModelToolset):
        fields = ("id", "name")
        object_permissions = True

        def has_view_permission(self, context: Any, obj: Any = None) -> bool:
            return obj is None or obj.name != "covert"

    server = MCPServer("tests")
    server.register(Author, Own)
    server.register(Book, Open, fields=["author__name"])
    author = Author.objects.create(name="covert")
    Book.objects.create(title="T", author=author)
    clerk = person("clerk", "testapp.view_author")
    assert call(server, "list_authors", user=clerk) == {"rows": []}
    words = "id: there is no author with this id"
    assert refusal(server, "get_author", user=clerk, id=author.pk) == words
    assert call(server, "list_books", user=clerk)["rows"] == [{"author__name": None}]


@pytest.mark.parametrize(
    "limited",
    [
        lambda rows: rows.order_by("-name")[:2],
        lambda rows: rows.filter(name="b").union(rows.filter(name="c")),
        lambda rows: rows.filter(pk__in=[]) | rows.exclude(name="a"),
        lambda rows: rows.exclude(name="a").distinct(),
        pytest.param(
            lambda rows: rows.order_by("size", "-name").distinct("size"),
            marks=pytest.mark.postgres,
        ),
    ],
)
def test_a_door_may_have_any_form(limited: Any) -> None:
    class Few(Open):
        fields = ("id", "name", {"parent": ["name"]})
        filter_fields = {"parent__name": ["exact"]}
        ordering_fields = ("name", "parent__name")
        search_fields = ("name",)
        ordering = ("name",)

        def get_queryset(self, context: Any) -> Any:
            return limited(super().get_queryset(context))

    server = server_with((Item, Few))
    a = Item.objects.create(name="a")
    b = Item.objects.create(name="b", parent=a)
    Item.objects.create(name="c", parent=b, size=2)
    queries: list[Any] = [{}, {"order_by": "parent__name"}, {"total": True}]
    for asked in queries:
        rows = call(server, "list_items", asked)["rows"]
        assert {row["name"] for row in rows} <= {"b", "c"}
        assert {row["parent"] and row["parent"]["name"] for row in rows} <= {"b", None}
    found = call(server, "list_items", filter={"parent__name": "a"})
    assert found["rows"] == []
    assert call(server, "list_items", search="a")["rows"] == []
    assert len(call(server, "list_items", search="c", total=True)["rows"]) == 1
    words = "id: there is no item with this id"
    assert refusal(server, "get_item", id=a.pk) == words


def test_a_row_that_the_base_manager_leaves_out_is_hidden() -> None:
    shown = ["name", "rack", "rack__name"]
    boxes = {
        "fields": shown,
        "filter_fields": {"rack__name": ["exact", "isnull"]},
        "search_fields": ["rack__name"],
    }
    server = server_with((Box, boxes))
    rack = Rack.objects.create(name="covert", thrown_away=True)
    Box.objects.create(name="a", rack=rack)
    row = {"name": "a", "rack": None, "rack__name": None}
    assert call(server, "list_boxs") == {"rows": [row]}
    assert call(server, "list_boxs", search="covert") == {"rows": []}
    found = call(server, "list_boxs", filter={"rack__name": {"isnull": True}})
    assert found == {"rows": [row]}


def test_a_child_is_hidden_with_its_parent() -> None:
    fields = ["name", "gadget", "gadget__name", {"gadget__labels": ["name"]}]
    boxes = {"fields": fields, "filter_fields": ["gadget__name"]}
    server = server_with((Box, boxes), (Note, {"fields": ["about"]}), (Item, Items))
    gadget = Gadget.objects.create(name="covert")
    Box.objects.create(name="a", gadget=gadget)
    Note.objects.create(about=gadget, text="t")
    hidden = {"gadget": None, "gadget__name": None, "gadget__labels": []}
    assert call(server, "list_boxs") == {"rows": [{"name": "a", **hidden}]}
    assert call(server, "list_boxs", filter={"gadget__name": "covert"}) == {"rows": []}
    assert call(server, "list_notes") == {"rows": [{"about": None}]}


def test_a_generic_key_is_no_way_to_a_key_that_is_secret() -> None:
    server = server_with((Note, {"fields": ["about"]}))
    token = Token.objects.create(key="77", user=User.objects.create())
    Note.objects.create(about=token, text="t")
    assert call(server, "list_notes") == {"rows": [{"about": None}]}


def test_several_rows_hang_on_a_child_too() -> None:
    server = server_with((Gadget, {"fields": [{"friends": ["passport__id"]}]}))
    one, other = Gadget.objects.create(name="a"), Gadget.objects.create(name="b")
    one.friends.add(other)
    passport = Passport.objects.create(item=other, number="1")
    friends = [[{"passport__id": passport.pk}], [{"passport__id": None}]]
    rows = call(server, "list_gadgets")["rows"]
    assert rows == [{"friends": friend} for friend in friends]


def test_a_key_that_is_text_is_searched_as_text() -> None:
    makers = {
        "fields": ["country"],
        "search_fields": ["country"],
        "filter_fields": {"country": ["istartswith", "iexact", "gt", "in", "isnull"]},
    }
    server = server_with((Maker, makers))
    country = Country.objects.create(code="de", name="Germany")
    Maker.objects.create(name="m", country=country)
    found = {"rows": [{"country": "de"}]}
    assert call(server, "list_makers", search="E") == found
    for asked in ({"istartswith": "D"}, {"iexact": "DE"}, {"gt": "a"}, {"in": ["de"]}):
        assert call(server, "list_makers", filter={"country": asked}) == found
    missing = {"filter": {"country": {"isnull": True}}}
    assert call(server, "list_makers", missing) == {"rows": []}


# -- tried at random -------------------------------------------------------


class Unhidden(Open):
    """Hides the rows that say so."""

    fields = ("pk",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


class Uncovert(Open):
    """Hides the items that are covert."""

    fields = ("pk",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).exclude(password_hash="covert")


DOORS: dict[Any, type[Open]] = {
    Item: Uncovert,
    Gadget: Uncovert,
    OldItem: Uncovert,
    Maker: Unhidden,
    Label: Unhidden,
    Note: Unhidden,
}
#: A failure says enough by itself; making it smaller takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
#: What the doors go by, and so is no secret.
RULES = {"hidden", "password_hash", "thrown_away"}
ROOTS = (Item, Maker, Label, Note, Passport, Box, Gadget, OldItem, Piece, Country)


@pytest.fixture
def rows() -> None:
    """Some rows of each model; of each with a door, hidden ones between them."""
    home = Country.objects.create(code="de", name="plain")
    makers = [
        Maker.objects.create(
            name=f"{'WHISPER' if hidden else 'Shown'}{number}",
            hidden=hidden,
            country=home if number else None,
            api_token="WHISPER",
        )
        for number, hidden in enumerate([False, True, False, True])
    ]
    labels = [
        Label.objects.create(name="WHISPER" if hidden else "red", hidden=hidden)
        for hidden in (False, True, False, False)
    ]
    items: list[Item] = []
    for number, covert in enumerate([False, True, False, False, True, False]):
        create = (Item if number % 3 else Gadget).objects.create
        item = create(
            name="WHISPER" if covert else "ab"[number % 2],
            text="WHISPER" if covert else "plain " * number,
            maker=makers[number] if number < 4 else None,
            rival=makers[(number + 1) % 4],
            parent=items[number // 2] if number else None,
            size=1 + number % 2,
            count=number if number % 2 else None,
            password_hash="covert" if covert else "",
            secret="WHISPER",
            seen_at=datetime(2024, 1, number + 1, tzinfo=UTC) if number % 2 else None,
            price=number,
        )
        item.labels.set(labels)
        item.friends.set(items)
        for hidden in (True, False, False, False):
            text = "WHISPER" if hidden else "plain"
            Note.objects.create(about=item, text=text, hidden=hidden)
        Passport.objects.create(item=item, number=f"{number}")
        Piece.objects.create(item=item, name="part")
        Piece.objects.create(item=item, name="WHISPER", thrown_away=True)
        items.append(item)
    for maker in makers:
        Note.objects.create(about=maker, text="plain")
    racks = [
        Rack.objects.create(name="WHISPER" if gone else "a", thrown_away=gone)
        for gone in (False, True)
    ]
    for number, gadget in enumerate(Gadget.objects.order_by("pk")):
        Box.objects.create(name="b", gadget=gadget, rack=racks[number % 2])
    user = User.objects.create(username="known", password="WHISPER")
    Token.objects.create(key="WHISPER", user=user, item=items[0])


def other_value(field: Any) -> Any:
    """Return a value that no row has."""
    return {
        "BooleanField": True,
        "DateField": date(2000, 1, 1),
        "DateTimeField": datetime(2000, 1, 1, tzinfo=UTC),
        "DecimalField": 99,
        "DurationField": timedelta(9),
        "FloatField": 9.5,
        "GenericIPAddressField": "10.9.9.9",
        "JSONField": {"CANARY": 1},
        "TimeField": time(1),
        "UUIDField": UUID(int=9),
        "BinaryField": b"CANARY",
        "CharField": "CANARY",
        "TextField": "CANARY",
        "FileField": "CANARY",
    }.get(field.get_internal_type(), 77)


def hidden_rows(model: Any) -> Any:
    """Return the rows that nobody may know of."""
    every = QuerySet(model)
    if model in {Item, Gadget}:
        return every.filter(password_hash="covert")
    if model in {Maker, Label, Note}:
        return every.filter(hidden=True)
    return every.filter(thrown_away=True) if model in {Piece, Rack} else every.none()


def change_what_is_hidden(used: set[Any]) -> None:
    """Change all values of hidden rows, of unlisted columns those of all rows."""
    hidden = Maker.objects.filter(hidden=True)
    Item.objects.filter(rival__in=hidden).update(rival=None)
    Item.objects.filter(maker__in=hidden.filter(name__endswith="1")).update(maker=None)
    for model in (Item, Gadget, Maker, Label, Note, Passport, Piece, Country, Rack):
        for field in model._meta.local_concrete_fields:
            if field.primary_key or field.name in RULES or field.unique:
                continue
            every = hidden_rows(model) if field in used else QuerySet(model)
            if not field.is_relation:
                every.update(**{field.name: other_value(field)})
            elif field.null:
                every.update(**{field.name: None})
    for maker in hidden:
        Maker.objects.filter(pk=maker.pk).update(name=f"CANARY{maker.pk}")
    add_and_remove(Item._meta.get_field("labels") in used)


def add_and_remove(labels_are_used: bool) -> None:
    """Delete hidden rows, and make new ones."""
    hidden_rows(Label).first().delete()
    hidden_rows(Note).first().delete()
    hidden_rows(Maker).last().delete()
    label = Label.objects.create(name="CANARY", hidden=True)
    Maker.objects.create(name="CANARY", hidden=True)
    for item in Item.objects.exclude(password_hash="covert"):
        new = Item.objects.create(name="CANARY", parent=item, password_hash="covert")
        new.friends.add(item)
        if not labels_are_used:
            item.labels.clear()
        item.labels.add(label)
        Note.objects.create(about=item, text="CANARY", hidden=True)
        Piece.objects.create(item=item, name="CANARY", thrown_away=True)


@pytest.mark.usefixtures("rows")
@given(st.data())
@settings(max_examples=80, suppress_health_check=list(HealthCheck), phases=PHASES)
def test_no_answer_depends_on_what_is_unlisted_or_hidden(data: st.DataObject) -> None:
    root = data.draw(st.sampled_from(ROOTS))
    fields = data.draw(entries(root))
    server = MCPServer("tests")
    for model, door in DOORS.items():
        if model is not root and model not in {Gadget, OldItem}:
            server.register(model, door)
    attributes = everything(root, fields)
    others = {tool.name for tool in server.registry.tools}
    server.register(root, DOORS.get(root, Open), **attributes)
    assert server.toolsets[root].serves, server.toolsets[root].problems
    tools = [tool for tool in server.registry.tools if tool.name not in others]
    asked = []
    for tool in tools:
        if tool.read_only:
            asked += [(tool.name, one) for one in thorough(tool)]
            drawn = data.draw(st.lists(arguments(tool), min_size=3, max_size=8))
            asked += [(tool.name, one) for one in drawn]
    before = [answer(server, *one) for one in asked]
    try:
        with transaction.atomic():
            change_what_is_hidden(used_fields(root, fields))
            after = [answer(server, *one) for one in asked]
            raise Undone
    except Undone:
        pass
    for one, first, second in zip(asked, before, after, strict=True):
        assert first == second, one


class Undone(Exception):
    """Nothing of it happened."""


LISTED: tuple[Any, ...] = (
    "pk", "name", "size", "maker", "rival", "count", "price", "weight", "active",
    "made_on", "seen_at", "opens", "lasts", "code", "address", "data", "raw", "manual",
    "text", "maker__name", "rival__country", {"parent": ["name", {"parts": ["count"]}]},
    {"labels": ["name"]}, {"notes": ["text"]}, {"passport": ["number"]}, "friends",
)  # fmt: skip
UNLISTED = ("secret", "password_hash", "api_token", "hidden", "thrown_away", "volts")


@pytest.fixture
def server(rows: None) -> MCPServer:
    """A server that offers nearly all of the items."""
    server = MCPServer("tests")
    for model in (Maker, Label, Note):
        server.register(model, DOORS[model])
    server.register(Item, Uncovert, **everything(Item, LISTED))
    assert server.toolsets[Item].serves, server.toolsets[Item].problems
    return server


def test_no_tool_says_what_is_not_listed(server: MCPServer) -> None:
    for tool in server.registry.tools:
        said = json.dumps([str(tool.description), tool.input_schema, tool.name])
        assert not any(name in said for name in UNLISTED), said


ENDS = (
    "", "__pk", "__id", "__regex", "__iregex", "__startswith", "__year", "__date__year",
    "__length", "__isnull", "__user__password", "__in__id", "__0", "__name__name",
)  # fmt: skip


def test_no_path_that_is_not_listed_is_an_argument(server: MCPServer) -> None:
    offered = set(server.toolsets[Item].exposed.filters.by_name)
    listed = set(server.toolsets[Item].exposed.labels)
    orders = set(server.toolsets[Item].exposed.ordering.by_name)
    for path in all_paths(Item, 2):
        for end in ENDS:
            tried: list[Any] = [{path + end: 1}, {"cursor": path + end}]
            if path + end not in offered:
                tried += [{"filter": {path + end: value}} for value in (1, {"in": [1]})]
            if path + end not in listed:
                tried += [{"fields": [path + end]}]
            if path + end not in orders:
                tried += [{"order_by": path + end}, {"order_by": f"-{path + end}"}]
            for one in tried:
                assert ask(server, "list_items", one).get("isError"), one


HOSTILE: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, -0.0, 1e308, 5e-324,
    math.nan, math.inf, -math.inf, "", " ", "\x00", "a\x00b", "\ud800", "\udfff", "%", "_",
    "\\", "'", '"', "a" * 1001, "a" * 10**6, "1" * 10**5, "(a+)+$", "((((a*)*)*)*)*b",
    "__class__", "pk__in", "0000-00-00", "9999-12-31", "0001-01-01T00:00:00+23:59",
    "9998-12-31T23:59:59.999999-12:00", "24:00", "-P99999999D", "P1000000000Y", "NaN",
    "Infinity", "1e999999999", "1E-999999999", "fe80::1%eth0", "::", "999.1.1.1", "null",
    "[]", "{}", "[" * 10**5, '{"a":' * 10**4, [], {}, [None], [[]], {"": ""},
    {"exact": None}, {"in": None}, {"in": []}, {"isnull": "yes"}, {"regex": "(a+)+$"},
    {"\ud800": 1}, {"\x00": 1}, {"__proto__": {}}, [1] * 10**6, ["a"] * 10**5, b"bytes",
    {f"{n}": n for n in range(10**4)}, {"exact": {"exact": {"exact": 1}}},
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.data())
def test_whatever_is_sent_gets_a_result_or_a_few_words(
    server: MCPServer, data: st.DataObject
) -> None:
    tool = data.draw(st.sampled_from(list(server.registry.tools)))
    good = data.draw(arguments(tool))
    bad = data.draw(st.sampled_from(range(len(HOSTILE))))
    for one in spoiled(good, HOSTILE[bad]):
        with transaction.atomic():
            ask(server, tool.name, one)


def test_every_filter_takes_or_refuses_whatever_is_sent(server: MCPServer) -> None:
    filters = server.toolsets[Item].exposed.filters.by_name
    for name, one in filters.items():
        for lookup in one.lookups:
            for value in HOSTILE:
                for asked in (value, [value]):
                    ask(server, "list_items", {"filter": {name: {lookup: asked}}})


def test_no_changed_cursor_opens_anything(server: MCPServer) -> None:
    given = {"order_by": "name", "limit": 1}
    result = ask(server, "list_items", given)
    cursor: str = result["structuredContent"]["next_cursor"]
    words = "cursor: is not one of this query; leave it out to begin again"
    changed = [
        cursor[:place] + "-" + cursor[place + 1 :] for place in range(len(cursor))
    ]
    for one in [
        *changed,
        cursor[:-1],
        cursor[1:],
        cursor + "AAAA",
        cursor * 2,
        "A" * 99,
    ]:
        if one != cursor and not one.startswith(cursor[:-1]):
            found = ask(server, "list_items", {**given, "cursor": one})
            assert found["content"][0]["text"] == words


@pytest.mark.usefixtures("by_name", "rows")
@settings(max_examples=25, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.data())
def test_rows_without_permission_change_no_answer(data: st.DataObject) -> None:
    server = MCPServer("tests")
    fields = ["id", "text", "maker__name", {"friends": ["text"]}, {"parent": ["text"]}]
    attributes = everything(Item, fields)
    server.register(Item, object_permissions=True, **attributes)
    server.register(Maker, fields=["id"])
    user = User(pk=77, username="a")
    asked = []
    for tool in server.registry.tools:
        if tool.read_only:
            asked += [(tool.name, one) for one in thorough(tool)]
            drawn = data.draw(st.lists(arguments(tool), min_size=2, max_size=6))
            asked += [(tool.name, one) for one in drawn]
    before = [answer(server, *one, user) for one in asked]
    try:
        with transaction.atomic():
            others = Item.objects.exclude(name="a")
            others.update(text="CANARY", count=7, maker=None, price=1)
            Item.objects.bulk_create(Item(name="c", text="CANARY") for _ in range(9))
            Maker.objects.update(country=None, api_token="CANARY")
            after = [answer(server, *one, user) for one in asked]
            raise Undone
    except Undone:
        pass
    for one, first, second in zip(asked, before, after, strict=True):
        assert first == second, one
