"""A tool does what the same request would do, for the same person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import permissions, serializers, viewsets
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from django_mcp import ToolError
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.drf.calling import (
    CALLERS,
    book,
    names,
    outcome,
    over_http,
    people,
    properties,
    result,
    run,
    said,
    served,
    tool,
)
from tests.testapp import drf_api
from tests.testapp.models import Author, Book, Country, Task, Team, Token

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("drf"),
    pytest.mark.urls("tests.testapp.drf_urls"),
]

EVERYTHING = "__all__"
BOOKS = ["list", "retrieve", "create", "update", "partial_update", "destroy"]


class Odd(permissions.BasePermission):
    """Lets users with an even key look, and only at rows with an even one."""

    message = "Only even keys."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user and (request.user.pk or 1) % 2 == 0)

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj.pk % 2 == 0)


RULES: list[Any] = [
    permissions.AllowAny,
    permissions.IsAuthenticated,
    permissions.IsAdminUser,
    permissions.IsAuthenticatedOrReadOnly,
    permissions.DjangoModelPermissions,
    permissions.DjangoModelPermissionsOrAnonReadOnly,
    permissions.DjangoObjectPermissions,
    Odd,
    permissions.IsAdminUser | Odd,
    permissions.IsAuthenticated & ~permissions.IsAdminUser,
]


def rule_name(rule: Any) -> str:
    return getattr(rule, "__name__", "composed")


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
@pytest.mark.parametrize("who", CALLERS)
def test_every_rule_gives_the_same_answer_as_over_http(rule: Any, who: str) -> None:
    user = people()[who]
    rows = [book("Emma"), book("Persuasion")]
    viewset: Any = type(
        "RuledViewSet", (drf_api.BookViewSet,), {"permission_classes": [rule]}
    )
    server = served(viewset, actions=BOOKS)
    data = {"title": "New", "author": rows[0].author.pk}

    def by_request(method: str, action: str, pk: Any = None, body: Any = None) -> Any:
        request = getattr(APIRequestFactory(), method)("/", body, format="json")
        if not user.is_anonymous:
            force_authenticate(request, user)
        kwargs = {} if pk is None else {"pk": pk}
        response = viewset.as_view({method: action})(request, **kwargs).render()
        if response.status_code in {401, 403}:
            return 403, None
        if response.status_code == 404:
            return 404, None
        if response.status_code >= 400:
            return 400, None
        return 200, json.loads(response.content) if response.content else "Done."

    assert outcome(server, "book_list", user) == by_request("get", "list")
    for row in rows:
        found = outcome(server, "book_retrieve", user, pk=row.pk)
        assert found == by_request("get", "retrieve", row.pk)
        found = outcome(server, "book_partial_update", user, pk=row.pk, stock=7)
        row.refresh_from_db()
        changed = row.stock == 7
        assert found == by_request("patch", "partial_update", row.pk, {"stock": 7})
        assert changed is (found[0] == 200)
    status, made = outcome(server, "book_create", user, **data)
    expected, made_there = by_request("post", "create", body=data)
    assert status == expected
    if made is not None:
        assert {**made, "id": 0} == {**made_there, "id": 0}
    for row, other in zip(rows, (book("A"), book("B")), strict=True):
        if row.pk % 2 != other.pk % 2:
            other = book("C")
        status, _ = outcome(server, "book_destroy", user, pk=row.pk)
        assert status == by_request("delete", "destroy", other.pk)[0]
        assert Book.objects.filter(pk=row.pk).exists() is (status != 200)


@pytest.mark.parametrize("who", CALLERS)
def test_a_routed_viewset_gives_what_its_urls_give(who: str) -> None:
    user = people()[who]
    for title in ("Emma", "Persuasion", "Sanditon"):
        book(title, stock=len(title))
    server = served(drf_api.BookViewSet, actions=[*BOOKS, "rare", "set_price"])
    one = Book.objects.get(title="Emma")
    detail = f"/shop/books/{one.pk}/"

    def page(found: Any) -> Any:
        status, data = found
        return status, data and {
            key: value for key, value in data.items() if key not in {"next", "previous"}
        }

    for arguments in (
        {},
        {"page": 2},
        {"page": 9},
        {"search": "san"},
        {"ordering": ["-title"]},
        {"page_size": 3},
    ):
        query = {k: ",".join(v) if k == "ordering" else v for k, v in arguments.items()}  # type: ignore[arg-type]
        found = outcome(server, "book_list", user, **arguments)
        assert page(found) == page(over_http_query(user, "/shop/books/", query))
    assert outcome(server, "book_retrieve", user, pk=one.pk) == over_http(
        user, "get", detail
    )
    assert (
        outcome(server, "book_rare", user)[0]
        == over_http(user, "get", "/shop/books/rare/")[0]
    )
    price = {"price": "12.50"}
    assert outcome(server, "book_set_price", user, pk=one.pk, **price) == over_http(
        user, "post", f"{detail}set_price/", price
    )


def over_http_query(user: Any, path: str, query: dict[str, Any]) -> Any:
    return over_http(user, "get", path, query)


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_the_rows_of_the_queryset_for_them(who: str) -> None:
    found = people()
    user = found[who]
    for name in ("plain", "staff"):
        Token.objects.create(key=f"of-{name}", user=found[name])
    server = served(drf_api.TokenViewSet, actions=EVERYTHING)
    path = "/shop/tokens/"
    assert outcome(server, "token_list", user) == over_http(user, "get", path)
    for key in ("of-plain", "of-staff", "of-nobody"):
        one = f"{path}{key}/"
        assert outcome(server, "token_retrieve", user, key=key) == over_http(
            user, "get", one
        )
        changed = {"key": f"{key}-2"}
        with undone():
            expected = over_http(user, "patch", one, changed)
        found_there = outcome(
            server, "token_partial_update", user, key=key, new_key=f"{key}-2"
        )
        assert found_there == expected


@contextmanager
def undone() -> Iterator[None]:
    """Do something, and then have it not done."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_hooks_of_the_viewset_run() -> None:
    user = people()["plain"]
    server = served(drf_api.TokenViewSet, actions=["create"])
    assert run(server, "token_create", user, key="mine") == {
        "key": "mine",
        "user": user.pk,
    }
    assert Token.objects.get(key="mine").user == user


