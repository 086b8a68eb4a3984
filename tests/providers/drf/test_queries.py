"""Filters, search, order and pages as typed arguments."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import filters, pagination, serializers, versioning, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.providers.drf.calling import (
    book,
    properties,
    run,
    said,
    served,
    tool,
)
from tests.testapp import drf_api
from tests.testapp.models import Author, Book, Country

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]


class Base(viewsets.ReadOnlyModelViewSet):
    queryset = Book.objects.order_by("pk")
    serializer_class = drf_api.BookSerializer


def shapes(server: Any, name: str) -> dict[str, Any]:
    """Return the arguments without their words."""
    return {
        key: {k: v for k, v in schema.items() if k not in {"description", "title"}}
        for key, schema in properties(server, name).items()
    }


def test_pages_have_the_limits_of_their_paginator() -> None:
    server = served(drf_api.BookViewSet)
    assert shapes(server, "book_list") == {
        "search": {"type": "string"},
        "ordering": {
            "type": "array",
            "items": {"enum": ["title", "stock", "-title", "-stock"]},
            "minItems": 1,
        },
        "page": {"type": "integer", "minimum": 1, "default": 1},
        "page_size": {"type": "integer", "minimum": 1, "maximum": 4, "default": 2},
    }
    assert said(server, "book_list", page_size=5) == "page_size: should be at most 4"
    assert said(server, "book_list", page=0) == "page: should be at least 1"
    offsets = served(drf_api.CountryViewSet)
    assert shapes(offsets, "country_list") == {
        "limit": {"type": "integer", "minimum": 1, "maximum": 3, "default": 2},
        "offset": {"type": "integer", "minimum": 0, "default": 0},
    }
    assert shapes(served("all"), "cursor_list") == {"cursor": {"type": "string"}}
    assert shapes(served(Base), "book_list") == {}


def test_a_cursor_that_is_none_is_refused() -> None:
    Country.objects.create(code="xx", name="X")
    assert said(served("all"), "cursor_list", cursor="nonsense") == "Invalid cursor"


def test_an_action_that_filters_takes_filters() -> None:
    server = served(drf_api.BookViewSet, actions=["rare", "numbers", "retrieve"])
    assert shapes(server, "book_rare").keys() == {
        "search", "ordering", "page", "page_size",
    }  # fmt: skip
    assert shapes(server, "book_numbers") == {}
    assert shapes(server, "book_retrieve").keys() == {"pk"}


def test_orders_are_the_fields_of_the_serializer_where_none_are_named() -> None:
    class Ordered(Base):
        filter_backends = [filters.OrderingFilter]

    book("B", stock=1)
    book("A", stock=1)
    server = served(Ordered)
    allowed = shapes(server, "book_list")["ordering"]["items"]["enum"]
    assert "author__name" in allowed
    assert "-title" in allowed
    for given in (["stock", "title"], "stock,title", '["stock", "title"]'):
        rows = run(server, "book_list", ordering=given)
        assert [row["title"] for row in rows] == ["A", "B"]


def test_a_search_without_fields_is_no_argument() -> None:
    class Searched(Base):
        filter_backends = [filters.SearchFilter]

    assert shapes(served(Searched), "book_list") == {}


class Stocked(filters.BaseFilterBackend):
    """A backend of a project's own."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        least = request.query_params.get("least")
        return queryset if least is None else queryset.filter(stock__gte=least)

    def get_schema_operation_parameters(self, view: Any) -> Any:
        return [
            {
                "name": "least",
                "in": "query",
                "description": "At least so many.",
                "schema": {"type": "integer"},
            },
            {"name": "X-Header", "in": "header"},
        ]


def test_backends_of_ones_own_say_what_they_read() -> None:
    class Filtered(Base):
        filter_backends = [Stocked]

    book("A", stock=1)
    book("B", stock=5)
    server = served(Filtered)
    assert properties(server, "book_list") == {
        "least": {"type": "integer", "description": "At least so many."}
    }
    assert [row["title"] for row in run(server, "book_list", least=3)] == ["B"]
    assert said(server, "book_list", least="x") == "least: should be a valid integer"


def test_paginators_of_ones_own_say_what_they_read() -> None:
    class Letters(pagination.BasePagination):
        def paginate_queryset(self, queryset: Any, request: Any, view: Any) -> Any:
            letter = request.query_params.get("letter", "A")
            return list(queryset.filter(title__startswith=letter))

        def get_paginated_response(self, data: Any) -> Response:
            return Response({"found": data})

        def get_schema_operation_parameters(self, view: Any) -> Any:
            return [{"name": "letter", "schema": {"type": "string"}}]

    class Paged(Base):
        pagination_class = Letters

    book("A")
    book("B")
    server = served(Paged)
    assert shapes(server, "book_list") == {"letter": {"type": "string"}}
    found = run(server, "book_list", letter="B")["found"]
    assert [row["title"] for row in found] == ["B"]


