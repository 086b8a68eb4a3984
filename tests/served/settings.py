"""Settings of the served project: what a test wants different comes from it.

``SERVED`` in the environment is a JSON object of settings that replace these.
"""

import json
import os
from pathlib import Path
from typing import Any

PLACE = Path(os.environ.get("SERVED_PLACE", "."))
OVERRIDES: dict[str, Any] = json.loads(os.environ.get("SERVED", "{}"))

SECRET_KEY = "a fixed value for tests: nothing here is worth sealing"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "tests.served.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_mcp",
    "django_mcp.keys",
    "tests.served",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": PLACE / "db.sqlite3"}
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
DJANGO_MCP = {
    "AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"],
    "KEEP_ALIVE": 0.3,
    "MAX_BODY_SIZE": 1_000_000,
}
globals().update(OVERRIDES)