@pytest.mark.parametrize("who", CALLERS)
def test_the_quickstart_in_one_line_shows_what_the_api_shows(who: str) -> None:
    user = people()[who]
    server = served(drf_api.UserViewSet, actions=EVERYTHING)
    host = {"HTTP_HOST": "testserver"}
    assert outcome(server, "user_list", user) == over_http(
        user, "get", "/users/", **host
    )
    some = User.objects.get(username="permitted")
    assert outcome(server, "user_retrieve", user, pk=some.pk) == over_http(
        user, "get", f"/users/{some.pk}/", **host
    )
    group = Group.objects.get()
    sent = {"username": "new", "groups": [f"http://testserver/groups/{group.pk}/"]}
    status, made = outcome(server, "user_create", user, **sent)
    assert status == over_http(user, "post", "/users/", {**sent, "username": "x"})[0]
    if made is not None:
        assert made["groups"] == sent["groups"]
        assert made["url"] == f"http://testserver/users/{made['url'].split('/')[-2]}/"


def test_a_router_in_one_line_serves_all_its_viewsets() -> None:
    from tests.testapp.drf_urls import router

    assert names(served(router)) == [
        "group_list",
        "group_retrieve",
        "user_list",
        "user_retrieve",
    ]


# -- the tutorial, in its four ways --------------------------------------------------


