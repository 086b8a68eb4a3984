"""Users, applications and tokens of django-oauth-toolkit, as rows.

What they are made with is what the authorization server would have written.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from django_mcp import MCPServer
from django_mcp.auth.base import AuthRequest
from django_mcp.protocol.headers import Headers
from tests.wire import filled

BASE_URL = "https://shop.example"
ENDPOINT = f"{BASE_URL}/mcp"
SCOPES = {"shop:read": "See the shop", "shop:write": "Change the shop"}
#: Everything is mounted at an address of its own, with scopes of its own.
SITE: dict[str, Any] = {
    "DJANGO_MCP": {"BASE_URL": BASE_URL, "PROMPT_TEMPLATES": False},
    "OAUTH2_PROVIDER": {"SCOPES": SCOPES, "DEFAULT_SCOPES": ["shop:read"]},
}

site = override_settings(**SITE)


def authenticator(**attributes: Any) -> Any:
    """Return the authenticator; its package may be missing when tests are read."""
    path = "django_mcp.oauth.authentication.OAuthAuthenticator"
    return import_string(path)(**attributes)


def shop(*, authenticators: Any = None, **options: Any) -> MCPServer:
    """Return a server that takes tokens of this site."""
    found = [authenticator()] if authenticators is None else authenticators
    return filled(MCPServer("shop", authenticators=found, **options))


def shown(token: str, server: MCPServer | None = None) -> AuthRequest:
    """Return what a message with a token shows."""
    headers = Headers([(b"authorization", f"Bearer {token}".encode())])
    return AuthRequest(server or shop(), headers)


def make_user(name: str = "alice", **fields: Any) -> User:
    """Return a user, new or known."""
    return User.objects.get_or_create(username=name, defaults=fields)[0]


def make_application(name: str = "editor", **fields: Any) -> Any:
    """Return an application, new or known, that logs users in."""
    fields = {"client_type": "public", "authorization_grant_type": CODE, **fields}
    return rows("application").get_or_create(
        client_id=name, name=name, defaults=fields
    )[0]


CODE, MACHINE = "authorization-code", "client-credentials"


def make_token(token: str = "", **fields: Any) -> str:
    """Return a token that is good here, but for what ``fields`` say."""
    token = token or secrets.token_urlsafe(20)
    if "user" not in fields:
        fields["user"] = make_user()
    if "application" not in fields:
        fields["application"] = make_application()
    defaults = {
        "expires": timezone.now() + timedelta(hours=1),
        "scope": "shop:read",
        "resource": [ENDPOINT],
    }
    rows().create(token=token, **(defaults | fields))
    return token


def rows(model: str = "access_token") -> Any:
    """Return the manager of a model of the authorization server."""
    return import_string(f"oauth2_provider.models.get_{model}_model")().objects
