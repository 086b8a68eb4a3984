"""A page of rows: what is asked, what comes back, and where the next begins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.models.asking import call, refusal, server_with
from tests.testapp.models import Author, Book

pytestmark = pytest.mark.django_db

BOOKS: dict[str, Any] = {
    "fields": ["id", "title", "price", "author__name", {"author": ["id", "name"]}],
    "filter_fields": {
        "price": ["exact", "gte", "lte"],
        "author": ["exact", "isnull"],
        "title": ["in", "icontains"],
    },
    "search_fields": ["title", "author__name"],
    "ordering_fields": ["title", "price", "author__name"],
    "ordering": ["title"],
}


@pytest.fixture
def books() -> list[Book]:
    ann, bob = Author.objects.create(name="Ann"), Author.objects.create(name="Bob")
    return [
        Book.objects.create(
            title=f"Book {number}",
            author=bob if number % 2 else ann,
            price=number,
        )
        for number in range(5)
    ]


def test_rows_hold_what_is_listed_and_nothing_else(books: list[Book]) -> None:
    server = server_with((Book, {"fields": ["title", "author__name"]}))
    rows = call(server, "list_books")["rows"]
    assert rows[1] == {"title": "Book 1", "author__name": "Bob"}


def test_related_rows_are_objects(books: list[Book]) -> None:
    server = server_with((Book, BOOKS))
    row = call(server, "list_books", limit=1)["rows"][0]
    author = books[0].author
    assert row == {
        "id": books[0].pk,
        "title": "Book 0",
        "price": "0.00",
        "author__name": "Ann",
        "author": {"id": author.pk, "name": "Ann"},
    }


def test_pages_follow_each_other(books: list[Book]) -> None:
    server = server_with((Book, BOOKS))
    found: list[str] = []
    page: dict[str, Any] = {"next_cursor": None}
    while "next_cursor" in page:
        page = call(
            server,
            "list_books",
            limit=2,
            order_by="-price",
            cursor=page["next_cursor"],
        )
        found += [row["title"] for row in page["rows"]]
    assert found == [f"Book {number}" for number in (4, 3, 2, 1, 0)]


def test_filter_search_and_total(books: list[Book]) -> None:
    server = server_with((Book, BOOKS))
    page = call(server, "list_books", filter={"price": {"gte": 3}}, total=True)
    assert [row["title"] for row in page["rows"]] == ["Book 3", "Book 4"]
    assert page["total"] == 2
    page = call(server, "list_books", search="bob 3", total=True)
    assert [row["title"] for row in page["rows"]] == ["Book 3"]


def test_the_table_form_names_columns_once(books: list[Book]) -> None:
    server = server_with((Book, BOOKS))
    page = call(server, "list_books", format="table", limit=1)
    assert page["columns"] == [
        "id", "title", "price", "author__name", "author.id", "author.name",
    ]  # fmt: skip
    assert page["rows"] == [
        [books[0].pk, "Book 0", "0.00", "Ann", books[0].author_id, "Ann"]
    ]


def test_a_get_gives_one_row(books: list[Book]) -> None:
    server = server_with((Book, BOOKS))
    assert call(server, "get_book", id=books[3].pk)["title"] == "Book 3"
    assert refusal(server, "get_book", id=0) == "id: there is no book with this id"
