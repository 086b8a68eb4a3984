"""Types that only PostgreSQL has: arrays, ranges and pairs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, models

from tests.providers.models.asking import call, refusal, server_with

pytest.importorskip("psycopg")

from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DecimalRangeField,
    IntegerRangeField,
)

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


class Shelf(models.Model):
    """Made by the tests that need it, on the one database that can."""

    tags = ArrayField(models.CharField(max_length=20), default=list)
    counts = ArrayField(models.SmallIntegerField(), null=True)
    sizes = IntegerRangeField(null=True)
    prices = DecimalRangeField(null=True)
    days = DateRangeField(null=True)

    class Meta:
        app_label = "testapp"
        managed = False

    def __str__(self) -> str:
        return ", ".join(self.tags)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with connection.schema_editor() as editor:
        editor.create_model(Shelf)
    yield Shelf._default_manager.create(
        tags=["red", "big"],
        counts=[7],
        sizes=(1, 5),
        prices=(None, 9),
        days=(date(2024, 1, 1), date(2024, 2, 1)),
    )
    with connection.schema_editor() as editor:
        editor.delete_model(Shelf)


SHELVES: dict[str, Any] = {
    "fields": ["id", "tags", "counts", "sizes", "prices", "days"],
    "filter_fields": {
        "tags": ["contains", "overlap", "isnull"],
        "counts": ["contains", "overlap"],
        "sizes": ["contains"],
        "prices": ["isnull"],
        "days": ["contains"],
    },
    "plural_name": "shelves",
}


def test_arrays_and_ranges_go_out(shelf: Shelf) -> None:
    server = server_with((Shelf, SHELVES))
    [row] = call(server, "list_shelves")["rows"]
    assert row == {
        "id": shelf.pk,
        "tags": ["red", "big"],
        "counts": [7],
        "sizes": {"lower": 1, "upper": 5, "bounds": "[)"},
        "prices": {"lower": None, "upper": "9", "bounds": "()"},
        "days": {"lower": "2024-01-01", "upper": "2024-02-01", "bounds": "[)"},
    }


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"tags": {"contains": ["red"]}}, 1),
        ({"tags": {"contains": ["red", "small"]}}, 0),
        ({"tags": {"overlap": ["red", "small"]}}, 1),
        ({"sizes": {"contains": 4}}, 1),
        ({"sizes": {"contains": 5}}, 0),
        ({"counts": {"contains": [7]}}, 1),
        ({"prices": {"isnull": False}}, 1),
        ({"days": {"contains": "2024-01-31"}}, 1),
    ],
)
def test_arrays_and_ranges_are_asked_for_members(
    shelf: Shelf, asked: Any, count: int
) -> None:
    server = server_with((Shelf, SHELVES))
    assert len(call(server, "list_shelves", filter=asked)["rows"]) == count


@pytest.mark.parametrize("value", [2**31, 2**63, 10**400, "\x00", [], None, "NaN"])
def test_no_value_makes_such_a_query_fail(shelf: Shelf, value: Any) -> None:
    server = server_with((Shelf, SHELVES))
    for name in ("sizes", "days"):
        refusal(server, "list_shelves", filter={name: {"contains": value}})
    refusal(server, "list_shelves", filter={"counts": {"contains": [value]}})
    assert refusal(server, "list_shelves", filter={"tags": {"contains": ["\x00"]}})