def test_a_query_can_be_described_by_a_serializer() -> None:
    class Days(serializers.Serializer):
        days = serializers.IntegerField(required=False)
        words = serializers.ListField(child=serializers.CharField(), required=False)

    class Recent(Base):
        @action(detail=False)
        def recent(self, request: Any) -> Response:
            query = request.query_params
            return Response([query.get("days"), query.getlist("words")])

    server = served(Recent, actions=["recent"], query={"recent": Days})
    assert run(server, "book_recent", days=3, words=["a", "b"]) == ["3", ["a", "b"]]
    assert run(server, "book_recent", days=None) == [None, []]


@pytest.mark.needs("filter")
def test_filter_sets_are_typed_by_their_form() -> None:
    pytest.importorskip("django_filters")
    from django_filters import rest_framework as sets

    class Books(sets.FilterSet):
        price = sets.RangeFilter()
        ids = sets.BaseInFilter(field_name="pk")
        sort = sets.OrderingFilter(fields=["title"])

        class Meta:
            model = Book
            fields = {"author": ["exact"], "format": ["exact"], "stock": ["gte"]}

    class Filtered(Base):
        filter_backends = [sets.DjangoFilterBackend]
        filterset_class = Books

    first, second = book("A", stock=2, price=5), book("B", stock=9, price=50)
    server = served(Filtered)
    found = shapes(server, "book_list")
    assert found["author"] == {"type": "integer"}
    assert found["format"]["enum"] == ["hardback", "paperback"]
    assert found["price_min"]["type"] == "number"
    assert found["ids"]["type"] == "array"

    def titles(**arguments: Any) -> list[str]:
        return [row["title"] for row in run(server, "book_list", **arguments)]

    assert titles(author=first.author.pk) == ["A"]
    assert titles(price_min=10) == ["B"]
    assert titles(price_max=10, stock__gte=1) == ["A"]
    assert titles(ids=[second.pk, first.pk]) == ["A", "B"]
    assert titles(sort=["-title"]) == ["B", "A"]
    assert said(server, "book_list", author=0).startswith("author: ")
    assert Author.objects.count() == 2


@pytest.mark.needs("filter")
def test_choices_that_are_rows_are_not_told() -> None:
    pytest.importorskip("django_filters")
    from django_filters import rest_framework as sets

    def stored() -> Any:
        return [(one.title, one.title) for one in Book.objects.all()]

    class Books(sets.FilterSet):
        any = sets.AllValuesFilter(field_name="title")
        some = sets.AllValuesMultipleFilter(field_name="title")
        made = sets.ChoiceFilter(field_name="title", choices=stored)

        class Meta:
            model = Book
            fields: list[str] = []

    class Filtered(Base):
        filter_backends = [sets.DjangoFilterBackend]
        filterset_class = Books

    book("A secret title")
    book("Another")
    server = served(Filtered)
    assert "secret" not in str(tool(server, "book_list").input_schema)
    for values in (
        {"any": "Another"},
        {"some": ["Another"]},
        {"made": "Another"},
    ):
        [row] = run(server, "book_list", **values)
        assert row["title"] == "Another"
    assert said(server, "book_list", any="x").startswith("any: Select a valid choice")


@pytest.mark.needs("filter")
def test_filters_of_several_parts_have_the_names_of_their_parts() -> None:
    pytest.importorskip("django_filters")
    from django import forms
    from django_filters import rest_framework as sets

    class Books(sets.FilterSet):
        title = sets.LookupChoiceFilter(
            field_class=forms.CharField, lookup_choices=[("exact", "is")]
        )
        cheap = sets.BooleanFilter(method="only_cheap")
        stock = sets.ChoiceFilter(choices=[(1, "one"), (2, "two")])

        class Meta:
            model = Book
            fields: list[str] = []

        def only_cheap(self, rows: Any, name: str, value: bool) -> Any:
            return rows.filter(price__lt=10) if value else rows

    class Filtered(Base):
        filter_backends = [sets.DjangoFilterBackend]
        filterset_class = Books

    book("A", price=5, stock=1)
    book("B", price=50, stock=2)
    server = served(Filtered)
    assert "description" not in properties(server, "book_list")["cheap"]

    def titles(**arguments: Any) -> list[str]:
        return [row["title"] for row in run(server, "book_list", **arguments)]

    assert titles(title="B", title_lookup="exact") == ["B"]
    assert titles(cheap=True) == ["A"]
    assert titles(stock=2) == titles(stock="2") == ["B"]


def test_a_version_in_the_query_is_an_argument() -> None:
    class Versions(versioning.QueryParameterVersioning):
        allowed_versions = ("1", "2")
        default_version = "1"

    class Versioned(APIView):
        versioning_class = Versions

        def get(self, request: Any) -> Response:
            return Response(request.version)

    server = served(Versioned)
    assert shapes(server, "versioned") == {"version": {"enum": ["1", "2"]}}
    assert run(server, "versioned") == "1"
    assert run(server, "versioned", version="2") == "2"
