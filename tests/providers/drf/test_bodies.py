"""Which serializer describes a body, and what becomes of the values."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import generics, parsers, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response

from tests.providers.drf.calling import (
    book,
    mistake,
    properties,
    run,
    said,
    served,
    tool,
)
from tests.testapp import drf_api
from tests.testapp.models import Country

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]


class Echo(viewsets.GenericViewSet):
    """Says what it was sent."""

    serializer_class = drf_api.CountrySerializer

    @action(detail=False, methods=["post"])
    def named(self, request: Any) -> Response:
        serializer = drf_api.PriceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(request.data)

    @action(detail=False, methods=["post"])
    def bulk(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(len(serializer.data))

    @action(detail=False, methods=["post"])
    def nothing(self, request: Any) -> Response:
        return Response("ok")


def test_the_serializer_that_the_code_names_describes_the_body() -> None:
    server = served(Echo, actions=["named", "nothing"])
    assert properties(server, "echo_named").keys() == {"price", "why"}
    assert properties(server, "echo_nothing") == {}
    assert run(server, "echo_named", price="1.00") == {"price": "1.00"}


def test_a_body_may_be_a_list() -> None:
    many = drf_api.CountrySerializer(many=True)
    server = served(Echo, actions=["bulk"], body={"bulk": many})
    assert tool(server, "echo_bulk").input_schema["required"] == ["data"]
    rows = [{"code": "aa", "name": "A"}, {"code": "bb", "name": "B"}]
    assert run(server, "echo_bulk", data=rows) == 2
    assert Country.objects.count() == 2
    assert said(server, "echo_bulk", data=[{"code": "cc"}]) == (
        "[0].name: This field is required."
    )


def test_null_is_a_value_in_a_body() -> None:
    one = book()
    server = served(drf_api.BookViewSet, actions=["partial_update"])
    from tests.providers.drf.calling import people

    boss = people()["super"]
    assert said(server, "book_partial_update", boss, pk=one.pk, title=None) == (
        "title: This field may not be null."
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\x00b", "name: should have no null characters"),
        ("\ud800", "name: should be valid text"),
        (float("inf"), "name: should be a finite number"),
        (10**30, "name: should be a number of at most 64 bits"),
        ({"a": ["\x00"]}, "name: should have no null characters"),
    ],
)
def test_what_no_database_takes_is_refused_before_the_view(
    value: Any, words: str
) -> None:
    server = served(drf_api.CountryViewSet, actions=["create"])
    assert said(server, "country_create", code="x", name=value) == words


def test_what_is_nested_too_deep_is_refused() -> None:
    value: Any = "x"
    for _ in range(60):
        value = [value]
    server = served(drf_api.CountryViewSet, actions=["create"])
    assert said(server, "country_create", code="x", name=value) == (
        "name: should not be nested so deep"
    )


def test_json_in_a_string_is_taken_for_what_it_says() -> None:
    class Rows(serializers.Serializer):
        rows = serializers.ListField(child=serializers.IntegerField())

    class Listing(viewsets.ViewSet):
        def create(self, request: Any) -> Response:
            serializer = Rows(data=request.data)
            serializer.is_valid(raise_exception=True)
            return Response(serializer.data["rows"])

    assert run(served(Listing, actions=["create"]), "listing_create", rows="[1]") == [1]


def test_files_need_a_parser_that_reads_them() -> None:
    class Closed(drf_api.TaskViewSet):
        parser_classes = [parsers.JSONParser]

    text = mistake(Closed, actions=["create"]).text
    assert "add MultiPartParser to parser_classes" in text


def test_a_view_that_reads_neither_json_nor_forms_is_refused() -> None:
    class Raw(generics.CreateAPIView):
        serializer_class = drf_api.CountrySerializer
        parser_classes = [parsers.FileUploadParser]

    assert "no parser that reads JSON or forms" in mistake(Raw, actions=["post"]).text


def test_the_serializer_in_the_code_comes_before_a_method_of_the_same_name() -> None:
    class PasswordSerializer(serializers.Serializer):
        password = serializers.CharField()

    class Account(viewsets.GenericViewSet):
        serializer_class = drf_api.CountrySerializer

        @action(detail=True, methods=["post"])
        def set_password(self, request: Any, pk: Any = None) -> Response:
            serializer = PasswordSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            request.user.set_password(serializer.validated_data["password"])
            return Response("ok")

    server = served(Account, actions=["set_password"])
    assert properties(server, "account_set_password").keys() == {"pk", "password"}


class Publishing(drf_api.BookViewSet):
    """Answers with a serializer that it does not read with."""

    @action(detail=True, methods=["post"])
    def publish(self, request: Any, pk: Any = None) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @action(detail=False, methods=["post"])
    def count(self, request: Any) -> Response:
        found = Country.objects.filter(name=self.request.data["letter"])
        return Response(drf_api.CountrySerializer(found, many=True).data)

    @action(detail=False, methods=["post"])
    def chosen(self, request: Any) -> Response:
        serializer_class = self.get_serializer_class()
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)


def test_a_serializer_of_the_answer_is_no_body() -> None:
    server = served(Publishing, actions=["publish", "chosen"])
    assert properties(server, "book_publish").keys() == {"pk"}
    assert "title" in properties(server, "book_chosen")
    assert "count reads a body" in mistake(Publishing, actions=["count"]).text


def test_a_function_that_hides_its_body_is_named() -> None:
    @api_view(["POST"])
    def greet(request: Any) -> Response:
        return Response(request.data)

    text = mistake(greet, actions=["post"]).text
    assert text.startswith(f"{__name__}.greet.post reads a body")
    server = served(greet, actions=["post"], body={"post": serializers.JSONField()})
    assert run(server, "greet_post", data={"a": 1}) == {"a": 1}
