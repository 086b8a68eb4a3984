"""What is listed is found under every spelling; what is not is not there."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.providers.models.columns import listing_from
from tests.testapp.models import Item, Note


def problems(model: Any, *entries: Any, **options: Any) -> list[tuple[str, str]]:
    found = listing_from(model, entries, **options).problems
    return [(one.id.removeprefix("django_mcp."), one.text) for one in found]


def test_a_listed_column_is_found_under_every_spelling() -> None:
    listing = listing_from(Item, ["id", {"maker": ["id", "name"]}, "labels"])
    for name in ("pk", "id", "maker", "maker_id", "maker__id", "maker__name"):
        assert listing.column(name) is not None
    for name in ("labels", "labels__id"):
        assert listing.column(name) is not None
    for name in ("name", "maker__country", "labels__name", "maker__api_token", ""):
        assert listing.column(name) is None


def test_an_object_without_the_key_does_not_list_the_key() -> None:
    listing = listing_from(Item, [{"maker": ["name"]}])
    assert listing.column("maker") is None


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["nothing"], "testapp.Item has no field 'nothing'."),
        (["name", "name"], "'name' is listed twice."),
        (["maker", {"maker": ["name"]}], "'maker' is listed twice."),
        (["labels__name"], "'labels__name' passes several rows: nest its fields"),
        ([{"name": ["x"]}], "'name' is no relation that fields can be nested in."),
        ([{"maker": "name"}], "'maker' needs a list of the related model's fields."),
        ([{"maker": []}], "'maker' needs a list of the related model's fields."),
        ([{"maker": ["nothing"]}], "testapp.Maker has no field 'nothing'."),
        ([5], "5 is no field."),
    ],
)
def test_a_mistake_is_named(entries: Any, expected: str) -> None:
    [(number, text)] = problems(Item, *entries)
    assert number == "E010"
    assert text.startswith(expected)


def test_a_secret_must_be_allowed_and_is_still_mentioned() -> None:
    [(number, _)] = problems(Item, "password_hash")
    assert number == "E011"
    [(number, _)] = problems(Item, {"maker": ["api_token"]})
    assert number == "E011"
    [(number, _)] = problems(Item, "secret", allow_sensitive=["secret"])
    assert number == "W006"
    [(number, _)] = problems(
        Item, {"maker": ["api_token"]}, allow_sensitive=["maker__api_token"]
    )
    assert number == "W006"


def test_a_generic_key_is_a_model_and_a_key() -> None:
    listing = listing_from(Note, ["about"])
    assert not listing.problems
    assert listing.members["about"].schema["type"] == "object"
    [(_, text)] = problems(Note, {"about": ["name"]})
    assert "no relation" in text
