"""Forgetting clients that nobody uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=100)
LATELY = NOW - timedelta(days=10)
BEFORE = NOW - timedelta(days=90)
SOON = NOW + timedelta(hours=1)


def client(name: str, source: str = "dcr", updated: datetime = LONG_AGO) -> Any:
    from oauth2_provider.models import get_application_model

    model = get_application_model()
    made = model.objects.create(
        name=name,
        client_id=name,
        client_type=model.CLIENT_PUBLIC,
        authorization_grant_type=model.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://client.example/",
        registration_source=source,
    )
    model.objects.filter(pk=made.pk).update(updated=updated, created=LONG_AGO)
    return made


def left() -> set[str]:
    from oauth2_provider.models import get_application_model

    return {one.name for one in get_application_model().objects.all()}


def prune() -> int:
    from django_mcp.oauth.pruning import prune

    return prune(BEFORE)


def token(owner: Any, expires: datetime, created: datetime = LONG_AGO) -> Any:
    from oauth2_provider.models import get_access_token_model

    model = get_access_token_model()
    made = model.objects.create(
        application=owner, token=f"{owner.name} {expires}", expires=expires
    )
    model.objects.filter(pk=made.pk).update(created=created)
    return made


def refresh_token(owner: Any, revoked: datetime | None, created: datetime) -> None:
    from oauth2_provider.models import get_refresh_token_model

    model = get_refresh_token_model()
    user, _ = User.objects.get_or_create(username="somebody")
    made = model.objects.create(
        application=owner, token=owner.name, user=user, revoked=revoked
    )
    model.objects.filter(pk=made.pk).update(created=created)


def grant(owner: Any, expires: datetime) -> None:
    from oauth2_provider.models import get_grant_model

    user, _ = User.objects.get_or_create(username="somebody")
    get_grant_model().objects.create(
        application=owner, user=user, code=owner.name, expires=expires
    )


def test_only_old_clients_that_made_themselves_known_are_forgotten() -> None:
    for name, source in (("posted", "dcr"), ("published", "cimd"), ("ours", "manual")):
        client(name, source)
        client(f"new {name}", source, updated=LATELY)
    assert prune() == 2
    assert left() == {"ours", "new posted", "new published", "new ours"}
    assert prune() == 0


def test_a_client_with_anything_that_is_good_stays() -> None:
    token(client("has a token"), SOON)
    refresh_token(client("can refresh"), None, LONG_AGO)
    grant(client("has a code"), SOON)
    assert prune() == 0
    assert len(left()) == 3


def test_a_client_that_was_used_lately_stays() -> None:
    token(client("had a token"), LATELY, created=LATELY)
    refresh_token(client("refreshed"), LATELY, created=LATELY)
    assert prune() == 0


def test_what_is_expired_keeps_nobody() -> None:
    token(client("had a token"), LONG_AGO)
    refresh_token(client("logged out"), LONG_AGO, LONG_AGO)
    assert prune() == 2


def test_what_others_hold_keeps_nobody() -> None:
    token(client("busy"), SOON)
    client("idle")
    assert prune() == 1
    assert left() == {"busy"}


def test_all_are_forgotten_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    from django_mcp.oauth import pruning

    monkeypatch.setattr(pruning, "BATCH", 2)
    for number in range(5):
        client(f"client {number}")
    token(client("busy"), SOON)
    assert prune() == 5
    assert left() == {"busy"}


def test_a_token_that_comes_in_between_saves_its_client() -> None:
    from django_mcp.oauth import pruning

    late = client("late")
    batch = pruning._some(BEFORE)
    token(late, SOON)
    assert pruning._deleted(batch, BEFORE) == 0
    assert left() == {"late"}
