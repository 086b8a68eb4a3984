"""The measured servers, built as any project builds them."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from benchmarks.functions import MANY, add, add_sync, echo, echo_sync, others, rows
from django_mcp import MCPServer
from django_mcp.auth import (
    AllowAnonymous,
    AuthError,
    AuthRequest,
    BaseAuthenticator,
    Principal,
)

KEY = b"a key that was handed to alice"
PERMISSION = "project.view_product"


class HashedKeys(BaseAuthenticator):
    """Bearer keys, of which only the hash is kept; users stay in memory."""

    blocking = False

    def __init__(self) -> None:
        self.principals: dict[bytes, Principal] = {}

    def load(self) -> None:
        """Read the users and their permissions, once."""
        user, _ = get_user_model().objects.get_or_create(username="alice")
        user.user_permissions.add(Permission.objects.get(codename="view_product"))
        user = get_user_model().objects.get(username="alice")
        assert user.has_perm(PERMISSION)
        digest = hashlib.sha256(KEY).digest()
        self.principals[digest] = Principal(
            user=user, token_id="alice-1", authenticator="HashedKeys"
        )

    def authenticate(self, request: AuthRequest) -> Principal | None:
        scheme, _, key = request.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        principal = self.principals.get(hashlib.sha256(key).digest())
        if principal is None:
            raise AuthError
        return principal


Function = Callable[..., Any]
ASYNC: tuple[Function, ...] = (echo, add)
SYNC: tuple[Function, ...] = (echo_sync, add_sync, rows)

keys = HashedKeys()
one = MCPServer("one", version="1", authenticators=[AllowAnonymous()])
few = MCPServer("few", version="1", authenticators=[AllowAnonymous()])
many = MCPServer("many", version="1", authenticators=[AllowAnonymous()])
guarded = MCPServer("guarded", version="1", authenticators=[keys])
guarded_many = MCPServer("guarded many", version="1", authenticators=[keys])

one.tool(echo)
for function in SYNC:
    few.tool(function, read_only=True)
few.tool(add)
for function in (echo, *others(MANY - 1)):
    many.tool(function)
for function in ASYNC:
    guarded.tool(function, permission=PERMISSION)
for function in SYNC:
    guarded.tool(function, permission=PERMISSION, read_only=True)
for function in others(200):
    guarded_many.tool(function, permission=PERMISSION)