def test_functions_and_classes_of_the_tutorial_are_tools() -> None:
    author = Author.objects.create(name="Jane")
    server = served(drf_api.author_list, actions=["get", "post"])
    assert names(server) == ["author_list", "author_list_post"]
    assert result(server, "author_list")["structuredContent"] == [
        {"id": author.pk, "name": "Jane"}
    ]
    assert run(server, "author_list_post", name="Ann")["name"] == "Ann"
    assert said(server, "author_list_post", name="") == (
        "name: This field may not be blank."
    )
    detail = served(drf_api.AuthorDetail, actions=EVERYTHING)
    assert names(detail) == [
        "author_detail",
        "author_detail_delete",
        "author_detail_put",
    ]
    assert run(detail, "author_detail_put", pk=author.pk, name="J.")["name"] == "J."
    assert run(detail, "author_detail_delete", pk=author.pk) == "Done."
    assert said(detail, "author_detail", pk=author.pk) == (
        "No Author matches the given query."
    )


def test_generic_views_are_tools() -> None:
    server = served(drf_api.AuthorsView, actions=["get", "post"])
    made = run(server, "authors_post", name="Ann")
    assert run(server, "authors") == [made]
    assert tool(server, "authors").output_schema == {
        "type": "array",
        "items": tool(server, "authors_post").output_schema,
    }
    one = served(drf_api.AuthorView, actions=EVERYTHING)
    assert run(one, "author_patch", pk=made["id"], name="B")["name"] == "B"
    assert properties(one, "author_patch")["pk"]["type"] == "integer"


def test_a_url_name_leads_to_its_actions() -> None:
    server = served("shop:book-list")
    assert names(server) == ["book_list"]
    assert names(served("shop:book-list", actions=EVERYTHING)) == [
        "book_create",
        "book_list",
    ]
    assert names(served("secret")) == ["secret"]


# -- authentication is settled ---------------------------------------------------------


def test_a_view_cannot_make_somebody_else_of_the_caller() -> None:
    found = people()
    server = served(drf_api.StrangeView)
    assert run(server, "strange", found["plain"]) == {"user": "plain", "auth": None}
    assert run(server, "strange") == {"user": "", "auth": None}


def test_nobody_is_whom_the_framework_takes_for_nobody(settings: Any) -> None:
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    seen = []

    class Look(viewsets.ViewSet):
        def list(self, request: Any) -> Response:
            seen.append(request.user)
            assert not request.auth
            return Response([])

    run(served(Look), "look_list", AnonymousUser())
    assert seen == [None]


def test_decorated_functions_keep_their_rules() -> None:
    found = people()
    server = served("secret")
    for who in CALLERS:
        expected = over_http(found[who], "get", "/secret/")
        assert outcome(server, "secret", found[who]) == expected


def test_throttles_count_each_caller() -> None:
    from django.core.cache import cache

    cache.clear()
    found = people()
    server = served(drf_api.ThrottledView)
    for who in ("plain", "staff"):
        for _ in range(2):
            assert run(server, "throttled", found[who]) == {"ok": True}
        words = said(server, "throttled", found[who])
        assert words.startswith("Request was throttled. Expected available in ")
        assert over_http(found[who], "get", "/throttled/")[0] == 400
    cache.clear()


# -- errors ---------------------------------------------------------------------------


def test_errors_are_by_field_in_the_words_of_the_serializer() -> None:
    user = people()["super"]
    server = served(drf_api.BookViewSet, actions=BOOKS)
    assert said(server, "book_create", user, title="", author=0, format="x").split(
        "\n"
    ) == [
        "title: This field may not be blank.",
        'author: Invalid pk "0" - object does not exist.',
        'format: "x" is not a valid choice.',
    ]
    assert said(server, "book_create", user, title="T") == "author: field required"
    assert "unknown argument" in said(server, "book_list", user, nothing=1)


