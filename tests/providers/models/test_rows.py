"""However many rows there are, the number of queries stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.models.asking import Open, call, server_with
from tests.testapp.models import (
    Author,
    Book,
    Country,
    Item,
    Label,
    Maker,
    Note,
    Passport,
    Piece,
)

pytestmark = pytest.mark.django_db


def fill(count: int) -> None:
    """Make items with everything around them."""
    home, _ = Country.objects.get_or_create(code="de", name="Germany")
    for number in range(count):
        maker = Maker.objects.create(name=f"M{Maker.objects.count()}", country=home)
        item = Item.objects.create(name=f"i{number}", maker=maker)
        item.labels.add(*(Label.objects.create(name=f"l{n}") for n in range(3)))
        item.friends.add(*Item.objects.all()[:2])
        Note.objects.create(about=item, text="note")
        Passport.objects.create(item=item, number=str(number))
        Piece.objects.create(item=item, name="kept")
        Piece.objects.create(item=item, name="gone", thrown_away=True)
        Item.objects.create(name="part", parent=item)


class Visible(Open):
    """Has a rule of its own about rows."""

    fields = ("id",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


@pytest.mark.parametrize(
    ("fields", "queries"),
    [
        (["name", "maker__name"], 1),
        (["name", {"maker": ["name", {"country": ["name"]}]}], 1),
        (["name", {"passport": ["number"]}], 1),
        (["name", {"labels": ["name"]}], 2),
        (["name", "labels"], 2),
        (["name", {"friends": ["name", "maker__name"]}], 2),
        (["name", {"parts": ["name", {"parent": ["name"]}]}], 2),
        (["name", {"notes": ["text"]}], 2),
        (["name", {"pieces": ["name"]}], 2),
        (["name", {"labels": ["name"]}, {"notes": ["text"]}, {"pieces": ["name"]}], 4),
        (["name", {"maker": ["name", {"items": ["name", {"labels": ["name"]}]}]}], 3),
    ],
)
def test_a_list_costs_a_constant_number_of_queries(
    fields: Any, queries: int, django_assert_num_queries: Any
) -> None:
    server = server_with((Item, {"fields": fields, "max_page_size": 1000}))
    fill(3)
    with django_assert_num_queries(queries):
        few = call(server, "list_items", limit=1000)
    fill(5)
    with django_assert_num_queries(queries):
        many = call(server, "list_items", limit=1000)
    assert len(many["rows"]) > len(few["rows"])


def test_a_hidden_relation_costs_one_query_more(django_assert_num_queries: Any) -> None:
    fields = ["name", "maker__name", {"maker": ["name"]}, {"labels": ["name"]}]
    server = server_with((Item, {"fields": fields}), (Maker, Visible), (Label, Visible))
    fill(6)
    with django_assert_num_queries(3):
        call(server, "list_items")


def test_generic_keys_cost_a_query_for_each_guarded_model(
    django_assert_num_queries: Any,
) -> None:
    server = server_with((Note, {"fields": ["text", "about"]}), (Maker, Visible))
    fill(3)
    for maker in Maker.objects.all():
        Note.objects.create(about=maker, text="x")
    call(server, "list_notes")
    with django_assert_num_queries(2):
        page = call(server, "list_notes")
    assert len(page["rows"]) == 6
    assert all(row["about"] for row in page["rows"])


def test_one_row_costs_the_same(django_assert_num_queries: Any) -> None:
    server = server_with((Item, {"fields": ["id", "name", {"labels": ["name"]}]}))
    fill(1)
    item = Item.objects.earliest("pk")
    # One of them for the object that the permission is asked for.
    with django_assert_num_queries(3):
        row = call(server, "get_item", id=item.pk)
    assert [label["name"] for label in row["labels"]] == ["l0", "l1", "l2"]


def test_related_rows_are_bounded_and_it_is_said() -> None:
    server = server_with((Item, {"fields": ["name", "labels"], "max_related": 2}))
    fill(1)
    page = call(server, "list_items")
    assert [len(row["labels"]) for row in page["rows"]] == [2, 0]
    assert page["more_in"] == ["labels"]


def test_related_rows_come_as_their_manager_has_them() -> None:
    server = server_with((Item, {"fields": ["name", {"pieces": ["name"]}]}))
    fill(1)
    assert call(server, "list_items")["rows"][0]["pieces"] == [{"name": "kept"}]


def test_a_relation_that_leads_nowhere_is_none_or_empty() -> None:
    fields = [
        "name",
        {"maker": ["name", {"items": ["name"]}]},
        {"passport": ["number"]},
        {"labels": ["name"]},
    ]
    server = server_with((Item, {"fields": fields}))
    Item.objects.create(name="lonely")
    assert call(server, "list_items")["rows"] == [
        {"name": "lonely", "maker": None, "passport": None, "labels": []}
    ]


def test_only_the_chosen_fields_are_read(django_assert_num_queries: Any) -> None:
    server = server_with((Item, {"fields": ["id", "name", {"labels": ["name"]}]}))
    fill(1)
    with django_assert_num_queries(1) as captured:
        page = call(server, "list_items", fields=["name"])
    assert page["rows"][0] == {"name": "i0"}
    assert "price" not in captured[0]["sql"]


def test_a_reverse_foreign_key_without_a_name_of_its_own() -> None:
    server = server_with((Author, {"fields": ["name", {"book_set": ["title"]}]}))
    ann = Author.objects.create(name="Ann")
    Book.objects.create(title="T", author=ann)
    assert call(server, "list_authors")["rows"] == [
        {"name": "Ann", "book_set": [{"title": "T"}]}
    ]


def test_the_table_form_nests_only_several_rows() -> None:
    fields = ["name", {"maker": ["name"]}, {"labels": ["name"]}]
    server = server_with((Item, {"fields": fields}))
    fill(1)
    page = call(server, "list_items", format="table")
    assert page["columns"] == ["name", "maker.name", "labels"]
    assert page["rows"][0] == ["i0", "M0", [{"name": f"l{n}"} for n in range(3)]]
    assert page["rows"][1] == ["part", None, []]
