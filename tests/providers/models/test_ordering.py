"""Orders are total, pages meet without gap or overlap, on either database."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.providers.models.asking import call, server_with
from tests.testapp.models import Country, Item, Maker

pytestmark = pytest.mark.django_db

NULLABLE = [
    "count", "price", "weight", "active", "made_on", "seen_at", "opens", "lasts",
    "address", "maker", "maker__name", "maker__country__name", "rival", "parent",
]  # fmt: skip
ALWAYS = ["id", "name", "size", "small", "code", "text"]
FIELDS = [*NULLABLE, *ALWAYS]


@pytest.fixture
def items() -> list[Item]:
    chosen = random.Random(7)
    home = Country.objects.create(code="de", name="Germany")
    makers = [
        Maker.objects.create(name="One", country=home),
        Maker.objects.create(name="Two"),
        None,
    ]
    made: list[Item] = []
    for number in range(40):
        maybe = chosen.random() > 0.3
        instant = datetime(2024, 1, chosen.randint(1, 5), 3, 4, 5, 678, tzinfo=UTC)
        made.append(
            Item(
                name=chosen.choice("abc"),
                maker=chosen.choice(makers),
                rival=chosen.choice(makers),
                size=chosen.choice([1, 2]),
                small=chosen.randint(0, 2),
                count=chosen.choice([None, -(2**60), 2**60, 3]),
                price=chosen.choice([None, Decimal("1.10"), Decimal("20.00")]),
                weight=chosen.choice([None, 0.1 + 0.2, 1e300]),
                active=chosen.choice([None, True, False]),
                made_on=instant.date() if maybe else None,
                seen_at=instant if maybe else None,
                opens=instant.time() if maybe else None,
                lasts=chosen.choice(
                    [None, -timedelta(days=1, microseconds=5), timedelta(hours=30)]
                ),
                code=UUID(int=chosen.randint(0, 3)),
                address=chosen.choice([None, "10.0.0.1", "::1"]),
                text=chosen.choice(["x", "y"]),
                parent=chosen.choice([None, *made[:3]]) if number > 3 else None,
            )
        )
        made[-1].save()
    return made


def served(**more: Any) -> Any:
    return server_with(
        (Item, {"fields": FIELDS, "ordering_fields": FIELDS, "page_size": 7, **more})
    )


def all_rows(server: Any, **arguments: Any) -> list[dict[str, Any]]:
    """Turn every page over, and return all rows."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = call(server, "list_items", arguments, cursor=cursor)
        rows += page["rows"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return rows


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", FIELDS)
def test_every_row_comes_once_whatever_the_order(
    items: list[Item], name: str, sign: str
) -> None:
    server = served()
    whole = call(server, "list_items", order_by=sign + name, limit=100)["rows"]
    paged = all_rows(server, order_by=sign + name)
    assert paged == whole
    assert len({row["id"] for row in paged}) == len(items)
    nulls = [row[name] is None for row in whole]
    assert nulls == sorted(nulls, reverse=sign == "-")


@pytest.mark.parametrize("seed", range(15))
def test_mixed_directions_with_nulls_leave_nothing_out(
    items: list[Item], seed: int
) -> None:
    chosen = random.Random(seed)
    ordering = [chosen.choice(["", "-"]) + name for name in chosen.sample(FIELDS, 3)]
    server = served(ordering=ordering)
    whole = call(server, "list_items", limit=100)["rows"]
    assert all_rows(server) == whole
    assert {row["id"] for row in whole} == {item.pk for item in items}
    assert len(whole) == len(items)


def test_ties_are_broken_the_same_way_each_time(items: list[Item]) -> None:
    rows = all_rows(served(), order_by="size")
    assert rows == sorted(rows, key=lambda row: (row["size"], row["id"]))
    rows = all_rows(served(), order_by="-size")
    assert rows == sorted(rows, key=lambda row: (-row["size"], -row["id"]))


def test_rows_added_while_turning_pages_push_nothing_out(items: list[Item]) -> None:
    server = served()
    first = call(server, "list_items", order_by="name")
    known = {row["id"] for row in call(server, "list_items", limit=100)["rows"]}
    Item.objects.create(name="a")
    cursor = first["next_cursor"]
    seen = [row["id"] for row in first["rows"]]
    while cursor:
        page = call(server, "list_items", order_by="name", cursor=cursor)
        seen += [row["id"] for row in page["rows"]]
        cursor = page.get("next_cursor")
    assert len(seen) == len(set(seen))
    assert known <= set(seen)
