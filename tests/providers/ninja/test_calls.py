"""A tool of an operation can do nothing that its caller could not do over HTTP.

For every guard, a browser in which somebody is logged in is compared with the
same person calling the tool.
"""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from asgiref.sync import async_to_sync
from django.contrib.auth.models import (
    AnonymousUser,
    Permission,
    User,
)
from django.db import connection
from django.http import JsonResponse
from django.test import RequestFactory
from pytest_django import Settings

from django_mcp import Context, MCPServer
from django_mcp.providers.ninja.calls import FORMS_FOR_ALL
from tests.providers.callers import context_of
from tests.providers.ninja import apis
from tests.providers.ninja.calling import (
    body,
    browser,
    called,
    refusal_of,
    tool_of,
    value_of,
)

pytestmark = [pytest.mark.needs("ninja"), pytest.mark.django_db]

FORM = "application/x-www-form-urlencoded"
NOT_PERMITTED = "You do not have permission to do this."
PEOPLE = ["anonymous", "ada", "staff", "superuser"]


def person(name: str) -> User | AnonymousUser:
    if name == "anonymous":
        return AnonymousUser()
    return User.objects.create_user(
        name, is_staff=name != "ada", is_superuser=name == "superuser"
    )


@pytest.fixture
def guards(server: MCPServer) -> MCPServer:
    server.ninja(apis.guards, operations=["GET", "POST"])
    return server


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("guard", apis.GUARDS)
def test_a_guard_decides_as_over_http(guards: MCPServer, guard: str, who: str) -> None:
    user = person(who)
    for name, path, method in (
        (guard, guard, "get"),
        (f"a{guard}", f"a{guard}", "get"),
        (f"post_{guard}", guard, "post"),
    ):
        response = getattr(browser(user), method)(f"/guards/{path}")
        if response.status_code == 200:
            assert value_of(guards, name, user=user) == body(response)
        else:
            assert response.status_code in (401, 403)
            assert refusal_of(guards, name, user=user) == NOT_PERMITTED


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", sorted(apis.CREDENTIALS))
def test_without_a_hook_nobody_has_keys_and_tokens(
    guards: MCPServer, name: str, who: str
) -> None:
    assert refusal_of(guards, name, user=person(who)) == NOT_PERMITTED


def test_a_guard_by_keys_alone_is_warned_about(guards: MCPServer) -> None:
    guards.settle()
    [mistake] = guards.declarations.mistakes
    assert (mistake.id, mistake.is_error) == ("django_mcp.W013", False)
    start, _, hint = mistake.text.partition(": ")
    names = [f"{a}{name}" for name in apis.CREDENTIALS for a in ("", "a", "post_")]
    listed = ", ".join(sorted(["decorated_key", *names]))
    assert start == f"Everybody is refused by {listed}"
    assert "auth=" in hint


def caller_headers(**headers: str) -> Any:
    """Return what a transport makes of a client's own HTTP request."""
    request = RequestFactory().post("/mcp", headers=headers, REMOTE_ADDR="10.1.2.3")
    return {"make_request": lambda context: request}


def test_what_the_client_sent_for_itself_is_no_credential(guards: MCPServer) -> None:
    sent = caller_headers(
        **{"X-Key": "right", "Authorization": "Bearer right", "Cookie": "key=right"}
    )
    for name in ("key", "bearer", "basic", "cookie", "key_or_bearer"):
        assert refusal_of(guards, name, **sent) == NOT_PERMITTED


def test_the_address_is_that_of_the_caller(guards: MCPServer) -> None:
    assert refusal_of(guards, "local", **caller_headers()) == NOT_PERMITTED


def test_who_has_no_address_is_not_this_host(guards: MCPServer) -> None:
    # Over stdio, and over HTTP behind a socket that is a file.
    assert refusal_of(guards, "local") == NOT_PERMITTED
    request = RequestFactory().post("/mcp")
    del request.META["REMOTE_ADDR"]
    sent = {"make_request": lambda context: request}
    assert refusal_of(guards, "local", **sent) == NOT_PERMITTED


def test_a_decorator_decides_as_over_http(guards: MCPServer) -> None:
    ada = User.objects.create_user("ada")
    assert browser(ada).get("/guards/decorated").status_code == 403
    assert refusal_of(guards, "decorated", user=ada) == NOT_PERMITTED
    ada.user_permissions.add(Permission.objects.get(codename="add_user"))
    assert value_of(guards, "decorated", user=User.objects.get(pk=ada.pk)) is True


# -- the hook ------------------------------------------------------------------


def test_any_user_may_stand_for_a_key(server: MCPServer) -> None:
    server.ninja(apis.guards, operations=["key", "akey"], auth=True)
    ada = User.objects.create_user("ada")
    for name in ("key", "akey"):
        assert refusal_of(server, name) == NOT_PERMITTED
        assert value_of(server, name, user=ada) == {"user": "ada", "auth": "ada"}
    ada.is_active = False
    assert refusal_of(server, "key", user=ada) == NOT_PERMITTED
    assert server.declarations.mistakes == []


