"""Good tokens, remembered for a while where all workers look.

Who reads the cache learns of no token: it holds neither one nor its checksum,
and nothing of a user but the key. A row that is changed or deleted is forgotten
in every worker, if Django says so (by a signal). Its place stays taken for a
while then: a worker may have read the row before, and be about to remember it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.utils import timezone
from django.utils.crypto import salted_hmac
from oauth2_provider.settings import oauth2_settings

from django_mcp.caching import project_cache
from django_mcp.server import all_servers

#: What stands where nothing may be remembered, and for how many seconds: longer
#: than any worker takes from reading a row to writing it here.
TAKEN, TAKEN_SECONDS = (), 60


class Facts(NamedTuple):
    """What is remembered about a token."""

    token_id: str
    user_id: Any
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float


def recall(uri: str, token: str) -> Facts | None:
    """Return what is known about a token that was good at a URI."""
    found = project_cache().get(_key(uri, _checksum(token)))
    if not found:
        return None
    facts = Facts(*found)
    return facts if facts.expires_at > time.time() else None


def remember(uri: str, token: str, facts: Facts, seconds: float) -> None:
    """Keep what is known about a good token, not longer than it is good."""
    seconds = int(min(seconds, facts.expires_at - time.time()))
    if seconds > 0:
        project_cache().add(_key(uri, _checksum(token)), tuple(facts), seconds)


def forget(checksums: Iterable[str]) -> None:
    """Look tokens up again, in every worker."""
    uris = _uris()
    keys = [_key(uri, checksum) for checksum in checksums for uri in uris]
    if keys:
        project_cache().set_many(dict.fromkeys(keys, TAKEN), TAKEN_SECONDS)


def _checksum(token: str) -> str:
    """Return what a row is found by; it never reaches the cache."""
    return sha256(token.encode()).hexdigest()


def _key(uri: str, checksum: str) -> str:
    about = f"{checksum} {uri}"
    digest = salted_hmac("django_mcp.oauth.cache", about, algorithm="sha256")
    return f"django_mcp:token:{digest.hexdigest()}"


def _uris() -> set[str]:
    """Return where tokens are remembered."""
    return {
        server.url
        for server in list(all_servers)
        if any(getattr(one, "cache_seconds", 0) for one in server.authenticators)
    }


# -- what Django says ---------------------------------------------------------


def watch() -> None:
    """Hear of changes; called when the apps are loaded, in every process."""
    tokens = oauth2_settings.ACCESS_TOKEN_MODEL
    pre_save.connect(_token_changes, sender=tokens)
    post_delete.connect(_token_deleted, sender=tokens)
    post_save.connect(_application_changed, sender=oauth2_settings.APPLICATION_MODEL)


def _token_changes(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    # A refresh without rotation writes the new token into the row of the old
    # one, which is known by its checksum alone.
    if instance.pk is None or not _uris():
        return
    rows = sender._base_manager.using(using).filter(pk=instance.pk)
    _forget_later(list(rows.values_list("token_checksum", flat=True)), using)


def _token_deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    # Old tokens are swept out by the thousand, and are remembered nowhere.
    if not instance.is_expired():
        _forget_later([instance.token_checksum], using)


def _application_changed(
    sender: Any, instance: Any, created: bool, using: str, **kwargs: Any
) -> None:
    # It may be out of use from now on (`Application.is_usable`).
    if created or not _uris():
        return
    rows = apps.get_model(oauth2_settings.ACCESS_TOKEN_MODEL)._base_manager
    good = rows.using(using).filter(application=instance.pk, expires__gt=timezone.now())
    _forget_later(list(good.values_list("token_checksum", flat=True)), using)


def _forget_later(checksums: list[str], using: str) -> None:
    """Forget tokens once everybody sees why; what is done stays done if it fails."""

    def forget_now() -> None:
        forget(checksums)

    transaction.on_commit(forget_now, using=using, robust=True)
