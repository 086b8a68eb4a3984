"""A view's request is the caller's own, and shows nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from django.views.decorators.vary import vary_on_cookie, vary_on_headers

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import permissions, throttling, viewsets
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_mcp.methods.primitives import call_tool
from django_mcp.providers.drf.requests import request_for
from tests.calls import asked, context_for, members
from tests.providers.callers import context_of
from tests.providers.drf.calling import (
    CALLERS,
    book,
    mistake,
    outcome,
    over_http,
    people,
    result,
    run,
    said,
    served,
)
from tests.testapp import drf_api
from tests.testapp.models import Team, Token

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]


class Who(APIView):
    """Says who calls."""

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.username})


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


# -- what is kept for one is not shown to others -------------------------------------


@pytest.mark.parametrize(
    "vary",
    [vary_on_cookie, vary_on_headers("Authorization"), vary_on_headers("Cookie")],
)
def test_what_a_view_keeps_for_a_caller_is_shown_to_nobody_else(vary: Any) -> None:
    class Kept(Who):
        @method_decorator([cache_page(60), vary])
        def get(self, request: Any) -> Response:
            return super().get(request)

    server = served(Kept)
    found = people()
    for _ in range(2):
        for who, name in (("plain", "plain"), ("staff", "staff"), ("nobody", "")):
            assert run(server, "kept", found[who]) == {"user": name}


def test_what_is_kept_for_a_tool_is_not_shown_over_http() -> None:
    found = people()
    server = served("kept")
    assert run(server, "kept", found["plain"]) == {"user": "plain"}
    assert over_http(AnonymousUser(), "get", "/kept/") == (200, {"user": ""})


def test_a_host_that_is_not_allowed_is_not_believed() -> None:
    called = HttpRequest()
    called.META = {"HTTP_HOST": "other.example"}
    server = served(Who)
    event = asked("tools/call", {"name": "who"})
    context = context_for(server, event, make_request=lambda context: called)
    found = members(call_tool(server, event, context))
    assert found["content"][0]["text"] == "The site calls this a bad request."


def test_no_credential_of_the_call_is_handed_on() -> None:
    called = HttpRequest()
    called.META = {"HTTP_HOST": "testserver", "HTTP_AUTHORIZATION": "Bearer secret"}
    server = served(Who)
    event = asked("tools/call", {})
    context = context_for(
        server, event, User(pk=1), make_request=lambda context: called
    )
    request = request_for(context, "GET", "/")
    assert "secret" not in str(request.META)


# -- what a request has, and what it leaves behind ------------------------------------


def test_a_view_has_a_session() -> None:
    class Counting(APIView):
        def get(self, request: Any) -> Response:
            request.session["n"] = request.session.get("n", 0) + 1
            return Response(request.session["n"])

    server = served(Counting)
    assert [run(server, "counting") for _ in range(2)] == [1, 1]


def test_what_a_view_does_to_its_user_stays_in_its_request() -> None:
    class Renaming(APIView):
        def get(self, request: Any) -> Response:
            request.user.username = "somebody else"
            return Response("ok")

    user = User(username="alice")
    run(served(Renaming), "renaming", user)
    assert user.username == "alice"


def test_language_and_time_zone_are_as_before() -> None:
    class Abroad(APIView):
        def get(self, request: Any) -> Response:
            timezone.activate("Asia/Tokyo")
            translation.activate("de")
            return Response("ok")

    before = timezone.get_current_timezone_name(), translation.get_language()
    run(served(Abroad), "abroad")
    after = timezone.get_current_timezone_name(), translation.get_language()
    assert after == before


def test_who_comes_from_nowhere_does_not_come_from_this_host() -> None:
    class Inside(permissions.BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return bool(request.META.get("REMOTE_ADDR") == "127.0.0.1")

    class Internal(Who):
        permission_classes = [Inside]

    assert "permission" in said(served(Internal), "internal", User(username="alice"))


def test_throttles_know_nobody_by_their_address() -> None:
    class Once(throttling.AnonRateThrottle):
        rate = "1/day"

    class Rare(Who):
        throttle_classes = [Once]

    server = served(Rare)

    def status(address: str) -> Any:
        called = HttpRequest()
        called.META = {"HTTP_HOST": "testserver", "REMOTE_ADDR": address}
        event = asked("tools/call", {"name": "rare"})
        context = context_for(server, event, make_request=lambda context: called)
        return members(call_tool(server, event, context)).get("isError", False)

    assert [status("10.0.0.1"), status("10.0.0.1")] == [False, True]
    assert status("10.0.0.2") is False


def test_nobody_is_told_to_say_who_they_are() -> None:
    server = served("secret")
    assert said(server, "secret") == "Authentication credentials were not provided."

    class Open(Who):
        authentication_classes = ()
        permission_classes = [permissions.IsAdminUser]

    assert said(served(Open), "open") == (
        "You do not have permission to perform this action."
    )


# -- middleware --------------------------------------------------------------------------


def no_mondays(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Lets nobody in whose name is ``plain``."""

    def middleware(request: Any) -> Any:
        if request.user.username == "plain":
            return JsonResponse({"detail": "Not on Mondays."}, status=403)
        return get_response(request)

    return middleware


