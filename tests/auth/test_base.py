"""Principals are values; an authenticator knows one, knows none, or refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from django_mcp.auth.base import (
    Authenticators,
    AuthError,
    AuthRequest,
    BaseAuthenticator,
    Principal,
    anonymous,
)
from django_mcp.protocol.headers import Headers


def shown(*headers: tuple[bytes, bytes]) -> AuthRequest:
    """Return what a message with these headers shows."""
    return AuthRequest(MCPServer("shop", authenticators=[]), Headers(headers))


def test_everybody_is_let_in_as_the_anonymous_user() -> None:
    principal = AllowAnonymous().authenticate(shown())
    assert principal is anonymous()
    assert principal.user.is_anonymous
    assert principal.scopes is None
    assert not AllowAnonymous.blocking


class Choosy(AllowAnonymous):
    """Looks like the authenticator that lets everybody in, and does not."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        return None


def test_nobody_is_asked_only_where_everybody_is_let_in_and_nobody_counted() -> None:
    def asks(*authenticators: BaseAuthenticator, **options: Any) -> bool:
        server = MCPServer("shop", authenticators=list(authenticators), **options)
        return server.authenticators.asks

    assert not asks(AllowAnonymous())
    assert asks()
    assert asks(Choosy())
    assert asks(Choosy(), AllowAnonymous())
    assert asks(AllowAnonymous(), throttles={"address": "9/min"})
    assert asks(AllowAnonymous(authenticate=lambda request: None))


def test_authenticators_are_a_sequence() -> None:
    one, other = AllowAnonymous(), AllowAnonymous()
    both = Authenticators([one, other])
    assert list(both) == [one, other]
    assert (both[0], both[-1], len(both)) == (one, other, 2)
    assert other in both
    assert repr(both) == repr((one, other))
    assert not Authenticators()


def test_the_owner_differs_by_user_and_by_client() -> None:
    alice = Principal(user=User(pk=1))
    owners = {
        alice.owner,
        replace(alice, client_id="editor").owner,
        replace(alice, user=User(pk=2)).owner,
        anonymous().owner,
    }
    assert len(owners) == 4


def test_what_django_said_does_not_make_two_principals_differ() -> None:
    alice = Principal(user=User(pk=1))
    asked = replace(alice, verdicts={"shop.view_book": True})
    assert asked == alice
    assert "view_book" not in repr(asked)


def test_an_authenticator_must_say_how_it_authenticates() -> None:
    authenticator = BaseAuthenticator()
    assert authenticator.blocking
    with pytest.raises(NotImplementedError):
        authenticator.authenticate(shown())


def test_a_refusal_names_no_reason_by_itself() -> None:
    assert AuthError().message == str(AuthError()) == "The credentials are not valid."
    assert AuthError("Log in again.").message == "Log in again."