def test_nested_errors_have_paths() -> None:
    class Row(serializers.Serializer):
        price = serializers.DecimalField(max_digits=5, decimal_places=2)

    class Whole(serializers.Serializer):
        rows = Row(many=True)
        about = Row(required=False)

        def validate(self, values: Any) -> Any:
            raise serializers.ValidationError("It cannot be.")

    class Deep(viewsets.ViewSet):
        def create(self, request: Any) -> Response:
            serializer = Whole(data=request.data)
            serializer.is_valid(raise_exception=True)
            return Response({})

    server = served(Deep, actions=["create"], body={"create": Whole})
    words = said(
        server, "deep_create", rows=[{"price": 1}, {}, {"price": "x"}], about={}
    )
    assert words.split("\n") == [
        "rows[1].price: This field is required.",
        "rows[2].price: A valid number is required.",
        "about.price: This field is required.",
    ]
    assert said(server, "deep_create", rows=[]) == "It cannot be."


def test_what_fails_is_masked() -> None:
    user = people()["super"]
    server = served(drf_api.BookViewSet, actions=["burn", "crash"])
    for name in ("book_burn", "book_crash"):
        with pytest.raises(Exception) as raised:
            run(server, name, user)
        assert not isinstance(raised.value, ToolError | PermissionDenied | Http404)


# -- the query ---------------------------------------------------------------------------


def test_pages_lead_on_by_arguments() -> None:
    for place in range(5):
        Country.objects.create(code=f"c{place}", name=f"Land {place}")
    for target, name in (
        (drf_api.CountryViewSet, "country_list"),
        ("all", "cursor_list"),
    ):
        server = served(target)
        arguments: Any = {}
        codes: list[str] = []
        while arguments is not None:
            page = run(server, name, **arguments)
            codes += [row["code"] for row in page["results"]]
            arguments = page["next"]
        assert codes == [f"c{place}" for place in range(5)]
        back = run(server, name, **page["previous"])
        assert back["results"][-1]["code"] == "c3"


def test_the_first_page_is_named() -> None:
    for place in range(3):
        book(f"Book {place}")
    server = served(drf_api.BookViewSet)
    second = run(server, "book_list", people()["super"], page=2)
    assert second["previous"] == {"page": 1}
    assert second["next"] is None


# -- the path ---------------------------------------------------------------------------


def test_a_key_that_leads_to_another_view_is_not_found() -> None:
    server = served(drf_api.TaskViewSet)
    assert said(server, "task_retrieve", slug="a/b") == "Not found."
    assert said(server, "task_retrieve", slug="..") == "Not found."
    server = served(drf_api.BookViewSet)
    assert said(server, "book_retrieve", pk=77) == "No Book matches the given query."


def test_a_field_that_is_also_in_the_path_is_new() -> None:
    team = Team.objects.create(name="A")
    Task.objects.create(team=team, number=1, title="T", slug="old")
    server = served(drf_api.TaskViewSet, actions=EVERYTHING)
    assert {"slug", "new_slug"} <= properties(server, "task_partial_update").keys()
    changed = run(server, "task_partial_update", slug="old", new_slug="new")
    assert changed["slug"] == "new"
    assert said(
        server, "task_partial_update", slug="new", new_slug="not a slug"
    ).startswith("new_slug: ")


def test_typed_paths_come_from_the_urlconf() -> None:
    team = Team.objects.create(name="A")
    Task.objects.create(team=team, number=1, title="T", slug="t")
    server = served(drf_api.TeamTasksView)
    assert properties(server, "team_tasks")["team"]["type"] == "integer"
    assert [row["slug"] for row in run(server, "team_tasks", team=team.pk)] == ["t"]


def test_what_a_path_may_lack_is_optional() -> None:
    server = served("archive")
    assert run(server, "archive", year="2024") == {"year": "2024", "word": None}
    assert run(server, "archive", year=2024, word="may")["word"] == "may"
    assert said(server, "archive", year="24") == "Not found."
    assert said(server, "archive", word="may") == "year: field required"


# -- files --------------------------------------------------------------------------------


