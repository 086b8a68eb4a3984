"""Where clients read how to log in: RFC 8414 and, in the same words, OIDC.

Addresses come from the issuer, never from the request: who reads another
issuer than the one it asked must refuse the document (RFC 8414, section 3.3).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.urls import reverse
from oauth2_provider.scopes import get_scopes_backend
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import ConnectDiscoveryInfoView

from django_mcp.auth.challenges import OFFLINE
from django_mcp.oauth.resources import issuer
from django_mcp.transports.metadata import MAX_AGE, public

#: A grant that clients look for under another name, too (ID-JAG).
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_PROFILE = "urn:ietf:params:oauth:grant-profile:id-jag"

#: What OpenID Connect requires of its document (Discovery 1.0, section 3), of a
#: server that gives no ID tokens. Clients come for it where the issuer has a
#: path, and some read nothing in a document without it.
NO_IDENTITY: dict[str, Any] = {
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": [],
}


@public
def authorization_server(request: HttpRequest, path: str = "") -> HttpResponse:
    """Describe this authorization server, at the addresses of its issuer."""
    if path.strip("/") not in {"", urlsplit(issuer()).path.strip("/")}:
        return HttpResponseNotFound(headers={"Content-Type": "text/plain"})
    return _cached(described())


@public
def openid_configuration(request: HttpRequest, path: str = "") -> HttpResponse:
    """Say the same to clients that look for OpenID Connect first."""
    if path.strip("/") not in {"", urlsplit(issuer()).path.strip("/")}:
        return HttpResponseNotFound(headers={"Content-Type": "text/plain"})
    if oauth2_settings.OIDC_ENABLED:
        identity = json.loads(ConnectDiscoveryInfoView.as_view()(request).content)
    else:
        identity = {"jwks_uri": address("no-keys"), **NO_IDENTITY}
    return _cached(identity | described())


@public
def no_keys(request: HttpRequest) -> HttpResponse:
    """Say that nothing is signed here."""
    return _cached({"keys": []})


def described() -> dict[str, Any]:
    """Return the metadata of this authorization server."""
    grants = list(oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED)
    methods = list(oauth2_settings.OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED)
    scopes = get_scopes_backend().get_available_scopes()
    document: dict[str, Any] = {
        "issuer": issuer(),
        "authorization_endpoint": address("authorize"),
        "token_endpoint": address("token"),
        "revocation_endpoint": address("revoke-token"),
        # Refresh tokens need no scope here (2026-07-28, "Refresh Tokens").
        "scopes_supported": sorted(scope for scope in scopes if scope != OFFLINE),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grants,
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": bool(oauth2_settings.CIMD_ENABLED),
    }
    if oauth2_settings.DCR_ENABLED:
        document["registration_endpoint"] = address("dcr-register")
    if ASSERTION in grants:
        document["authorization_grant_profiles_supported"] = [ASSERTION_PROFILE]
    return document


def address(name: str) -> str:
    """Return where an endpoint stands, on the issuer's host."""
    return urljoin(issuer(), reverse(f"oauth2_provider:{name}"))


def _cached(document: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(document)
    response["Cache-Control"] = f"public, max-age={MAX_AGE}"
    return response
