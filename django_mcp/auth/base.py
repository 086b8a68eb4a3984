"""Principals and authenticators: who is asking, as values.

An authenticator reads credentials and names a principal. It decides nothing
about what that principal may do (permissions and scopes do), and it never
looks at cookies. Instances are shared between threads: no state per message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling, and how we know."""

    user: AbstractBaseUser | AnonymousUser
    client_id: str | None = None
    #: ``None``: the scheme has no scopes; only Django's permissions decide.
    scopes: frozenset[str] | None = None
    expires_at: float | None = None
    #: Stable and never the credential itself: for logs, limits, sessions.
    token_id: str | None = None
    authenticator: str = ""
    #: What Django said about this user's permissions, by rule.
    verdicts: dict[Any, bool] = field(default_factory=dict, repr=False, compare=False)

    @property
    def owner(self) -> str:
        """What sessions and sealed state are bound to."""
        return f"{self.user.pk}\n{self.client_id or ''}"


class AuthError(Exception):
    """The credentials are of this authenticator's kind, and they are bad.

    ``message`` goes to the client, so it names no reason a thief could use.
    """

    def __init__(self, message: str = "The credentials are not valid.") -> None:
        super().__init__(message)
        self.message = message


class BaseAuthenticator:
    """Turn credentials into a principal; subclass and override."""

    #: `authenticate` may block (a query): run it in a thread.
    blocking = True

    def authenticate(self, headers: Mapping[bytes, bytes]) -> Principal | None:
        """Return who is calling, or ``None``: no credentials of my kind.

        Raises: AuthError
        """
        raise NotImplementedError

    def challenge(self) -> str:
        """Return the ``WWW-Authenticate`` value of a 401 answer."""
        return "Bearer"


class Authenticators(tuple[BaseAuthenticator, ...]):
    """The authenticators of a server: the first that knows decides."""

    #: Must somebody's credentials be looked up in a thread?
    blocking: bool

    def __new__(cls, authenticators: Iterable[BaseAuthenticator] = ()) -> Self:
        self = super().__new__(cls, authenticators)
        self.blocking = any(one.blocking for one in self)
        return self

    def authenticate(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Return who is calling.

        Raises: AuthError
        """
        for authenticator in self:
            principal = authenticator.authenticate(headers)
            if principal is not None:
                return principal
        raise AuthError("Authentication is required.")


class AllowAnonymous(BaseAuthenticator):
    """Let everybody in as Django's anonymous user."""

    blocking = False

    def authenticate(self, headers: Mapping[bytes, bytes]) -> Principal | None:
        return anonymous()


@cache
def anonymous() -> Principal:
    """Return the principal of a caller nobody knows."""
    # auth.models holds models, which cannot be imported before the apps are
    # loaded; this module is imported by the package itself.
    user: Any = import_string("django.contrib.auth.models.AnonymousUser")()
    return Principal(user=user, authenticator="django_mcp.auth.AllowAnonymous")
