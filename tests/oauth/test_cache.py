"""A good token may be remembered; what happens to it is seen all the same."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from django_mcp import MCPServer
from django_mcp.auth.base import AuthError, Principal
from tests.oauth.tokens import (
    BASE_URL,
    MACHINE,
    SITE,
    authenticator,
    make_application,
    make_token,
    make_user,
    rows,
    shop,
    shown,
    site,
)

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _at_its_address() -> Iterator[None]:
    cache.clear()
    with site:
        yield


@pytest.fixture
def server() -> MCPServer:
    return shop(authenticators=[authenticator(cache_seconds=60)])


def ask(server: MCPServer, token: str) -> Principal:
    return server.authenticators.authenticate(shown(token, server))


def refused(server: MCPServer, token: str) -> bool:
    try:
        ask(server, token)
    except AuthError:
        return True
    return False


# -- what is saved -------------------------------------------------------------


def test_the_second_time_only_the_user_is_looked_up(
    server: MCPServer, django_assert_num_queries: Any
) -> None:
    token = make_token(scope="shop:read shop:write")
    first = ask(server, token)
    with django_assert_num_queries(1) as queries:
        second = ask(server, token)
    assert "oauth2_provider" not in queries[0]["sql"]
    assert second == first
    assert second is not first
    assert second.user is not first.user


def test_nothing_is_remembered_unless_it_is_asked_for() -> None:
    server = shop()
    ask(server, make_token())
    assert not kept()


def test_a_bad_token_is_not_remembered(server: MCPServer) -> None:
    assert refused(server, make_token(resource=[]))
    assert refused(server, "unknown")
    machine = make_application("robot", authorization_grant_type=MACHINE)
    assert refused(server, make_token(user=None, application=machine))
    assert not kept()


def test_the_user_of_a_machine_is_remembered(django_assert_num_queries: Any) -> None:
    robot = make_user("robot")
    known = authenticator(cache_seconds=60, machine_user=lambda application: robot)
    server = shop(authenticators=[known])
    machine = make_application("robot", authorization_grant_type=MACHINE)
    token = make_token(user=None, application=machine)
    ask(server, token)
    with django_assert_num_queries(1):
        assert ask(server, token).user == robot


# -- what the cache holds ------------------------------------------------------


def kept() -> dict[str, Any]:
    """Return all that the cache of this process holds."""
    backend: Any = caches["default"]
    return {key: pickle.loads(value) for key, value in backend._cache.items()}  # noqa: S301


def test_the_cache_holds_neither_the_token_nor_its_checksum(server: MCPServer) -> None:
    token = make_token()
    ask(server, token)
    row = rows().get()
    ((key, value),) = kept().items()
    plain = (int, float, str)
    assert all(type(one) in plain for one in value if type(one) is not tuple)
    for secret in (token, row.token_checksum, row.user.password or "alice"):
        assert secret not in key
        assert secret not in repr(value)


def test_the_key_in_the_cache_depends_on_the_secret_of_the_site(
    server: MCPServer,
) -> None:
    token = make_token()
    ask(server, token)
    with override_settings(SECRET_KEY="another"):
        ask(server, token)
    assert len(kept()) == 2


def test_the_cache_is_the_one_that_is_named(server: MCPServer) -> None:
    backend = "django.core.cache.backends.locmem.LocMemCache"
    named = {name: {"BACKEND": backend, "LOCATION": name} for name in ("default", "x")}
    changed = SITE["DJANGO_MCP"] | {"CACHE": "x"}
    with override_settings(CACHES=named, DJANGO_MCP=changed):
        ask(server, make_token())
        assert not kept()
        backend_x: Any = caches["x"]
        assert len(backend_x._cache) == 1


def test_what_is_good_for_one_server_is_not_for_another(server: MCPServer) -> None:
    token = make_token()
    ask(server, token)
    path = "/other"
    other = shop(authenticators=[authenticator(cache_seconds=60)], path=path)
    assert refused(other, token)
    with override_settings(
        DJANGO_MCP=SITE["DJANGO_MCP"] | {"BASE_URL": "https://other.example"}
    ):
        assert refused(server, token)


# -- what ends it --------------------------------------------------------------


def revoke() -> None:
    rows().get().revoke()


def delete_in_bulk() -> None:
    rows().all().delete()


def revoke_the_refresh_token() -> None:
    row = rows().get()
    fields = {"user": row.user, "application": row.application, "token": "r"}
    rows("refresh_token").create(access_token=row, **fields).revoke()


def delete_the_user() -> None:
    User.objects.get().delete()


def delete_the_application() -> None:
    rows("application").get().delete()


def deactivate() -> None:
    User.objects.update(is_active=False)


def expire() -> None:
    row = rows().get()
    row.expires = timezone.now()
    row.save()


def narrow() -> None:
    row = rows().get()
    row.resource = [BASE_URL]
    row.save(update_fields=["resource"])


def renew_in_place() -> None:
    row = rows().get()
    row.token = "the next one"
    row.save()


ENDS = [
    revoke, delete_in_bulk, revoke_the_refresh_token, delete_the_user,
    delete_the_application, deactivate, expire, narrow, renew_in_place,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("redacted", [False, True])
def test_what_ends_a_token_is_seen_at_once(
    server: MCPServer, end: Callable[[], None], redacted: bool
) -> None:
    changed = {"COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": redacted}
    with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
        token = make_token()
        if redacted:
            rows().update(token="")
        ask(server, token)
        ask(server, token)
        end()
        assert refused(server, token)


def test_scopes_that_were_taken_away_are_seen_at_once(server: MCPServer) -> None:
    token = make_token(scope="shop:read shop:write")
    ask(server, token)
    row = rows().get()
    row.scope = "shop:read"
    row.save()
    assert ask(server, token).scopes == frozenset({"shop:read"})


def test_an_application_that_is_put_out_of_use_is_seen_at_once(
    server: MCPServer, django_assert_num_queries: Any
) -> None:
    token, _ = make_token(), make_token(expires=timezone.now() - timedelta(hours=1))
    ask(server, token)
    rows("application").get().save()
    with django_assert_num_queries(1) as queries:
        ask(server, token)
    assert "oauth2_provider" in queries[0]["sql"]


def test_what_ends_in_a_transaction_is_seen_when_that_has_ended(
    server: MCPServer,
) -> None:
    token = make_token()
    ask(server, token)
    with transaction.atomic():
        rows().get().revoke()
        assert not refused(server, token)  # as others still see it
    assert refused(server, token)


def test_what_was_taken_back_ends_nothing(server: MCPServer) -> None:
    token = make_token()
    ask(server, token)
    with transaction.atomic():
        rows().get().revoke()
        transaction.set_rollback(True)
    assert not refused(server, token)


def test_who_read_a_row_before_it_was_revoked_does_not_remember_it(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token()
    remember = import_string("django_mcp.oauth.cache.remember")

    def late(*given: Any) -> None:
        revoke()
        remember(*given)

    monkeypatch.setattr("django_mcp.oauth.authentication.remember", late)
    ask(server, token)
    assert refused(server, token)
    assert refused(server, token)


def test_a_token_is_remembered_no_longer_than_it_is_good(
    server: MCPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(expires=timezone.now() + timedelta(seconds=30))
    ask(server, token)
    backend: Any = caches["default"]
    (until,) = backend._expire_info.values()
    assert until < rows().get().expires.timestamp() + 1
    # And if the cache keeps it for longer.
    later = time.time() + 31
    (key,) = backend._expire_info
    backend._expire_info[key] = later + 60
    monkeypatch.setattr("django_mcp.oauth.cache.time.time", lambda: later)
    recall = import_string("django_mcp.oauth.cache.recall")
    assert recall(server.url, token) is None


def test_a_token_that_ends_within_a_second_is_not_remembered(
    server: MCPServer,
) -> None:
    ask(server, make_token(expires=timezone.now() + timedelta(seconds=0.9)))
    assert not kept()


# -- what it costs others ------------------------------------------------------


def test_nobody_pays_where_nothing_is_remembered(
    django_assert_num_queries: Any,
) -> None:
    server = shop()
    ask(server, make_token())
    row = rows().get()
    with django_assert_num_queries(1):
        row.save()
    row.delete()
    assert not kept()


def test_sweeping_out_old_tokens_leaves_the_cache_alone(server: MCPServer) -> None:
    make_token(expires=timezone.now() - timedelta(hours=1))
    call_command("cleartokens")
    assert not rows().exists()
    assert not kept()


def test_a_cache_that_is_down_keeps_nobody_from_revoking(
    server: MCPServer, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_token()
    down = {"default": {"BACKEND": "tests.oauth.test_cache.Down", "LOCATION": "x"}}
    with override_settings(CACHES=down):
        revoke()
    assert "Down" in caplog.text
    assert token not in caplog.text
    assert not rows().exists()


class Down(LocMemCache):
    """A cache that cannot be reached."""

    def set(self, *args: Any, **kwargs: Any) -> None:
        raise ConnectionError("Down")
