"""Settings of the project with a map: PostGIS where the tests' PostgreSQL is."""

import os

SECRET_KEY = "a fixed value for tests: nothing here is worth sealing"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.gis",
    "django_mcp",
    "tests.geometry",
]
DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": "django_mcp_geometry",
        "HOST": os.environ.get("PGHOST", "127.0.0.1"),
        "USER": os.environ.get("PGUSER", "postgres"),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DJANGO_MCP = {"AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"]}
USE_TZ = True
