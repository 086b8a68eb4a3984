"""`APIKey`: what is kept of a key, which is never the key itself.

Who reads the table learns whose keys there are, and can call with none.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import DatabaseError, models, router, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from django_mcp.keys.text import PUBLIC, hash_of, new_text, prefix_of

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger("django_mcp")

#: How much later a use must be than the one that was noted.
NOTED_EVERY = timedelta(minutes=1)
#: Names with spaces between them (RFC 6749, section 3.3).
_SCOPES = re.compile(r"\A[!#-\[\]-~]+( [!#-\[\]-~]+)*\Z")


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    """Keys, some or all."""

    def revoke(self) -> int:
        """Revoke those that are not; return how many these were."""
        return self.filter(revoked=None).update(revoked=timezone.now())

    async def arevoke(self) -> int:
        """See `revoke`."""
        return await self.filter(revoked=None).aupdate(revoked=timezone.now())


class APIKeyManager(models.Manager.from_queryset(APIKeyQuerySet)):  # type: ignore[misc]
    """Makes keys, and finds the one that a caller shows."""

    @sensitive_variables("text")
    def create_key(
        self, user: AbstractBaseUser, name: str, **limits: Any
    ) -> tuple[APIKey, str]:
        """Return a new key, and its text: nobody can read that again.

        ``limits``: ``scopes`` (names, or ``None`` for no limit), ``server``
        (its name) and ``expires``.

        Raises: ValueError
        """
        key, text = self._new(user, name, **limits)
        key.save(using=self._db, force_insert=True)
        return key, text

    @sensitive_variables("text")
    async def acreate_key(
        self, user: AbstractBaseUser, name: str, **limits: Any
    ) -> tuple[APIKey, str]:
        """See `create_key`."""
        key, text = self._new(user, name, **limits)
        await key.asave(using=self._db, force_insert=True)
        return key, text

    @sensitive_variables("text")
    def _new(
        self,
        user: AbstractBaseUser,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        server: str = "",
        expires: datetime | None = None,
    ) -> tuple[APIKey, str]:
        key = self.model(
            user=user,
            name=name,
            scopes=_joined(scopes),
            server=server,
            expires=expires,
        )
        text = key.make_secret()
        return key, text

    @sensitive_variables("text")
    def find(self, text: str) -> APIKey | None:
        """Return the key with this text, and its user, by one query at most."""
        prefix = prefix_of(text)
        if prefix is None:
            return None
        try:
            key: APIKey = self.select_related("user").get(prefix=prefix)
        except self.model.DoesNotExist:
            return None
        return key if constant_time_compare(key.hash, hash_of(text)) else None

    def note_use(self, key: APIKey) -> None:
        """Note that a key was used: not each time, and at no call's expense."""
        now = timezone.now()
        if key.last_used is not None and now - key.last_used < NOTED_EVERY:
            return
        unnoted = models.Q(last_used=None) | models.Q(last_used__lte=now - NOTED_EVERY)
        try:
            with transaction.atomic(router.db_for_write(self.model)):
                self.filter(unnoted, pk=key.pk).update(last_used=now)
        except DatabaseError as error:  # a database that is locked, or a replica
            logger.warning("The use of a key could not be noted: %s", error)


class APIKey(models.Model):
    """A key somebody was given, to call as a user without logging in."""

    class State(models.TextChoices):
        """Whether it opens anything, and why not."""

        ACTIVE = "active", _("active")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("revoked")
        INACTIVE = "inactive", _("user not active")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="mcp_keys",
        help_text=_("Calls with this key have the permissions of this user."),
    )
    name = models.CharField(
        _("name"),
        max_length=100,
        help_text=_("What the key is for: “laptop”, “nightly report”."),
    )
    prefix = models.CharField(
        _("prefix"), max_length=PUBLIC, unique=True, editable=False
    )
    hash = models.CharField(_("hash"), max_length=64, editable=False)
    scopes = models.TextField(
        _("scopes"),
        blank=True,
        validators=[RegexValidator(_SCOPES, _("Names, with one space between them."))],
        help_text=_(
            "Separated by spaces. Leave empty for no limit: then the permissions"
            " of the user alone decide."
        ),
    )
    server = models.CharField(
        _("server"),
        max_length=200,
        blank=True,
        help_text=_("The only server it opens; leave empty for all of them."),
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = APIKeyManager()

    class Meta:
        """See Django."""

        verbose_name = _("MCP key")
        verbose_name_plural = _("MCP keys")
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @sensitive_variables("text")
    def make_secret(self) -> str:
        """Give a new key its secret; return the text, which is kept nowhere."""
        text = new_text()
        prefix = prefix_of(text)
        assert prefix is not None  # noqa: S101  (we made it)
        self.prefix, self.hash = prefix, hash_of(text)
        return text

    @property
    def state(self) -> State:
        """What a caller with this key would meet now."""
        if self.revoked is not None:
            return self.State.REVOKED
        if self.expires is not None and self.expires <= timezone.now():
            return self.State.EXPIRED
        return self.State.ACTIVE if self.user.is_active else self.State.INACTIVE

    @property
    def allowed_scopes(self) -> frozenset[str] | None:
        """The scopes it is limited to; ``None``: it is not."""
        # Only nothing at all is no limit: a slip must not open anything.
        return frozenset(self.scopes.split()) if self.scopes else None


def _joined(scopes: Iterable[str] | None) -> str:
    if scopes is None:
        return ""
    text = scopes if isinstance(scopes, str) else " ".join(scopes)
    if not _SCOPES.match(text):
        raise ValueError("Name scopes, or None: no limit but the user's permissions.")
    return text