def test_a_function_says_who_stands_for_a_key(server: MCPServer) -> None:
    def auth(context: Context, request: Any) -> Any:
        assert request.mcp is context
        return "ada's key" if context.user.get_username() == "ada" else None

    async def aauth(context: Context, request: Any) -> Any:
        return auth(context, request)

    ada, staff = User(username="ada"), User(username="staff", is_staff=True)
    server.ninja(apis.guards, operations=["bearer", "abearer"], auth=auth)
    server.ninja(
        apis.guards, operations=["bearer", "abearer"], auth=aauth, prefix="async"
    )
    for name in ("bearer", "abearer", "async_bearer", "async_abearer"):
        assert refusal_of(server, name, user=staff) == NOT_PERMITTED
        assert value_of(server, name, user=ada)["auth"] == "ada's key"


class Nobody:
    """An object that is called, and refuses everybody."""

    async def __call__(self, context: Context, request: Any) -> Any:
        return None


def test_a_promise_of_an_answer_is_no_yes(server: MCPServer) -> None:
    nobody = Nobody()
    keys = ["key", "akey"]
    server.ninja(apis.guards, operations=keys, auth=nobody)
    server.ninja(
        apis.guards,
        operations=keys,
        auth=lambda context, request: nobody(context, request),
        prefix="promised",
    )
    for name in keys:
        assert refusal_of(server, name) == NOT_PERMITTED
        assert "Internal error" in str(called(server, f"promised_{name}"))


@pytest.mark.parametrize("name", sorted(apis.GUARDS.keys() - apis.CREDENTIALS))
def test_the_hook_opens_nothing_that_decides_by_itself(
    server: MCPServer, name: str
) -> None:
    server.ninja(apis.guards, operations=[name], auth=lambda context, request: "me")
    response = browser().get(f"/guards/{name}")
    if response.status_code == 200:
        assert value_of(server, name) == body(response)
    else:
        assert refusal_of(server, name) == NOT_PERMITTED


def test_what_stands_around_an_operation_stays_with_the_hook(
    server: MCPServer,
) -> None:
    server.ninja(apis.decorated_key, auth=True)
    ada = User.objects.create_user("ada")
    # Its decorator sends to the login page who lacks the permission.
    assert refusal_of(server, "decorated_key", user=ada) == NOT_PERMITTED
    ada.user_permissions.add(Permission.objects.get(codename="add_user"))
    ada = User.objects.get(pk=ada.pk)
    assert value_of(server, "decorated_key", user=ada) == {"auth": "ada"}
    # And HTTP asks for the key, as before.
    assert browser(ada).get("/guards/page").status_code == 401
    assert browser(ada).get("/guards/key").status_code == 401


# -- addresses -----------------------------------------------------------------


@pytest.mark.parametrize("word", ["secret", "a/b", "", "secret/", "../x"])
def test_no_value_leads_to_another_operation(server: MCPServer, word: str) -> None:
    server.ninja(apis.shapes)
    sent = {"year": 1, "month": 2, "word": word}
    assert refusal_of(server, "address", sent)


def test_a_line_break_is_part_of_a_value(server: MCPServer) -> None:
    server.ninja(apis.shapes)
    sent = {"year": 1, "month": 2, "word": "x\n"}
    assert value_of(server, "address", sent) == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", -1), ("number", "x"), ("key", "x"), ("number", True), ("key", None)],
)
def test_a_value_that_fits_no_address_is_said(
    server: MCPServer, name: str, value: Any
) -> None:
    server.ninja(apis.shapes)
    key = "12345678-1234-5678-1234-567812345678"
    sent = {"number": 3, "key": key, "rest": "a", name: value}
    assert refusal_of(server, "typed", sent).startswith(f"{name}: ")


# -- throttles -----------------------------------------------------------------


def test_a_throttle_counts_calls_of_both_kinds(server: MCPServer) -> None:
    server.ninja(apis.throttled)
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    assert browser(ada).get("/throttled/user").status_code == 200
    assert value_of(server, "by_user", user=ada) is True
    assert browser(ada).get("/throttled/user").status_code == 429
    refused = refusal_of(server, "by_user", user=ada)
    assert refused.startswith("Too many requests. Try again in ")
    assert value_of(server, "by_user", user=bob) is True


def test_nobody_is_known_by_their_address(server: MCPServer) -> None:
    server.ninja(apis.throttled)
    for _ in range(2):
        assert value_of(server, "by_address", **caller_headers()) is True
    assert "Too many" in refusal_of(server, "by_address", **caller_headers())
    elsewhere = caller_headers(**{"X-Forwarded-For": "10.9.9.9"})
    assert value_of(server, "by_address", **elsewhere) is True


# -- middleware ------------------------------------------------------------------


