"""The request a view gets is the caller's, and carries no credentials."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import get_script_prefix, get_urlconf
from django.utils import timezone, translation

from django_mcp.providers.views.requests import Sent, Session, request_for
from tests.providers.callers import context_of
from tests.providers.views.calls import called, result_of, text_of, tool_of
from tests.testapp.pages import ContactForm

pytestmark = pytest.mark.django_db


def surroundings(user: Any = None, **options: Any) -> Any:
    tool = tool_of("surroundings", answer="json", **options)
    return called(tool, user).structured


@pytest.mark.parametrize("middleware", [False, True])
def test_no_credential_is_handed_on(middleware: bool, users: Any) -> None:
    found = surroundings(users["plain"], middleware=middleware)
    assert "Authorization" not in found["headers"]
    assert "X-Other" not in found["headers"]
    assert found["headers"]["User-Agent"] == "client"
    assert "stolen" not in str(found)
    assert surroundings()["cookies"] == {}


@pytest.mark.parametrize("middleware", [False, True])
def test_the_view_knows_where_it_is_and_who_calls(middleware: bool, users: Any) -> None:
    found = surroundings(users["plain"], middleware=middleware)
    assert found["address"] == "http://testserver/surroundings/"
    assert found["route"] == "surroundings/"
    assert found["same"]
    assert found["session"]["_auth_user_id"] == str(users["plain"].pk)


def test_without_a_network_the_site_is_the_one_of_the_settings(settings: Any) -> None:
    request = request_for(context_of(), Sent(method="GET", path="/x/"))
    assert request.build_absolute_uri() == "http://testserver/x/"
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["*", ".example.com"]
    request = request_for(context_of(), Sent(method="GET", path="/x/"))
    assert request.build_absolute_uri() == "https://example.com/x/"
    assert request.is_secure()


def test_a_site_that_is_only_secure_is_not_redirected_to_itself(settings: Any) -> None:
    security = "django.middleware.security.SecurityMiddleware"
    settings.MIDDLEWARE = [security, *settings.MIDDLEWARE]
    settings.SECURE_SSL_REDIRECT = True
    found = surroundings(middleware=True)
    assert found["address"] == "https://testserver/surroundings/"


def test_a_host_that_is_not_allowed_is_not_believed(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["other.example"]
    result = result_of(tool_of("surroundings", answer="json"))
    assert text_of(result) == "The site calls this a bad request."


def test_the_path_is_the_one_a_browser_would_send() -> None:
    sent = Sent(method="GET", path="/ä b/%2e", query="q=%C3%A4")
    request = request_for(context_of(), sent)
    assert request.path_info == "/ä b/%2e"
    assert request.get_full_path() == "/%C3%A4%20b/%252e?q=%C3%A4"
    assert request.GET.urlencode() == "q=%C3%A4"


def test_a_site_below_a_prefix_keeps_it(settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/shop"
    request = request_for(context_of(), Sent(method="GET", path="/x/"))
    assert (request.path, request.path_info) == ("/shop/x/", "/x/")


def test_the_language_of_the_call_is_that_of_the_view() -> None:
    with translation.override("de"):
        request = request_for(context_of(), Sent(method="GET", path="/x/"))
    assert request.headers["Accept-Language"] == "de"
    assert request.LANGUAGE_CODE == "de"


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("name", ["enter", "leave"])
def test_logging_in_or_out_changes_nothing_else(
    name: str, middleware: bool, users: Any
) -> None:
    user = users["plain"]
    called(tool_of(name, answer="json", middleware=middleware), user)
    assert surroundings(user, middleware=middleware)["same"]
    found = called(tool_of("whoami", answer="json", middleware=middleware), user)
    assert found.structured["user"] == "plain"
    assert user.username == "plain"


def test_no_session_is_stored(settings: Any, users: Any, tmp_path: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    settings.SESSION_FILE_PATH = tmp_path
    settings.SESSION_SAVE_EVERY_REQUEST = True
    found = called(tool_of("enter", answer="json", middleware=True), users["plain"])
    assert found.structured["user"] == "superuser"
    assert not list(tmp_path.iterdir())


async def test_a_session_has_what_sessions_have() -> None:
    for user in (AnonymousUser(), User(pk=3, username="x")):
        session = Session(user, None if user.is_anonymous else "k" * 32)
        session["cart"] = "full"
        await session.aset("more", 1)
        session.cycle_key()
        session.save()
        await session.asave()
        assert session.session_key and session["cart"] == "full"
        assert not session.exists("k" * 32) and not await session.aexists("k" * 32)
        session.flush()
        await session.aflush()
        assert "cart" not in session
        await session.acreate()
        session.delete()
        await session.adelete()
        Session.clear_expired()
        await Session.aclear_expired()


def test_a_page_is_never_cached_for_somebody_else(users: Any, settings: Any) -> None:
    tool = tool_of("cached", answer="json")
    site = tool_of("whoami", answer="json", middleware=True)
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    site = tool_of("whoami", answer="json", middleware=True)
    cache.clear()
    for _ in range(2):
        for who in ("plain", "staff", "anonymous"):
            user = users[who]
            name = "AnonymousUser" if user.is_anonymous else who
            assert called(tool, user).structured["user"] == name
            assert called(site, user).structured["user"] == name
    # Nor for a visitor with a browser.
    assert Client().get("/whoami/").json()["user"] == "AnonymousUser"
    cache.clear()


def test_the_middleware_cannot_make_somebody_else_of_the_caller(
    settings: Any, users: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.impersonates"]
    with pytest.raises(Exception, match="made somebody else of the caller"):
        called(tool_of("whoami", answer="json"), users["plain"])


def impersonates(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        request.user = User.objects.get(username="superuser")
        return get_response(request)

    return middleware


def answers_itself(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        return JsonResponse({"closed": True}, status=503)

    return middleware


def test_what_a_view_leaves_behind_is_undone(users: Any) -> None:
    zone, language = timezone.get_current_timezone(), translation.get_language()
    found = called(tool_of("careless", answer="json"), users["plain"])
    assert found.structured == {"superuser": True}
    assert translation.get_language() == language
    assert (get_script_prefix(), get_urlconf()) == ("/", None)
    assert timezone.get_current_timezone() == zone
    assert not users["plain"].is_superuser


def test_a_view_makes_addresses_below_the_prefix_of_the_site(settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/shop/"
    tool = tool_of("contact", form=ContactForm, answer="text")
    found = called(tool, name="Ann", copies=1)
    assert found.structured["location"] == "/shop/thanks/"
    assert get_script_prefix() == "/"


def changes_the_urls(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> Any:
        request.urlconf = "tests.urls"
        translation.activate("de")
        return get_response(request)

    return middleware


def test_middleware_that_decides_something_runs_by_itself(
    settings: Any, users: Any
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    tool = tool_of("whoami", answer="json")
    assert text_of(result_of(tool)) == "You must be logged in to do this."
    assert called(tool, users["plain"]).structured["user"] == "plain"
    settings.MIDDLEWARE = [f"{__name__}.answers_itself"]
    with pytest.raises(Exception, match="answered 503"):
        called(tool_of("whoami", answer="json"))


def test_what_middleware_leaves_behind_is_undone(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.changes_the_urls"]
    language = translation.get_language()
    result = result_of(tool_of("whoami", answer="json"))
    assert text_of(result) == "Not found."
    assert translation.get_language() == language
    settings.MIDDLEWARE = []
    assert called(tool_of("whoami", answer="json")).structured["user"]
