"""An authorization server for MCP clients, on django-oauth-toolkit.

``INSTALLED_APPS += ["oauth2_provider"]``, the settings that `oauth_settings`
returns, and ``path("", include("django_mcp.oauth.urls"))``. This folder alone
imports django-oauth-toolkit; this file does not even that, because a settings
module imports it before there are settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["oauth_settings"]

HOUR = 60 * 60
DAY = 24 * HOUR

#: RFC 9700, as django-oauth-toolkit enforces it when asked to. The scheme of
#: redirect URIs is not among them: programs on a person's own computer listen
#: on ``http://127.0.0.1``, and our own policy lets ``http`` go nowhere else.
GATES = (
    "IMPLICIT_GRANT",
    "PASSWORD_GRANT",
    "PKCE_METHOD",
    "PKCE_REQUIRED",
    "ACCESS_TOKEN_TRANSPORT",
    "AUTHZ_RESPONSE_ISS",
    "TOKEN_STORAGE",
    "REFRESH_TOKEN",
    "REDIRECT_URI_MATCHING",
)


def oauth_settings(
    base_url: str,
    *,
    scopes: Mapping[str, Any],
    default_scopes: Iterable[str],
    registration: bool = False,
    cimd: bool = True,
    **overrides: Any,
) -> dict[str, Any]:
    """Return ``OAUTH2_PROVIDER`` for a site that stands at ``base_url``.

    ``scopes``: what may be granted, each with the words a person reads before
    granting it. ``default_scopes``: what a client gets that asks for none.
    ``cimd``: take clients that describe themselves at an address of their own.
    ``registration``: let clients register themselves here, for those that
    cannot do that. ``overrides`` are keys of ``OAUTH2_PROVIDER``, and win.
    """
    return {
        "OIDC_ISS_ENDPOINT": base_url.rstrip("/"),
        "SCOPES": dict(scopes),
        "DEFAULT_SCOPES": list(default_scopes),
        "OAUTH2_VALIDATOR_CLASS": "django_mcp.oauth.validators.Validator",
        **_lifetimes(),
        **_clients(registration, cimd),
        **_advertised(),
        **{f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in GATES},
        **overrides,
    }


def _lifetimes() -> dict[str, Any]:
    return {
        "ACCESS_TOKEN_EXPIRE_SECONDS": HOUR,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * DAY,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        # A token that is stored as a hash cannot be given out a second time.
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    }


def _clients(registration: bool, cimd: bool) -> dict[str, Any]:
    return {
        "PKCE_REQUIRED": True,
        "REQUEST_APPROVAL_PROMPT": "force",
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],
        "ALLOW_LOCALHOST_LOOPBACK": True,
        "ALLOW_URI_WILDCARDS": False,
        "CIMD_ENABLED": cimd,
        "CIMD_METADATA_FETCHER": "django_mcp.oauth.cimd.MetadataFetcher",
        "DCR_ENABLED": registration,
        "DCR_REGISTRATION_PERMISSION_CLASSES": (
            "oauth2_provider.dcr.AllowAllDCRPermission",
        ),
        "DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS": DAY,
    }


def _advertised() -> dict[str, Any]:
    return {
        # The token endpoint answers these and no others.
        "OAUTH2_GRANT_TYPES_SUPPORTED": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
        ],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": [
            "none",
            "client_secret_post",
            "client_secret_basic",
        ],
    }
