"""Tokens that somebody else issued: what their claims must say, and whose they are.

How a token is read is the business of subclasses; what is in it is judged
here, in one way for all of them. Whatever a token fails by, its bearer is told
the same; the reason goes to the log, at the level ``DEBUG``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from asgiref.sync import iscoroutinefunction
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ObjectDoesNotExist
from django.utils.crypto import salted_hmac

from django_mcp.auth.base import AuthError, BaseAuthenticator, Principal
from django_mcp.auth.fetching import is_safe
from django_mcp.auth.resources import canonical
from django_mcp.conf import conf

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from django_mcp.server import MCPServer

Claims: TypeAlias = Mapping[str, Any]

#: The last moment a claim may name, long before numbers become hard to add.
_LATEST = 1e11
_LONGEST_ID = 128
#: What providers write into a token to say that it gives access. ID, refresh
#: and logout tokens say something else: those of Keycloak (``typ``), Cognito
#: and Hydra (``token_use``), and introspection (``token_type``).
_KINDS = {
    "typ": {"bearer", "at+jwt", "jwt"},
    "token_use": {"access", "access_token"},
    "token_type": {"bearer", "access", "access_token"},
}

logger = logging.getLogger("django_mcp")


class ClaimsAuthenticator(BaseAuthenticator):
    """A base for tokens that come with claims; see its two subclasses."""

    #: Who gives the tokens: the ``iss`` of their claims, exactly.
    issuer = ""
    #: What tokens are made out to; ``None``: the canonical URI of the server.
    audience: str | None = None
    #: Claims that must be there, beside ``aud``.
    required_claims: tuple[str, ...] = ("sub",)
    #: Claims that hold scopes, as words in a string or as a list.
    scope_claims: tuple[str, ...] = ("scope", "scp")
    #: Claims that hold the client, the first one first.
    client_claims: tuple[str, ...] = ("client_id", "azp")
    #: Claims that only tokens for other purposes have: for the login of a person
    #: (OpenID Connect Core, section 2), to announce an event (RFC 8417), or for
    #: the holder of a key, which a bearer does not prove to be (RFC 7800).
    foreign_claims: tuple[str, ...] = (
        "nonce", "at_hash", "c_hash", "s_hash", "events", "cnf",
    )  # fmt: skip
    #: Seconds by which clocks may differ.
    leeway: float = 30

    def get_user(self, claims: Claims) -> AbstractBaseUser | None:
        """Return the user of a token, who is found by ``iss`` and ``sub``.

        Names and addresses are not safe to find anybody by: who may write them
        at the other server would become whom they like. Override this.
        """
        raise NotImplementedError(f"{type(self).__name__} needs get_user().")

    def get_audience(self, server: MCPServer) -> str:
        """Return what tokens for a server are made out to."""
        return server.url if self.audience is None else self.audience

    def authorization_servers(self) -> list[str]:
        """Return the issuer."""
        return [self.issuer] if self.issuer else []

    def principal(self, claims: Claims, token: str, server: MCPServer) -> Principal:
        """Return who a token speaks for. May block.

        Raises: AuthError
        """
        self._check_claims(claims, server)
        return Principal(
            user=active(self._user(claims)),
            client_id=_client_of(claims, self.client_claims),
            scopes=_scopes_of(claims, self.scope_claims),
            expires_at=claims.get("exp"),
            token_id=_id_of(claims, token),
            authenticator=path_of(self),
        )

    def _check_claims(self, claims: Claims, server: MCPServer) -> None:
        """Raises: AuthError"""
        _check_kind(claims, self.foreign_claims)
        _check_times(claims, time.time(), self.leeway)
        audience = self.get_audience(server)
        exactly = audience != server.url
        if not _is_made_out_to(audience, claims.get("aud"), exactly=exactly):
            raise refused("it is not made out to %r", audience)
        for name in self.required_claims:
            if not claims.get(name):
                raise refused("it has no %r", name)
        if not isinstance(claims.get("sub", ""), str):
            raise refused("its subject is no string")

    def _user(self, claims: Claims) -> AbstractBaseUser | None:
        try:
            return self.get_user(claims)
        except ObjectDoesNotExist:
            return None

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """E022 to E024: it knows whose tokens it takes, and whose they are."""
        found = [*super().check(**kwargs), *self.check_urls()]
        if not self._has_audience():
            text = "takes no token: it has no audience."
            hint = "Set DJANGO_MCP['BASE_URL'], or the attribute audience."
            found.append(self.problem(text, hint, "django_mcp.E023"))
        given = type(self).get_user
        if given is ClaimsAuthenticator.get_user or iscoroutinefunction(given):
            text = "does not say whose tokens are whose."
            hint = "Override get_user(claims), not async; find by 'iss' and 'sub'."
            found.append(self.problem(text, hint, "django_mcp.E024"))
        return found

    def _has_audience(self) -> bool:
        if type(self).get_audience is not ClaimsAuthenticator.get_audience:
            return True  # it depends on the server
        return bool(conf.BASE_URL if self.audience is None else self.audience)

    def check_urls(self) -> list[CheckMessage]:
        """Return what is wrong with the addresses it trusts."""
        return []

    def check_url(self, name: str) -> list[CheckMessage]:
        """E022: what it trusts cannot be changed on the way."""
        if is_safe(getattr(self, name)):
            return []
        hint = f"Set the attribute {name} to an https address."
        text = f"needs {name}, with https (http only for this machine)."
        return [self.problem(text, hint, "django_mcp.E022")]

    def problem(self, text: str, hint: str, id: str) -> CheckMessage:
        """Return an error about this class."""
        return Error(f"{path_of(self)} {text}", hint=hint, id=id)


def path_of(authenticator: BaseAuthenticator) -> str:
    """Return the dotted path of an authenticator's class."""
    return f"{type(authenticator).__module__}.{type(authenticator).__qualname__}"


