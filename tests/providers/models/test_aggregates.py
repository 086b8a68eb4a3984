"""Numbers about rows: right, of visible rows alone, and bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mcp import MCPServer, ModelToolset, ToolError
from django_mcp.protocol.errors import ProtocolError
from django_mcp.providers.models.aggregates import AggregateArguments, aggregate_rows
from django_mcp.schema.errors import ArgumentErrors
from tests.calls import asked, context_for
from tests.providers.models.asking import (
    Open,
    call,
    person,
    refusal,
    result_of,
    server_with,
)
from tests.testapp.models import (
    Author,
    Country,
    Gadget,
    Item,
    Label,
    Maker,
    Passport,
    Piece,
)

pytestmark = pytest.mark.django_db

ITEMS: dict[str, Any] = {
    "fields": [
        "id",
        "name",
        "size",
        "count",
        "price",
        "weight",
        "active",
        "made_on",
        "seen_at",
        "opens",
        "lasts",
        "code",
        "rival",
        {"maker": ["id", "name", "country__name"]},
        {"labels": ["name"]},
    ],
    "filter_fields": {"name": ["in"], "labels__name": ["in"], "maker": ["exact"]},
    "search_fields": ["name", "labels__name"],
}


class Makers(Open):
    """Hides some makers."""

    fields = ("id", "name")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


@pytest.fixture
def server() -> MCPServer:
    return server_with((Item, ITEMS))


@pytest.fixture
def guarded() -> MCPServer:
    return server_with((Item, ITEMS), (Maker, Makers))


@pytest.fixture
def items() -> list[Item]:
    land = Country.objects.create(code="de", name="Germany")
    shown = Maker.objects.create(name="Shown", country=land)
    secret = Maker.objects.create(name="Secret", country=land, hidden=True)
    made = [
        Item.objects.create(
            name=f"item {number}",
            maker=(shown, secret, None)[number % 3],
            size=1 + number % 2,
            count=number,
            price=Decimal(number) + Decimal("0.50"),
            weight=number / 2,
            active=bool(number % 2),
            made_on=date(2024, 1 + number, 15),
            seen_at=datetime(2024, 3, 31, number, 30, tzinfo=UTC),
            opens=time(8 + number),
            lasts=timedelta(hours=number),
        )
        for number in range(5)
    ]
    for name in ("red", "big"):
        label = Label.objects.create(name=name)
        for item in made[:3]:
            item.labels.add(label)
    return made


def totals(server: MCPServer, *aggregates: str, **arguments: Any) -> list[Any]:
    """Return numbers about all rows that are asked for."""
    found = call(server, "aggregate_items", aggregates=aggregates, **arguments)
    assert list(found) == list(aggregates)
    return list(found.values())


def groups(server: MCPServer, *keys: str, **arguments: Any) -> list[Any]:
    """Return groups as lists of values."""
    arguments |= {"group_by": keys, "format": "table"}
    groups: list[Any] = call(server, "aggregate_items", arguments)["groups"]
    return groups


def test_without_arguments_rows_are_counted(
    server: MCPServer, items: list[Item]
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert call(server, "aggregate_items") == {"count(*)": 5}
    queries = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
    assert len(queries) == 1
    assert "JOIN" not in queries[0]


def test_numbers_of_every_sort(server: MCPServer, items: list[Item]) -> None:
    assert totals(server, "sum(count)", "avg(count)", "max(count)") == [10, 2.0, 4]
    prices = totals(server, "sum(price)", "avg(price)", "min(price)")
    assert prices == ["12.50", "2.500000", "0.50"]
    assert totals(server, "sum(weight)", "avg(weight)") == [5.0, 1.0]
    assert totals(server, "min(made_on)", "max(opens)") == ["2024-01-15", "12:00:00"]
    assert totals(server, "max(seen_at)") == [
        timezone.localtime(items[4].seen_at).isoformat().replace("+00:00", "Z")
    ]
    lasts = totals(server, "sum(lasts)", "avg(lasts)", "max(lasts)")
    assert lasts == ["PT10H", "PT2H", "PT4H"]
    distinct = ["size", "maker__id", "maker__name", "active", "code", "name"]
    names = [f"count(distinct {one})" for one in distinct]
    assert totals(server, *names) == [2, 2, 2, 2, 5, 5]


def test_no_rows_have_no_values(server: MCPServer) -> None:
    names = ("count(*)", "sum(price)", "avg(count)", "max(made_on)", "sum(lasts)")
    assert totals(server, *names) == [0, None, None, None, None]
    assert groups(server, "size") == []


def test_groups_have_values_and_their_labels(
    server: MCPServer, items: list[Item]
) -> None:
    found = call(
        server, "aggregate_items", group_by=["size"], aggregates=["sum(price)"]
    )
    assert found == {
        "groups": [
            {"size": 1, "sum(price)": "7.50"},
            {"size": 2, "sum(price)": "5.00"},
        ],
        "labels": {"size": {"1": "small one", "2": "large one"}},
    }


def test_groups_over_related_rows(server: MCPServer, items: list[Item]) -> None:
    assert groups(server, "maker__name") == [["Secret", 2], ["Shown", 2], [None, 1]]
    by_land = groups(server, "maker__country__name", "active")
    assert by_land == [
        ["Germany", False, 2],
        ["Germany", True, 2],
        [None, False, 1],
    ]
    assert groups(server, "price")[0] == ["0.50", 1]


def test_rows_that_are_one_with_others(items: list[Item]) -> None:
    Passport.objects.create(item=items[1], number="P1")
    Gadget.objects.create(name="gadget", volts=12, price=3)
    server = server_with(
        (Item, {"fields": ["id", {"passport": ["number"]}]}),
        (Gadget, {"fields": ["item_ptr", "volts", "price"]}),
    )
    assert groups(server, "passport__number") == [["P1", 1], [None, 5]]
    assert totals(server, "count(distinct passport__number)", "count(*)") == [1, 6]
    names = ["sum(volts)", "max(price)", "count(*)"]
    found = call(server, "aggregate_gadgets", aggregates=names, group_by=["item_ptr"])
    assert list(found["groups"][0].values())[1:] == [12, "3.00", 1]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("year(made_on)", [["2024-01-01", 5]]),
        ("quarter(made_on)", [["2024-01-01", 3], ["2024-04-01", 2]]),
        ("month(made_on)", [[f"2024-0{month}-01", 1] for month in range(1, 6)]),
        ("year(seen_at)", [["2024-01-01", 5]]),
        ("month(seen_at)", [["2024-03-01", 5]]),
        ("week(seen_at)", [["2024-03-25", 5]]),
        ("day(seen_at)", [["2024-03-31", 5]]),
    ],
)
def test_groups_by_spans_of_time(
    server: MCPServer, items: list[Item], key: str, found: Any
) -> None:
    with timezone.override(UTC):
        assert groups(server, key) == found


def test_days_and_hours_are_those_of_the_time_zone(
    server: MCPServer, items: list[Item]
) -> None:
    with timezone.override("Europe/Berlin"):
        # The clocks go forward at one, by Greenwich.
        hours = groups(server, "hour(seen_at)")
        assert [hour for hour, _ in hours][:3] == [
            "2024-03-31T01:00:00+01:00",
            "2024-03-31T03:00:00+02:00",
            "2024-03-31T04:00:00+02:00",
        ]
    with timezone.override("Pacific/Honolulu"):
        assert groups(server, "day(seen_at)") == [["2024-03-30", 5]]
        assert groups(server, "month(seen_at)") == [["2024-03-01", 5]]


def test_groups_are_ordered_by_a_key_or_a_number(
    server: MCPServer, items: list[Item]
) -> None:
    ordered = groups(server, "maker__name", order_by="-maker__name")
    assert [name for name, _ in ordered] == ["Shown", "Secret", None]
    arguments = {"aggregates": ["sum(count)", "count(*)"], "order_by": "-sum(count)"}
    assert groups(server, "maker__name", **arguments) == [
        ["Secret", 5, 2],
        ["Shown", 3, 2],
        [None, 2, 1],
    ]


def test_cut_groups_are_marked(server: MCPServer, items: list[Item]) -> None:
    found = call(server, "aggregate_items", group_by=["name"], limit=2)
    assert len(found["groups"]) == 2
    assert found["more_groups"] is True
    found = call(server, "aggregate_items", group_by=["name"], limit=5)
    assert "more_groups" not in found
    bounded = server_with((Item, {**ITEMS, "max_groups": 3}))
    assert len(groups(bounded, "name")) == 3
    assert refusal(bounded, "aggregate_items", limit=4).startswith("limit: ")


def test_filter_and_search_leave_each_row_once(
    server: MCPServer, items: list[Item]
) -> None:
    both = {"labels__name": {"in": ["red", "big"]}}
    assert totals(server, "count(*)", "sum(count)", filter=both) == [3, 3]
    assert groups(server, "size", filter=both) == [[1, 2], [2, 1]]
    assert totals(server, "count(*)", search="red") == [3]


def test_a_door_that_finds_rows_repeatedly_counts_them_once(items: list[Item]) -> None:
    class Joined(Open):
        fields = ("id", "size", "count")

        def get_queryset(self, context: Any) -> Any:
            rows = super().get_queryset(context).filter(labels__isnull=False)
            return rows.annotate(pieces_number=Count("pieces")).order_by("name")

    for item in items:
        Piece.objects.create(item=item, name="piece")
    server = server_with((Item, Joined))
    assert totals(server, "count(*)", "sum(count)") == [3, 3]
    assert groups(server, "size") == [[1, 2], [2, 1]]


# -- what is hidden --------------------------------------------------------


def test_hidden_related_rows_are_no_values(
    guarded: MCPServer, items: list[Item]
) -> None:
    for key in ("maker__name", "maker__country__name"):
        found = groups(guarded, key)
        assert [number for _, number in found] == [2, 3]
        assert found[1][0] is None
    assert totals(guarded, "count(*)", "count(distinct maker__id)") == [5, 1]
    hidden = items[1].maker_id
    assert totals(guarded, "count(*)", filter={"maker": hidden}) == [0]


def test_hidden_numbers_are_not_computed(items: list[Item]) -> None:
    inner = ["count", "price", "made_on", "seen_at", "lasts", "weight"]

    class Children(Open):
        """Hides the parents of the one item it shows."""

        fields = ("id", {"parent": inner})

        def get_queryset(self, context: Any) -> Any:
            return super().get_queryset(context).filter(name="item 2")

    items[2].parent = items[1]
    items[2].save()
    server = server_with((Item, Children))
    names = [f"{one}(parent__{name})" for name in inner for one in ("min", "max")]
    names += [f"sum(parent__{name})" for name in ("count", "price", "lasts", "weight")]
    assert totals(server, *names) == [None] * len(names)
    for unit in ("year", "week", "hour"):
        assert groups(server, f"{unit}(parent__seen_at)") == [[None, 1]]


def test_a_model_nobody_may_see_is_hidden_whole(items: list[Item]) -> None:
    fields = ["id", {"maker": ["name"]}]
    server = server_with((Item, {"fields": fields}))
    server.register(Maker, ModelToolset, fields=["id", "name"])
    assert groups(server, "maker__name") == [[None, 5]]
    assert totals(server, "count(distinct maker__name)") == [0]


def test_numbers_of_rows_nobody_may_see_have_a_type(items: list[Item]) -> None:
    inner = ["id", "count", "price", "weight", "made_on", "seen_at", "lasts", "opens"]
    server = server_with((Piece, {"fields": ["id", {"item": inner}]}))
    server.register(Item, ModelToolset, fields=["id"])
    Piece.objects.create(item=items[1], name="piece")
    tool = server.registry.tools.peek("aggregate_pieces")
    assert tool is not None
    properties = tool.input_schema["properties"]
    for name in properties["aggregates"]["items"]["enum"]:
        found = call(server, "aggregate_pieces", aggregates=[name])
        assert found == {name: 1 if name == "count(*)" else found[name]}
        assert found[name] in {None, 0, 1}
    for key in set(properties["group_by"]["items"]["enum"]) - {"id"}:
        found = call(server, "aggregate_pieces", group_by=[key])
        assert found["groups"] == [{key: None, "count(*)": 1}]


def test_no_answer_depends_on_a_hidden_row(
    guarded: MCPServer, items: list[Item]
) -> None:
    tool = guarded.registry.tools.peek("aggregate_items")
    assert tool is not None
    properties = tool.input_schema["properties"]
    measures = properties["aggregates"]["items"]["enum"]
    keys = properties["group_by"]["items"]["enum"]

    def answers() -> list[Any]:
        found = [call(guarded, "aggregate_items", aggregates=[one]) for one in measures]
        found += [call(guarded, "aggregate_items", group_by=[one]) for one in keys]
        return found

    before = answers()
    france = Country.objects.create(code="fr", name="France")
    Maker.objects.filter(hidden=True).update(country=france, name="Changed")
    assert answers() == before
    Maker.objects.filter(hidden=True).delete()
    assert answers() == before


def test_rows_permitted_one_by_one_are_not_counted() -> None:
    server = MCPServer()
    server.register(Author, fields=["id", "name"], object_permissions=True)
    Author.objects.create(name="ann")
    user, boss = person("ann"), person("boss", "testapp.view_author")
    with pytest.raises(ProtocolError, match="Unknown tool"):
        call(server, "aggregate_authors", user=user)
    assert call(server, "aggregate_authors", user=boss) == {"count(*)": 1}
    # Whoever else offers it gets words, never a wrong number.
    context = context_for(server, asked("tools/call"), user)
    with pytest.raises(ToolError, match="permitted one by one"):
        aggregate_rows(server.toolsets[Author], context, {})


# -- what cannot be asked --------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"aggregates": ["sum(secret)"]}, "aggregates[0]: should be 'count(*)', "),
        ({"aggregates": ["sum(name)"]}, "aggregates[0]: should be "),
        ({"aggregates": []}, "aggregates: "),
        ({"aggregates": ["count(*)"] * 21}, "aggregates: "),
        ({"group_by": ["password_hash"]}, "group_by[0]: should be 'id', 'name', "),
        ({"group_by": ["maker__api_token"]}, "group_by[0]: should be "),
        ({"group_by": ["labels__name"]}, "group_by[0]: should be "),
        ({"group_by": ["hour(made_on)"]}, "group_by[0]: should be "),
        ({"group_by": ["id", "name", "size", "count", "price"]}, "group_by: "),
        (
            {"group_by": ["size"], "order_by": "sum(price)"},
            "order_by: should be one of size, count(*), or that with - before it",
        ),
        ({"group_by": ["size"], "order_by": "\ud800"}, "order_by: "),
        ({"limit": 0}, "limit: "),
        ({"filter": {"secret": "x"}}, "filter: secret is no field to filter by"),
        ({"having": 1}, "having: unknown argument; allowed are filter, search,"),
    ],
)
def test_a_refusal_says_what_is_allowed(
    server: MCPServer, arguments: Any, words: str
) -> None:
    text = refusal(server, "aggregate_items", arguments)
    assert text.startswith(words)
    if "password_hash" not in str(arguments):
        assert "password_hash" not in text
    assert len(text) < 600


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**70, 1.5, "", "\x00", "\ud800", "-", [], [None], [[]], {},
     [{}], ["count(*)", 1], "[", '["count(*)"]', {"sum": "price"}],
    ids=repr,
)  # fmt: skip
def test_no_argument_makes_a_query_fail(
    server: MCPServer, items: list[Item], value: Any
) -> None:
    for argument in ("aggregates", "group_by", "order_by", "limit", "format"):
        arguments = {"group_by": ["size"], argument: value}
        result = result_of(server, "aggregate_items", arguments)
        if result.get("isError"):
            assert result["content"][0]["text"].startswith(argument)


def paths(model: Any, depth: int = 2) -> list[str]:
    """Return every path through relations, in both directions."""
    found: list[str] = ["pk"]
    for field in model._meta.get_fields(include_hidden=True):
        found += {field.name, getattr(field, "attname", field.name)}
        if depth and field.is_relation and field.related_model is not None:
            inner = paths(field.related_model, depth - 1)
            found += [f"{field.name}__{name}" for name in inner]
    return found


def test_no_path_that_is_not_listed_is_computed() -> None:
    fields = ["name", {"maker": ["name"]}]
    server = server_with((Item, {"fields": fields}))
    toolset = server.toolsets[Item]
    arguments = toolset.exposed.arguments(AggregateArguments)
    assert list(arguments.keys) == ["name", "maker__name"]
    listed = {"name", "maker__name"}
    shapes = ("{}", "sum({})", "max({})", "count(distinct {})", "year({})")
    for path in set(paths(Item)) - listed:
        for shape in shapes:
            name = shape.format(path)
            with pytest.raises(ArgumentErrors):
                arguments.validated({"aggregates": [name]})
            with pytest.raises(ArgumentErrors):
                arguments.validated({"group_by": [name]})


def test_results_out_of_range_are_said_to_be(server: MCPServer) -> None:
    for name in "ab":
        Item.objects.create(name=name, count=2**63 - 1, weight=1.7e308)
    words = "aggregates: a result is too large to compute; filter rows"
    if connection.vendor == "postgresql":
        assert totals(server, "sum(count)") == [2**64 - 2]
        assert refusal(server, "aggregate_items", aggregates=["sum(weight)"]) == words
    else:
        assert refusal(server, "aggregate_items", aggregates=["sum(count)"]) == words
        assert totals(server, "sum(weight)") == [None]
    # The transaction around the call goes on.
    assert totals(server, "count(*)") == [2]


def test_numbers_that_are_none_are_null(server: MCPServer) -> None:
    Item.objects.create(name="a", weight=float("inf"))
    if connection.vendor == "postgresql":
        Item.objects.create(name="b", weight=float("nan"))
    assert totals(server, "sum(weight)", "max(weight)") == [None, None]


def test_groups_cost_one_query(guarded: MCPServer, items: list[Item]) -> None:
    with CaptureQueriesContext(connection) as asked:
        groups(guarded, "maker__name", "month(made_on)", aggregates=["avg(price)"])
    queries = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
    assert len(queries) == 1


def test_what_the_tool_takes(server: MCPServer) -> None:
    tool = server.registry.tools.peek("aggregate_items")
    assert tool is not None
    assert str(tool.description).startswith("Count items, or compute sums, ")
    assert tool.read_only
    properties = tool.input_schema["properties"]
    assert list(properties) == [
        "filter", "search", "aggregates", "group_by", "order_by", "limit", "format",
    ]  # fmt: skip
    assert properties["aggregates"]["default"] == ["count(*)"]
    assert properties["limit"]["maximum"] == 100
    bare = server_with((Item, {"fields": ["data"]}))
    tool = bare.registry.tools.peek("aggregate_items")
    assert tool is not None
    assert list(tool.input_schema["properties"]) == ["aggregates"]
