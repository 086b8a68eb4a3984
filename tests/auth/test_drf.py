"""Whom the project's API knows, its tools know too; only headers tell."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import APIException, Throttled

from django_mcp import MCPServer
from django_mcp.auth.base import AuthError, AuthRequest
from django_mcp.auth.drf import DRFAuthenticator
from tests.auth.issuing import bearing, message

TOKENS = "rest_framework.authentication.TokenAuthentication"


class Seen(BaseAuthentication):
    """Notes what it is shown."""

    requests: list[Any] = []

    def authenticate(self, request: Any) -> Any:
        self.requests.append(request)


class Header(BaseAuthentication):
    """Knows people by a header of their own."""

    def authenticate(self, request: Any) -> Any:
        name = request.headers.get("X-Api-Key")
        return (User(pk=3, username=name), None) if name else None


class Answers(BaseAuthentication):
    """Does what the test says."""

    answer: Any = None

    def authenticate(self, request: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def alice(db: None) -> Any:
    return User.objects.create(username="alice")


@pytest.fixture
def key(alice: Any) -> str:
    return str(Token.objects.create(user=alice).key)


@pytest.mark.parametrize("classes", [TOKENS, TokenAuthentication, [TOKENS], (TOKENS,)])
def test_a_token_of_the_api_names_its_user(
    alice: Any, key: str, classes: Any, django_assert_num_queries: Any
) -> None:
    authenticator = DRFAuthenticator(authentication_classes=classes)
    with django_assert_num_queries(1):
        principal = authenticator.authenticate(bearing(key))
    assert principal is not None
    assert principal.user == alice
    assert principal.scopes is None
    assert principal.authenticator == "django_mcp.auth.drf.DRFAuthenticator"


def test_the_keyword_is_that_of_the_class_or_the_given_one(key: str) -> None:
    class Named(TokenAuthentication):
        keyword = "Key"

    for classes in (Named, TOKENS):
        authenticator = DRFAuthenticator(authentication_classes=classes)
        assert authenticator.authenticate(bearing(key))
    other = DRFAuthenticator(authentication_classes=TOKENS, keyword="Knox")
    assert other.authenticate(bearing(key)) is None


def test_what_the_api_takes_is_taken_as_it_is(key: str) -> None:
    authenticator = DRFAuthenticator(authentication_classes=TOKENS)
    as_there = message(("authorization", f"Token {key}"))
    assert authenticator.authenticate(as_there)
    twice = message(("authorization", f"Token {key}"), ("authorization", "Token x"))
    assert authenticator.authenticate(twice) is None


def test_what_goes_to_logs_is_never_the_token(key: str) -> None:
    authenticator = DRFAuthenticator(authentication_classes=TOKENS)
    principal = authenticator.authenticate(bearing(key))
    assert principal is not None and principal.token_id
    assert key not in repr(principal)
    assert len(principal.token_id) == 32


@pytest.mark.parametrize("token", ["unknown", "é".encode().hex(), "a" * 8000])
def test_a_token_that_the_api_refuses_is_refused(db: None, token: str) -> None:
    authenticator = DRFAuthenticator(authentication_classes=TOKENS)
    with pytest.raises(AuthError) as refusal:
        authenticator.authenticate(bearing(token))
    assert refusal.value.message == AuthError().message


@pytest.mark.parametrize(
    "answer",
    [
        PermissionDenied("Not from there."),
        Http404("No such key."),
        Throttled(wait=9),
        APIException("Broken."),
        (None, "token"),
        (AnonymousUser(), "token"),
        (User(pk=1, is_active=False), "token"),
    ],
    ids=range(7),
)
def test_who_may_not_log_in_may_not_call(answer: Any) -> None:
    class Given(Answers):
        pass

    Given.answer = answer
    with pytest.raises(AuthError):
        DRFAuthenticator(authentication_classes=Given).authenticate(bearing("t"))


def test_a_deactivated_user_is_refused(alice: Any, key: str) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(AuthError):
        DRFAuthenticator(authentication_classes=TOKENS).authenticate(bearing(key))


def test_classes_are_asked_in_order(alice: Any, key: str) -> None:
    authenticator = DRFAuthenticator(authentication_classes=[Header, TOKENS])
    by_header = authenticator.authenticate(message(("x-api-key", "bob")))
    assert by_header is not None
    assert by_header.user.get_username() == "bob"
    assert by_header.token_id is None
    both = message(("x-api-key", "bob"), ("authorization", f"Bearer {key}"))
    principal = authenticator.authenticate(both)
    assert principal is not None and principal.user.get_username() == "bob"
    assert authenticator.authenticate(message()) is None


def test_a_class_sees_headers_and_nothing_else() -> None:
    Seen.requests.clear()
    shown = message(
        ("x-api-key", "k"),
        ("x_api_key", "forged"),
        ("x-twice", "a"),
        ("x-twice", "b"),
        ("cookie", "sessionid=alice"),
        ("content-type", "application/json"),
        ("content-length", "1000"),
        ("remote-user", "alice"),
        scope={"client": ("203.0.113.9", 1)},
    )
    assert DRFAuthenticator(authentication_classes=Seen).authenticate(shown) is None
    (request,) = Seen.requests
    assert request.headers == {"X-Api-Key": "k", "Remote-User": "alice"}
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert "REMOTE_USER" not in request.META
    assert request.method == "POST"
    assert request.COOKIES == {}
    assert not hasattr(request._request, "session")
    assert not request.data
    assert request._request.body == b""


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (SessionAuthentication, "cookies"),
        ("rest_framework.authentication.SessionAuthentication", "cookies"),
        ([TOKENS, SessionAuthentication], "cookies"),
        (BasicAuthentication, "passwords"),
        ("oauth2_provider.contrib.rest_framework.OAuth2Authentication", "anybody"),
        ("nowhere.Authentication", "nowhere"),
        ("", ""),
        (7, "no class"),
        ((), "none"),
        (None, "no class"),
    ],
    ids=str,
)
@pytest.mark.needs("oauth")
def test_classes_that_look_elsewhere_are_named_and_not_asked(
    classes: Any, problem: str
) -> None:
    authenticator = DRFAuthenticator(authentication_classes=classes)
    server = MCPServer("checked", authenticators=[authenticator])
    found = [one for one in run_checks(databases=[]) if one.id == "django_mcp.E025"]
    assert len(found) == 1
    assert problem in found[0].msg
    if classes == ():
        assert authenticator.authenticate(bearing("t")) is None
    else:
        with pytest.raises((ImproperlyConfigured, ImportError)):
            authenticator.authenticate(bearing("t"))
    assert server.authenticators


def test_classes_that_look_at_headers_are_fine() -> None:
    authenticator = DRFAuthenticator(authentication_classes=[TOKENS, Header])
    server = MCPServer("checked", authenticators=[authenticator])
    found = [message.id for message in run_checks(databases=[])]
    assert "django_mcp.E025" not in found
    assert server.authenticators


def test_a_path_may_have_any_letters(key: str) -> None:
    server = MCPServer("shop", authenticators=[], path="/магазин")
    headers = bearing(key).headers
    Seen.requests.clear()
    authenticator = DRFAuthenticator(authentication_classes=[Seen, TOKENS])
    assert authenticator.authenticate(AuthRequest(server, headers))
    assert Seen.requests[0].path == "/магазин"


def test_it_names_no_server_to_log_in_at() -> None:
    assert DRFAuthenticator().authorization_servers() == []
