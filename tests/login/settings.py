"""Settings of the shop, as a project writes them.

What a test wants different comes from ``LOGIN_SETTINGS`` in the environment, a
JSON object of dictionaries that are merged into those of the same name here.
``LOGIN_PREFIX`` is the path below which the site stands, if not at the root.
"""

import json
import os
from pathlib import Path
from typing import Any

from django_mcp.oauth import oauth_settings

PLACE = Path(os.environ.get("LOGIN_PLACE", "."))
PREFIX = os.environ.get("LOGIN_PREFIX", "")
ORIGIN = os.environ.get("LOGIN_ORIGIN", "http://127.0.0.1:8765")
BASE_URL = f"{ORIGIN}/{PREFIX}".rstrip("/")
OVERRIDES: dict[str, dict[str, Any]] = json.loads(
    os.environ.get("LOGIN_SETTINGS", "{}")
)

SECRET_KEY = "a fixed value for tests: nothing here is worth sealing"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.login.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_mcp",
    "oauth2_provider",
    "tests.login",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": PLACE / "db.sqlite3",
        # Two writers at once wait for each other, instead of one giving up.
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
# Web clients open the login in a window of its own, and wait for it.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None

DJANGO_MCP: dict[str, Any] = {
    "BASE_URL": BASE_URL,
    "AUTHENTICATORS": ["tests.login.authentication.Authenticator"],
    **OVERRIDES.get("DJANGO_MCP", {}),
}
OAUTH2_PROVIDER = oauth_settings(
    BASE_URL,
    scopes={"shop:read": "See the shop", "shop:write": "Change the shop"},
    default_scopes=["shop:read"],
    **OVERRIDES.get("OAUTH2_PROVIDER", {}),
)
