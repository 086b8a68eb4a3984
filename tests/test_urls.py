"""What clients know by heart stands at the root of a site."""

from __future__ import annotations

from typing import Any

from django.urls import resolve, reverse

from django_mcp.transports.metadata import protected_resource


def test_the_metadata_of_endpoints_is_found_by_name(settings: Any) -> None:
    settings.ROOT_URLCONF = "django_mcp.urls"
    where = "/.well-known/oauth-protected-resource"
    assert reverse("mcp_protected_resource") == where
    found = resolve(f"{where}/shop/mcp")
    assert found.func is protected_resource
    assert found.kwargs == {"path": "shop/mcp"}
