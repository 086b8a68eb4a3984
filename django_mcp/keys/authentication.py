"""`KeyAuthenticator`: callers who show a key in the ``Authorization`` header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.views.decorators.debug import sensitive_variables

from django_mcp.auth.base import AuthError, AuthRequest, BaseAuthenticator, Principal
from django_mcp.keys.text import is_ours

if TYPE_CHECKING:
    from django_mcp.keys.models import APIKey


class KeyAuthenticator(BaseAuthenticator):
    """Name the user of a key: one query, and none for what cannot be a key.

    Tokens of another kind are left to the authenticators after it.
    """

    bearer = "own"

    @sensitive_variables("text")
    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        text = request.bearer()
        if text is None or not is_ours(text):
            return None
        # Not imported: this can be named in a project that lacks the app, and
        # then a check says so.
        keys: Any = apps.get_model("django_mcp_keys", "APIKey").objects
        key = keys.find(text)
        if key is None or not _opens(key, request.server.name):
            # One answer for all: whether a key ever existed is nobody's business.
            raise AuthError
        keys.note_use(key)
        return _principal(key)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """E020: the table of the keys is there."""
        if apps.is_installed("django_mcp.keys"):
            return []
        return [
            Error(
                "KeyAuthenticator needs django_mcp.keys in INSTALLED_APPS.",
                hint="Add it, and run manage.py migrate.",
                id="django_mcp.E020",
            )
        ]


def _opens(key: APIKey, server: str) -> bool:
    return key.state is key.State.ACTIVE and key.server in {"", server}


def _principal(key: APIKey) -> Principal:
    name = f"key:{key.prefix}"
    return Principal(
        user=key.user,
        client_id=name,
        scopes=key.allowed_scopes,
        expires_at=key.expires.timestamp() if key.expires else None,
        token_id=name,
        authenticator="django_mcp.keys.authentication.KeyAuthenticator",
    )
