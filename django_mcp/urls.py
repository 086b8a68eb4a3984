"""Addresses at the root of a site that clients know by heart.

``path("", include("django_mcp.urls"))``. Projects whose authorization server
is django-oauth-toolkit include ``django_mcp.oauth.urls`` instead, which holds
these too.
"""

from django.urls import path

from django_mcp.auth.resources import METADATA_PATH
from django_mcp.transports.metadata import protected_resource

urlpatterns = [
    path(METADATA_PATH, protected_resource, name="mcp_protected_resource"),
    path(f"{METADATA_PATH}/<path:path>", protected_resource),
]
