"""The package offers what a project and the protocol's methods need of it."""

from __future__ import annotations

import django_mcp.content


def test_every_name_offered_exists() -> None:
    for name in django_mcp.content.__all__:
        assert getattr(django_mcp.content, name) is not None
