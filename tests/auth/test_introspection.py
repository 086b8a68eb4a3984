"""Another server is asked about a token, and its answer is not taken on trust."""

from __future__ import annotations

import base64
import logging
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.checks import run_checks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mcp import MCPServer
from django_mcp.auth.base import AuthError
from django_mcp.auth.introspection import IntrospectionAuthenticator
from tests.auth.issuing import DAY, OURS, SITE, Remote, bearing, claims, message

ISSUER = "https://id.example"
EVIL = "https://evil.example"
ALICE = User(pk=1, username="alice")
TOKEN = "opaque-token-of-alice"


class Tokens(IntrospectionAuthenticator):
    """As a project has it; its users stand in the memory of the test."""

    def get_user(self, claims: Any) -> Any:
        return {(ISSUER, "auth0|7"): ALICE}.get((claims["iss"], claims["sub"]))


@pytest.fixture(autouse=True)
def _the_site(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": SITE}


@pytest.fixture
def tokens(other: Remote) -> Tokens:
    say(other)
    return Tokens(
        issuer=ISSUER,
        introspection_uri=f"{other.url}/introspect",
        client_id="shop:1",
        client_secret="a secret with % and ü",
    )


def say(other: Remote, **changed: Any) -> None:
    """Let the other server say that a token is good, but for changes."""
    good = {"active": True, "token_type": "Bearer"}
    other.answers["/introspect"] = claims(ISSUER, **{**good, **changed})


def refuse(tokens: Tokens, code: str = "invalid_token") -> None:
    with pytest.raises(AuthError) as refusal:
        tokens.authenticate(bearing(TOKEN))
    assert refusal.value.code == code


def test_a_token_that_is_active_names_user_client_and_scopes(
    tokens: Tokens, other: Remote
) -> None:
    principal = tokens.authenticate(bearing(TOKEN))
    assert principal is not None
    assert principal.user is ALICE
    assert principal.client_id == "editor"
    assert principal.scopes == frozenset({"shop:read", "shop:write"})
    assert principal.expires_at
    assert principal.token_id == "t-1"
    assert principal.authenticator == f"{__name__}.Tokens"


def test_it_is_asked_with_our_credentials(tokens: Tokens, other: Remote) -> None:
    tokens.authenticate(bearing(TOKEN))
    form = {"token": [TOKEN], "token_type_hint": ["access_token"]}
    assert parse_qs(other.bodies[0].decode()) == form
    kind, _, sent = other.authorizations[0].partition(" ")
    pair = "shop%3A1:a+secret+with+%25+and+%C3%BC"
    assert (kind, base64.b64decode(sent).decode()) == ("Basic", pair)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": ...},
        {"iss": ...},
        {"token_type": ...},
        {"token_type": "bearer"},
        {"aud": [OURS, "account"]},
        {"jti": ...},
        {"more": {"of": ["it"]}},
    ],
    ids=str,
)
def test_what_need_not_be_said_may_be_left_out(
    tokens: Tokens, other: Remote, changed: Any
) -> None:
    say(other, **changed)
    principal = tokens.authenticate(bearing(TOKEN))
    assert principal is not None and principal.user is ALICE
    assert TOKEN not in repr(principal)


