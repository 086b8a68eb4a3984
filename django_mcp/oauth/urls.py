"""The authorization server's addresses: ``path("", include("django_mcp.oauth.urls"))``.

At the root of the site, because clients look for metadata there. The namespace
and the names are those of django-oauth-toolkit, which looks its views up.
"""

from __future__ import annotations

import django_mcp.oauth.installed  # noqa: F401

# isort: split

from django.urls import URLPattern, path
from django.utils.module_loading import import_string
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.urls import oidc_urlpatterns

from django_mcp.auth.resources import METADATA_PATH
from django_mcp.oauth.limits import limited
from django_mcp.oauth.views.authorize import AuthorizationView
from django_mcp.oauth.views.connected import ConnectedView
from django_mcp.oauth.views.metadata import (
    authorization_server,
    no_keys,
    openid_configuration,
)
from django_mcp.oauth.views.token import RevokeTokenView, TokenView
from django_mcp.transports.metadata import protected_resource

app_name = "oauth2_provider"

SERVER = ".well-known/oauth-authorization-server"
OPENID = ".well-known/openid-configuration"

rated = limited("OAUTH_RATE")
#: All people of a hosted client come from one address to refresh their tokens.
rated_refusals = limited("OAUTH_RATE", failures=True)

urlpatterns: list[URLPattern] = [
    path(METADATA_PATH, protected_resource, name="oauth-resource-metadata"),
    path(f"{METADATA_PATH}/<path:path>", protected_resource),
    path(SERVER, authorization_server, name="oauth-server-metadata"),
    path(f"{SERVER}/<path:path>", authorization_server),
    path(OPENID, openid_configuration, name="oidc-connect-discovery-info"),
    path(f"{OPENID}/<path:path>", openid_configuration),
    path("oauth/authorize", rated(AuthorizationView.as_view()), name="authorize"),
    path("oauth/token", rated_refusals(TokenView.as_view()), name="token"),
    # It answers 200 to anybody, and looks up clients that nobody knows yet.
    path("oauth/revoke", rated(RevokeTokenView.as_view()), name="revoke-token"),
    path("oauth/connected/", ConnectedView.as_view(), name="connected"),
]

if oauth2_settings.OIDC_ENABLED:
    urlpatterns += [one for one in oidc_urlpatterns if "discovery" not in one.name]
else:
    urlpatterns.append(path(".well-known/jwks.json", no_keys, name="no-keys"))

if oauth2_settings.DCR_ENABLED:
    # Found by name: what strangers may fill is loaded only where it is wanted.
    registration = import_string("django_mcp.oauth.registration.RegistrationView")
    urlpatterns.append(
        path("oauth/register", registration.as_view(), name="dcr-register")
    )
