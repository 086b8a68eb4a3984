"""The app that keeps the keys: ``INSTALLED_APPS += ["django_mcp.keys"]``."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KeysConfig(AppConfig):
    """Nothing but a table, its admin and a command."""

    name = "django_mcp.keys"
    label = "django_mcp_keys"
    verbose_name = _("MCP keys")
    default_auto_field = "django.db.models.BigAutoField"
