"""Settings of the test suite: short, and the same for everybody.

The database is SQLite in memory, unless ``DJANGO_MCP_TEST_DATABASE`` says
``postgres``; the channel layer is in memory, unless ``DJANGO_MCP_TEST_REDIS``
names a server. Nothing else is read from the environment.
"""

import os
from importlib.util import find_spec

SECRET_KEY = "a fixed value, so that sealed bytes can be compared"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "tests.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    # For its log, which writing tools keep as it does; it serves no page here.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # For the pages of the authorization server, which a person logs in to.
    "django.contrib.sessions",
    # For its tables; the tests that ask it for permissions name its backend.
    "guardian",
    "django_mcp",
    "django_mcp.keys",
    "tests.testapp",
]

# The authorization server, which only the tests of ``oauth`` mount.
if find_spec("oauth2_provider"):
    INSTALLED_APPS.append("oauth2_provider")

if find_spec("rest_framework"):
    INSTALLED_APPS.append("rest_framework.authtoken")

# Tables are made from the models: those of the test app point to Django's, and
# would come before them if those had migrations.
MIGRATION_MODULES = {
    "admin": None,
    "auth": None,
    "authtoken": None,
    "contenttypes": None,
    "django_mcp_keys": None,
    "guardian": None,
    "oauth2_provider": None,
    "sessions": None,
}
# Guardian makes no user of its own, and changes nothing about those of Django.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = [f"admin.E{n}" for n in (402, 403, 404, 406, 408, 409, 410)]

if os.environ.get("DJANGO_MCP_TEST_DATABASE") == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("PGDATABASE", "postgres"),
            "USER": os.environ.get("PGUSER", "postgres"),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
            "HOST": os.environ.get("PGHOST", "127.0.0.1"),
            "PORT": os.environ.get("PGPORT", "5432"),
        }
    }
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    }

if os.environ.get("DJANGO_MCP_TEST_REDIS"):
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # A read may take as long as it takes: what the layer waits for is
            # as long as the timeout of redis 8, and on Python 3.11 a timeout
            # can swallow a cancellation.
            "CONFIG": {
                "hosts": [
                    {
                        "address": os.environ["DJANGO_MCP_TEST_REDIS"],
                        "socket_timeout": None,
                    }
                ]
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DJANGO_MCP = {
    "AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"],
    # The default server is empty, so that a test can count what is on it.
    "PROMPT_TEMPLATES": False,
}
