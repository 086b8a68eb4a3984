"""Principals and authenticators: who is asking, as values.

An authenticator reads credentials and names a principal. It decides nothing
about what that principal may do (permissions and scopes do), and it never
looks at cookies. Instances are shared between threads: no state per message.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils.module_loading import import_string

from django_mcp.auth.challenges import bearer_challenge
from django_mcp.protocol.headers import Headers

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.core.checks import CheckMessage

    from django_mcp.server import MCPServer
    from django_mcp.threads import Cross

logger = logging.getLogger("django_mcp")

#: Characters of a bearer token; those of other authorization servers are long.
MAX_TOKEN = 8192
#: What a bearer token is made of (RFC 6750, section 2.1).
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*\Z")


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


_STATUSES = {"invalid_request": 400, "temporarily_unavailable": 503}


class AuthError(Exception):
    """The credentials are of this authenticator's kind, and they are bad.

    ``message`` goes to the client, so it names no reason a thief could use.
    ``code`` is one of RFC 6750, section 3.1: what cannot be read at all is an
    ``invalid_request``, and answered with 400. Who cannot tell, because a server
    that knows is down, says ``temporarily_unavailable``: that is answered with
    503, so that clients try the same credentials again.
    """

    def __init__(
        self,
        message: str = "The credentials are not valid.",
        *,
        code: str = "invalid_token",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status that says so."""
        return _STATUSES.get(self.code, 401)


class AuthRequest:
    """What a message shows of who sends it: its headers, and where it arrived.

    Read-only. ``scope`` is what ASGI says of the connection; it is empty over
    stdio, where ``headers`` hold no more than a key from the environment.
    """

    __slots__ = ("headers", "scope", "server")

    def __init__(
        self,
        server: MCPServer,
        headers: Headers,
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        self.server = server
        self.headers = headers
        self.scope: Mapping[str, Any] = {} if scope is None else scope

    def bearer(self) -> str | None:
        """Return the token of ``Authorization: Bearer …``, if there is one.

        Raises: AuthError
        """
        header = self.headers.get(b"authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = token.strip(b" ")
        # A second header may be what a proxy checked, or what it did not.
        if (
            b"authorization" in self.headers.repeated
            or len(token) > MAX_TOKEN
            or not _TOKEN.match(token)
        ):
            raise AuthError("This is no bearer token.", code="invalid_request")
        return token.decode("ascii")


class BaseAuthenticator:
    """Turn credentials into a principal; subclass and override.

    Attributes of the class can be given to the instance, as to a view:
    ``JWTAuthenticator(issuer="https://…")``.
    """

    #: `authenticate` may block (a query): run it in a thread.
    blocking = True
    #: The bearer tokens it judges: none, those of its ``"own"`` that it knows by
    #: sight, or ``"every"`` one. Whoever comes after the last sort sees none.
    bearer: str = ""

    def __init__(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            if not hasattr(type(self), name) or name.startswith("_"):
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}.")
            setattr(self, name, value)

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """Return who is calling, or ``None``: no credentials of my kind.

        Raises: AuthError
        """
        raise NotImplementedError

    async def aauthenticate(self, request: AuthRequest) -> Principal | None:
        """See `authenticate`; override it where looking somebody up awaits."""
        if not self.blocking:
            return self.authenticate(request)
        return await sync_to_async(self.authenticate)(request)

    def authorization_servers(self) -> list[str]:
        """Return the issuers whose tokens are taken; clients log in there."""
        return []

    def challenge(self, request: AuthRequest, error: AuthError) -> str:
        """Return the ``WWW-Authenticate`` value of a 401 answer."""
        return bearer_challenge(request.server, error.code)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong with how it is set up, for the system checks."""
        return []


class Authenticators(Sequence[BaseAuthenticator]):
    """The authenticators of a server: the first that knows decides."""

    #: Does somebody await, so that all are asked on the loop?
    awaits: bool
    #: Or must somebody's credentials be looked up in a thread?
    blocking: bool
    #: Is everybody let in, so that all see the same?
    open: bool
    #: Must anybody be asked at all, to know who is calling?
    asks: bool

    __slots__ = ("_all", "asks", "awaits", "blocking", "open")

    def __init__(self, authenticators: Iterable[BaseAuthenticator] = ()) -> None:
        self._all = tuple(authenticators)
        self.awaits = any(_awaits(one) for one in self)
        self.blocking = not self.awaits and any(one.blocking for one in self)
        self.open = all(type(one) is AllowAnonymous for one in self)
        # An instance may have been given another `authenticate`.
        self.asks = not self or not self.open or any(map(vars, self))

    def __repr__(self) -> str:
        return repr(self._all)

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __iter__(self) -> Iterator[BaseAuthenticator]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def authenticate(self, request: AuthRequest) -> Principal:
        """Return who is calling.

        Raises: AuthError
        """
        try:
            for authenticator in self:
                principal = authenticator.authenticate(request)
                if principal is not None:
                    return principal
        except (Exception, SystemExit) as error:
            raise _told(error) from None
        raise AuthError("Authentication is required.", code="")

    async def aauthenticate(self, request: AuthRequest, cross: Cross) -> Principal:
        """See `authenticate`; ``cross`` leads to a thread."""
        try:
            for authenticator in self:
                if _awaits(authenticator):
                    principal = await authenticator.aauthenticate(request)
                elif authenticator.blocking:
                    principal = await cross(authenticator.authenticate, request)
                else:
                    principal = authenticator.authenticate(request)
                if principal is not None:
                    return principal
        except (Exception, SystemExit) as error:
            raise _told(error) from None
        raise AuthError("Authentication is required.", code="")

    def authorization_servers(self) -> list[str]:
        """Return every issuer whose tokens are taken, the first one first."""
        found = [issuer for one in self for issuer in one.authorization_servers()]
        return list(dict.fromkeys(found))

    def challenges(self, request: AuthRequest, error: AuthError) -> list[str]:
        """Return what every scheme that may be tried says, each thing once."""
        return list(dict.fromkeys(one.challenge(request, error) for one in self))

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong with how any of them is set up."""
        return [message for one in self for message in one.check(**kwargs)]


def _told(error: Exception | SystemExit) -> AuthError:
    """Return what a client is told; log what no authenticator meant to raise.

    Its credentials may be good, and nobody is let in. What went wrong stays
    here: reports of errors show the values of local variables, and those of a
    transport hold the credentials, as those of an authenticator do.
    """
    if isinstance(error, AuthError):
        return error
    _forget_values(error)
    logger.error("An authenticator failed", exc_info=error)
    words = "It cannot be told who is calling. Try again."
    return AuthError(words, code="temporarily_unavailable")


def _forget_values(error: BaseException | None) -> None:
    """Empty the frames of an exception and of those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _awaits(authenticator: BaseAuthenticator) -> bool:
    return type(authenticator).aauthenticate is not BaseAuthenticator.aauthenticate


class AllowAnonymous(BaseAuthenticator):
    """Let everybody in as Django's anonymous user."""

    blocking = False

    def authenticate(self, request: AuthRequest) -> Principal | None:
        return anonymous()


@cache
def anonymous() -> Principal:
    """Return the principal of a caller nobody knows."""
    # auth.models holds models, which cannot be imported before the apps are
    # loaded; this module is imported by the package itself.
    user: Any = import_string("django.contrib.auth.models.AnonymousUser")()
    return Principal(user=user, authenticator="django_mcp.auth.AllowAnonymous")
