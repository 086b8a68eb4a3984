"""``mcp.viewset``: says what is missing where Django REST framework is."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


def register_viewset(server: MCPServer, target: Any, **options: Any) -> None:
    """See `django_mcp.providers.drf.declaring.declare_viewset`.

    Raises: ImproperlyConfigured, if the framework is not installed
    """
    if find_spec("rest_framework") is None:
        raise ImproperlyConfigured(
            "mcp.viewset needs Django REST framework:"
            ' pip install "django-mcp-channels[drf]"'
        )
    declare = import_string("django_mcp.providers.drf.declaring.declare_viewset")
    declare(server, target, **options)
