"""Settings for the type checker alone: the test app and the bookshop together."""

from tests import settings

SECRET_KEY = settings.SECRET_KEY
DATABASES = settings.DATABASES
DEFAULT_AUTO_FIELD = settings.DEFAULT_AUTO_FIELD
USE_TZ = settings.USE_TZ

INSTALLED_APPS = [
    *settings.INSTALLED_APPS,
    "django.contrib.messages",
    "example_project.shop",
]
