"""What is promised about results is kept, and nothing else is promised."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import generics, pagination, renderers, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.content.encoding import encoded
from tests.providers.drf.calling import (
    book,
    people,
    run,
    served,
    tool,
)
from tests.testapp import drf_api
from tests.testapp.models import Book, Country, Task, Team

jsonschema: Any = pytest.importorskip("jsonschema")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]


def kept(server: Any, name: str, user: Any = None, /, **arguments: Any) -> Any:
    """Return a result, after comparing it with what is promised of it."""
    schema = tool(server, name).output_schema
    assert schema is not None
    found = run(server, name, user, **arguments)
    jsonschema.validate(found, json.loads(encoded(schema)))
    return found


def test_rows_and_pages_are_as_promised() -> None:
    boss = people()["super"]
    for title in ("A", "B", "C"):
        book(title)
    server = served(drf_api.BookViewSet, actions="__all__", body=BODY)
    for page in (1, 2):
        kept(server, "book_list", boss, page=page)
    kept(server, "book_retrieve", boss, pk=Book.objects.latest("pk").pk)
    one = book("D")
    kept(server, "book_partial_update", boss, pk=one.pk, price="1.50")
    author = one.author.pk
    made = kept(
        server, "book_create", boss, title="E", author=author, format="hardback"
    )
    assert made["format"] == "hardback"
    users = served(drf_api.UserViewSet)
    kept(users, "user_list", boss)


BODY = {"tell": drf_api.PriceSerializer, "burn": drf_api.PriceSerializer}


def test_values_that_no_rule_allows_any_more_are_as_promised() -> None:
    Task.objects.create(
        team=Team.objects.create(name="A"), number=1, title="", slug="x", kind="old"
    )
    server = served(drf_api.TaskViewSet)
    assert kept(server, "task_retrieve", slug="x")["kind"] == "old"
    [row] = kept(server, "task_list")
    assert row["due"] is None


@pytest.mark.parametrize("target", [drf_api.CountryViewSet, "all"])
def test_other_pages_are_as_promised(target: Any) -> None:
    for code in "abc":
        Country.objects.create(code=code, name=code)
    server = served(target)
    name = next(iter(server.registry.tools)).name
    page = kept(server, name)
    kept(server, name, **page["next"])


class Renaming(renderers.JSONRenderer):
    def render(self, data: Any, *args: Any, **options: Any) -> bytes:
        return bytes(super().render({"renamed": data}, *args, **options))


class ByUser(drf_api.BookViewSet):
    def get_serializer_class(self) -> Any:
        staff = self.request.user.is_staff
        return drf_api.BookSerializer if staff else drf_api.PriceSerializer


class ByAction(drf_api.BookViewSet):
    def get_serializer_class(self) -> Any:
        listing = self.action == "list"
        return drf_api.BookSerializer if listing else drf_api.PriceSerializer


class OwnPage(pagination.PageNumberPagination):
    page_size = 2

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"rows": data})


class Wild(drf_api.BookSerializer):
    def to_representation(self, instance: Any) -> Any:
        return "anything"


@pytest.mark.parametrize(
    "values",
    [
        {"renderer_classes": [Renaming]},
        {"pagination_class": OwnPage},
        {"list": lambda self, request: Response(1)},
        {"serializer_class": Wild, "pagination_class": None, "retrieve": None},
    ],
)
def test_what_is_the_projects_own_is_not_promised(values: Any) -> None:
    own: Any = type("Own", (drf_api.BookViewSet,), values)
    schema = tool(served(own, actions=["list"]), "book_list").output_schema
    assert schema in (None, {"type": "array", "items": {}})


def test_a_serializer_chosen_by_the_caller_is_not_promised() -> None:
    assert tool(served(ByUser), "book_retrieve").output_schema is None
    server = served(ByAction)
    one = tool(server, "book_retrieve").output_schema
    assert one is not None
    assert one["properties"].keys() == {"price"}


def test_a_function_promises_nothing() -> None:
    assert tool(served("secret"), "secret").output_schema is None


def test_a_serializer_that_needs_more_than_a_class_is_asked_for() -> None:
    class Needy(serializers.Serializer):
        def __init__(self, *args: Any, **options: Any) -> None:
            options["context"]["request"].session["shop"]
            super().__init__(*args, **options)

    class Shop(drf_api.BookViewSet):
        serializer_class = Needy

    server = served(Shop)
    assert tool(server, "book_list").output_schema is None


def test_a_view_that_is_almost_generic_promises_nothing() -> None:
    class Almost(APIView):
        serializer_class = drf_api.CountrySerializer

        def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
            return self.serializer_class(*args, **kwargs)

    # As the framework's own view for tokens: its code is its own.
    Almost.post = generics.CreateAPIView.post
    assert tool(served(Almost, actions=["post"]), "almost_post").output_schema is None
