"""Turn the names of permissions into a rule about who may use a primitive.

Decides nothing by itself: Django's authentication backends do, so a rule may
query the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import Allowed, anyone

if TYPE_CHECKING:
    from django_mcp.context import Context


class PermissionRule:
    """Allow who has every one of some permissions.

    The verdict is kept with the principal, as Django keeps permissions with
    the user: for as long as its authenticator hands out the same one.
    """

    __slots__ = ("_names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __repr__(self) -> str:
        return f"<PermissionRule {', '.join(self._names)}>"

    def __call__(self, context: Context) -> bool:
        """Ask Django, unless it was asked. May block."""
        verdicts = context.principal.verdicts
        verdict = verdicts.get(self)
        if verdict is None:
            verdict = context.user.has_perms(self._names)  # type: ignore[union-attr]
            # Everybody nobody knows shares one principal, which never ends.
            if not context.user.is_anonymous:
                verdicts[self] = verdict
        return verdict

    def known(self, context: Context) -> bool:
        """Return whether Django was asked, so that asking does not block."""
        return self in context.principal.verdicts


@cache
def permission_rule(names: tuple[str, ...]) -> PermissionRule:
    """Return the one rule for these permissions: lists ask each rule once."""
    return PermissionRule(names)


def allowed_by_permissions(
    permission: str | None = None,
    permissions: Iterable[str] = (),
    allowed: Allowed | None = None,
    *,
    source: str = "A primitive",
) -> Allowed:
    """Return the rule that asks for every permission, and for ``allowed`` too.

    Raises: ImproperlyConfigured
    """
    names = _names(permission, permissions, source)
    if not names:
        return allowed or anyone
    rule = permission_rule(names)
    if allowed is None:
        return rule
    also = allowed
    return lambda context: rule(context) and also(context)


def _names(
    permission: str | None, permissions: Iterable[str], source: str
) -> tuple[str, ...]:
    # A string is an iterable of characters, which nobody means.
    several = [permissions] if isinstance(permissions, str) else permissions
    names = (*([permission] if permission else []), *several)
    for name in names:
        if "." not in name:
            raise ImproperlyConfigured(
                f"{source} asks for the permission {name!r}, which should be"
                ' written "app_label.codename".'
            )
    return names