GATE = f"{__name__}.no_mondays"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    GATE,
]


def test_middleware_that_decides_decides_here(settings: Any) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    found = people()
    server = served(drf_api.BookViewSet, actions=["list", "create"])
    assert said(server, "book_list", found["plain"]) == "Not on Mondays."
    assert outcome(server, "book_list", found["staff"])[0] == 200
    assert said(server, "book_create", found["super"], title="", author=0).split(
        "\n"
    ) == [
        "title: This field may not be blank.",
        'author: Invalid pk "0" - object does not exist.',
    ]


@pytest.mark.parametrize("who", CALLERS)
def test_who_is_logged_in_over_http_gets_the_same(who: str, settings: Any) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    user = people()[who]
    Token.objects.create(key="first", user=User.objects.get(username="staff"))
    one = book("Emma")
    server = served(drf_api.BookViewSet, actions=["list", "partial_update"])
    tokens = served(drf_api.TokenViewSet, actions=["list", "retrieve"])
    client = APIClient(raise_request_exception=False)
    if not user.is_anonymous:
        client.force_login(user)
    for path, given, name, arguments in (
        ("/shop/books/", server, "book_list", {}),
        ("/shop/tokens/", tokens, "token_list", {}),
        ("/shop/tokens/first/", tokens, "token_retrieve", {"key": "first"}),
    ):
        response = client.get(path)
        found = result(given, name, user, **arguments)
        if response.status_code == 200:
            assert found["structuredContent"] == response.json()
        else:
            assert found["content"][0]["text"] == response.json()["detail"]
    response = client.patch(f"/shop/books/{one.pk}/", {"stock": "x"}, format="json")
    words = said(server, "book_partial_update", user, pk=one.pk, stock="x")
    assert words.removeprefix("stock: ") in response.content.decode()


def test_middleware_is_left_out_only_when_told(settings: Any) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    plain = people()["plain"]
    server = served(drf_api.BookViewSet, middleware=False)
    assert outcome(server, "book_list", plain)[0] == 200
    [doubt] = server.declarations.mistakes
    assert doubt.id == "django_mcp.W012"
    assert doubt.text == (
        "BookViewSet is called without middleware that may decide who may do what:"
        f" {GATE}."
    )


def test_what_has_no_url_is_not_served_around_the_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = MIDDLEWARE

    class Looks(viewsets.ViewSet):
        def list(self, request: Any) -> Response:
            return Response([])

    assert "has no URL, and so no request of it passes" in mistake(Looks).text
    assert run(served(Looks, middleware=False), "looks_list") == []


def test_files_pass_the_middleware(settings: Any, tmp_path: Any) -> None:
    settings.MIDDLEWARE, settings.MEDIA_ROOT = MIDDLEWARE, tmp_path
    team = Team.objects.create(name="A")
    server = served(drf_api.TaskViewSet, actions=["create"])
    made = run(
        server, "task_create", team=team.pk, number=1, title="T", slug="t",
        labels=[], plan={"name": "plan.txt", "data": "aGVsbG8="},
    )  # fmt: skip
    assert made["plan"].endswith("plan.txt")


def test_the_context_is_at_hand() -> None:
    context = context_of()
    assert request_for(context, "GET", "/").mcp is context
