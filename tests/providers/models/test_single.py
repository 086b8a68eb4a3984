"""One row, by its key or by another unique field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.models.asking import Open, call, refusal, server_with
from tests.testapp.models import Author, Country, Gadget, Item, Maker

pytestmark = pytest.mark.django_db


def test_a_row_is_found_by_a_unique_field() -> None:
    attributes = {"fields": ["name", "hidden"], "lookup_field": "name"}
    server = server_with((Maker, attributes))
    Maker.objects.create(name="Acme")
    assert call(server, "get_maker", name="Acme") == {"name": "Acme", "hidden": False}
    words = "name: there is no maker with this name"
    assert refusal(server, "get_maker", name="acme") == words


def test_a_key_may_be_text() -> None:
    server = server_with((Country, {"fields": ["code", "name"]}))
    Country.objects.create(code="de", name="Germany")
    assert call(server, "get_country", code="de")["name"] == "Germany"
    assert refusal(server, "get_country").startswith("code: field required")


def test_only_chosen_fields_come_back() -> None:
    server = server_with((Author, {"fields": ["id", "name"]}))
    ann = Author.objects.create(name="Ann")
    assert call(server, "get_author", id=ann.pk, fields=["name"]) == {"name": "Ann"}


class NotBob(Open):
    """Asks for each row."""

    fields = ("id", "name")

    def has_view_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.name != "Bob"


def test_a_permission_about_the_row_hides_it() -> None:
    server = server_with((Author, NotBob))
    ann, bob = (Author.objects.create(name=name) for name in ("Ann", "Bob"))
    assert call(server, "get_author", id=ann.pk)["name"] == "Ann"
    words = "id: there is no author with this id"
    assert refusal(server, "get_author", id=bob.pk) == words


def test_with_object_permissions_lists_ask_for_each_row_too() -> None:
    server = server_with((Author, {"fields": ["id"]}))
    server.unregister(Author)
    server.register(Author, NotBob, object_permissions=True)
    ann, _ = (Author.objects.create(name=name) for name in ("Ann", "Bob"))
    assert call(server, "list_authors")["rows"] == [{"id": ann.pk, "name": "Ann"}]


class Named(Open):
    """Shows only items of one name."""

    fields = ("id",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(name="shown")


def test_a_child_is_found_by_the_key_it_shares_with_its_parent() -> None:
    fields = ["id", "name", "volts", {"item_ptr": ["size"]}, {"labels": ["name"]}]
    gadgets = {"fields": fields, "ordering_fields": ["volts", "name"]}
    server = server_with((Gadget, gadgets), (Item, Named))
    made = [Gadget.objects.create(name=name, volts=5) for name in ("shown", "other")]
    rows = call(server, "list_gadgets", order_by="-volts")["rows"]
    assert [row["id"] for row in rows] == [made[1].pk, made[0].pk]
    assert [row["item_ptr"] for row in rows] == [None, {"size": 1}]
    assert call(server, "get_gadget", id=made[0].pk)["volts"] == 5
    page = call(server, "list_gadgets", limit=1, order_by="name")
    assert page["rows"][0]["name"] == "other"
    rest = call(server, "list_gadgets", order_by="name", cursor=page["next_cursor"])
    assert [row["name"] for row in rest["rows"]] == ["shown"]
