"""Each sort of value goes out as JSON that says what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from django.utils.timezone import override

from django_mcp.providers.fields.values import choices_of, labelled
from tests.providers.models.asking import call, server_with
from tests.testapp.models import Item

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("price", Decimal("12.50"), "12.50"),
        ("count", 2**60, 2**60),
        ("weight", 1.5, 1.5),
        ("active", None, None),
        ("size", 2, 2),
        ("made_on", date(2024, 2, 29), "2024-02-29"),
        ("opens", time(8, 30), "08:30:00"),
        ("lasts", timedelta(days=1, hours=2), "P1DT2H"),
        ("code", UUID(int=7), str(UUID(int=7))),
        ("address", "::1", "::1"),
        ("data", {"a": [1, None]}, {"a": [1, None]}),
        ("raw", b"\x00\x01", "2 bytes"),
        ("manual", "manuals/one.pdf", "manuals/one.pdf"),
        ("text", "short", "short"),
    ],
)
def test_values_go_out(name: str, value: Any, shown: Any) -> None:
    server = server_with((Item, {"fields": [name]}))
    Item.objects.create(**{"name": "x", name: value})
    [row] = call(server, "list_items")["rows"]
    assert row == {name: shown}


def test_moments_go_out_in_the_current_time_zone() -> None:
    server = server_with(
        (Item, {"fields": ["seen_at"], "filter_fields": {"seen_at": ["exact"]}})
    )
    Item.objects.create(name="x", seen_at=datetime(2024, 7, 1, 12, tzinfo=UTC))
    with override("Europe/Berlin"):
        [row] = call(server, "list_items")["rows"]
        assert row["seen_at"] == "2024-07-01T14:00:00+02:00"
        # A moment without a zone is meant as it is shown.
        page = call(server, "list_items", filter={"seen_at": "2024-07-01T14:00:00"})
        assert len(page["rows"]) == 1


@override_settings(USE_TZ=False)
def test_without_time_zones_moments_stay_as_they_are() -> None:
    server = server_with(
        (Item, {"fields": ["seen_at"], "filter_fields": {"seen_at": ["exact"]}})
    )
    Item.objects.create(name="x", seen_at=datetime(2024, 7, 1, 12))
    page = call(server, "list_items", filter={"seen_at": "2024-07-01T12:00:00"})
    assert page["rows"] == [{"seen_at": "2024-07-01T12:00:00"}]


def test_long_text_is_cut_and_can_be_read_on() -> None:
    server = server_with(
        (Item, {"fields": ["id", "text"], "max_text": 10, "max_single_text": 20})
    )
    item = Item.objects.create(name="x", text="0123456789" * 5)
    [row] = call(server, "list_items")["rows"]
    assert row["text"] == (
        "0123456789… [10 of 50 characters; read on with get_item and text_from=10]"
    )
    row = call(server, "get_item", id=item.pk, text_from=10)
    assert row["text"].startswith("0123456789" * 2 + "… [30 of 50")
    assert call(server, "get_item", id=item.pk, text_from=45)["text"] == "56789"
    assert call(server, "get_item", id=item.pk, text_from=99)["text"] == ""


def test_long_json_is_cut_too() -> None:
    server = server_with((Item, {"fields": ["data"], "max_text": 10}))
    Item.objects.create(name="x", data=list(range(100)))
    [row] = call(server, "list_items")["rows"]
    assert row["data"].startswith("[0,1,2,3,4… [10 of ")


def test_choices_are_labelled_where_the_label_says_more() -> None:
    field = Item._meta.get_field("size")
    assert choices_of(field) == {1: "small one", 2: "large one"}
    assert choices_of(Item._meta.get_field("name")) == {}
    assert labelled([("red", "Red"), ("x", "extra large")]) == "red; x: extra large"
