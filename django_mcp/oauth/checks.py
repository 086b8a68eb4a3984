"""System checks: what keeps clients from logging in, or lets a stranger in.

Asked only where a server takes tokens of this site; what django-oauth-toolkit
is used for beside that is no concern of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    ResolverMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
    reverse,
)
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import (
    AuthorizationView,
    DynamicClientRegistrationView,
    TokenView,
)

from django_mcp.conf import conf, is_shared
from django_mcp.oauth.checks_clients import CHECKS, DEPLOY_CHECKS
from django_mcp.oauth.mixins import AuthorizationMixin, TokenMixin
from django_mcp.oauth.resources import issuer, servers
from django_mcp.oauth.validators import Validator

_GATE = "COMPLIANT_BCP_RFC9700_"
#: What each setting has to be, and what happens otherwise.
_REQUIRED: dict[str, tuple[bool, str]] = {
    f"{_GATE}IMPLICIT_GRANT": (True, "tokens are sent in addresses"),
    f"{_GATE}PASSWORD_GRANT": (True, "clients may ask people for their password"),
    f"{_GATE}PKCE_METHOD": (True, "who sees a request can use its code"),
    f"{_GATE}ACCESS_TOKEN_TRANSPORT": (True, "tokens may stand in addresses and logs"),
    f"{_GATE}AUTHZ_RESPONSE_ISS": (True, "a client cannot tell who answered it"),
    f"{_GATE}TOKEN_STORAGE": (True, "who reads the database has every token"),
    "PKCE_REQUIRED": (True, "who steals a code can use it"),
    "ROTATE_REFRESH_TOKEN": (True, "a stolen refresh token is never replaced"),
    "REFRESH_TOKEN_REUSE_PROTECTION": (
        True,
        "a stolen refresh token works beside the client's own",
    ),
    "ALLOW_URI_WILDCARDS": (False, "codes go to whoever has a name below a client's"),
}
#: Views of the toolkit, and what must stand before them.
_HARDENED = ((AuthorizationView, AuthorizationMixin), (TokenView, TokenMixin))


@register(Tags.security)
def check_authorization_server(
    app_configs: Any, **kwargs: Any
) -> Sequence[CheckMessage]:
    """E030 to E037, W030: the settings and addresses of ``django_mcp.oauth``."""
    if not _is_used():
        return []
    return [
        *_issuer(),
        *_settings(),
        *_scopes(),
        *_validator(),
        *_views(),
        *_addresses(),
        *_login(),
        *(message for check in CHECKS for message in check()),
    ]


@register(Tags.caches, deploy=True)
def check_clients_cache(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """W039, W040: workers count together who came, and what was used."""
    if not _is_used():
        return []
    return [message for check in DEPLOY_CHECKS for message in check()]


@register(Tags.caches, deploy=True)
def check_shared_cache(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """W031: workers tell each other which clients could not be fetched."""
    if is_shared("default") or not oauth2_settings.CIMD_ENABLED or not _is_used():
        return []
    return [
        Warning(
            "Each worker fetches the documents of clients on its own, also those"
            " that failed a moment ago in another.",
            hint="Use Redis, Memcached or the database for CACHES['default'].",
            id="django_mcp.W031",
        )
    ]


def _is_used() -> bool:
    try:
        return bool(servers())
    except ImportError:
        return False  # an authenticator, of which E005 tells


def _issuer() -> Iterator[CheckMessage]:
    named, base = oauth2_settings.OIDC_ISS_ENDPOINT, conf.BASE_URL
    if named.rstrip("/") != base.rstrip("/"):
        yield Error(
            f"Clients look for the login at {named or 'no address'!r},"
            f" and the site is {base!r}: they refuse to log in.",
            hint="Give oauth_settings the same address as DJANGO_MCP['BASE_URL'].",
            id="django_mcp.E030",
        )


def _settings() -> Iterator[CheckMessage]:
    for name, (wanted, otherwise) in _REQUIRED.items():
        value = getattr(oauth2_settings, name)
        # A function decides for each client: that cannot be known here.
        if bool(value) is not wanted:
            yield Error(
                f"OAUTH2_PROVIDER[{name!r}] is {value!r}: {otherwise}.",
                hint=f"Make it {wanted}, as oauth_settings does.",
                id="django_mcp.E031",
            )


def _scopes() -> Iterator[CheckMessage]:
    if "__all__" in oauth2_settings.DEFAULT_SCOPES:
        yield Error(
            "A client that asks for nothing is given every scope.",
            hint="Name the least that is useful in default_scopes.",
            id="django_mcp.E032",
        )
    for server in servers().values():
        missing = set(server.base_scopes) - set(oauth2_settings.SCOPES)
        if missing:
            yield Error(
                f"No client gets a token for {server!r}: nobody can grant"
                f" {', '.join(sorted(missing))}.",
                hint="Add what its base_scopes name to OAUTH2_PROVIDER['SCOPES'].",
                id="django_mcp.E036",
            )


def _validator() -> Iterator[CheckMessage]:
    chosen = oauth2_settings.OAUTH2_VALIDATOR_CLASS
    if not issubclass(chosen, Validator):
        yield Error(
            f"{chosen.__name__} gives tokens that are made out to no server, and to"
            " people who were locked out.",
            hint="Let it inherit from django_mcp.oauth.validators.Validator.",
            id="django_mcp.E033",
        )


def _views() -> Iterator[CheckMessage]:
    found = [view for view in _mounted(get_resolver()) if isinstance(view, type)]
    for view in found:
        for stock, mixin in _HARDENED:
            if issubclass(view, stock) and not issubclass(view, mixin):
                yield Error(
                    f"{view.__module__}.{view.__name__} is mounted: it gives tokens"
                    " without the questions that clients of MCP need.",
                    hint="Include django_mcp.oauth.urls instead of"
                    f" oauth2_provider.urls, or let it inherit from {mixin.__name__}.",
                    id="django_mcp.E034",
                )
    if oauth2_settings.DCR_ENABLED and DynamicClientRegistrationView in found:
        yield Error(
            "Whoever comes may register any client, as often as they like.",
            hint="Include django_mcp.oauth.urls instead of oauth2_provider.urls.",
            id="django_mcp.E037",
        )


def _mounted(resolver: URLResolver) -> Iterator[Any]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _mounted(pattern)
        else:
            yield getattr(pattern.callback, "view_class", None)


def _addresses() -> Iterator[CheckMessage]:
    below = urlsplit(issuer()).path.rstrip("/")
    places = (
        f"/.well-known/oauth-authorization-server{below}",
        f"{below}/.well-known/openid-configuration",
    )
    if not _is_named("authorize", "token") or not any(map(_is_ours, places)):
        yield Error(
            "Clients cannot log in: the addresses of the authorization server are"
            " not served.",
            hint='Add path("", include("django_mcp.oauth.urls")) to the root URLconf,'
            " before whatever takes all addresses.",
            id="django_mcp.E035",
        )


def _is_named(*names: str) -> bool:
    try:
        return all(_is_ours(reverse(f"oauth2_provider:{name}")) for name in names)
    except NoReverseMatch:
        return False


def _is_ours(address: str) -> bool:
    """Does an address lead to the authorization server, or what stands for it?"""
    found = _found(address)
    return found is not None and "oauth2_provider" in found.app_names


def _found(address: str) -> ResolverMatch | None:
    """Return what stands at an address of this site, if anything does."""
    try:
        return resolve(address.removeprefix(get_script_prefix().rstrip("/")))
    except Resolver404:
        return None


def _login() -> Iterator[CheckMessage]:
    try:
        address = resolve_url(settings.LOGIN_URL).partition("?")[0]
        # Another site's page cannot be looked for here.
        known = not address.startswith("/") or _found(address) is not None
    except NoReverseMatch:
        known = False
    if not known:
        yield Warning(
            f"Nobody can allow a client: LOGIN_URL, {str(settings.LOGIN_URL)!r}, leads"
            " nowhere.",
            hint="Set LOGIN_URL to the site's login page.",
            id="django_mcp.W030",
        )
