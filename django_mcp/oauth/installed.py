"""Imported before django-oauth-toolkit: says in words what a project forgot.

Its models would say it of themselves, in the middle of an import.
"""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

if not apps.is_installed("oauth2_provider"):
    raise ImproperlyConfigured(
        'django_mcp.oauth needs "oauth2_provider" in INSTALLED_APPS'
        ' (pip install "django-mcp-channels[oauth]").'
    )
