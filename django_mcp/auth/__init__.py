"""Who is calling. Authenticators a project names by dotted path."""

from django_mcp.auth.base import (
    AllowAnonymous,
    AuthError,
    AuthRequest,
    BaseAuthenticator,
    Principal,
)

__all__ = [
    "AllowAnonymous",
    "AuthError",
    "AuthRequest",
    "BaseAuthenticator",
    "Principal",
]
