"""The page on which a person allows a client, or does not."""

from __future__ import annotations

from oauth2_provider.views import AuthorizationView as ToolkitAuthorizationView

from django_mcp.oauth.mixins import AuthorizationMixin


class AuthorizationView(AuthorizationMixin, ToolkitAuthorizationView):
    """django-oauth-toolkit's view, with the question that clients of MCP need."""