def closed_today(get_response: Any) -> Any:
    """Refuse everything but to one person: a project's own middleware."""

    def middleware(request: Any) -> Any:
        if request.user.get_username() == "ada":
            return get_response(request)
        return JsonResponse({"detail": "Closed today."}, status=403)

    return middleware


def with_middleware(settings: Settings, name: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]


@pytest.mark.parametrize("name", ["anybody", "aanybody"])
def test_middleware_that_decides_is_asked(
    server: MCPServer, settings: Settings, name: str
) -> None:
    with_middleware(settings, f"{__name__}.closed_today")
    server.ninja(apis.guards)
    ada = User.objects.create_user("ada")
    assert browser().get(f"/guards/{name}").status_code == 403
    assert refusal_of(server, name) == "Closed today."
    assert value_of(server, name, user=ada)["user"] == "ada"
    assert tool_of(server, name).blocking


def test_a_site_for_users_alone_is_so_for_tools(
    server: MCPServer, settings: Settings
) -> None:
    with_middleware(settings, "django.contrib.auth.middleware.LoginRequiredMiddleware")
    server.ninja(apis.guards, operations=["GET", "POST"])
    ada = User.objects.create_user("ada")
    for name in ("anybody", "aanybody", "post_anybody"):
        assert refusal_of(server, name) == "You must be logged in to do this."
        assert value_of(server, name, user=ada)


def test_the_hook_stands_for_a_key_behind_middleware_too(
    server: MCPServer, settings: Settings
) -> None:
    with_middleware(settings, f"{__name__}.closed_today")
    server.ninja(apis.guards, operations=["key", "akey"], auth=True)
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    for name in ("key", "akey"):
        assert value_of(server, name, user=ada)["auth"] == "ada"
        assert refusal_of(server, name, user=bob) == "Closed today."
        assert browser(ada).get(f"/guards/{name}").status_code == 401


def test_middleware_may_be_left_out_with_a_warning(
    server: MCPServer, settings: Settings
) -> None:
    with_middleware(settings, f"{__name__}.closed_today")
    server.ninja(apis.guards, operations=["anybody"], middleware=False)
    assert value_of(server, "anybody")["user"] == ""
    [mistake] = server.declarations.mistakes
    assert mistake.id == "django_mcp.W013"
    assert f"without middleware that may decide who may do what: {__name__}" in (
        mistake.text
    )


@pytest.fixture(params=["without", "with"])
def other_middleware(settings: Settings, request: pytest.FixtureRequest) -> None:
    if request.param == "with":
        with_middleware(settings, f"{__name__}.open_today")


def open_today(get_response: Any) -> Any:
    """Do nothing, but who is to know."""
    return get_response


@pytest.mark.usefixtures("other_middleware")
def test_forms_of_other_methods_are_read_where_the_project_does(
    server: MCPServer, settings: Settings
) -> None:
    server.ninja(apis.put_form)
    refused = refusal_of(server, "put_form", {"word": "x"})
    assert refused == "word: field required"
    assert browser().put("/throttled/form", "word=x", FORM).status_code == 422
    fixed = MCPServer("fixed")
    with_middleware(settings, FORMS_FOR_ALL)
    fixed.ninja(apis.put_form)
    assert value_of(fixed, "put_form", {"word": "x"}) == "x"
    assert body(browser().put("/throttled/form", "word=x", FORM)) == "x"
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3
    assert browser().put("/throttled/form", "word=x", FORM).status_code == 400
    assert refusal_of(fixed, "put_form", {"word": "x"}) in (
        "The site calls this a bad request.",
        "The request was refused (status 400).",
    )


def test_reading_forms_of_other_methods_decides_nothing(
    guards: MCPServer, settings: Settings
) -> None:
    with_middleware(settings, FORMS_FOR_ALL)
    assert not tool_of(guards, "aanybody").blocking


# -- threads and transactions ----------------------------------------------------


def test_async_operations_are_called_on_the_loop(guards: MCPServer) -> None:
    assert tool_of(guards, "anybody").blocking
    assert not tool_of(guards, "aanybody").blocking


def test_an_async_operation_refuses_what_django_refuses(server: MCPServer) -> None:
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        server.ninja(apis.by_address)
        server.settle()
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    [mistake] = server.declarations.mistakes
    assert "ATOMIC_REQUESTS" in mistake.text


@pytest.mark.django_db(transaction=True)
def test_a_call_is_atomic_where_requests_are(server: MCPServer) -> None:
    server.ninja(apis.throttled)
    assert value_of(server, "in_transaction") is False
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert value_of(server, "in_transaction") is True
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False


def test_the_loop_may_look_at_the_user(guards: MCPServer) -> None:
    @async_to_sync
    async def on_the_loop() -> Any:
        tool = tool_of(guards, "alogin")
        return await tool.call(context_of(User(username="ada", pk=1)), {})

    assert on_the_loop() == {"user": "ada", "auth": "ada"}