def test_a_file_comes_as_base64(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    team = Team.objects.create(name="A")
    server = served(drf_api.TaskViewSet, actions=EVERYTHING)
    sent = {
        "team": team.pk, "number": 1, "title": "T", "slug": "t", "labels": [],
        "plan": {"name": "plan.txt", "data": "aGVsbG8="},
    }  # fmt: skip
    assert said(server, "task_create", **{**sent, "plan": {"name": "x"}}) == (
        "plan: should have a name, and data in base64"
    )
    made = run(server, "task_create", **sent)
    assert made["plan"].endswith("plan.txt")
    with Task.objects.get().plan.open() as plan:
        assert plan.read() == b"hello"


def test_other_answers_are_content() -> None:
    user = people()["super"]
    server = served(drf_api.BookViewSet, actions=["leaflet", "numbers", "wish"])
    file = result(server, "book_leaflet", user)["content"][0]["resource"]
    assert file["mimeType"] == "application/pdf"
    assert file["uri"] == "file:///leaflet.pdf"
    assert run(server, "book_numbers", user) == {"books": 1}
    one = book()
    assert names(server)[-2:] == ["book_wish", "book_wish_delete"]
    for name, method in (("book_wish", "PUT"), ("book_wish_delete", "DELETE")):
        assert run(server, name, user, pk=one.pk)["method"] == method


# -- transactions and concurrency ------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_atomic_requests_undo_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class HalfWay(viewsets.ViewSet):
        def create(self, request: Any) -> Response:
            Author.objects.create(name="Half")
            raise serializers.ValidationError({"name": ["No."]})

    for atomic, left in ((False, 1), (True, 0)):
        Author.objects.all().delete()
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
        server = served(HalfWay, actions=["create"])
        assert said(server, "half_way_create") == "name: No."
        assert Author.objects.count() == left


def test_calls_at_once_share_nothing() -> None:
    class Slow(viewsets.ViewSet):
        def retrieve(self, request: Any, pk: str) -> Response:
            self.seen = pk
            for _ in range(2000):
                assert self.seen == pk
                assert self.kwargs == {"pk": pk}
            return Response({"pk": self.seen})

    server = served(Slow)
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda n: run(server, "slow_retrieve", pk=n), range(40))
    assert [one["pk"] for one in found] == [str(n) for n in range(40)]


def test_the_class_is_never_changed() -> None:
    before = dict(vars(drf_api.BookViewSet))
    server = served(drf_api.BookViewSet, actions=BOOKS)
    run(server, "book_list", people()["super"])
    assert dict(vars(drf_api.BookViewSet)) == before


# -- hostile arguments --------------------------------------------------------------------

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["\x00", "\ud800", "1e999", "[]", "{}", "%00", "../..", "9" * 400]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=150,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(data=st.data())
def test_hostile_arguments_are_refused_and_nothing_more(data: Any) -> None:
    user, _ = User.objects.get_or_create(username="root", is_superuser=True)
    target = data.draw(
        st.sampled_from(
            [drf_api.BookViewSet, drf_api.TaskViewSet, drf_api.CountryViewSet, "all"]
        )
    )
    server = HOSTILE.get(target)
    if server is None:
        skipped = {"burn", "crash", "tell"}
        actions = (
            EVERYTHING
            if isinstance(target, str)
            else [
                name
                for name in [*BOOKS, "set_price", "rare"]
                if name not in skipped and hasattr(target, name)
            ]
        )
        server = HOSTILE[target] = served(target, actions=actions)
    name = data.draw(st.sampled_from(names(server)))
    known = list(properties(server, name))
    arguments = data.draw(
        st.dictionaries(st.sampled_from([*known, "other"]), VALUES, max_size=6)
    )
    with suppress(ToolError, ArgumentErrors, PermissionDenied, Http404):
        run(server, name, user, **arguments)


HOSTILE: dict[Any, Any] = {}
