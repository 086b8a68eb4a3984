"""System checks of how clients make themselves known."""

from __future__ import annotations

import re
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from oauth2_provider.settings import oauth2_settings

from django_mcp.conf import conf, is_shared
from django_mcp.oauth.cimd import MetadataFetcher
from django_mcp.oauth.clients import is_uri
from django_mcp.throttling import rates_from

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/.")
#: What a browser opens by itself, or what is judged by rules of its own.
_NOT_PRIVATE = {
    "about", "blob", "data", "file", "ftp", "http", "https", "javascript",
    "vbscript", "view-source", "ws", "wss",
}  # fmt: skip


def check_redirects() -> list[CheckMessage]:
    """E038, E039: private-use addresses are such, and the toolkit takes them."""
    uris = conf.OAUTH_REDIRECT_URIS
    if not isinstance(uris, list | tuple):
        text = "DJANGO_MCP['OAUTH_REDIRECT_URIS'] must be a list."
        return [Error(text, id="django_mcp.E038")]
    found: list[CheckMessage] = []
    for uri in uris:
        scheme = private_scheme(uri)
        if not scheme:
            found.append(
                Error(
                    f"DJANGO_MCP['OAUTH_REDIRECT_URIS']: {uri!r} is no address of a"
                    " private-use scheme.",
                    hint="Write it out, without wildcards: 'cursor://…/callback'."
                    " https and http on the own machine need no entry.",
                    id="django_mcp.E038",
                )
            )
        elif scheme not in oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES:
            found.append(
                Error(
                    f"Clients cannot be sent back to {uri!r}: django-oauth-toolkit"
                    f" does not know {scheme!r}.",
                    hint="Add it to OAUTH2_PROVIDER['ALLOWED_REDIRECT_URI_SCHEMES'].",
                    id="django_mcp.E039",
                )
            )
    return found


def private_scheme(uri: Any) -> str:
    """Return the scheme that only one program opens, or ``""``."""
    match = _SCHEME.match(uri) if isinstance(uri, str) and is_uri(uri) else None
    if match is None or match[1] in _NOT_PRIVATE:
        return ""
    return match[1]


def check_rates() -> list[CheckMessage]:
    """E041: rates can be read."""
    found: list[CheckMessage] = []
    for name in ("OAUTH_RATE", "OAUTH_REGISTRATION_RATE"):
        try:
            rates_from(getattr(conf, name))
        except ImproperlyConfigured as error:
            text = f"DJANGO_MCP[{name!r}]: {error}"
            found.append(Error(text, id="django_mcp.E041"))
    return found


def check_documents() -> list[CheckMessage]:
    """W038: documents of clients meet our policy."""
    fetcher = oauth2_settings.CIMD_METADATA_FETCHER
    ours = isinstance(fetcher, type) and issubclass(fetcher, MetadataFetcher)
    if ours or not oauth2_settings.CIMD_ENABLED:
        return []
    return [
        Warning(
            "The documents of clients are taken as they are: http redirects to any"
            " host, and no name.",
            hint="Set OAUTH2_PROVIDER['CIMD_METADATA_FETCHER'] to"
            " 'django_mcp.oauth.cimd.MetadataFetcher', or to a subclass.",
            id="django_mcp.W038",
        )
    ]


def check_shared_counts() -> list[CheckMessage]:
    """W039 (deploy): what one address may do is counted once for all workers."""
    if not oauth2_settings.DCR_ENABLED or is_shared(conf.CACHE):
        return []
    return [
        Warning(
            "Each worker counts by itself how many clients one address registers.",
            hint=f"Use Redis, Memcached or the database for CACHES[{conf.CACHE!r}].",
            id="django_mcp.W039",
        )
    ]


def check_identity_providers() -> list[CheckMessage]:
    """E040, E042: companies whose word counts are known, and heard."""
    paths = conf.OAUTH_IDENTITY_PROVIDERS
    if not isinstance(paths, list | tuple):
        text = "DJANGO_MCP['OAUTH_IDENTITY_PROVIDERS'] must be a list."
        return [Error(text, id="django_mcp.E040")]
    found = [message for path in paths for message in _provider_problems(path)]
    if paths and not found and not _takes_assertions():
        found.append(
            Error(
                "Nobody takes the assertions of OAUTH_IDENTITY_PROVIDERS.",
                hint="Set OAUTH2_PROVIDER['OAUTH2_SERVER_CLASS'] to"
                " 'django_mcp.oauth.idjag.Server', and add 'urn:ietf:params:oauth:"
                "grant-type:jwt-bearer' to OAUTH2_GRANT_TYPES_SUPPORTED.",
                id="django_mcp.E042",
            )
        )
    return found


def _provider_problems(path: Any) -> list[CheckMessage]:
    name = f"DJANGO_MCP['OAUTH_IDENTITY_PROVIDERS']: {path!r}"
    try:
        provider = import_string(path)
    except (ImportError, AttributeError, TypeError) as error:
        return [Error(f"{name} cannot be imported ({error}).", id="django_mcp.E040")]
    # By name, because it needs the extra ``jwt``, which others do without.
    base = import_string("django_mcp.oauth.idjag.IdentityProvider")
    if not isinstance(provider, type) or not issubclass(provider, base):
        return [Error(f"{name} is no identity provider.", id="django_mcp.E040")]
    return list(provider().check())


def _takes_assertions() -> bool:
    grant = import_string("django_mcp.oauth.idjag.GRANT")
    mixin = import_string("django_mcp.oauth.idjag.AssertionMixin")
    return grant in oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED and issubclass(
        oauth2_settings.OAUTH2_SERVER_CLASS, mixin
    )


def check_used_assertions() -> list[CheckMessage]:
    """W040 (deploy): an assertion that was used is used for all workers."""
    if not conf.OAUTH_IDENTITY_PROVIDERS or is_shared(conf.CACHE):
        return []
    return [
        Warning(
            "An assertion can be used again at another worker.",
            hint=f"Use Redis, Memcached or the database for CACHES[{conf.CACHE!r}].",
            id="django_mcp.W040",
        )
    ]


CHECKS = [
    check_redirects,
    check_rates,
    check_documents,
    check_identity_providers,
]
DEPLOY_CHECKS = [check_shared_counts, check_used_assertions]
