"""Whom the shop takes a machine for, and whose word it takes about people."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth.models import User

from django_mcp.oauth.authentication import OAuthAuthenticator
from django_mcp.oauth.idjag import IdentityProvider


class Authenticator(OAuthAuthenticator):
    """Let a machine act as whoever registered it."""

    def machine_user(self, application: Any) -> Any:
        """Return the user of the application."""
        return application.user


class Company(IdentityProvider):
    """Where the people of a company log in, who are customers of the shop."""

    issuer = os.environ.get("LOGIN_COMPANY", "")
    jwks_uri = f"{issuer}/keys.json"

    def get_user(self, claims: Any) -> Any:
        """Return the customer of whom the company speaks."""
        return User.objects.get(username=claims["sub"])
