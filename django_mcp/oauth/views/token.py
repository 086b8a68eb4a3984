"""Where clients get tokens, and give them back."""

from __future__ import annotations

from oauth2_provider.views import RevokeTokenView as ToolkitRevokeTokenView
from oauth2_provider.views import TokenView as ToolkitTokenView

from django_mcp.oauth.mixins import EndpointMixin, TokenMixin


class TokenView(TokenMixin, ToolkitTokenView):
    """django-oauth-toolkit's view, for small forms and the grants that are offered."""


class RevokeTokenView(EndpointMixin, ToolkitRevokeTokenView):
    """django-oauth-toolkit's view, for small forms."""
