"""What a refused client is told: which credentials to get, and where.

Values of ``WWW-Authenticate`` (RFC 6750, section 3; RFC 9728, section 5.1).
They say nothing about why credentials were refused but the code of the RFC.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

#: Never asked for: whether a client may stay is not the server's concern
#: (2026-07-28, basic/authorization, "Refresh Tokens").
OFFLINE = "offline_access"


def bearer_challenge(
    server: MCPServer, code: str = "", scopes: Iterable[str] | None = None
) -> str:
    """Return a challenge for a bearer token, with the scopes it must have."""
    wanted = server.base_scopes if scopes is None else scopes
    parts = {
        "error": code,
        "scope": " ".join(sorted(scope for scope in wanted if scope != OFFLINE)),
        "resource_metadata": server.metadata_url,
    }
    said = [f'{name}="{_quotable(value)}"' for name, value in parts.items() if value]
    return f"Bearer {', '.join(said)}".strip()


def _quotable(value: str) -> str:
    """Leave out what would end the string, or the header."""
    return "".join(c for c in value if " " <= c <= "~" and c not in '"\\')
