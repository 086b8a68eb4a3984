"""The official SDK's models as the judge of shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import from_json

from django_mcp.protocol.messages import SERVER_KEY, Fields
from django_mcp.protocol.revisions import STATELESS
from tests.oracle import assert_valid

Judge = Callable[[str, str, Any], dict[str, Any]]


@pytest.fixture
def judged() -> Judge:
    """Return the members as the client parses them, after validating them."""

    def judge(method: str, revision: str, members: Any) -> dict[str, Any]:
        if isinstance(members, Fields):
            members = from_json(b"{%b}" % members)
        extra: dict[str, Any] = {}
        if revision == STATELESS.name:
            server = {SERVER_KEY: {"name": "shop", "version": "1"}}
            meta = members.get("_meta", {}) | server
            extra = {"resultType": "complete", "_meta": meta}
            if method == "resources/read":
                extra |= {"ttlMs": 0, "cacheScope": "private"}
        message = {"jsonrpc": "2.0", "id": 1, "result": {**members, **extra}}
        assert_valid(message, revision, method)
        found: dict[str, Any] = members
        return found

    return judge
