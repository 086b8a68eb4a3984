"""Alice, and what a message of hers shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from django_mcp import MCPServer
from django_mcp.auth.base import AuthRequest
from django_mcp.protocol.headers import Headers


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def shown() -> Callable[..., AuthRequest]:
    """Return what a message with this key shows to a server of some name."""

    def show(text: str, server: str = "shop") -> AuthRequest:
        headers = Headers([(b"authorization", b"Bearer " + text.encode())])
        return AuthRequest(MCPServer(server, authenticators=[]), headers)

    return show
