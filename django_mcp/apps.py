"""The Django app: finds every app's ``mcp`` module, as admin finds ``admin``, and
every app's templates that are prompts."""

from django.apps import AppConfig, apps
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SimpleMCPConfig(AppConfig):
    """The app without autodiscovery, for projects that import themselves."""

    name = "django_mcp"
    label = "django_mcp"
    verbose_name = _("MCP server")

    def ready(self) -> None:
        """Register the system checks; watch the tokens of the site."""
        # Registering is what importing this module does, and it must not
        # happen before the apps are loaded.
        import django_mcp.checks  # noqa: F401
        import django_mcp.throttling_checks  # noqa: F401

        if apps.is_installed("oauth2_provider"):
            import django_mcp.oauth.checks  # noqa: F401
            from django_mcp.oauth import cache

            cache.watch()


class MCPConfig(SimpleMCPConfig):
    """The app as ``INSTALLED_APPS = ["django_mcp"]`` loads it."""

    default = True

    def ready(self) -> None:
        """Import the ``mcp`` module of every installed app; find its prompts."""
        super().ready()
        autodiscover_modules("mcp")
        from django_mcp.providers.templates.discovery import autodiscover
        from django_mcp.server import all_servers, mcp

        autodiscover(mcp, all_servers)
