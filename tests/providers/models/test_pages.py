"""A cursor belongs to one query and to one caller; totals are bounded."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from django_mcp import MCPServer
from django_mcp.providers.models import pages
from tests.providers.models.asking import call, refusal, server_with
from tests.testapp.models import Author, Book

pytestmark = pytest.mark.django_db

ELSE = "cursor: is not one of this query; leave it out to begin again"


@pytest.fixture
def server() -> MCPServer:
    for name in "abcde":
        Author.objects.create(name=name)
    attributes = {
        "fields": ["id", "name"],
        "ordering_fields": ["name"],
        "filter_fields": {"name": ["gte"]},
        "search_fields": ["name"],
    }
    return server_with((Author, attributes), (Book, {"fields": ["id"]}))


@pytest.mark.parametrize(
    "other",
    [
        {"order_by": "-name"},
        {"order_by": "name", "search": "a"},
        {"order_by": "name", "filter": {"name": {"gte": "a"}}},
        {},
    ],
)
def test_a_cursor_opens_its_own_query_only(server: MCPServer, other: Any) -> None:
    cursor = call(server, "list_authors", order_by="name", limit=1)["next_cursor"]
    assert refusal(server, "list_authors", other, cursor=cursor) == ELSE
    assert refusal(server, "list_books", cursor=cursor) == ELSE


def test_a_cursor_is_nobody_elses(server: MCPServer) -> None:
    ann, bob = User(pk=1, username="ann"), User(pk=2, username="bob")
    cursor = call(server, "list_authors", limit=1, user=ann)["next_cursor"]
    assert call(server, "list_authors", cursor=cursor, user=ann)["rows"]
    assert refusal(server, "list_authors", cursor=cursor, user=bob) == ELSE
    assert refusal(server, "list_authors", cursor=cursor) == ELSE


def test_a_cursor_takes_other_columns_and_sizes(server: MCPServer) -> None:
    cursor = call(server, "list_authors", limit=1)["next_cursor"]
    page = call(
        server, "list_authors", cursor=cursor, limit=2, fields=["name"], format="table"
    )
    assert page["rows"] == [["b"], ["c"]]


def test_a_cursor_tells_nothing(server: MCPServer) -> None:
    cursor = call(server, "list_authors", order_by="name", limit=1)["next_cursor"]
    other = call(server, "list_authors", order_by="name", limit=1)["next_cursor"]
    assert cursor != other


def test_counting_ends_somewhere(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(server, "list_authors", total=True)["total"] == 5
    monkeypatch.setattr(pages, "MAX_COUNT", 3)
    # A condition, though it holds for all: no statistics answer it, and what
    # another test has analysed stays in PostgreSQL's catalogue.
    every_name = {"name": {"gte": ""}}
    page = call(server, "list_authors", total=True, filter=every_name)
    assert (page["total"], page["total_is"]) == (3, "at least")


def test_nothing_is_counted_unasked(
    server: MCPServer, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1) as captured:
        page = call(server, "list_authors", limit=2)
    assert "total" not in page
    assert "COUNT" not in captured[0]["sql"]
    assert "OFFSET" not in captured[0]["sql"]


@pytest.mark.postgres
def test_a_huge_table_is_estimated(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE testapp_author")
    monkeypatch.setattr(pages, "MAX_COUNT", 3)
    page = call(server, "list_authors", total=True)
    assert (page["total"], page["total_is"]) == (5, "estimate")
    # With a condition, statistics could tell of rows that are hidden.
    page = call(server, "list_authors", total=True, filter={"name": {"gte": "c"}})
    assert page["total"] == 3
    assert "total_is" not in page
