"""Forget clients that made themselves known and do nothing.

Anybody can add rows, so somebody must take them away. A client that comes
back with a URL is known again at once; one that had registered must register
again. Whoever was registered by hand stays.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

#: Rows that are locked at a time.
BATCH = 1000


def unused(before: datetime) -> QuerySet[Any]:
    """Return the clients that did nothing since, and hold nothing that is good."""
    model = get_application_model()
    clients: QuerySet[Any] = model.objects.exclude(
        registration_source=model.RegistrationSource.MANUAL
    ).filter(updated__lt=before)
    lives = Q(expires__gt=timezone.now())
    for tokens, good in (
        (get_access_token_model(), lives),
        (get_id_token_model(), lives),
        (get_grant_model(), lives),
        (get_refresh_token_model(), Q(revoked=None)),
    ):
        # Asked from their side: swapped models name the way back otherwise.
        held = tokens.objects.filter(application=OuterRef("pk"))
        clients = clients.exclude(Exists(held.filter(good | Q(created__gte=before))))
    return clients


def prune(before: datetime) -> int:
    """Delete the unused clients; return how many there were."""
    found, batch = 0, _some(before)
    while batch:
        found += _deleted(batch, before)
        batch = _some(before)
    return found


def _some(before: datetime) -> list[Any]:
    return list(unused(before).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _deleted(batch: list[Any], before: datetime) -> int:
    """Delete those that are still unused once nobody can give them a token.

    A new token takes hold of its client's row, so it is either seen here or
    waits for the end, and then finds no client.
    """
    model = get_application_model()
    with transaction.atomic(using=router.db_for_write(model)):
        rows = model.objects.select_for_update().filter(pk__in=batch)
        locked = list(rows.values_list("pk", flat=True))
        clients = list(
            unused(before).filter(pk__in=locked).values_list("pk", flat=True)
        )
        model.objects.filter(pk__in=clients).delete()
    return len(clients)
