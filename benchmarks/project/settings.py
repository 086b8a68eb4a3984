"""Settings of the measured project: what ``startproject`` gives, and no middleware.

``CONN_MAX_AGE`` lets the pool's threads keep their connections, as a project
that cares for speed does.
"""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

SECRET_KEY = "benchmarks only: nothing of worth is signed with this"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "benchmarks.project.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE: list[str] = []

STARTPROJECT = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
INSTALLED_APPS = [*STARTPROJECT, "django_mcp", "benchmarks.project"]
if find_spec("oauth2_provider"):
    INSTALLED_APPS.append("oauth2_provider")

DATABASES: dict[str, dict[str, object]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get(
            "BENCHMARKS_DATABASE",
            Path(tempfile.gettempdir()) / "django_mcp_benchmarks.sqlite3",
        ),
        "CONN_MAX_AGE": None,
    }
}
if POSTGRES := os.environ.get("BENCHMARKS_POSTGRES"):
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": POSTGRES,
        "HOST": os.environ.get("PGHOST", "127.0.0.1"),
        "USER": os.environ.get("PGUSER", "postgres"),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
        "CONN_MAX_AGE": None,
    }
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
DJANGO_MCP = {"AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"]}
