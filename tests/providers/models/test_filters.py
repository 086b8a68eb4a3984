"""Whatever arrives as a filter: rows, or a short line that says why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from django_mcp import MCPServer
from tests.providers.models.asking import call, refusal, result_of, server_with
from tests.testapp.models import Item, Label, Maker

pytestmark = pytest.mark.django_db

ALL: dict[str, Any] = {
    "name": ["exact", "in", "icontains", "startswith", "gt", "isnull"],
    "size": ["exact", "in"],
    "count": ["exact", "gte", "lte", "in", "isnull"],
    "small": ["exact", "gt"],
    "price": ["exact", "gte", "lte"],
    "weight": ["exact", "gte"],
    "active": ["exact"],
    "made_on": ["exact", "gte", "year", "month"],
    "seen_at": ["exact", "gte", "year", "date"],
    "opens": ["exact", "gte"],
    "lasts": ["exact", "gte"],
    "code": ["exact", "in"],
    "address": ["exact", "in"],
    "data": ["has_key", "isnull"],
    "text": ["icontains"],
    "maker": ["exact", "in"],
    "rival": ["exact"],
    "labels": ["exact", "in"],
    "labels__name": ["exact", "in"],
}
LISTED = [name for name in ALL if not name.startswith("labels")]


@pytest.fixture
def server() -> MCPServer:
    return server_with(
        (
            Item,
            {
                "fields": ["id", *LISTED, {"labels": ["id", "name"]}],
                "filter_fields": ALL,
                "search_fields": ["name", "text", "labels__name"],
                "ordering_fields": ["name"],
            },
        )
    )


@pytest.fixture
def item() -> Item:
    maker = Maker.objects.create(name="M")
    item = Item.objects.create(
        name="Hammer 100%",
        maker=maker,
        rival=maker,
        size=2,
        count=2**62,
        small=3,
        price=Decimal("12.50"),
        weight=1.5,
        active=True,
        made_on=date(2024, 2, 29),
        seen_at=datetime(2024, 2, 29, 12, tzinfo=UTC),
        opens=time(8, 30),
        lasts=timedelta(hours=5),
        code=UUID(int=7),
        address="::1",
        data={"key": 1},
        text="long",
    )
    item.labels.add(Label.objects.create(name="red"), Label.objects.create(name="big"))
    Item.objects.create(name="Other")
    return item


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "Hammer 100%"},
        {"name": {"icontains": "hammer"}},
        {"name": {"icontains": "0%"}},
        {"name": {"startswith": "Ham", "isnull": False}},
        {"name": {"in": ["Hammer 100%", "x"]}},
        {"size": 2},
        {"size": {"in": [2]}},
        {"count": 2**62},
        {"count": {"gte": 1, "lte": 2**63 - 1}},
        {"count": str(2**62)},
        {"small": {"gt": 2}},
        {"price": {"gte": "12.5", "lte": 12.5}},
        {"price": 12.5},
        {"weight": {"gte": 1}},
        {"active": True},
        {"made_on": "2024-02-29"},
        {"made_on": {"year": 2024, "month": 2}},
        {"seen_at": "2024-02-29T12:00:00Z"},
        {"seen_at": {"gte": "2024-02-29T12:00:00+01:00"}},
        {"seen_at": {"date": "2024-02-29"}},
        {"opens": "08:30"},
        {"lasts": {"gte": "PT4H"}},
        {"code": str(UUID(int=7))},
        {"address": "0:0:0::1"},
        {"data": {"has_key": "key"}},
        {"data": {"isnull": False}},
        {"rival": "M"},
        {"labels__name": "red"},
        {"labels__name": {"in": ["red", "big"]}},
        '{"name": {"startswith": "Ham"}}',
    ],
)
def test_a_filter_finds_its_row_once(server: MCPServer, item: Item, asked: Any) -> None:
    page = call(server, "list_items", filter=asked, total=True)
    assert [row["id"] for row in page["rows"]] == [item.pk]
    assert page["total"] == 1


NASTY: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308, -0.0,
    "", "x", "\x00", "a\x00b", "\ud800", "x" * 5000, "1e999999", "NaN", "Infinity",
    "-inf", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-14:00", "99999-01-01", "25:00", "08:00+01:00",
    "P999999999D", "P99999999999999999D", "not-a-uuid", "1" * 4000, "%", "_", "\\",
    "(a+)+$", [], [None], ["x"] * 101, ["\x00"], [2**70], {}, {"gte": None},
    {"regex": "(a+)+$"}, {"exact": {"exact": 1}}, {"gte": [1]}, {"in": "abc"},
    {"in": []}, {"in": [[]]}, {"year": 0}, {"year": 10000}, {"year": 9999},
    {"isnull": "x"}, {"isnull": True}, {"isnull": 2}, {"has_key": "\x00"},
    {"has_key": ["a"]}, {"date": "9999-12-31"}, {"__class__": 1}, {"": 1},
]  # fmt: skip


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:30])
def test_no_value_makes_a_query_fail(server: MCPServer, item: Item, value: Any) -> None:
    for name in ALL:
        result = result_of(server, "list_items", {"filter": {name: value}})
        text = result["content"][0]["text"]
        if result.get("isError"):
            assert text.startswith(f"filter.{name}") or name in text
            assert len(text) < 600


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:30])
@pytest.mark.parametrize(
    "argument",
    ["filter", "search", "order_by", "fields", "limit", "cursor", "total", "format"],
)
def test_no_argument_makes_a_query_fail(
    server: MCPServer, item: Item, argument: str, value: Any
) -> None:
    result = result_of(server, "list_items", {argument: value})
    if result.get("isError"):
        assert result["content"][0]["text"].startswith(argument)


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:30])
def test_no_key_makes_a_query_fail(server: MCPServer, item: Item, value: Any) -> None:
    assert refusal(server, "get_item", id=value).startswith("id: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"filter": {"secret": "x"}},
            "filter: secret is no field to filter by; allowed are name, size, count,",
        ),
        (
            {"filter": {"price": {"regex": "x"}}},
            "filter: price has no lookup regex; allowed are exact, gte, lte",
        ),
        ({"filter": {"name": {"in": ["x"] * 101}}}, "filter.name.in: "),
        ({"filter": 5}, "filter: should be an object"),
        ({"order_by": "secret"}, "order_by: should be 'name' or '-name'"),
        ({"fields": ["secret"]}, "fields[0]: should be "),
        ({"limit": 101}, "limit: should be at most 100"),
        ({"limit": 0}, "limit: should be at least 1"),
        ({"cursor": "abc"}, "cursor: is not one of this query"),
        ({"where": 1}, "where: unknown argument; allowed are filter, search,"),
    ],
)
def test_a_refusal_says_what_is_allowed(
    server: MCPServer, arguments: Any, words: str
) -> None:
    text = refusal(server, "list_items", arguments)
    assert text.startswith(words)
    assert "password_hash" not in text