@pytest.mark.parametrize(
    "changed",
    [
        {"active": False},
        {"active": ...},
        {"active": 1},
        {"active": "true"},
        {"active": ["yes"]},
        {"aud": ...},
        {"aud": None},
        {"aud": SITE},
        {"aud": "account"},
        {"aud": []},
        {"iss": EVIL},
        {"iss": None},
        {"iss": [ISSUER]},
        {"exp": time.time() - 60},
        {"exp": "soon"},
        {"nbf": time.time() + DAY},
        {"sub": ...},
        {"sub": "nobody"},
        {"sub": ["auth0|7"]},
        {"scope": 7},
        {"client_id": {}},
        {"token_type": "DPoP"},
        {"token_type": "refresh_token"},
        {"token_use": "refresh_token"},
        {"typ": "Refresh"},
        {"cnf": {"x5t#S256": "x"}},
    ],
    ids=str,
)
def test_an_answer_must_say_that_the_token_is_for_us(
    tokens: Tokens, other: Remote, changed: Any
) -> None:
    say(other, **changed)
    refuse(tokens)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b""),
        (401, {"www-authenticate": "Basic"}, b'{"active": true}'),
        (302, {"location": "/elsewhere"}, b""),
        (200, {}, b"<h1>Maintenance</h1>"),
        (200, {}, b"[true]"),
        (200, {}, b"x" * 300_000),
    ],
    ids=range(6),
)
def test_who_cannot_be_asked_says_neither_yes_nor_no(
    tokens: Tokens, other: Remote, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    other.answers["/introspect"] = answer
    tokens.cache_seconds = 60
    refuse(tokens, "temporarily_unavailable")
    assert "/introspect says nothing" in caplog.text
    assert TOKEN not in caplog.text
    assert "a secret" not in caplog.text
    say(other)
    assert tokens.authenticate(bearing(TOKEN))  # nothing was kept


def test_without_a_bearer_token_nobody_is_asked(tokens: Tokens, other: Remote) -> None:
    assert tokens.authenticate(message()) is None
    assert tokens.authenticate(message(("authorization", "Basic x"))) is None
    with pytest.raises(AuthError):
        tokens.authenticate(bearing("no token at all"))
    assert other.asked == []


def test_an_address_that_is_not_safe_is_not_asked(tokens: Tokens) -> None:
    tokens.introspection_uri = "http://id.example/introspect"
    refuse(tokens, "temporarily_unavailable")


def test_without_an_audience_no_token_is_for_us(
    tokens: Tokens, other: Remote, settings: Any
) -> None:
    settings.DJANGO_MCP = {}
    for audience in ("", [""], OURS, ...):
        say(other, aud=audience)
        refuse(tokens)


# -- answers that are kept --------------------------------------------------


def test_each_call_asks_unless_answers_are_kept(tokens: Tokens, other: Remote) -> None:
    for _ in range(3):
        tokens.authenticate(bearing(TOKEN))
    assert len(other.asked) == 3
    tokens.cache_seconds = 60
    for _ in range(3):
        tokens.authenticate(bearing(TOKEN))
    assert len(other.asked) == 4
    tokens.authenticate(bearing("another-token"))
    assert len(other.asked) == 5


def test_no_token_is_kept(tokens: Tokens) -> None:
    tokens.cache_seconds = 60
    tokens.authenticate(bearing(TOKEN))
    assert cache._cache  # type: ignore[attr-defined]
    for name, value in cache._cache.items():  # type: ignore[attr-defined]
        assert TOKEN not in name
        assert TOKEN.encode() not in value


def test_nothing_is_kept_for_longer_than_a_token_lives(
    tokens: Tokens, other: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.cache_seconds = 60
    say(other, exp=time.time() - 10)  # within the leeway
    tokens.authenticate(bearing(TOKEN))
    tokens.authenticate(bearing(TOKEN))
    assert len(other.asked) == 2
    assert tokens._kept({"active": True, "exp": time.time() + 20}) <= 20
    assert tokens._kept({"active": True}) == 60
    assert tokens._kept({"active": True, "exp": "soon"}) == 0
    assert tokens._kept({"active": False, "exp": time.time() + 20}) == 10


def test_a_user_who_leaves_is_refused_though_an_answer_is_kept(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.cache_seconds = 60
    assert tokens.authenticate(bearing(TOKEN))
    monkeypatch.setattr(ALICE, "is_active", False)
    refuse(tokens)


def test_what_is_kept_of_one_server_is_not_said_by_another(
    tokens: Tokens, other: Remote
) -> None:
    tokens.cache_seconds = 60
    assert tokens.authenticate(bearing(TOKEN))
    elsewhere = Tokens(introspection_uri=f"{other.url}/other", cache_seconds=60)
    refuse(elsewhere, "temporarily_unavailable")


# -- whatever comes ---------------------------------------------------------

JUNK: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["active", "iss", "aud", "sub", "exp", "nbf", "jti", "scope", "client_id", "typ"]
)


class Told(Tokens):
    """Is told what the other server would say."""

    said: Any = None

    def _asked(self, token: str) -> Any:
        return self.said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed=st.dictionaries(NAMES, JUNK, max_size=4))
def test_odd_answers_are_refused_and_nothing_worse(changed: dict[str, Any]) -> None:
    said = {"active": True, **claims(ISSUER), **changed}
    tokens = Told(issuer=ISSUER, said=said, cache_seconds=1)
    cache.clear()
    try:
        principal = tokens.authenticate(bearing(TOKEN))
    except AuthError:
        return
    assert principal is not None and principal.user is ALICE
    assert said["active"] is True and said["iss"] == ISSUER


# -- what the system checks say ---------------------------------------------

GOOD = {"introspection_uri": "https://id.example/introspect"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (GOOD, []),
        ({**GOOD, "issuer": ISSUER, "cache_seconds": 60}, []),
        ({}, ["E022"]),
        ({"introspection_uri": "http://id.example/introspect"}, ["E022"]),
        ({**GOOD, "issuer": "id.example"}, ["E022"]),
        ({**GOOD, "audience": ""}, ["E023"]),
        ({**GOOD, "cache_seconds": 3600}, ["W023"]),
    ],
    ids=str,
)
def test_what_would_let_others_in_is_named(attributes: Any, expected: Any) -> None:
    server = MCPServer("checked", authenticators=[Tokens(**attributes)])
    found = [message.id for message in run_checks(databases=[])]
    kinds = ("django_mcp.E02", "django_mcp.W02")
    names = [i.partition(".")[2] for i in found if i and i.startswith(kinds)]
    assert (names, len(server.authenticators)) == (expected, 1)


def test_failures_are_logged_as_errors(
    tokens: Tokens, other: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    other.answers.clear()
    refuse(tokens, "temporarily_unavailable")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
