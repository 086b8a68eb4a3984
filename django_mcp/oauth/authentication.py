"""Access tokens of the site's own authorization server, as principals.

django-oauth-toolkit finds the token, with the validator a project chose; this
module asks what it leaves open: is the token made out to this very server, is
it for use here at all, and may its user still log in. Whatever is wrong, the
answer is the same.
"""

from __future__ import annotations

import django_mcp.oauth.installed  # noqa: F401

# isort: split

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from django_mcp.auth.base import AuthError, AuthRequest, BaseAuthenticator, Principal
from django_mcp.auth.resources import canonical
from django_mcp.conf import conf
from django_mcp.oauth.cache import Facts, recall, remember

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class OAuthAuthenticator(BaseAuthenticator):
    """Take access tokens that django-oauth-toolkit of this site has given.

    Name it after authenticators that know their own keys by sight: what it is
    shown and does not know, it refuses.
    """

    bearer = "every"

    #: Take tokens that are made out to nobody, too: while clients that log in
    #: without naming a resource are on their way out.
    accept_unbound = False
    #: Remember a good token for so many seconds, in the cache that ``CACHE`` names.
    cache_seconds = 0

    def machine_user(self, application: Any) -> AbstractBaseUser | None:
        """Return whom an application is that acts for itself, or ``None``.

        Asked about tokens of client credentials, which have no user.
        """
        return None

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """E045, W045: tokens can be made out to us, and have to be."""
        found: list[CheckMessage] = []
        if not conf.BASE_URL:
            text = "OAuthAuthenticator refuses every token: BASE_URL is not set."
            hint = "Set DJANGO_MCP['BASE_URL'] to where clients find the site."
            found.append(Error(text, hint=hint, id="django_mcp.E045"))
        if self.accept_unbound:
            text = "OAuthAuthenticator takes tokens that are made out to no server."
            hint = "Leave accept_unbound out once clients name the resource."
            found.append(Warning(text, hint=hint, id="django_mcp.W045"))
        return found

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        token = request.bearer()
        if token is None:
            return None
        uri = request.server.url
        # Without an address of our own no token can be made out to us.
        if not uri:
            raise AuthError
        find = self._remembered if self.cache_seconds else self._looked_up
        facts, user = find(token, uri)
        if user is None or not user.is_active:
            raise AuthError
        return Principal(
            user=user,
            client_id=facts.client_id,
            scopes=frozenset(facts.scopes),
            expires_at=facts.expires_at,
            token_id=facts.token_id,
            authenticator=f"{type(self).__module__}.{type(self).__qualname__}",
        )

    def authorization_servers(self) -> list[str]:
        """Return the issuer, as its own metadata writes it."""
        base = conf.now.BASE_URL
        return [oauth2_settings.OIDC_ISS_ENDPOINT or base] if base else []

    def _looked_up(self, token: str, uri: str) -> tuple[Facts, AbstractBaseUser | None]:
        """Return what a good token says, and its user. Raises: AuthError"""
        # Neither the query, the body nor the Host header of what was sent: a
        # token stands in its own header, and is made out to a configured URI.
        asked = _Asked(uri)
        validator = _local(oauth2_settings.OAUTH2_VALIDATOR_CLASS)()
        row = None
        if validator.validate_bearer_token(token, [], asked):
            row = asked.access_token
        application = asked.client
        # A token that no application was given is none of ours: so are those
        # that django-oauth-toolkit keeps of another server.
        if row is None or application is None or not self._is_meant_for(row, uri):
            raise AuthError
        user = self._user(asked.user, application)
        facts = Facts(
            token_id=f"{row._meta.label_lower}:{row.pk}",
            user_id=None if user is None else user.pk,
            client_id=application.client_id,
            scopes=tuple(asked.scopes or ()),
            expires_at=row.expires.timestamp(),
        )
        return facts, user

    def _remembered(
        self, token: str, uri: str
    ) -> tuple[Facts, AbstractBaseUser | None]:
        """See `_looked_up`; what a token says may be known, its user is not."""
        facts = recall(uri, token)
        if facts is not None:
            return facts, _user_of(facts.user_id)
        facts, user = self._looked_up(token, uri)
        if user is not None:
            remember(uri, token, facts, self.cache_seconds)
        return facts, user

    def _is_meant_for(self, row: Any, uri: str) -> bool:
        """Is the token for use at this very URI, not above, below or beside it?"""
        # A client manages its own registration with such a token, and may not
        # do anything else.
        if oauth2_settings.DCR_REGISTRATION_SCOPE in row.scope.split():
            return False
        named = row.resource
        if not named:
            return self.accept_unbound
        return isinstance(named, list) and any(
            isinstance(one, str) and canonical(one) == uri for one in named
        )

    def _user(self, user: Any, application: Any) -> AbstractBaseUser | None:
        if user is None and application.allows_grant_type(
            application.GRANT_CLIENT_CREDENTIALS
        ):
            return self.machine_user(application)
        found: AbstractBaseUser | None = user
        return found


class _Asked(Request):
    """A request to an address, with nothing in it.

    To find that there is nothing takes oauthlib longer than all we ask: it
    looks once for each address. What a validator may write to is each one's own.
    """

    def __init__(self, uri: str) -> None:
        blank = _blank(uri)
        self.__dict__.update(
            vars(blank),
            headers=type(blank.headers)({}),
            oauth_params=[],
            validator_log={},
            _params=blank._params.copy(),
        )


@lru_cache(maxsize=64)
def _blank(uri: str) -> Request:
    return Request(uri)


def _user_of(pk: Any) -> AbstractBaseUser | None:
    model = get_user_model()
    try:
        return model._default_manager.get(pk=pk)
    except model.DoesNotExist:
        return None


@lru_cache(maxsize=8)
def _local(validator_class: Any) -> Any:
    """Return a project's validator, which asks no other server about a token.

    django-oauth-toolkit does, about every token it does not know, when the
    project is configured as a resource server. It takes the first user of the
    name it is told; such tokens have an authenticator of their own.
    """
    own: dict[str, Any] = {"_get_token_from_authentication_server": _nothing}
    if validator_class._load_access_token is OAuth2Validator._load_access_token:
        own["_load_access_token"] = _row_of
    return type(validator_class.__name__, (validator_class,), own)


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _row_of(validator: Any, token: str) -> Any:
    """Find a row as django-oauth-toolkit does, but for the order.

    There is no more than one, and sorting it makes the query half as slow again.
    """
    model = get_access_token_model()
    rows = model.objects.select_related("application", "user")
    try:
        return rows.get(token_checksum=sha256(token.encode()).hexdigest())
    except model.DoesNotExist:
        return None
