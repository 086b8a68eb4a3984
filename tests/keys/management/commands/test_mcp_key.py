"""``manage.py mcp_key``: one key on stdout, and every mistake in words."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_mcp import MCPServer
from django_mcp.keys.models import APIKey

DAY = timedelta(days=1)


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("mcp_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def made(*arguments: str) -> APIKey:
    """Make a key, and find it by what was printed."""
    out, _ = run("alice", "--name", "laptop", *arguments)
    key = APIKey.objects.find(out.removesuffix("\n"))
    assert key is not None
    return key


def test_the_key_and_nothing_else_goes_to_stdout(alice: User) -> None:
    out, err = run("alice", "--name", "laptop")
    key = APIKey.objects.find(out.removesuffix("\n"))
    assert key is not None
    assert (key.user, key.name, key.allowed_scopes) == (alice, "laptop", None)
    assert out.strip() not in err
    assert "it is not kept" in err


def test_a_key_has_the_limits_that_were_asked_for(alice: User) -> None:
    server = MCPServer("shop")
    key = made("--scopes", "shop:read", "shop:write", "--server", server.name)
    assert key.allowed_scopes == frozenset({"shop:read", "shop:write"})
    assert key.server == "shop"
    quoted = made("--scopes", "shop:read shop:write")
    assert quoted.allowed_scopes == key.allowed_scopes


@pytest.mark.parametrize(
    ("arguments", "days"),
    [((), 90), (("--expires", "7d"), 7), (("--expires", "48h"), 2)],
)
def test_a_key_ends_after_a_while(
    alice: User, arguments: tuple[str, ...], days: int
) -> None:
    before = timezone.now()
    expires = made(*arguments).expires
    assert expires is not None
    assert before <= expires - days * DAY <= timezone.now()


def test_a_key_ends_on_a_day_or_never(alice: User) -> None:
    expires = made("--expires", "2999-01-31").expires
    assert expires is not None
    assert timezone.localtime(expires).isoformat().startswith("2999-01-31T00:00")
    assert made("--expires", "never").expires is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Say who it is for"),
        (["alice"], "--name"),
        (["bob", "--name", "x"], "There is no user 'bob'"),
        (["mallory", "--name", "x"], "'mallory' is not active"),
        (["alice", "--name", "x", "--expires", "soon"], "30d, 12h"),
        (["alice", "--name", "x", "--expires", "0d"], "30d, 12h"),
        (["alice", "--name", "x", "--expires=-1d"], "30d, 12h"),
        (["alice", "--name", "x", "--expires", "2026-02-31"], "30d, 12h"),
        (["alice", "--name", "x", "--expires", "1999-12-31"], "in the past"),
        (["alice", "--name", "x", "--scopes", ""], "--scopes are names"),
        (["alice", "--name", "x", "--scopes", 'a"b'], "--scopes are names"),
        (["alice", "--name", "x", "--server", "none"], "There is no server 'none'"),
        (["--revoke", "nothing"], "There is no key"),
        (["bob", "--list"], "There is no user 'bob'"),
        (["--list", "--revoke", "x"], "not allowed with"),
    ],
)
def test_a_mistake_makes_no_key_and_is_told(
    alice: User, arguments: list[str], reason: str
) -> None:
    User.objects.create_user("mallory", is_active=False)
    with pytest.raises(CommandError, match=reason):
        run(*arguments)
    assert not APIKey.objects.exists()


def test_keys_are_listed_without_their_secrets(alice: User) -> None:
    bob = User.objects.create_user("bob")
    key, text = APIKey.objects.create_key(alice, "laptop", scopes=["a"], server="s")
    other, _ = APIKey.objects.create_key(bob, "phone")
    APIKey.objects.note_use(other)
    out, err = run("--list")
    assert (len(out.splitlines()), err) == (2, "")
    assert text not in out
    mine, _ = run("alice", "--list")
    expected = f"{key.prefix}  active  alice  laptop  scopes: a  server: s"
    assert mine == f"{expected}  never expires  never used\n"


def test_keys_of_a_user_who_was_deactivated_can_be_looked_at(alice: User) -> None:
    APIKey.objects.create_key(alice, "laptop")
    User.objects.update(is_active=False)
    assert "  inactive  alice  laptop  " in run("alice", "--list")[0]


@pytest.mark.parametrize("shape", ["{}", "mcp_{}", "mcp_{}_and_the_rest_of_it"])
def test_a_key_is_revoked_by_its_prefix(alice: User, shape: str) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    given: Any = shape.format(key.prefix)
    assert run("--revoke", given)[0] == f"{key} is revoked.\n"
    assert run("--revoke", given)[0] == f"{key} was revoked before.\n"
    key.refresh_from_db()
    assert key.revoked is not None


@pytest.mark.parametrize("when", ["30d", "2999-01-31", "2999-01-31T12:00+02:00"])
def test_a_project_without_time_zones_has_keys_that_end(
    alice: User, settings: Any, when: str
) -> None:
    """The text is printed after the row was written: what fails between loses it."""
    settings.USE_TZ = False
    assert made("--expires", when).state == APIKey.State.ACTIVE
    assert "expires" in run("--list")[0]
