"""What can be computed of a column, and what rows can be grouped by."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.providers.models.columns import listing_from
from django_mcp.providers.models.measures import COUNT, keys_from, measures_from
from django_mcp.providers.models.plans import Cut
from tests.testapp.models import Item, Note


def measures(*fields: Any) -> list[str]:
    """Return the names of what can be computed, but for counting."""
    listing = listing_from(Item, fields)
    return [name for name in measures_from(listing) if not name.startswith("count(")]


def keys(*fields: Any) -> list[str]:
    """Return the names of what rows can be grouped by."""
    return list(keys_from(listing_from(Item, fields), Cut(500)))


@pytest.mark.parametrize(
    ("field", "functions"),
    [
        ("count", "sum avg min max"),
        ("price", "sum avg min max"),
        ("weight", "sum avg min max"),
        ("lasts", "sum avg min max"),
        ("made_on", "min max"),
        ("seen_at", "min max"),
        ("opens", "min max"),
        ("name", ""),
        ("text", ""),
        ("active", ""),
        ("code", ""),
        ("id", ""),
        ("maker", ""),
        ("data", ""),
        ("raw", ""),
    ],
)
def test_functions_fit_the_values_of_a_column(field: str, functions: str) -> None:
    assert measures(field) == [f"{one}({field})" for one in functions.split()]


def test_rows_are_counted_and_different_values_too() -> None:
    listing = listing_from(Item, ["name", "maker", "data", "raw"])
    assert list(measures_from(listing)) == [
        COUNT,
        "count(distinct name)",
        "count(distinct maker)",
    ]


def test_groups_are_made_by_values_and_by_spans_of_time() -> None:
    assert keys("size", "data", "raw") == ["size"]
    spans = ["year(made_on)", "quarter(made_on)", "month(made_on)", "week(made_on)"]
    assert keys("made_on") == ["made_on", *spans]
    assert keys("seen_at")[-2:] == ["day(seen_at)", "hour(seen_at)"]
    assert keys({"maker": ["id", "name"]}) == ["maker__id", "maker__name"]


def test_several_related_rows_are_neither_computed_nor_grouped_by() -> None:
    fields = ["labels", "friends", {"pieces": ["name"]}, {"notes": ["id"]}]
    assert measures(*fields) == keys(*fields) == []
    assert list(keys_from(listing_from(Note, ["about"]), Cut(500))) == []
