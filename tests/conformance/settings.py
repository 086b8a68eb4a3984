"""Settings of the conformance project: open to everybody, for tests only.

The suite sends no credentials, so every caller is anonymous here. What a test
wants different is read from the environment, for a server of its own.
"""

import json
import os
from typing import Any

DEBUG = False
SECRET_KEY = "a fixed value for tests: nothing here is worth sealing"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "tests.conformance.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_mcp",
    "tests.conformance",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

DJANGO_MCP: dict[str, Any] = {
    "AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"],
    **json.loads(os.environ.get("DJANGO_MCP_TEST_SETTINGS", "{}")),
}
