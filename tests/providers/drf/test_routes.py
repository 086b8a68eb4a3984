"""What stands behind a target, and which of it is served."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp import MCPServer
from django_mcp.providers.drf.routes import routes_of, word_of
from tests.providers.drf.calling import (
    mistake,
    names,
    properties,
    run,
    said,
    served,
    tool,
)
from tests.testapp import drf_api
from tests.testapp.models import Book

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]


def test_only_what_reads_is_served_unless_more_is_named() -> None:
    assert names(served(drf_api.TaskViewSet)) == ["task_list", "task_retrieve"]
    server = served(drf_api.TaskViewSet, actions=["destroy", "list"])
    assert names(server) == ["task_destroy", "task_list"]
    everything = served(drf_api.TaskViewSet, actions="__all__")
    assert len(names(everything)) == 6


def test_hints_tell_what_an_action_does() -> None:
    server = served(drf_api.TaskViewSet, actions="__all__")
    hints = {
        one.name: (one.read_only, one.destructive, one.idempotent)
        for one in server.registry.tools
    }
    assert hints == {
        "task_list": (True, None, None),
        "task_retrieve": (True, None, None),
        "task_create": (False, False, None),
        "task_update": (False, True, True),
        "task_partial_update": (False, True, None),
        "task_destroy": (False, True, True),
    }


def test_what_another_post_destroys_is_not_promised() -> None:
    server = served(drf_api.BookViewSet, actions=["create", "set_price"])
    assert tool(server, "book_create").destructive is False
    assert tool(server, "book_set_price").destructive is None


def test_two_urls_of_one_name_are_both_reached() -> None:
    server = served("twice")
    assert run(server, "secret", User(is_staff=True)) == {"secret": 42}
    assert run(server, "strange") == {"user": "", "auth": None}


def test_words_come_from_the_code_or_from_the_model() -> None:
    server = served(drf_api.BookViewSet, actions=["list", "set_price"])
    assert tool(server, "book_list").description == "List books.\n\nBooks of the shop."
    assert tool(server, "book_list").title == "List books"
    assert tool(server, "book_set_price").description == "Give a book another price."
    assert tool(server, "book_set_price").title == "Set price"


def test_options_of_primitives_hold_for_every_tool() -> None:
    server = served(
        drf_api.TaskViewSet, prefix="job", tags=["work"], permission="auth.view_user"
    )
    assert names(server) == ["job_list", "job_retrieve"]
    assert all(one.tags == {"work"} for one in server.registry.tools)
    one = served("shop:task-list", name="jobs", description="All jobs.")
    assert tool(one, "jobs").description == "All jobs."
    text = mistake(drf_api.TaskViewSet, name="jobs").text
    assert text == (
        "One name is not enough for task_list, task_retrieve. Give a prefix instead."
    )


def test_a_viewset_without_a_route_is_served_as_a_router_would() -> None:
    class Shelf(viewsets.ViewSet):
        lookup_field = "place"

        def retrieve(self, request: Any, place: str) -> Response:
            return Response({"place": place, "action": self.action})

        @action(detail=True, methods=["post"], url_path="clear-out")
        def clear(self, request: Any, place: str) -> Response:
            return Response({"cleared": place, "detail": self.detail})

    server = served(Shelf, actions="__all__")
    assert names(server) == ["shelf_clear", "shelf_retrieve"]
    assert properties(server, "shelf_clear") == {"place": {"type": "string"}}
    assert run(server, "shelf_retrieve", place="A1") == {
        "place": "A1",
        "action": "retrieve",
    }
    assert run(server, "shelf_clear", place=7) == {"cleared": "7", "detail": True}


def test_a_view_that_is_made_already_keeps_what_it_was_made_with() -> None:
    class Hello(APIView):
        greeting = "hello"

        def get(self, request: Any) -> Response:
            return Response(self.greeting)

    assert run(served(Hello.as_view(greeting="hi")), "hello") == "hi"
    assert run(served(Hello), "hello") == "hello"


def test_formats_in_a_path_are_no_paths_of_their_own() -> None:
    routes = routes_of(drf_api.UserViewSet)
    assert [route.name for route in routes] == ["user-list", "user-detail"]


def test_what_is_routed_twice_is_served_once_and_said() -> None:
    found = mistake(drf_api.secret)
    assert (found.id, found.is_error) == ("django_mcp.W012", False)
    assert "It is served as secret, and not as secret-again" in found.text
    served("secret-again")


def test_a_basename_chooses_a_route() -> None:
    served(drf_api.BookViewSet, basename="book")
    served(drf_api.BookViewSet, basename="shop:book")
    text = mistake(drf_api.BookViewSet, basename="other").text
    assert text == (
        "BookViewSet has no route with the basename 'other'; it is routed as shop:book."
    )


def test_a_router_that_stands_nowhere_works_too() -> None:
    class Loose(viewsets.ReadOnlyModelViewSet):
        queryset = Book.objects.order_by("pk")
        serializer_class = drf_api.BookSerializer

    router = routers.SimpleRouter()
    router.register("loose", Loose, basename="free")
    server = served(router)
    assert names(server) == ["free_list", "free_retrieve"]
    assert run(server, "free_list") == []


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("nothing", {}, "No view of Django REST framework has the URL name 'nothing'"),
        (
            drf_api.BookViewSet,
            {"actions": ["fly"]},
            "There is no fly; there are burn, crash, create",
        ),
        (drf_api.BookViewSet, {"actions": "tell"}, "body={'tell': …Serializer}"),
    ],
)
def test_what_cannot_be_served_says_why(target: Any, options: Any, words: str) -> None:
    assert words in mistake(target, **options).text


def test_what_cannot_be_served_keeps_nothing_else_from_it() -> None:
    server = MCPServer("tests")
    server.viewset(drf_api.BookViewSet, actions="__all__")
    server.go_live()
    [found] = server.declarations.mistakes
    assert (found.id, found.is_error) == ("django_mcp.E015", True)
    assert "BookViewSet.tell reads a body" in found.text
    assert {"book_list", "book_create"} <= {*names(server)}
    assert "book_tell" not in names(server)


def test_a_body_that_nobody_describes_can_be_described() -> None:
    class Told(serializers.Serializer):
        what = serializers.CharField()

    server = served(drf_api.BookViewSet, actions=["tell"], body={"tell": Told})
    assert properties(server, "book_tell") == {"what": {"type": "string"}}


def test_what_has_no_url_has_the_path_that_a_router_gives_it() -> None:
    class ShelfViewSet(viewsets.ViewSet):
        lookup_field = "code"

        @action(detail=True, url_path=r"row/(?P<number>[0-9]+)")
        def row(self, request: Any, code: str, number: str) -> Response:
            return Response([code, number])

    server = served(ShelfViewSet, actions=["row"])
    assert properties(server, "shelf_row").keys() == {"code", "number"}
    assert run(server, "shelf_row", code="a", number=3) == ["a", "3"]


def test_a_view_that_is_bound_by_hand_is_that_one_alone() -> None:
    assert names(served(drf_api.bound_list, actions="__all__")) == [
        "bound_create",
        "bound_list",
    ]
    assert names(served(drf_api.BoundViewSet, actions="__all__")) == [
        "bound_create", "bound_destroy", "bound_list", "bound_retrieve",
    ]  # fmt: skip
    other = drf_api.BoundViewSet.as_view({"get": "list"})
    assert mistake(other).text.startswith("This view of BoundViewSet has no URL.")


def test_decorators_in_the_urlconf_decide() -> None:
    server = served(drf_api.bound_list, actions="__all__")
    assert said(server, "bound_list") == "You must be logged in to do this."
    alice = User.objects.create_user("alice")
    assert run(server, "bound_list", alice)["results"] == []
    server = served(drf_api.BoundViewSet)
    assert said(server, "bound_list") == "You must be logged in to do this."


def test_names_of_classes_are_words() -> None:
    assert word_of("SnippetListAPIView") == "snippet_list"
    assert word_of("BookViewSet") == "book"
    assert word_of("HTTPStatusView") == "http_status"
    assert word_of("View") == "view"


def raising(error: Any) -> Any:
    """Return a viewset whose rows are nobody's."""

    class OwnViewSet(viewsets.ModelViewSet):
        serializer_class = drf_api.BookSerializer

        def get_queryset(self) -> Any:
            if not self.request.user.is_authenticated:
                raise error
            return Book.objects.order_by("pk")

    return OwnViewSet