def refused(reason: str, *args: Any) -> AuthError:
    """Return an error whose reason only the project's own people can read."""
    logger.debug(f"A token was refused: {reason}.", *args)
    return AuthError()


def unknown() -> AuthError:
    """Return an error for when another server would know, and says nothing."""
    message = "Who is calling cannot be told now. Try again later."
    return AuthError(message, code="temporarily_unavailable")


def active(user: Any) -> AbstractBaseUser:
    """Return a user who may still log in. Raises: AuthError"""
    if user is None or not user.is_active:
        raise refused("it is nobody's who may log in")
    return user  # type: ignore[no-any-return]


def digest(token: str) -> str:
    """Return what tells tokens apart, and leads nobody back to one."""
    return salted_hmac("django_mcp.auth", token, algorithm="sha256").hexdigest()[:32]


# -- what claims say --------------------------------------------------------


def _check_kind(claims: Claims, foreign: tuple[str, ...]) -> None:
    """Raises: AuthError"""
    for name, kinds in _KINDS.items():
        kind = claims.get(name)
        if kind is not None and (
            not isinstance(kind, str) or kind.lower() not in kinds
        ):
            raise refused("by its %r, it gives no access", name)
    for name in foreign:
        if name in claims:
            raise refused("with a %r, it is no bearer token that gives access", name)


def _check_times(claims: Claims, now: float, leeway: float) -> None:
    """Raises: AuthError"""
    for name in ("exp", "nbf", "iat"):
        moment = claims.get(name)
        if moment is None:
            continue
        if type(moment) not in {int, float} or not 0 <= moment <= _LATEST:
            raise refused("its %r is no time", name)
        if name == "exp" and moment + leeway <= now:
            raise refused("it has expired")
        if name != "exp" and moment - leeway > now:
            raise refused("by its %r, it is not valid yet", name)


def _is_made_out_to(audience: str, given: Any, *, exactly: bool) -> bool:
    """Is ours among the audiences?

    There may be others: providers add one of their own (RFC 9068, section 4).
    An address may be written in another way, but a part of it, or what lies
    below it, is another audience.
    """
    audiences = [given] if isinstance(given, str) else given
    if not audience or not isinstance(audiences, list):
        return False
    if not all(isinstance(one, str) for one in audiences):
        return False
    return audience in (audiences if exactly else map(canonical, audiences))


def _client_of(claims: Claims, names: tuple[str, ...]) -> str | None:
    """Raises: AuthError"""
    for name in names:
        client = claims.get(name)
        if client in (None, ""):
            continue
        if not isinstance(client, str):
            raise refused("its %r is no string", name)
        return client
    return None


def _scopes_of(claims: Claims, names: tuple[str, ...]) -> frozenset[str]:
    """Return the scopes: none if it names none, which is not "all".

    Raises: AuthError
    """
    scopes: set[str] = set()
    for name in names:
        given = claims.get(name) or []
        words = given.split() if isinstance(given, str) else given
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise refused("its %r are no words", name)
        scopes.update(words)
    return frozenset(scopes)


def _id_of(claims: Claims, token: str) -> str:
    """Return the id its issuer gave it, as their log has it; else a digest."""
    given = claims.get("jti")
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_ID:
        return digest(token)
    return given if given.isascii() and given.isprintable() else digest(given)
