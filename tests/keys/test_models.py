"""Keys are made, found, noted and revoked; no row holds one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mcp.keys.models import APIKey, APIKeyQuerySet
from django_mcp.keys.text import new_text, prefix_of

MINUTE = timedelta(minutes=1)


def test_a_key_is_found_by_its_text(alice: User) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop")
    assert APIKey.objects.find(text) == key
    assert key.prefix == prefix_of(text)
    assert str(key) == f"laptop ({key.prefix})"


@pytest.mark.django_db(transaction=True)
async def test_a_key_is_made_and_revoked_on_the_event_loop() -> None:
    alice = await User.objects.acreate(username="alice")
    key, text = await APIKey.objects.acreate_key(alice, "laptop", server="shop")
    assert key.prefix == prefix_of(text)
    mine = APIKey.objects.filter(user=alice)
    assert isinstance(mine, APIKeyQuerySet)
    assert [await mine.arevoke(), await mine.arevoke()] == [1, 0]


def test_the_row_does_not_hold_the_key(alice: User) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop")
    key.refresh_from_db()
    kept = json.dumps(serializers.serialize("json", [key])) + repr(vars(key))
    assert key.prefix in kept
    assert text.split("_")[2][:43] not in kept


def test_the_right_prefix_with_another_secret_is_not_found(alice: User) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    _, other = APIKey.objects.create_key(alice, "phone")
    APIKey.objects.filter(pk=key.pk).delete()
    APIKey.objects.filter(prefix=prefix_of(other)).update(hash=key.hash)
    assert APIKey.objects.find(other) is None


def test_an_unknown_key_is_not_found(alice: User) -> None:
    assert APIKey.objects.find(new_text()) is None


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (None, None),
        (["shop:read"], {"shop:read"}),
        (["shop:read", "shop:write"], {"shop:read", "shop:write"}),
        ("shop:read shop:write", {"shop:read", "shop:write"}),
    ],
)
def test_scopes_are_limits_and_none_is_no_limit(
    alice: User, scopes: Any, allowed: Any
) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop", scopes=scopes)
    key.refresh_from_db()
    key.full_clean()
    assert key.allowed_scopes == allowed


@pytest.mark.parametrize("scopes", [[], "", [""], [" "], ['a"b'], ["a\nb"], "a  b"])
def test_no_scopes_are_never_taken_for_no_limit(alice: User, scopes: Any) -> None:
    with pytest.raises(ValueError, match="Name scopes"):
        APIKey.objects.create_key(alice, "laptop", scopes=scopes)


def test_spaces_in_the_table_open_nothing(alice: User) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    key.scopes = " "
    assert key.allowed_scopes == frozenset()
    with pytest.raises(ValidationError, match="one space between them"):
        key.full_clean()


def test_the_state_says_why_a_key_opens_nothing(alice: User) -> None:
    now = timezone.now()
    key, _ = APIKey.objects.create_key(alice, "laptop", expires=now + MINUTE)
    states = [key.state]
    alice.is_active = False
    states.append(key.state)
    key.expires = now
    states.append(key.state)
    key.revoked = now
    states.append(key.state)
    assert [str(state) for state in states] == [
        "active", "inactive", "expired", "revoked",
    ]  # fmt: skip


def test_a_revoked_key_keeps_the_time_when_it_was(alice: User) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    assert APIKey.objects.revoke() == 1
    key.refresh_from_db()
    revoked = key.revoked
    assert APIKey.objects.revoke() == 0
    key.refresh_from_db()
    assert key.revoked == revoked


# -- when a key was used -------------------------------------------------------


def test_a_use_is_noted_once_a_minute(alice: User) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop")
    APIKey.objects.note_use(key)
    key.refresh_from_db()
    first = key.last_used
    assert first is not None
    with CaptureQueriesContext(
        connection,
    ) as queries:
        APIKey.objects.note_use(key)
    assert len(queries) == 0
    APIKey.objects.filter(pk=key.pk).update(last_used=first - MINUTE)
    found = APIKey.objects.find(text)
    assert found is not None
    APIKey.objects.note_use(found)
    key.refresh_from_db()
    assert key.last_used is not None
    assert key.last_used >= first


def test_of_several_that_want_to_note_a_use_one_does(alice: User) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    APIKey.objects.note_use(key)
    key.refresh_from_db()
    noted, key.last_used = key.last_used, None  # as another worker read it before
    APIKey.objects.note_use(key)
    key.refresh_from_db()
    assert key.last_used == noted


def test_a_use_that_cannot_be_noted_is_no_matter(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    key, text = APIKey.objects.create_key(alice, "laptop")
    with connection.execute_wrapper(_refuse_updates):
        APIKey.objects.note_use(key)
    assert "could not be noted" in caplog.text
    assert APIKey.objects.find(text) == key  # the transaction is whole


def _refuse_updates(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith("UPDATE"):
        sql = "UPDATE no_such_table SET x = 1"
        rest = ((), *rest[1:])
    return execute(sql, *rest)


def test_the_migrations_make_the_table_that_the_model_describes(
    settings: Any, db: None
) -> None:
    settings.MIGRATION_MODULES = {}
    call_command("makemigrations", "django_mcp_keys", check=True, dry_run=True)