@pytest.mark.parametrize(
    "error",
    [
        Http404("None."),
        PermissionDenied(),
        NotAuthenticated(),
        Book.DoesNotExist(),
        KeyError("pk"),
        ValidationError("No."),
    ],
)
def test_rows_that_nobody_has_are_described_by_the_serializer(error: Any) -> None:
    server = served(raising(error), actions="__all__")
    assert tool(server, "own_list").title == "List books"
    assert tool(server, "own_retrieve").input_schema["properties"]["pk"]["type"] == (
        "integer"
    )


def test_a_serializer_that_needs_its_caller_is_a_mistake() -> None:
    class Personal(serializers.ModelSerializer):
        class Meta:
            model = Book
            fields = ["title"]

        def get_fields(self) -> Any:
            self.context["view"].kwargs["shelf"]
            return super().get_fields()

    class PersonalViewSet(drf_api.BookViewSet):
        serializer_class = Personal

    assert names(served(PersonalViewSet)) == ["book_list", "book_retrieve"]
    text = mistake(PersonalViewSet, actions=["create"]).text
    assert text == (
        f"{__name__}.PersonalViewSet.create cannot be described: its code raised"
        " KeyError('shelf'), asked for nobody in particular. It can tell by"
        " view.swagger_fake_view."
    )


def test_async_views_of_others_are_refused() -> None:
    class Later(APIView):
        @classmethod
        def as_view(cls, **initkwargs: Any) -> Any:
            async def view(request: Any) -> Any:
                raise AssertionError

            view.cls = cls  # type: ignore[attr-defined]
            return view

        def get(self, request: Any) -> Any:
            raise AssertionError

    assert "is async" in mistake(Later).text
